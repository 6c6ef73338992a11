//! Messages over REST: made, listed, changed, and the nonce.

use escalator_testkit::discord::{Pings, SeenReaction};
use serde_json::{Value, json};

use super::{
    call,
    client::{Client, INTENTS},
    id_of, refused, start,
};

fn ids(body: &Value) -> Vec<u64> {
    body.as_array().into_iter().flatten().map(id_of).collect()
}

#[tokio::test]
async fn a_message_is_shown_and_told() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let mut client = Client::ready(&fake, INTENTS).await;
    let path = format!("/channels/{}/messages", ada.channel());
    let body = json!({ "content": "hi <@1> @everyone", "nonce": "n1", "allowed_mentions": { "parse": [] } });
    let (status, made) = call(&fake, "POST", &path, body).await;
    assert_eq!(status, 200);
    let told = client.event("MESSAGE_CREATE").await;
    assert_eq!((&told["id"], &told["nonce"]), (&made["id"], &json!("n1")));
    let shown = ada.transcript().messages()[0].clone();
    assert_eq!(shown.nonce.as_deref(), Some("n1"));
    assert_eq!(shown.allowed_mentions, Some(json!({ "parse": [] })));
    assert_eq!(shown.pings, Pings::default());
    assert!(shown.author.bot && shown.author.webhook.is_none());
}

#[tokio::test]
async fn an_enforced_nonce_makes_one_message() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let path = format!("/channels/{}/messages", ada.channel());
    let body = |text: &str, nonce: Value| json!({ "content": text, "nonce": nonce, "enforce_nonce": true });
    let (_, first) = call(&fake, "POST", &path, body("a", json!("7"))).await;
    let (status, second) = call(&fake, "POST", &path, body("b", json!(7))).await;
    assert_eq!(
        (status, &second["id"], &second["content"]),
        (200, &first["id"], &json!("a"))
    );
    assert_eq!(ada.transcript().bot_texts(), ["a"]);
    call(&fake, "POST", &path, body("c", json!("8"))).await;
    call(&fake, "POST", &path, json!({ "content": "not enforced", "nonce": "7" })).await;
    fake.forget_nonces();
    call(&fake, "POST", &path, body("d", json!("8"))).await;
    assert_eq!(ada.transcript().bot_texts(), ["a", "c", "not enforced", "d"]);
}

#[tokio::test]
async fn a_list_has_the_newest_first_whichever_end_was_asked_for() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let said = ada.bursts((0..10).map(|number| number.to_string()));
    ada.deletes(said[4]).expect("it is there");
    let path = format!("/channels/{}/messages", ada.channel());
    let list = async |query: String| ids(&call(&fake, "GET", &format!("{path}?{query}"), Value::Null).await.1);
    assert_eq!(list("limit=2".into()).await, [said[9], said[8]]);
    assert_eq!(list(format!("after={}&limit=2", said[2])).await, [said[5], said[3]]);
    assert_eq!(list(format!("before={}&limit=2", said[5])).await, [said[3], said[2]]);
    assert_eq!(
        list(format!("around={}&limit=3", said[7])).await,
        [said[8], said[7], said[6]]
    );
    assert_eq!(list("after=0".into()).await.len(), 9);
    assert_eq!(list(format!("after={}", said[9])).await, [0; 0]);
    assert_eq!(
        refused(&fake, "GET", &format!("{path}?limit=101"), Value::Null).await,
        (400, 50035)
    );
    assert_eq!(
        refused(&fake, "GET", &format!("{path}?after=x"), Value::Null).await,
        (400, 50035)
    );
}

