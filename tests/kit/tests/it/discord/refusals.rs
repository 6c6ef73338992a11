//! What is refused, and with which code.

use escalator_testkit::discord::Permission;
use serde_json::{Value, json};

use super::{answer, call, refused, start};

#[tokio::test]
async fn a_stranger_is_turned_away() {
    let fake = start().await;
    let request = reqwest::Client::new().get(format!("{}/api/v10/users/@me", fake.url()));
    let wanted = json!({ "message": "401: Unauthorized", "code": 0 });
    assert_eq!(answer(request).await, (401, wanted));
    assert!(!fake.calls()[0].authorized);
}

#[tokio::test]
async fn a_message_keeps_to_the_limits() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let path = format!("/channels/{}/messages", ada.channel());
    let long = |letters: usize| json!({ "content": "😀".repeat(letters) });
    assert_eq!(call(&fake, "POST", &path, long(2000)).await.0, 200);
    let (status, body) = call(&fake, "POST", &path, long(2001)).await;
    assert_eq!((status, &body["code"]), (400, &json!(50035)));
    let error = &body["errors"]["content"]["_errors"][0];
    assert_eq!(error["code"], "BASE_TYPE_MAX_LENGTH");
    let button = |id: Value| json!({ "type": 2, "style": 1, "label": "x", "custom_id": id });
    let rows = |parts: Value| json!({ "content": "x", "components": [{ "type": 1, "components": parts }] });
    let cases = [
        (json!({ "content": "" }), 50006),
        (json!({ "content": "  " }), 50006),
        (json!({}), 50006),
        (json!({ "content": "x", "nonce": "n".repeat(26) }), 50035),
        (json!({ "content": 7 }), 50035),
        (rows(json!([])), 50035),
        (rows(json!([button(Value::Null)])), 50035),
        (rows(json!([button(json!("a")), button(json!("a"))])), 50035),
        (
            json!({ "content": "x", "allowed_mentions": { "parse": ["users"], "users": ["1"] } }),
            50035,
        ),
        (json!({ "content": "x", "attachments": [{ "id": 3 }] }), 50035),
    ];
    for (body, code) in cases {
        assert_eq!(refused(&fake, "POST", &path, body.clone()).await, (400, code), "{body}");
    }
    assert_eq!(ada.transcript().messages().len(), 1);
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let fake = start().await;
    let channel = fake.user("ada").dm().channel();
    let cases = [
        ("GET", "/channels/7".to_owned(), 404, 10003),
        ("POST", "/channels/7/messages".to_owned(), 404, 10003),
        ("GET", format!("/channels/{channel}/messages/7"), 404, 10008),
        ("GET", "/guilds/7".to_owned(), 404, 10004),
        ("GET", "/users/7".to_owned(), 404, 10013),
        ("POST", "/webhooks/7/x".to_owned(), 404, 10015),
        ("POST", "/interactions/7/x/callback".to_owned(), 404, 10062),
        ("GET", "/channels/x".to_owned(), 400, 50035),
        ("GET", "/nothing".to_owned(), 404, 0),
    ];
    for (method, path, status, code) in cases {
        assert_eq!(
            refused(&fake, method, &path, json!({ "content": "x" })).await,
            (status, code),
            "{path}"
        );
    }
}

#[tokio::test]
async fn closed_direct_messages_take_nothing() {
    let fake = start().await;
    let ada = fake.user("ada").create();
    let path = format!("/channels/{}/messages", ada.dm().channel());
    ada.takes_dms(false);
    assert_eq!(
        refused(&fake, "POST", &path, json!({ "content": "x" })).await,
        (403, 50007)
    );
    ada.takes_dms(true);
    assert_eq!(call(&fake, "POST", &path, json!({ "content": "x" })).await.0, 200);
}

#[tokio::test]
async fn missing_permissions_are_refused() {
    let fake = start().await;
    let guild = fake.guild("Shop");
    let help = guild.channel("help");
    let messages = format!("/channels/{}/messages", help.id());
    let post = async || refused(&fake, "POST", &messages, json!({ "content": "x" })).await;
    help.forbid(Permission::SendMessages);
    assert_eq!(post().await, (403, 50013));
    help.allow(Permission::SendMessages);
    guild.forbid(Permission::ViewChannel);
    assert_eq!(post().await, (403, 50001));
    assert_eq!(refused(&fake, "GET", &messages, Value::Null).await, (403, 50001));
    guild.allow(Permission::ViewChannel);
    guild.forbid(Permission::ReadMessageHistory);
    call(&fake, "POST", &messages, json!({ "content": "x" })).await;
    assert_eq!(call(&fake, "GET", &messages, Value::Null).await, (200, json!([])));
}

#[tokio::test]
async fn a_deleted_channel_is_gone() {
    let fake = start().await;
    let help = fake.guild("Shop").channel("help");
    let ada = fake.user("ada").create().at(&help);
    help.delete();
    let path = format!("/channels/{}/messages", help.id());
    assert_eq!(
        refused(&fake, "POST", &path, json!({ "content": "x" })).await,
        (404, 10003)
    );
    assert!(fake.happen(ada.message("x")).is_err());
}
