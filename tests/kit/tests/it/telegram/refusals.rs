//! What the real server refuses, and in which words.

use escalator_testkit::telegram::FakeTelegram;
use serde_json::{Value, json};
use teloxide::{
    ApiError, Bot, RequestError,
    payloads::SendMessageSetters,
    prelude::Requester,
    types::{ChatId, InputFile, ParseMode},
};

use super::{SOON, bot, call, refused, start};

#[tokio::test]
async fn a_wrong_token_and_a_wrong_path_are_refused() {
    let fake = start().await;
    let stranger = Bot::new("123:other").set_api_url(fake.url().parse().expect("it is a URL"));
    let answer = stranger.get_me().await;
    assert!(
        matches!(answer, Err(RequestError::Api(ApiError::InvalidToken))),
        "{answer:?}"
    );

    let (status, _) = refused(&fake, "makeCoffee", json!({})).await;
    assert_eq!(status, 404);
    let response = reqwest::get(format!("{}/somewhere", fake.url())).await;
    assert_eq!(response.expect("it answers").status(), 404);
}

#[tokio::test]
async fn texts_that_the_real_server_refuses_are_refused() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let text = |text: &str| json!({ "chat_id": ada.id(), "text": text });
    let html = |text: &str| json!({ "chat_id": ada.id(), "text": text, "parse_mode": "HTML" });
    let cases: [(Value, &str); 8] = [
        (text(""), "message text is empty"),
        (text(" \n "), "message text is empty"),
        (text(&"😀".repeat(2049)), "message is too long"),
        (html("<b></b>"), "message text is empty"),
        (
            html("<b>x"),
            "can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        ),
        (
            html("<p>x</p>"),
            "can't parse entities: Unsupported start tag \"p\" at byte offset 0",
        ),
        (
            json!({ "chat_id": ada.id(), "text": "x", "parse_mode": "Word" }),
            "unsupported parse_mode",
        ),
        (json!({ "text": "x" }), "chat_id is empty"),
    ];
    for (params, wanted) in cases {
        let answer = refused(&fake, "sendMessage", params).await;
        assert_eq!(answer, (400, format!("Bad Request: {wanted}")));
    }
    assert_eq!(call(&fake, "sendMessage", text(&"😀".repeat(2048))).await.0, 200);
    let tagged = format!("<b>{}</b>", "x".repeat(4096));
    assert_eq!(call(&fake, "sendMessage", html(&tagged)).await.0, 200);
}

#[tokio::test]
async fn teloxide_knows_the_refusals_by_their_names() {
    let fake = start().await;
    let bot = bot(&fake);
    let ada = fake.user("Ada").private_chat();
    let chat = ChatId(ada.id());

    let answer = bot.send_message(ChatId(99), "x").await;
    assert_api(answer, &ApiError::ChatNotFound);
    let answer = bot.send_message(chat, "x".repeat(4097)).await;
    assert_api(answer, &ApiError::MessageIsTooLong);
    let answer = bot.send_message(chat, "<i>").parse_mode(ParseMode::Html).await;
    assert!(matches!(answer, Err(RequestError::Api(ApiError::CantParseEntities(_)))));

    ada.blocks_bot().expect("the chat is open");
    assert_api(bot.send_message(chat, "x").await, &ApiError::BotBlocked);
    ada.unblocks_bot().expect("the chat is there");
    bot.send_message(chat, "x").await.expect("it is open again");
    ada.deactivates();
    assert_api(bot.send_message(chat, "x").await, &ApiError::UserDeactivated);
    assert_eq!(fake.chat(ada.id()).bot_texts(), ["x"]);
}

#[tokio::test]
async fn a_group_that_migrated_names_its_new_id() {
    let fake = start().await;
    let bot = bot(&fake);
    let group = fake.user("Ada").create().group("Friends");
    let new = group.migrates();
    let answer = bot.send_message(ChatId(group.id()), "x").await;
    let Err(RequestError::MigrateToChatId(target)) = answer else {
        panic!("it is refused with the new id, not {answer:?}");
    };
    assert_eq!(target, ChatId(new.id()));
    bot.send_message(target, "x").await.expect("the new chat is open");
}

