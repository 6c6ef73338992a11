//! Slash commands and buttons.

use escalator_testkit::discord::{Act, CannotHappen, FakeDiscord};
use serde_json::{Value, json};

use super::{SOON, answer, call, client::Client, refused, start};

async fn commands(fake: &FakeDiscord) -> Value {
    let path = format!("/applications/{}/commands", fake.application_id());
    let wanted = json!([{ "name": "human", "description": "Ask for a human" }]);
    let (status, made) = call(fake, "PUT", &path, wanted).await;
    assert_eq!(status, 200);
    made
}

/// The address of the first answer, and that of what follows.
fn addresses(fake: &FakeDiscord, told: &Value) -> (String, String) {
    let word = |field: &str| told[field].as_str().expect("it is text").to_owned();
    let token = word("token");
    let callback = format!("/interactions/{}/{token}/callback", word("id"));
    (callback, format!("/webhooks/{}/{token}", fake.application_id()))
}

#[tokio::test]
async fn commands_are_overwritten_and_keep_their_ids() {
    let fake = start().await;
    let first = commands(&fake).await;
    assert_eq!(commands(&fake).await[0]["id"], first[0]["id"]);
    assert_eq!(fake.commands(None)[0]["name"], "human");
    let guild = fake.guild("Shop").id();
    let path = format!("/applications/{}/guilds/{guild}/commands", fake.application_id());
    let made = call(&fake, "PUT", &path, json!([{ "name": "end", "description": "End" }]))
        .await
        .1;
    assert_eq!(made[0]["guild_id"], guild.to_string());
    assert_eq!(call(&fake, "GET", &path, Value::Null).await.1, made);
    let wrong = json!([{ "name": "Not Right", "description": "x" }]);
    assert_eq!(refused(&fake, "PUT", &path, wrong).await, (400, 50035));
}

#[tokio::test]
async fn a_command_is_answered_once_and_seen() {
    let fake = start().await;
    let help = fake.guild("Shop").channel("help");
    let ada = fake.user("ada").create().at(&help);
    let unknown = Err(CannotHappen::NoCommand("human".to_owned()));
    assert_eq!(ada.uses("human", &[]), unknown);
    commands(&fake).await;
    // No intent is needed.
    let mut client = Client::ready(&fake, 0).await;
    let used = ada.uses("human", &[("reason", "order")]).expect("it is there");
    let told = client.event("INTERACTION_CREATE").await;
    assert_eq!(told["data"]["options"][0]["value"], "order");
    assert_eq!(told["member"]["user"]["id"], ada.user().to_string());
    let (callback, follow_up) = addresses(&fake, &told);
    assert_eq!(
        refused(&fake, "POST", &follow_up, json!({ "content": "x" })).await,
        (404, 10015)
    );
    let body = json!({ "type": 4, "data": { "content": "wait", "flags": 64 } });
    let request = reqwest::Client::new().post(format!("{}/api/v10{callback}", fake.url()));
    assert_eq!(answer(request.json(&body)).await, (204, Value::Null));
    assert_eq!(refused(&fake, "POST", &callback, body).await, (400, 40060));
    let shown = ada.sees_text(SOON, "wait").await.expect("it is shown");
    assert_eq!(shown.only_for, Some(ada.user()));
    assert_eq!(
        call(&fake, "POST", &follow_up, json!({ "content": "more" })).await.0,
        200
    );
    let original = format!("{follow_up}/messages/@original");
    call(&fake, "PATCH", &original, json!({ "content": "edited" })).await;
    assert_eq!(ada.transcript().bot_texts(), ["edited", "more"]);
    let interaction = fake.interaction(used).expect("it is kept");
    assert_eq!(interaction.option("reason"), Some("order"));
    assert_eq!(interaction.answer.expect("it is answered").kind, 4);
    let list = format!("/channels/{}/messages", help.id());
    let (_, seen) = call(&fake, "GET", &list, Value::Null).await;
    assert_eq!(
        seen.as_array().map(Vec::len),
        Some(1),
        "nobody else sees an ephemeral message"
    );
}

#[tokio::test]
async fn a_deferred_answer_is_filled_in() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    commands(&fake).await;
    let mut client = Client::ready(&fake, 0).await;
    let used = ada.uses("human", &[]).expect("it is there");
    let told = client.event("INTERACTION_CREATE").await;
    assert_eq!(told["user"]["id"], ada.user().to_string());
    let (callback, follow_up) = addresses(&fake, &told);
    assert_eq!(call(&fake, "POST", &callback, json!({ "type": 5 })).await.0, 204);
    assert!(ada.transcript().messages().is_empty());
    let original = format!("{follow_up}/messages/@original");
    assert_eq!(
        call(&fake, "PATCH", &original, json!({ "content": "here" })).await.0,
        200
    );
    assert_eq!(ada.transcript().bot_texts(), ["here"]);
    let answer = fake.interaction(used).and_then(|interaction| interaction.answer);
    let answer = answer.expect("it is answered");
    assert_eq!(
        (answer.kind, answer.message),
        (5, Some(ada.transcript().messages()[0].id))
    );
}

#[tokio::test]
async fn a_button_is_pressed_where_it_stands() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let path = format!("/channels/{}/messages", ada.channel());
    let row = json!({ "type": 1, "components": [{ "type": 2, "style": 4, "label": "End", "custom_id": "end" }] });
    call(&fake, "POST", &path, json!({ "content": "x", "components": [row] })).await;
    let message = ada.transcript().messages()[0].id;
    assert_eq!(ada.presses(message, "other"), Err(CannotHappen::NoButton(message)));
    let mut client = Client::ready(&fake, 0).await;
    for (kind, data) in [(6, Value::Null), (7, json!({ "content": "gone", "components": [] }))] {
        let pressed = ada.presses(message, "end").expect("it is there");
        let told = client.event("INTERACTION_CREATE").await;
        assert_eq!(
            (&told["data"]["custom_id"], &told["message"]["id"]),
            (&json!("end"), &json!(message.to_string()))
        );
        let (callback, _) = addresses(&fake, &told);
        let body = json!({ "type": kind, "data": data });
        assert_eq!(call(&fake, "POST", &callback, body).await.0, 204);
        let act = fake.interaction(pressed).expect("it is kept").act;
        assert_eq!(
            act,
            Act::Button {
                message,
                custom_id: "end".to_owned()
            }
        );
    }
    assert_eq!(ada.transcript().bot_texts(), ["gone"]);
    assert!(ada.presses(message, "end").is_err());
}

#[tokio::test]
async fn a_late_answer_is_refused() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    commands(&fake).await;
    let mut client = Client::ready(&fake, 0).await;
    ada.uses("human", &[]).expect("it is there");
    let (callback, _) = addresses(&fake, &client.event("INTERACTION_CREATE").await);
    fake.expire_interactions();
    assert_eq!(
        refused(&fake, "POST", &callback, json!({ "type": 5 })).await,
        (404, 10062)
    );
}
