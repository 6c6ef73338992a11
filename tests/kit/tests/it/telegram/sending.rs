//! What the bot sends, and what the customer sees of it.

use serde_json::json;
use teloxide::{
    payloads::{AnswerCallbackQuerySetters, EditMessageTextSetters, SendMessageSetters},
    prelude::Requester,
    types::{
        CallbackQueryId, ChatAction, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, MessageId, ParseMode,
        ReplyParameters, UpdateKind,
    },
};

use super::{SOON, bot, call, refused, start};

#[tokio::test]
async fn a_message_is_seen_without_its_tags() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let asked = ada.says("hi").message_id.expect("it is a message");
    let sent = bot(&fake)
        .send_message(ChatId(ada.id()), "<b>Bot:</b> 1 &lt; 2 ")
        .parse_mode(ParseMode::Html)
        .reply_parameters(ReplyParameters::new(message_id(asked)))
        .await
        .expect("it is sent");

    let seen = ada.sees_text(SOON, "Bot: 1 < 2").await.expect("it is seen");
    assert_eq!(i64::from(sent.id.0), seen.id);
    assert_eq!(sent.text(), Some("Bot: 1 < 2"));
    assert_eq!(sent.reply_to_message().and_then(|m| m.text()), Some("hi"));
    assert_eq!(seen.entities, [json!({"type": "bold", "offset": 0, "length": 4})]);
    assert_eq!(seen.source.as_deref(), Some("<b>Bot:</b> 1 &lt; 2 "));
    assert_eq!(seen.reply_to, Some(asked));
    assert_eq!(seen.call, Some(0));
}

#[tokio::test]
async fn edits_and_deletes_are_seen() {
    let fake = start().await;
    let bot = bot(&fake);
    let ada = fake.user("Ada").private_chat();
    let sent = bot.send_message(ChatId(ada.id()), "one").await.expect("it is sent");
    let edited = bot
        .edit_message_text(ChatId(ada.id()), sent.id, "<i>two</i>")
        .parse_mode(ParseMode::Html)
        .await
        .expect("it is edited");
    assert!(edited.edit_date().is_some());
    let again = json!({ "chat_id": ada.id(), "message_id": sent.id.0, "text": "<i>two</i>", "parse_mode": "html" });
    let (_, description) = refused(&fake, "editMessageText", again).await;
    assert!(
        description.starts_with("Bad Request: message is not modified"),
        "{description}"
    );
    let seen = ada
        .transcript()
        .message(i64::from(sent.id.0))
        .cloned()
        .expect("it is there");
    assert_eq!(seen.words(), Some("two"));
    assert_eq!(seen.earlier, ["one"]);

    bot.delete_message(ChatId(ada.id()), sent.id)
        .await
        .expect("it is deleted");
    assert!(ada.transcript().bot_texts().is_empty());
    assert!(ada.transcript().messages()[0].deleted);
}

#[tokio::test]
async fn a_button_is_pressed_answered_once_and_taken_away() {
    let fake = start().await;
    let bot = bot(&fake);
    let ada = fake.user("Ada").private_chat();
    let keyboard = InlineKeyboardMarkup::new([[InlineKeyboardButton::callback("End", "end:1")]]);
    let sent = bot
        .send_message(ChatId(ada.id()), "Connected.")
        .reply_markup(keyboard)
        .await
        .expect("it is sent");
    assert!(sent.reply_markup().is_some());
    let id = i64::from(sent.id.0);
    assert!(ada.presses(id, "other").is_err());
    let pressed = ada.presses(id, "end:1").expect("the button is there");
    let query = pressed.callback_query_id.expect("it is a press");

    let updates = bot.get_updates().await.expect("there is one");
    let UpdateKind::CallbackQuery(update) = &updates[0].kind else {
        panic!("it is a callback query");
    };
    assert_eq!(
        (update.id.0.as_str(), update.data.as_deref()),
        (query.as_str(), Some("end:1"))
    );
    bot.answer_callback_query(CallbackQueryId(query.clone()))
        .text("Bye")
        .await
        .expect("it is answered");
    let press = ada.transcript().presses()[0].clone();
    assert_eq!(press.answer.and_then(|answer| answer.text).as_deref(), Some("Bye"));
    let twice = bot.answer_callback_query(CallbackQueryId(query)).await;
    assert!(twice.is_err(), "it was answered already");

    let second = ada.presses(id, "end:1").expect("the button is still there");
    fake.expire_presses();
    let late = json!({ "callback_query_id": second.callback_query_id });
    let (status, description) = refused(&fake, "answerCallbackQuery", late).await;
    assert_eq!(status, 400);
    assert!(description.contains("query is too old"), "{description}");

    bot.edit_message_reply_markup(ChatId(ada.id()), sent.id)
        .await
        .expect("the keyboard is taken away");
    assert!(ada.presses(id, "end:1").is_err());
}

