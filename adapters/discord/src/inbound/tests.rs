use escalator::model::{Address, ChannelId, CustomerId, FileKind, FileSource, Position};
use serde_json::{Value, json};

use super::*;

fn anna() -> ConversationKey {
    ConversationKey {
        channel: ChannelId::new("discord"),
        address: Address::new("10"),
        customer: CustomerId::new("42"),
    }
}

fn user() -> Value {
    json!({"id": "42", "username": "anna", "global_name": "Anna", "discriminator": "0", "avatar": null})
}

/// A message as the gateway tells it, with some fields of its own.
fn told(fields: &Value) -> Message {
    let mut message = json!({
        "id": "1428000000000000001", "channel_id": "10", "author": user(), "content": "hello",
        "timestamp": "2025-10-15T08:00:00.000000+00:00", "edited_timestamp": null, "tts": false,
        "mention_everyone": false, "mentions": [], "mention_roles": [], "attachments": [], "embeds": [],
        "pinned": false, "type": 0
    });
    for (name, value) in fields.as_object().expect("fields are an object") {
        message[name] = value.clone();
    }
    serde_json::from_value(message).expect("it is a message")
}

fn said(fields: &Value) -> CustomerMessage {
    match message(anna(), &told(fields), &Memory::default()).event {
        CustomerEvent::Message(message) => message,
        other => panic!("{other:?} is no message"),
    }
}

fn words(fields: &Value) -> String {
    said(fields)
        .text
        .expect("it says something")
        .words()
        .clone()
        .into_string()
}

#[test]
fn a_message_has_the_key_and_the_position_of_its_id() {
    let read = message(anna(), &told(&json!({})), &Memory::default());
    assert_eq!(read.key, EventKey::new("discord:discord:message:1428000000000000001"));
    assert_eq!(read.position, Position(1_428_000_000_000_000_001));
    assert_eq!(read.profile.name, Some("Anna".into()));
    assert_eq!(read.profile.username, Some("anna".into()));
}

#[test]
fn what_a_customer_sends_is_never_read_as_nothing() {
    for (fields, line) in [
        (json!({}), "hello"),
        (
            json!({"content": ""}),
            "[a message of a kind that cannot be shown here]",
        ),
        (
            json!({"content": "", "sticker_items": [{"id": "5", "name": "wave", "format_type": 1}]}),
            "[sticker: wave]",
        ),
        (
            json!({"content": "hi <@42>, <a:dance:77> <:cat:78> <@&3> 1 < 2", "mentions": [user()]}),
            "hi @Anna, :dance: :cat: @role 1 < 2",
        ),
        (
            json!({"content": "yes", "type": 19, "referenced_message": serde_json::to_value(
                told(&json!({"content": "Is it blue?"}))).expect("it is plain")}),
            "[in reply to “Is it blue?”]\nyes",
        ),
        (
            json!({"content": "this one", "type": 19, "referenced_message": serde_json::to_value(told(&json!({
                "content": "", "attachments": [{"id": "99", "filename": "cat.png", "size": 17,
                    "url": "https://cdn.example/cat.png", "proxy_url": "https://cdn.example/", "content_type": "image/png"}]
            }))).expect("it is plain")}),
            "[in reply to “[image: cat.png]”]\nthis one",
        ),
        (
            json!({"content": "", "message_snapshots": [{"message": {"content": "Is it blue?", "type": 0,
                "timestamp": "2025-10-15T08:00:00.000000+00:00", "edited_timestamp": null, "mentions": [],
                "attachments": [], "embeds": []}}]}),
            "[forwarded]\nIs it blue?",
        ),
    ] {
        assert_eq!(words(&fields), line);
    }
}

