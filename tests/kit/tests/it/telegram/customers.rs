//! What customers can do, as teloxide reads it and as the specification has it.

use escalator_testkit::telegram::{CannotPush, Content, Event, FakeTelegram, FileKind, Media, World};
use serde_json::json;
use teloxide::{
    payloads::GetUpdatesSetters,
    prelude::Requester,
    types::{ChatMemberKind, Message, MessageKind, Update, UpdateKind},
};

use super::{bot, call, png, start};

#[tokio::test]
async fn teloxide_reads_every_kind_of_message() {
    let fake = start().await;
    let ada = fake.user("Ada").username("ada").language("en").private_chat();
    let contents = every_content();
    let count = contents.len();
    let first = ada.says("the first").message_id.expect("it is a message");
    for content in contents {
        let event = ada.message(content).reply_to(first);
        fake.push(event).expect("the chat is open");
    }
    let messages = messages(&fake).await;
    assert_eq!(messages.len(), count + 1);
    for message in &messages {
        assert!(
            matches!(message.kind, MessageKind::Common(_) | MessageKind::Dice(_)),
            "{:?}",
            message.kind
        );
    }
    // teloxide shows what a common message answers, and not what a die does.
    let common = |message: &&Message| matches!(message.kind, MessageKind::Common(_));
    for message in messages[1..].iter().filter(common) {
        let answered = message.reply_to_message().map(|message| i64::from(message.id.0));
        assert_eq!(answered, Some(first));
    }
    let from = messages[0].from.as_ref().expect("somebody wrote it");
    assert_eq!(
        (from.first_name.as_str(), from.language_code.as_deref()),
        ("Ada", Some("en"))
    );
}

#[tokio::test]
async fn every_update_is_as_the_specification_has_it() {
    let fake = start().await;
    let Some(spec) = fake.spec() else {
        super::tell_skipped();
        return;
    };
    let kinds = [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
        "message_reaction",
    ];
    call(&fake, "getUpdates", json!({ "allowed_updates": kinds })).await;
    let user = fake.user("Ada").last_name("L").username("ada").create();
    let (ada, group) = (user.private_chat(), user.group("Friends"));
    for content in every_content() {
        ada.sends(content);
    }
    let said = ada.says("/start").message_id.expect("it is a message");
    ada.edits(said, "/human").expect("it is there");
    ada.reacts(said, Some("👍")).expect("it is there");
    ada.replies(said, "again");
    ada.forwards("Eve", Media::photo(png()));
    fake.push_batch(ada.album([Media::photo(png()), Media::photo(png())]))
        .expect("the chat is open");
    let keyboard = json!({ "inline_keyboard": [[{ "text": "End", "callback_data": "end" }]] });
    let ask = json!({ "chat_id": ada.id(), "text": "x", "reply_markup": keyboard });
    let (_, sent) = call(&fake, "sendMessage", ask).await;
    assert_eq!(spec.check_type("Message", &sent["result"]), [""; 0]);
    let id = sent["result"]["message_id"].as_i64().expect("it has an id");
    ada.presses(id, "end").expect("the button is there");
    let key = json!({ "keyboard": [[{ "text": "Share", "request_contact": true }]] });
    let ask = json!({ "chat_id": ada.id(), "text": "x", "reply_markup": key });
    let (_, sent) = call(&fake, "sendMessage", ask).await;
    let id = sent["result"]["message_id"].as_i64().expect("it has an id");
    let key = ada.transcript().message(id).map(|asked| asked.keys() == ["Share"]);
    assert_eq!(key, Some(true));
    ada.shares_phone(id, "442079460000").expect("the key is there");
    assert!(ada.shares_phone(said, "442079460000").is_err(), "it brought no key");
    ada.blocks_bot().expect("the chat is open");
    group.migrates();

    let (_, body) = call(&fake, "getUpdates", json!({})).await;
    let updates = body["result"].as_array().expect("it is a list");
    assert!(updates.len() > 20);
    let reaction = updates.iter().find_map(|update| update.get("message_reaction"));
    assert_eq!(reaction.map(|it| &it["new_reaction"][0]["emoji"]), Some(&json!("👍")));
    let own = updates
        .iter()
        .find(|update| update["message"]["contact"]["user_id"] == ada.id());
    assert!(own.is_some_and(|it| it["message"]["reply_to_message"]["text"] == "x"));
    let forwarded = updates
        .iter()
        .find(|update| !update["message"]["forward_origin"].is_null());
    assert!(forwarded.is_some_and(|it| it["message"]["photo"].is_array()));
    for update in updates {
        assert_eq!(spec.check_type("Update", update), [""; 0]);
    }
    for (method, kind) in [("getMe", "User"), ("getWebhookInfo", "WebhookInfo")] {
        let (_, body) = call(&fake, method, json!({})).await;
        assert_eq!(spec.check_type(kind, &body["result"]), [""; 0]);
    }
    ada.unblocks_bot().expect("the chat is there");
    let (_, body) = call(&fake, "getChat", json!({ "chat_id": ada.id() })).await;
    assert_eq!(spec.check_type("ChatFullInfo", &body["result"]), [""; 0]);
}