#[tokio::test]
async fn the_bot_edits_and_deletes_its_own() {
    let fake = start().await;
    let help = fake.guild("Shop").channel("help");
    let ada = fake.user("ada").create().at(&help);
    let theirs = ada.says("mine");
    let messages = format!("/channels/{}/messages", help.id());
    let (_, made) = call(&fake, "POST", &messages, json!({ "content": "a" })).await;
    let mut client = Client::ready(&fake, INTENTS).await;
    let own = format!("{messages}/{}", id_of(&made));
    let (status, edited) = call(&fake, "PATCH", &own, json!({ "content": "b" })).await;
    assert_eq!((status, &edited["content"]), (200, &json!("b")));
    assert!(edited["edited_timestamp"].is_string());
    assert_eq!(client.event("MESSAGE_UPDATE").await["content"], "b");
    assert_eq!(ada.transcript().bot_texts(), ["b"]);
    assert_eq!(call(&fake, "DELETE", &own, Value::Null).await.0, 204);
    assert_eq!(client.event("MESSAGE_DELETE").await["id"], made["id"]);
    assert_eq!(refused(&fake, "GET", &own, Value::Null).await, (404, 10008));
    let (_, made) = call(&fake, "POST", &messages, json!({ "content": "c" })).await;
    let own = format!("{messages}/{}", id_of(&made));
    let empty = json!({ "content": "" });
    assert_eq!(refused(&fake, "PATCH", &own, empty).await, (400, 50006));
    let other = format!("{messages}/{theirs}");
    assert_eq!(
        refused(&fake, "PATCH", &other, json!({ "content": "x" })).await,
        (403, 50005)
    );
}

#[tokio::test]
async fn reactions_and_typing_are_taken() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let said = ada.says("x");
    let reaction = format!("/channels/{}/messages/{said}/reactions/%E2%9C%85/@me", ada.channel());
    assert_eq!(call(&fake, "PUT", &reaction, Value::Null).await.0, 204);
    assert_eq!(call(&fake, "PUT", &reaction, Value::Null).await.0, 204);
    let user = fake.bot_id();
    let wanted = [SeenReaction {
        emoji: "✅".to_owned(),
        user,
    }];
    assert_eq!(ada.transcript().messages()[0].reactions, wanted);
    assert_eq!(call(&fake, "DELETE", &reaction, Value::Null).await.0, 204);
    assert!(ada.transcript().messages()[0].reactions.is_empty());
    let on =
        |message: u64, emoji: &str| format!("/channels/{}/messages/{message}/reactions/{emoji}/@me", ada.channel());
    for unknown in ["ok", "%C3%BC", "cat%3A7", "%E2%9C%85%20ok"] {
        assert_eq!(
            refused(&fake, "PUT", &on(said, unknown), Value::Null).await,
            (400, 10014),
            "{unknown}"
        );
    }
    let cat = fake.guild("Shop").emoji("cat");
    assert_eq!(
        call(&fake, "PUT", &on(said, &format!("cat%3A{cat}")), Value::Null)
            .await
            .0,
        204
    );
    ada.deletes(said).expect("it is there");
    assert_eq!(
        refused(&fake, "PUT", &on(said, "%E2%9C%85"), Value::Null).await,
        (404, 10008)
    );
    let typing = format!("/channels/{}/typing", ada.channel());
    assert_eq!(call(&fake, "POST", &typing, Value::Null).await.0, 204);
    assert_eq!(ada.transcript().typing().len(), 1);
}

#[tokio::test]
async fn a_reply_shows_what_it_answers() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let said = ada.says("question");
    let path = format!("/channels/{}/messages", ada.channel());
    let reply = |to: u64| json!({ "content": "answer", "message_reference": { "message_id": to.to_string() } });
    let (_, made) = call(&fake, "POST", &path, reply(said)).await;
    assert_eq!(made["referenced_message"]["content"], "question");
    assert_eq!(refused(&fake, "POST", &path, reply(1)).await, (400, 50035));
}

#[tokio::test]
async fn direct_messages_are_opened_once() {
    let fake = start().await;
    let ada = fake.user("ada").create();
    let body = json!({ "recipient_id": ada.id().to_string() });
    let (status, first) = call(&fake, "POST", "/users/@me/channels", body.clone()).await;
    assert_eq!((status, &first["type"]), (200, &json!(1)));
    let (_, second) = call(&fake, "POST", "/users/@me/channels", body).await;
    assert_eq!((&first["id"], id_of(&first)), (&second["id"], ada.dm().channel()));
    let nobody = json!({ "recipient_id": "5" });
    assert_eq!(
        refused(&fake, "POST", "/users/@me/channels", nobody).await,
        (404, 10013)
    );
}