#[test]
fn of_a_long_message_no_more_is_read_than_its_beginning_needs() {
    let long = "*word* ".repeat(500);
    let snapshot = json!({"message": {"content": long, "type": 0, "timestamp": "2025-10-15T08:00:00.000000+00:00",
        "edited_timestamp": null, "mentions": [], "attachments": [], "embeds": []}});
    let embeds: Vec<_> = (0..10).map(|_| json!({"type": "rich", "description": long})).collect();
    for fields in [
        json!({"content": long}),
        json!({"content": "", "embeds": embeds}),
        json!({"content": "", "message_snapshots": vec![snapshot; 10]}),
    ] {
        let read = beginning(&told(&fields), &Memory::default());
        assert!(read.contains("word word"), "{read}");
        assert!(read.len() < 2_100, "{} bytes are read", read.len());
    }
    let short = json!({"content": "a", "embeds": [{"type": "rich", "description": "b"}]});
    assert_eq!(beginning(&told(&short), &Memory::default()), "a\n[embed]\nb");
}

#[test]
fn end_counts_as_a_whole_message_only() {
    for (content, is_end) in [("/end", true), (" /END ", true), ("/end it", false), ("end", false)] {
        let read = message(anna(), &told(&json!({"content": content})), &Memory::default());
        assert_eq!(read.event == CustomerEvent::Ended, is_end, "{content}");
    }
}

#[test]
fn a_file_is_known_by_where_it_stands() {
    let file = json!({
        "id": "99", "filename": "cat.png", "size": 17, "url": "https://cdn.example/cat.png?ex=secret",
        "proxy_url": "https://cdn.example/", "content_type": "image/png"
    });
    let read = said(&json!({"content": "", "attachments": [file]}));
    let [file] = &read.files[..] else {
        panic!("{read:?} has one file")
    };
    assert_eq!((file.kind, file.bytes), (FileKind::Image, Some(17)));
    let FileSource::Platform(handle) = &file.source else {
        panic!("it is Discord's")
    };
    assert_eq!(handle.as_str(), "10/1428000000000000001/99");
    assert!(file_source(handle).is_some());
    assert_eq!(read.text, None);
}

#[test]
fn bots_webhooks_and_discord_itself_say_nothing() {
    assert!(is_said(&told(&json!({}))));
    assert!(is_said(&told(&json!({"type": 19}))));
    let mut bot = user();
    bot["bot"] = json!(true);
    for fields in [
        json!({"author": bot}),
        json!({"webhook_id": "5"}),
        json!({"type": 7}),
        json!({"type": 18}),
        json!({"type": 21}),
    ] {
        assert!(!is_said(&told(&fields)), "{fields}");
    }
}

#[test]
fn an_edit_is_told_and_a_preview_is_none() {
    let event = |edited: Value| -> MessageUpdateEvent {
        let event =
            json!({"id": "7", "channel_id": "10", "author": user(), "content": "hello?", "edited_timestamp": edited});
        serde_json::from_value(event).expect("it is an update")
    };
    let read = edit(
        anna(),
        &event(json!("2025-10-15T08:00:00.123000+00:00")),
        &Memory::default(),
    )
    .expect("it is an edit");
    assert_eq!(read.event, CustomerEvent::Edited("hello?".into()));
    assert_eq!(
        moment(u64::try_from(read.position.0).expect("it is one")).as_millis() % 1_000,
        123
    );
    assert_eq!(edit(anna(), &event(Value::Null), &Memory::default()), None);
    let mut with_preview = event(json!("2025-10-15T08:00:00.123000+00:00"));
    with_preview.embeds = serde_json::from_value(json!([{"type": "link", "url": "https://shop.example"}])).ok();
    let again = edit(anna(), &with_preview, &Memory::default()).expect("it is the edit once more");
    assert_eq!(again.key, read.key, "and the inbox knows it");
}

#[test]
fn a_moment_stands_behind_the_messages_of_its_millisecond() {
    let id = 1_428_000_000_000_000_001;
    let millis = moment(id).as_millis();
    assert!(of_moment(millis) > position(id));
    assert!(of_moment(millis - 1) < position(id));
}

#[test]
fn a_message_without_its_words_is_known() {
    assert!(is_hidden(&told(&json!({"content": ""}))));
    assert!(!is_hidden(&told(&json!({}))));
}