#[tokio::test]
async fn commands_edits_and_albums_are_marked() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let said = ada.says("/human please").message_id.expect("it is a message");
    ada.edits(said, "never mind").expect("it is there");
    fake.push_batch(ada.album([Media::photo(png()).caption("one"), Media::photo(png())]))
        .expect("the chat is open");
    let updates = updates(&fake).await;
    let UpdateKind::Message(command) = &updates[0].kind else {
        panic!("it is a message");
    };
    let entities = command.parse_entities().expect("it has entities");
    assert_eq!(entities[0].text(), "/human");
    let UpdateKind::EditedMessage(edit) = &updates[1].kind else {
        panic!("it is an edit");
    };
    assert_eq!((edit.text(), edit.id), (Some("never mind"), command.id));
    let albums: Vec<_> = updates[2..]
        .iter()
        .map(|update| match &update.kind {
            UpdateKind::Message(message) => message.media_group_id().cloned(),
            _ => None,
        })
        .collect();
    assert!(albums[0].is_some() && albums[0] == albums[1], "{albums:?}");
}

#[tokio::test]
async fn a_block_is_told_to_the_bot() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    ada.blocks_bot().expect("the chat is open");
    let closed = fake.push(ada.message("hello?"));
    assert_eq!(closed, Err(CannotPush::Closed(ada.id())));
    let updates = updates(&fake).await;
    let UpdateKind::MyChatMember(change) = &updates[0].kind else {
        panic!("it is about the bot's membership");
    };
    assert!(matches!(change.new_chat_member.kind, ChatMemberKind::Banned(_)));
}

#[tokio::test]
async fn a_batch_happens_whole_or_not_at_all() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let pushed = fake.push_batch(vec![ada.message("a"), ada.edit(99, "b")]);
    assert_eq!(pushed, Err(CannotPush::NoMessage(99)));
    assert!(ada.transcript().messages().is_empty());
    let html = fake.push(ada.message(Content::Html("<b>".to_owned())));
    assert!(matches!(html, Err(CannotPush::Html(_))));
    assert!(fake.look(World::all_confirmed));
}

#[tokio::test]
async fn groups_have_several_speakers() {
    let fake = start().await;
    let (ada, eve) = (fake.user("Ada").create(), fake.user("Eve").create());
    let group = ada.group("Friends");
    group.says("one");
    fake.push(group.message("two").by(&eve)).expect("the group is open");
    let messages = messages(&fake).await;
    let names: Vec<_> = messages
        .iter()
        .filter_map(|message| message.from.as_ref().map(|user| user.first_name.as_str()))
        .collect();
    assert_eq!(names, ["Ada", "Eve"]);
    assert!(messages.iter().all(|message| message.chat.is_group()));
    group.kicks_bot();
    let (status, _) = call(&fake, "sendMessage", json!({ "chat_id": group.id(), "text": "x" })).await;
    assert_eq!(status, 403);
}

#[tokio::test]
async fn a_raw_update_passes_as_it_is() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let update = json!({ "something_new": { "from": "the future" } });
    let pushed = fake.push_raw(update.clone());
    let event = Event::raw(update);
    let batch = fake.push_batch(vec![event, ada.message("x")]).expect("both can happen");
    assert_eq!(batch[0].update_id, pushed.update_id + 1);
    let updates = updates(&fake).await;
    assert!(matches!(updates[0].kind, UpdateKind::Error(_)));
    assert!(matches!(updates[2].kind, UpdateKind::Message(_)));
}

async fn updates(fake: &FakeTelegram) -> Vec<Update> {
    bot(fake).get_updates().timeout(0).await.expect("they are told")
}

async fn messages(fake: &FakeTelegram) -> Vec<Message> {
    let updates = updates(fake).await.into_iter();
    updates
        .filter_map(|update| match update.kind {
            UpdateKind::Message(message) => Some(message),
            _ => None,
        })
        .collect()
}

fn every_content() -> Vec<Content> {
    let file = |kind| Media::new(kind, "bytes");
    vec![
        "plain /start https://example.com".into(),
        Content::Html("<b>bold</b> <code>x</code>".to_owned()),
        Media::photo(png()).caption("photo").into(),
        Media::document("a.pdf", "bytes").into(),
        file(FileKind::Audio).named("a.mp3").into(),
        file(FileKind::Video).named("a.mp4").into(),
        file(FileKind::Voice).into(),
        file(FileKind::VideoNote).into(),
        file(FileKind::Animation).named("a.gif.mp4").into(),
        file(FileKind::Sticker).emoji("😀").into(),
        file(FileKind::AnimatedSticker).emoji("😀").into(),
        file(FileKind::VideoSticker).emoji("😀").into(),
        Content::Location {
            latitude: 48.2,
            longitude: 16.4,
        },
        Content::Venue {
            latitude: 48.2,
            longitude: 16.4,
            title: "A place".to_owned(),
            address: "A street".to_owned(),
        },
        Content::Contact {
            phone_number: "+431234".to_owned(),
            first_name: "Eve".to_owned(),
        },
        Content::Poll {
            question: "Which?".to_owned(),
            options: vec!["this".to_owned(), "that".to_owned()],
        },
        Content::Dice {
            emoji: "🎲".to_owned(),
            value: 4,
        },
    ]
}
