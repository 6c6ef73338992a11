//! Webhooks.

use escalator_testkit::discord::Permission;
use serde_json::{Value, json};

use super::{answer, call, id_of, refused, start};

#[tokio::test]
async fn a_webhook_speaks_under_any_name_in_channel_and_thread() {
    let fake = start().await;
    let help = fake.guild("Shop").channel("help");
    let channel = format!("/channels/{}", help.id());
    let (status, hook) = call(&fake, "POST", &format!("{channel}/webhooks"), json!({ "name": "Desk" })).await;
    assert_eq!(status, 200);
    let (_, listed) = call(&fake, "GET", &format!("{channel}/webhooks"), Value::Null).await;
    assert_eq!((&listed[0]["id"], &listed[0]["token"]), (&hook["id"], &hook["token"]));
    let token = hook["token"].as_str().expect("it is the bot's own");
    let path = format!("/webhooks/{}/{token}", id_of(&hook));
    let thread = id_of(
        &call(&fake, "POST", &format!("{channel}/threads"), json!({ "name": "x" }))
            .await
            .1,
    );
    // No token of the bot is needed.
    let body = json!({
        "content": "hello", "username": "Anna", "avatar_url": "https://example.com/a.png", "nonce": "n",
        "allowed_mentions": { "parse": [] },
    });
    let request = reqwest::Client::new().post(format!("{}/api/v10{path}?wait=true&thread_id={thread}", fake.url()));
    let (status, made) = answer(request.json(&body)).await;
    assert_eq!(
        (status, &made["author"]["username"], &made["webhook_id"]),
        (200, &json!("Anna"), &hook["id"])
    );
    let shown = fake.transcript(thread).messages()[0].clone();
    assert_eq!(shown.author.name, "Anna");
    assert_eq!(shown.author.webhook, Some(id_of(&hook)));
    assert_eq!(shown.author.avatar_url.as_deref(), Some("https://example.com/a.png"));
    assert_eq!(shown.nonce, None);
    assert_eq!(
        call(&fake, "POST", &path, json!({ "content": "silent" })).await,
        (204, Value::Null)
    );
    assert_eq!(help.transcript().bot_texts(), ["silent"]);
    let own = format!("{path}/messages/{}?thread_id={thread}", shown.id);
    assert_eq!(call(&fake, "PATCH", &own, json!({ "content": "edited" })).await.0, 200);
    assert_eq!(fake.transcript(thread).bot_texts(), ["edited"]);
}

#[tokio::test]
async fn webhooks_keep_to_the_rules() {
    let fake = start().await;
    let guild = fake.guild("Shop");
    let help = guild.channel("help");
    let hooks = format!("/channels/{}/webhooks", help.id());
    let long = "x".repeat(81);
    for name in ["", "Clyde", "my discord", "Here", long.as_str()] {
        assert_eq!(
            refused(&fake, "POST", &hooks, json!({ "name": name })).await,
            (400, 50035),
            "{name}"
        );
    }
    let (_, hook) = call(&fake, "POST", &hooks, json!({ "name": "Desk" })).await;
    let wrong = format!("/webhooks/{}/wrong", id_of(&hook));
    assert_eq!(
        refused(&fake, "POST", &wrong, json!({ "content": "x" })).await,
        (401, 50027)
    );
    let right = format!(
        "/webhooks/{}/{}",
        id_of(&hook),
        hook["token"].as_str().expect("it is text")
    );
    for (field, value) in [
        ("username", "Anna of Discord"),
        ("username", long.as_str()),
        ("username", "everyone"),
        ("avatar_url", ""),
        ("avatar_url", "anna.png"),
        ("avatar_url", "data:image/png;base64,AAAA"),
        ("avatar_url", "https://"),
        ("avatar_url", "https://exa mple.org/a.png"),
    ] {
        let body = json!({ "content": "x", field: value });
        assert_eq!(
            refused(&fake, "POST", &right, body).await,
            (400, 50035),
            "{field} {value}"
        );
    }
    let elsewhere = guild.channel("other").id();
    let path = format!("{right}?thread_id={elsewhere}");
    assert_eq!(
        refused(&fake, "POST", &path, json!({ "content": "x" })).await,
        (404, 10003)
    );
    guild.forbid(Permission::ManageWebhooks);
    assert_eq!(refused(&fake, "GET", &hooks, Value::Null).await, (403, 50013));
    assert_eq!(call(&fake, "POST", &right, json!({ "content": "x" })).await.0, 204);
    assert_eq!(call(&fake, "DELETE", &right, Value::Null).await.0, 204);
    assert_eq!(
        refused(&fake, "POST", &right, json!({ "content": "x" })).await,
        (404, 10015)
    );
    let dm = format!("/channels/{}/webhooks", fake.user("ada").dm().channel());
    assert_eq!(refused(&fake, "POST", &dm, json!({ "name": "x" })).await, (400, 50024));
}

#[tokio::test]
async fn a_channel_has_at_most_fifteen_webhooks() {
    let fake = start().await;
    let hooks = format!("/channels/{}/webhooks", fake.guild("Shop").channel("help").id());
    for _ in 0..15 {
        assert_eq!(call(&fake, "POST", &hooks, json!({ "name": "Desk" })).await.0, 200);
    }
    assert_eq!(
        refused(&fake, "POST", &hooks, json!({ "name": "Desk" })).await,
        (400, 30007)
    );
}