#[tokio::test]
async fn typing_is_seen_with_its_time() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    bot(&fake)
        .send_chat_action(ChatId(ada.id()), ChatAction::Typing)
        .await
        .expect("it is shown");
    let seen = ada.transcript().actions()[0].clone();
    assert_eq!(seen.action, "typing");
    assert!(seen.at.elapsed().expect("it was before") < SOON);
}

#[tokio::test]
async fn every_encoding_and_case_of_letters_is_read() {
    let fake = start().await;
    let ada = fake.user("Ada").username("Ada_L").private_chat();
    let client = reqwest::Client::new();
    let chat = ada.id().to_string();
    let query = format!("{}/bot123%3Aabc/SENDMESSAGE?chat_id={chat}&text=query", fake.url());
    let form = [("chat_id", chat.as_str()), ("text", "form")];
    let multipart = reqwest::multipart::Form::new()
        .text("chat_id", chat.clone())
        .text("text", "multipart");
    let address = format!("{}/sendmessage", fake.url_with_token());
    let requests = [
        client.get(query),
        client.post(&address).form(&form),
        client.post(&address).multipart(multipart),
        client
            .post(&address)
            .json(&json!({ "chat_id": "@ada_l", "text": "json" })),
    ];
    for request in requests {
        let response = request.send().await.expect("it answers");
        assert_eq!(response.status(), 200);
    }
    assert_eq!(fake.chat(ada.id()).bot_texts(), ["query", "form", "multipart", "json"]);
    assert!(fake.calls().iter().all(|call| call.method == "sendMessage"));
}

#[tokio::test]
async fn the_bot_and_the_chat_introduce_themselves() {
    let fake = start().await;
    let bot = bot(&fake);
    let ada = fake.user("Ada").last_name("L").username("ada").private_chat();
    let me = bot.get_me().await.expect("it is told");
    assert_eq!((me.id.0, me.username()), (123, "escalator_test_bot"));
    let chat = bot.get_chat(ChatId(ada.id())).await.expect("it is told");
    assert_eq!((chat.first_name(), chat.username()), (Some("Ada"), Some("ada")));
    let commands = json!({ "commands": [{ "command": "human", "description": "Ask a person" }] });
    call(&fake, "setMyCommands", commands.clone()).await;
    assert_eq!(fake.commands(), commands["commands"]);
    let told = bot.get_my_commands().await.expect("they are told");
    assert_eq!(told[0].command, "human");
    assert!(bot.log_out().await.is_ok());
    assert!(bot.close().await.is_ok());
}

#[tokio::test]
async fn a_supergroup_counts_its_messages_itself() {
    let fake = start().await;
    let user = fake.user("Ada").create();
    let (private, group) = (user.private_chat(), user.supergroup("Friends"));
    assert_eq!(private.says("a").message_id, Some(1));
    assert_eq!(private.says("b").message_id, Some(2));
    assert_eq!(group.says("c").message_id, Some(1));
    let sent = bot(&fake)
        .send_message(ChatId(group.id()), "d")
        .await
        .expect("it is sent");
    assert_eq!(sent.id.0, 2);
}

fn message_id(id: i64) -> MessageId {
    MessageId(i32::try_from(id).expect("test ids are small"))
}
