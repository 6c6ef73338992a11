//! What each kind of update is read as.

use escalator::model::{ChannelId, CustomerEvent, FileKind, FileSource};
use serde_json::{Value, json};
use teloxide::types::Update;

use super::{Press, Read, conversation, for_handlers, parse, read};

fn channel() -> ChannelId {
    ChannelId::new("support")
}

fn ada() -> Value {
    json!({"id": 42, "is_bot": false, "first_name": "Ada", "last_name": "L", "username": "ada", "language_code": "en"})
}

fn update(kind: &str, content: &Value) -> Update {
    let text = json!({"update_id": 7, kind: content}).to_string();
    // teloxide reads an update from text alone.
    serde_json::from_str(&text).expect("an update is read")
}

fn message(fields: &Value) -> Value {
    let mut message = json!({
        "message_id": 5, "date": 1_700_000_000, "from": ada(),
        "chat": {"id": 42, "type": "private", "first_name": "Ada"},
    });
    for (name, value) in fields.as_object().expect("fields are an object") {
        message[name] = value.clone();
    }
    message
}

fn read_message(fields: &Value) -> Option<Read> {
    read(&channel(), &update("message", &message(fields)))
}

fn event(fields: &Value) -> CustomerEvent {
    read_message(fields).expect("it is a conversation's").inbound.event
}

fn line(fields: &Value) -> String {
    event(fields).readable().expect("something is said").into_string()
}

fn sized(mut fields: Value) -> Value {
    fields["file_id"] = json!("F");
    fields["file_unique_id"] = json!("U");
    fields["file_size"] = json!(9);
    fields
}

fn picture(id: &str, side: u32) -> Value {
    json!({"file_id": id, "file_unique_id": id, "file_size": side, "width": side, "height": side})
}

#[test]
fn an_update_has_its_key_its_place_and_its_customer() {
    let read = read_message(&json!({"text": "hello"})).expect("it is a conversation's");
    let inbound = read.inbound;
    assert_eq!(inbound.key.as_str(), "telegram:support:update:7");
    assert_eq!(inbound.position.0, 7);
    assert_eq!(inbound.conversation.address.as_str(), "42");
    assert_eq!(inbound.conversation.customer.as_str(), "42");
    let profile = inbound.profile;
    assert_eq!(profile.name.expect("a name").as_str(), "Ada L");
    assert_eq!(profile.username.expect("a username").as_str(), "ada");
    assert_eq!(profile.language.as_deref(), Some("en"));
    assert_eq!(profile.platform.as_deref(), Some("Telegram"));
    assert!(read.button.is_none());
}

#[test]
fn each_kind_of_message_is_a_readable_line() {
    let mp4 = json!({"width": 1, "height": 1, "duration": 1, "mime_type": "video/mp4"});
    let sticker = |animated: bool, video: bool| {
        let shape = json!({"width": 9, "height": 9, "type": "regular", "emoji": "😀",
            "is_animated": animated, "is_video": video});
        json!({"sticker": sized(shape)})
    };
    let cases = [
        (json!({"text": "hello"}), "hello"),
        (json!({"text": "/start now"}), "/start now"),
        (json!({"text": "/endless"}), "/endless"),
        (
            json!({"photo": [picture("S", 9), picture("L", 90)], "caption": "look"}),
            "look [image: photo.jpg]",
        ),
        (
            json!({"document": sized(json!({"file_name": "a.pdf", "mime_type": "application/pdf"}))}),
            "[file: a.pdf]",
        ),
        (
            json!({"document": sized(json!({"mime_type": "application/pdf"}))}),
            "[file: document.pdf]",
        ),
        (json!({"document": sized(json!({}))}), "[file: document.bin]"),
        (
            json!({"document": sized(json!({"file_name": "big.png", "mime_type": "image/png"}))}),
            "[image: big.png]",
        ),
        (
            json!({"video": sized(mp4.clone()), "caption": "see"}),
            "see [video: video.mp4]",
        ),
        (
            json!({"audio": sized(json!({"duration": 1, "title": "Song", "mime_type": "audio/mpeg"}))}),
            "[audio: Song.mp3]",
        ),
        (
            json!({"voice": sized(json!({"duration": 1, "mime_type": "audio/ogg"}))}),
            "[voice message: voice.ogg]",
        ),
        (
            json!({"video_note": sized(json!({"length": 9, "duration": 1}))}),
            "[video: video_note.mp4]",
        ),
        (
            json!({"animation": sized(mp4.clone()), "document": sized(json!({}))}),
            "[video: animation.mp4]",
        ),
        (sticker(false, false), "[sticker: 😀] [image: sticker.webp]"),
        (sticker(true, false), "[sticker: 😀] [file: sticker.tgs]"),
        (sticker(false, true), "[sticker: 😀] [video: sticker.webm]"),
        (
            json!({"location": {"latitude": 52.5, "longitude": 4.25}}),
            "[location: 52.5, 4.25 https://maps.google.com/?q=52.5,4.25]",
        ),
        (
            json!({"venue": {"location": {"latitude": 1.5, "longitude": 2.5}, "title": "Cafe", "address": "Main St 1"},
                "location": {"latitude": 1.5, "longitude": 2.5}}),
            "[place: Cafe, Main St 1, 1.5, 2.5 https://maps.google.com/?q=1.5,2.5]",
        ),
        (
            json!({"contact": {"phone_number": "+442079460000", "first_name": "Ada", "last_name": "L"}}),
            "Contact: Ada L, +442079460000",
        ),
        (
            json!({"poll": {"id": "1", "question": "Tea?", "options": [{"text": "yes", "voter_count": 0},
                {"text": "no", "voter_count": 0}], "total_voter_count": 0, "is_closed": false, "is_anonymous": true,
                "type": "regular", "allows_multiple_answers": false}}),
            "[poll: Tea? (yes / no)]",
        ),
        (json!({"dice": {"emoji": "🎲", "value": 4}}), "[🎲 4]"),
        (json!({"something_new": {"x": 1}}), super::line::UNKNOWN),
    ];
    for (fields, wanted) in cases {
        assert_eq!(line(&fields), wanted, "{fields}");
    }
}

