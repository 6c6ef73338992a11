//! Holding requests against the specification.

use escalator_testkit::telegram::{FakeTelegram, StartError, Violation};
use serde_json::{Value, json};
use teloxide::{
    payloads::{SendDocumentSetters, SendMessageSetters},
    prelude::Requester,
    types::{
        ChatAction, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, InputMedia, InputMediaPhoto,
        InputMediaVideo, LinkPreviewOptions, ParseMode, ReplyParameters,
    },
};

use super::{bot, call, png, start};

async fn start_checked() -> Option<FakeTelegram> {
    let fake = start().await;
    if fake.spec_checked() {
        return Some(fake);
    }
    super::tell_skipped();
    None
}

#[tokio::test]
async fn what_a_request_breaks_is_recorded() {
    let Some(fake) = start_checked().await else {
        return;
    };
    let chat = fake.user("Ada").private_chat().id();
    let cases: [(&str, Value, &str, &str); 9] = [
        ("makeCoffee", json!({}), "", "there is no such method"),
        ("sendMessage", json!({ "chat_id": chat }), "text", "is required"),
        (
            "sendMessage",
            json!({ "chat_id": chat, "text": "x", "colour": "red" }),
            "colour",
            "is no parameter of this method",
        ),
        (
            "sendMessage",
            json!({ "chat_id": [chat], "text": "x" }),
            "chat_id",
            "is not Integer or String",
        ),
        (
            "sendMessage",
            json!({ "chat_id": chat, "text": "x", "disable_notification": "maybe" }),
            "disable_notification",
            "is not Boolean",
        ),
        (
            "sendMessage",
            json!({ "chat_id": chat, "text": "x", "reply_parameters": { "message_id": "7" } }),
            "reply_parameters.message_id",
            "is not Integer",
        ),
        (
            "sendMessage",
            json!({ "chat_id": chat, "text": "x", "entities": [{ "type": "bold", "offset": 0 }] }),
            "entities[0].length",
            "is required",
        ),
        (
            "sendMessage",
            json!({
                "chat_id": chat, "text": "x",
                "reply_markup": { "inline_keyboard": [[{ "text": "x", "data": "y" }]] },
            }),
            "reply_markup.inline_keyboard[0][0].data",
            "is no field of this type",
        ),
        (
            "sendDocument",
            json!({ "chat_id": chat, "document": "attach://lost" }),
            "lost",
            "is attached but was not uploaded",
        ),
    ];
    for (number, (method, params, field, problem)) in cases.into_iter().enumerate() {
        call(&fake, method, params).await;
        let wanted = Violation {
            call: number,
            method: method.to_owned(),
            field: field.to_owned(),
            problem: problem.to_owned(),
        };
        assert_eq!(fake.violations().last(), Some(&wanted));
        assert_eq!(fake.violations().len(), number + 1, "{:?}", fake.violations());
    }
}

#[tokio::test]
async fn forms_are_read_by_type() {
    let Some(fake) = start_checked().await else {
        return;
    };
    let chat = fake.user("Ada").private_chat().id().to_string();
    let address = format!("{}/sendMessage", fake.url_with_token());
    let send = async |markup: &str| {
        let form = [
            ("chat_id", chat.as_str()),
            ("text", "1"),
            ("disable_notification", "true"),
            ("reply_markup", markup),
        ];
        let request = reqwest::Client::new().post(&address).form(&form);
        request.send().await.expect("it answers").status().as_u16()
    };
    let right = r#"{"inline_keyboard":[[{"text":"x","url":"https://example.com"}]]}"#;
    assert_eq!(send(right).await, 200);
    assert!(fake.violations().is_empty(), "{:?}", fake.violations());
    assert_eq!(send(r#"{"inline_keyboard":"x"}"#).await, 400);
    assert_eq!(fake.violations()[0].field, "reply_markup.inline_keyboard");
    assert_eq!(send("{").await, 400);
    assert_eq!(fake.violations()[1].field, "reply_markup");
}

#[tokio::test]
async fn teloxide_breaks_nothing() {
    let Some(fake) = start_checked().await else {
        return;
    };
    let bot = bot(&fake);
    let chat = ChatId(fake.user("Ada").private_chat().id());
    let keyboard = InlineKeyboardMarkup::new([[InlineKeyboardButton::callback("End", "end")]]);
    let sent = bot
        .send_message(chat, "<b>x</b>")
        .parse_mode(ParseMode::Html)
        .link_preview_options(LinkPreviewOptions {
            is_disabled: true,
            url: None,
            prefer_small_media: false,
            prefer_large_media: false,
            show_above_text: false,
        })
        .reply_markup(keyboard.clone())
        .await
        .expect("it is sent");
    bot.send_document(chat, InputFile::memory("x").file_name("a.txt"))
        .caption("c")
        .reply_markup(keyboard)
        .reply_parameters(ReplyParameters::new(sent.id))
        .await
        .expect("it is sent");
    let file = || InputFile::memory(png()).file_name("a");
    let album = [
        InputMedia::Photo(InputMediaPhoto::new(file())),
        InputMedia::Video(InputMediaVideo::new(file())),
    ];
    bot.send_media_group(chat, album).await.expect("it is sent");
    bot.send_chat_action(chat, ChatAction::Typing)
        .await
        .expect("it is shown");
    bot.get_me().await.expect("it is told");
    bot.get_updates().await.expect("they are told");
    bot.edit_message_reply_markup(chat, sent.id)
        .await
        .expect("it is edited");
    assert_eq!(fake.violations(), []);
}

#[tokio::test]
async fn other_methods_of_the_specification_are_answered_and_recorded() {
    let Some(fake) = start_checked().await else {
        return;
    };
    let chat = fake.user("Ada").private_chat().id();
    let pin = json!({ "chat_id": chat, "message_id": 1 });
    let (status, body) = call(&fake, "PinChatMessage", pin).await;
    assert_eq!((status, body["result"].clone()), (200, json!(true)));
    let (status, body) = call(&fake, "getStickerSet", json!({ "name": "x" })).await;
    assert_eq!(status, 400);
    assert_eq!(
        body["description"],
        "Bad Request: getStickerSet is not supported by the fake"
    );
    let methods: Vec<_> = fake.calls().into_iter().map(|call| call.method).collect();
    assert_eq!(methods, ["pinChatMessage", "getStickerSet"]);
}

#[tokio::test]
async fn a_specification_that_was_named_must_be_there() {
    let started = FakeTelegram::builder().spec("/nowhere/spec.json").start().await;
    assert!(matches!(started, Err(StartError::Spec(_))));
}