#[tokio::test]
async fn files_over_the_limits_are_refused() {
    let fake = FakeTelegram::builder()
        .token("123:abc")
        .upload_bytes_max(1 << 20)
        .start()
        .await
        .expect("a free port is there");
    let ada = fake.user("Ada").private_chat();
    let chat = ChatId(ada.id());
    let bot = bot(&fake);

    let large = InputFile::memory(vec![1_u8; 3 << 20]).file_name("large.bin");
    assert_api(bot.send_document(chat, large).await, &ApiError::RequestEntityTooLarge);
    let empty = InputFile::memory(Vec::new()).file_name("empty.txt");
    assert!(bot.send_document(chat, empty).await.is_err());
    let text = InputFile::memory("no picture").file_name("a.jpg");
    assert_api(bot.send_photo(chat, text).await, &ApiError::ImageProcessFailed);
    let caption = "x".repeat(1025);
    let params = json!({ "chat_id": ada.id(), "document": "x", "caption": caption });
    let (_, description) = refused(&fake, "sendDocument", params).await;
    assert_eq!(description, "Bad Request: message caption is too long");
    assert!(fake.chat(ada.id()).messages().is_empty());
    assert!(fake.calls().iter().all(|call| !call.effect));
}

#[tokio::test]
async fn the_real_upload_limit_is_fifty_megabytes() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let bot = bot(&fake);
    let file = |bytes: usize| InputFile::memory(vec![1_u8; bytes]).file_name("a.bin");
    let over = bot.send_document(ChatId(ada.id()), file((50 << 20) + 1)).await;
    assert_api(over, &ApiError::RequestEntityTooLarge);
    let answer = bot.send_document(ChatId(ada.id()), file(50 << 20)).await;
    answer.expect("fifty are allowed");
    let seen = ada.sees(SOON, |m| m.file.is_some()).await.expect("it came");
    assert_eq!(seen.file.as_ref().map(|file| file.size), Some(50 << 20));
}

#[tokio::test]
async fn replies_edits_and_deletes_need_their_message() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let hello = ada.says("hello").message_id;
    let on = |id: i64, text: &str| json!({ "chat_id": ada.id(), "message_id": id, "text": text });
    let cases = [
        ("editMessageText", on(99, "x"), "message to edit not found"),
        (
            "editMessageText",
            on(hello.expect("it is a message"), "x"),
            "message can't be edited",
        ),
        ("deleteMessage", on(99, ""), "message to delete not found"),
        (
            "sendMessage",
            json!({ "chat_id": ada.id(), "text": "x", "reply_parameters": { "message_id": 99 } }),
            "message to be replied not found",
        ),
        (
            "sendChatAction",
            json!({ "chat_id": ada.id(), "action": "dancing" }),
            "wrong parameter action in request",
        ),
        ("getFile", json!({ "file_id": "x" }), "invalid file_id"),
        (
            "sendMessage",
            json!({
                "chat_id": ada.id(), "text": "x",
                "reply_markup": { "inline_keyboard": [[{ "text": "x", "callback_data": "x".repeat(65) }]] },
            }),
            "BUTTON_DATA_INVALID",
        ),
    ];
    for (method, params, wanted) in cases {
        let answer = refused(&fake, method, params).await;
        assert_eq!(answer, (400, format!("Bad Request: {wanted}")));
    }
}

fn assert_api<T: std::fmt::Debug>(answer: Result<T, RequestError>, wanted: &ApiError) {
    match answer {
        Err(RequestError::Api(error)) => assert_eq!(&error, wanted),
        other => panic!("{wanted:?} was expected, not {other:?}"),
    }
}