#[test]
fn a_file_is_a_reference_with_what_telegram_tells_of_it() {
    let CustomerEvent::Message(message) =
        event(&json!({"photo": [picture("S", 9), picture("L", 90), picture("M", 20)]}))
    else {
        panic!("a photo is a message");
    };
    let [photo] = message.files.as_slice() else {
        panic!("a photo is one file");
    };
    assert_eq!(photo.kind, FileKind::Image);
    assert_eq!(photo.bytes, Some(90));
    assert_eq!(photo.media_type.as_deref(), Some("image/jpeg"));
    assert!(matches!(&photo.source, FileSource::Platform(file) if file.as_str() == "L"));

    let unsized_file = json!({"document": {"file_id": "F", "file_unique_id": "U"}});
    let CustomerEvent::Message(message) = event(&unsized_file) else {
        panic!("a document is a message");
    };
    assert_eq!(message.files[0].bytes, None);
}

#[test]
fn the_end_command_ends_and_names_no_other_bot_in_a_private_chat() {
    for text in ["/end", "/end@my_bot", "/END", "/end thanks"] {
        assert_eq!(event(&json!({"text": text})), CustomerEvent::Ended, "{text}");
    }
}

#[test]
fn an_edit_is_its_new_words_and_a_moving_place_says_nothing() {
    let edited = |fields: &Value| {
        let update = update("edited_message", &message(fields));
        read(&channel(), &update).expect("it is a conversation's").inbound.event
    };
    let said = |event: CustomerEvent| event.readable().map(escalator::model::Text::into_string);
    for (fields, wanted) in [
        (json!({"text": "hallo → hello"}), Some("Edited: hallo → hello")),
        (json!({"text": "/end"}), Some("Edited: /end")),
        (
            json!({"photo": [picture("L", 9)], "caption": "new"}),
            Some("Edited: [image: photo.jpg] new"),
        ),
        (json!({"photo": [picture("L", 9)]}), Some("Edited: [image: photo.jpg]")),
        (
            json!({"location": {"latitude": 1.5, "longitude": 2.5, "live_period": 60}}),
            None,
        ),
    ] {
        assert_eq!(said(edited(&fields)).as_deref(), wanted, "{fields}");
    }
}

#[test]
fn a_button_is_the_end_or_says_nothing() {
    let pressed = |data: &str| {
        let query = json!({"id": "q1", "from": ada(), "chat_instance": "c", "data": data,
            "message": message(&json!({"text": "menu"}))});
        read(&channel(), &update("callback_query", &query)).expect("it is a conversation's")
    };
    let end = pressed("escalator:end");
    assert_eq!(end.inbound.event, CustomerEvent::Ended);
    assert!(
        end.button
            .is_some_and(|button| button.press == Press::End && button.id.0 == "q1")
    );
    let other = pressed("order:17");
    assert_eq!(other.inbound.event.readable(), None);
    assert!(other.button.is_some_and(|button| button.press == Press::Theirs));
    assert!(other.inbound.has_handler);
}

#[test]
fn what_no_release_knows_is_a_placeholder() {
    // A photo without its sizes' fields: teloxide gives the update up.
    let mut broken = message(&json!({"caption": "see this"}));
    broken["from"]["first_name"] = json!(null);
    let raw = json!({"update_id": 7, "message": broken});
    let update = Update {
        id: teloxide::types::UpdateId(7),
        kind: teloxide::types::UpdateKind::Error(raw),
    };
    let read = read(&channel(), &update).expect("it is a conversation's");
    assert_eq!(read.inbound.conversation.address.as_str(), "42");
    let said = read.inbound.event.readable().expect("something is said");
    assert_eq!(said.as_str(), "see this");
}

