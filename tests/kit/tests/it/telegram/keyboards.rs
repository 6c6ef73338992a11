//! Keyboards that are refused.

use serde_json::{Value, json};

use super::{call, refused, start};

#[tokio::test]
async fn keyboards_that_the_real_server_refuses_are_refused() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let inline = |button: Value| json!({ "inline_keyboard": [[button]] });
    let keys = |button: Value| json!({ "keyboard": [[button]] });
    let unreadable = "can't parse inline keyboard button: ";
    let cases = [
        (json!("{"), "can't parse reply keyboard markup JSON object".to_owned()),
        (json!([]), "object expected as reply markup".to_owned()),
        (
            json!({ "inline_keyboard": [{ "text": "x" }] }),
            "field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays".to_owned(),
        ),
        (
            json!({ "keyboard": ["x"] }),
            "field \"keyboard\" must be an Array of Arrays".to_owned(),
        ),
        (
            inline(json!("x")),
            format!("{unreadable}InlineKeyboardButton must be an Object"),
        ),
        (
            inline(json!({ "callback_data": "x" })),
            format!("{unreadable}Can't find field \"text\""),
        ),
        (
            inline(json!({ "text": "", "callback_data": "x" })),
            "inline keyboard button text must be non-empty".to_owned(),
        ),
        (
            inline(json!({ "text": "x", "callback_data": "" })),
            format!("{unreadable}Text buttons are unallowed in the inline keyboard"),
        ),
        (
            inline(json!({ "text": "x", "callback_data": "ü".repeat(33) })),
            "BUTTON_DATA_INVALID".to_owned(),
        ),
        (
            inline(json!({ "text": "x", "url": "somewhere" })),
            "inline keyboard button URL 'somewhere' is invalid: Wrong HTTP URL".to_owned(),
        ),
        (
            keys(json!(7)),
            "can't parse keyboard button: KeyboardButton must be a String or an Object".to_owned(),
        ),
        (
            keys(json!({ "request_contact": true })),
            "can't parse keyboard button: Can't find field \"text\"".to_owned(),
        ),
    ];
    for (markup, wanted) in cases {
        let params = json!({ "chat_id": ada.id(), "text": "x", "reply_markup": markup });
        let answer = refused(&fake, "sendMessage", params).await;
        assert_eq!(answer, (400, format!("Bad Request: {wanted}")));
    }
    let longest = inline(json!({ "text": "x", "callback_data": "ü".repeat(32) }));
    let params = json!({ "chat_id": ada.id(), "text": "x", "reply_markup": longest });
    assert_eq!(call(&fake, "sendMessage", params).await.0, 200);
    let edit = json!({ "chat_id": ada.id(), "message_id": 1, "reply_markup": keys(json!("x")) });
    let answer = refused(&fake, "editMessageReplyMarkup", edit).await;
    assert_eq!(answer, (400, "Bad Request: inline keyboard expected".to_owned()));
}

#[tokio::test]
async fn a_number_is_asked_for_in_private_chats_alone() {
    let fake = start().await;
    let ada = fake.user("Ada").create();
    let ask = |chat: i64| {
        let key = json!({ "text": "My number", "request_contact": true });
        json!({ "chat_id": chat, "text": "x", "reply_markup": { "keyboard": [[key, "No"]] } })
    };
    assert_eq!(call(&fake, "sendMessage", ask(ada.private_chat().id())).await.0, 200);
    for group in [ada.group("Friends"), ada.supergroup("Shop")] {
        let answer = refused(&fake, "sendMessage", ask(group.id())).await;
        let wanted = "Bad Request: phone number can be requested in private chats only";
        assert_eq!(answer, (400, wanted.to_owned()));
    }
}