#[test]
fn edits_and_buttons_that_no_release_knows_are_the_conversations() {
    let read_raw = |kind: &str, content: &Value| {
        let update = Update {
            id: teloxide::types::UpdateId(7),
            kind: teloxide::types::UpdateKind::Error(json!({"update_id": 7, kind: content})),
        };
        let read = read(&channel(), &update);
        assert_eq!(
            conversation(&channel(), &update),
            read.as_ref().map(|read| read.inbound.conversation.clone())
        );
        read
    };
    let edited = |fields: &Value| {
        let read = read_raw("edited_message", &message(fields)).expect("it is a conversation's");
        assert_eq!(read.inbound.conversation.address.as_str(), "42");
        read.inbound.event.readable().map(escalator::model::Text::into_string)
    };
    assert_eq!(edited(&json!({"caption": "new"})).as_deref(), Some("Edited: new"));
    let placeholder = format!("Edited: {}", super::line::UNKNOWN);
    assert_eq!(edited(&json!({"something_new": 1})), Some(placeholder));
    assert_eq!(edited(&json!({"location": {"something_new": 1}})), None);

    let mut query = json!({"id": "q1", "from": ada(), "data": "escalator:end", "message": message(&json!({}))});
    let end = read_raw("callback_query", &query).expect("it is a conversation's");
    assert_eq!(end.inbound.event, CustomerEvent::Ended);
    assert_eq!(end.inbound.conversation.customer.as_str(), "42");
    assert!(
        end.button
            .is_some_and(|button| button.press == Press::End && button.id.0 == "q1")
    );
    query["message"]["chat"]["type"] = json!("group");
    assert_eq!(read_raw("callback_query", &query), None);
}

#[test]
fn a_payment_that_teloxide_cannot_read_is_lost_to_nobody() {
    let paid = message(&json!({"successful_payment": {"currency": "IDR", "total_amount": 5_000_000_000_u64}}));
    let sent = json!({"update_id": 7, "message": paid}).to_string();
    let update = parse(sent.as_bytes()).expect("its number is read");
    let told = read(&channel(), &update)
        .expect("it is of a conversation")
        .inbound
        .event;
    let words = told.readable().expect("something is said");
    assert_eq!(words.as_str(), "[a message of the kind “successful_payment”]");
    assert!(conversation(&channel(), &for_handlers(update)).is_some());
}

#[test]
fn what_is_no_conversation_stays_the_bots() {
    let mut group = message(&json!({"text": "hello"}));
    group["chat"] = json!({"id": -5, "type": "group", "title": "Team"});
    let paid = json!({"successful_payment": {"currency": "EUR", "total_amount": 100, "invoice_payload": "p",
        "telegram_payment_charge_id": "t", "provider_payment_charge_id": "p"}});
    let member = |status: &str| json!({"user": ada(), "status": status, "until_date": 0});
    let blocked = json!({"chat": {"id": 42, "type": "private", "first_name": "Ada"}, "from": ada(), "date": 1,
        "old_chat_member": member("member"), "new_chat_member": member("kicked")});
    let inline = json!({"id": "i", "from": ada(), "query": "q", "offset": ""});
    for (kind, content) in [
        ("message", &group),
        ("edited_message", &group),
        ("message", &message(&paid)),
        ("my_chat_member", &blocked),
        ("inline_query", &inline),
    ] {
        let update = update(kind, content);
        assert!(
            !matches!(update.kind, teloxide::types::UpdateKind::Error(_)),
            "{kind} is read"
        );
        assert_eq!(read(&channel(), &update), None, "{kind}");
        assert_eq!(conversation(&channel(), &update), None, "{kind}");
    }
}

#[test]
fn a_contact_of_the_customers_own_is_a_way_to_reach_the_customer() {
    let shared = |number: &str, of: Value| {
        let contact = json!({"phone_number": number, "first_name": "Ada", "user_id": of});
        let read = read_message(&json!({"contact": contact})).expect("it is a conversation's");
        read.inbound.profile.contact.map(|contact| contact.as_str().to_owned())
    };
    for number in ["442079460000", "+442079460000"] {
        assert_eq!(shared(number, json!(42)).as_deref(), Some("+442079460000"));
        assert_eq!(shared(number, json!(7)), None, "it is somebody else's");
        assert_eq!(shared(number, Value::Null), None, "it is of nobody whom Telegram knows");
    }
    assert_eq!(shared("none", json!(42)), None);
}
