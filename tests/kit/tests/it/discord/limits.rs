//! Embeds, buttons and files that are refused.

use serde_json::{Value, json};

use super::{answer, call, request, start};

/// The code of a text or list that is too long.
const TOO_LONG: &str = "BASE_TYPE_MAX_LENGTH";

/// Each body is refused for what stands at that place, and nothing is said.
async fn refuses<const N: usize>(cases: [(Value, &str, &str); N]) {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let path = format!("/channels/{}/messages", ada.channel());
    for (body, at, code) in cases {
        let (status, refusal) = call(&fake, "POST", &path, body.clone()).await;
        assert_eq!((status, &refusal["code"]), (400, &json!(50035)), "{at}: {refusal}");
        let place = format!("/errors/{}/_errors/0/code", at.replace('.', "/"));
        assert_eq!(refusal.pointer(&place), Some(&json!(code)), "{at}: {refusal}");
    }
    assert!(ada.transcript().messages().is_empty());
}

fn x(count: usize) -> String {
    "x".repeat(count)
}

/// A row with a button that opens an address.
fn full() -> Value {
    json!({ "type": 1, "components": [{ "type": 2, "style": 5, "url": "https://example.org" }] })
}

#[tokio::test]
async fn embeds_keep_to_the_limits() {
    let embed = |embed: Value| json!({ "embeds": [embed] });
    refuses([
        (embed(json!({ "title": x(257) })), "embeds.0.title", TOO_LONG),
        (
            embed(json!({ "description": x(4097) })),
            "embeds.0.description",
            TOO_LONG,
        ),
        (
            embed(json!({ "author": { "name": x(257) } })),
            "embeds.0.author.name",
            TOO_LONG,
        ),
        (
            embed(json!({ "footer": { "text": x(2049) } })),
            "embeds.0.footer.text",
            TOO_LONG,
        ),
        (
            embed(json!({ "fields": vec![json!({ "name": "x", "value": "x" }); 26] })),
            "embeds.0.fields",
            TOO_LONG,
        ),
        (
            embed(json!({ "fields": [{ "name": x(257), "value": "x" }] })),
            "embeds.0.fields.0.name",
            TOO_LONG,
        ),
        (
            embed(json!({ "fields": [{ "name": "x", "value": x(1025) }] })),
            "embeds.0.fields.0.value",
            TOO_LONG,
        ),
        (
            embed(json!({ "fields": [{ "name": "x" }] })),
            "embeds.0.fields.0.value",
            "BASE_TYPE_REQUIRED",
        ),
        (
            embed(json!({ "title": "x", "url": "example.org" })),
            "embeds.0.url",
            "URL_TYPE_INVALID_SCHEME",
        ),
        (
            embed(json!({ "author": { "name": "x", "icon_url": "attachment" } })),
            "embeds.0.author.icon_url",
            "URL_TYPE_INVALID_SCHEME",
        ),
        (
            json!({ "embeds": [{ "description": x(4000) }, { "description": x(2001) }] }),
            "embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
        ),
        (
            json!({ "embeds": vec![json!({ "title": "x" }); 11] }),
            "embeds",
            TOO_LONG,
        ),
    ])
    .await;
}

#[tokio::test]
async fn buttons_keep_to_the_limits() {
    let row = |part: Value| json!({ "content": "x", "components": [{ "type": 1, "components": [part] }] });
    let button = |field: &str, value: Value| {
        let mut button = json!({ "type": 2, "style": 1, "label": "x", "custom_id": "a" });
        button[field] = value;
        row(button)
    };
    let link = |url: Value| row(json!({ "type": 2, "style": 5, "label": "x", "url": url }));
    let full = full();
    refuses([
        (
            json!({ "content": "x", "components": vec![full.clone(); 6] }),
            "components",
            TOO_LONG,
        ),
        (
            json!({ "content": "x", "components": [{ "type": 1, "components": vec![full["components"][0].clone(); 6] }] }),
            "components.0.components",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            json!({ "content": "x", "components": [full["components"][0]] }),
            "components.0.type",
            "BASE_TYPE_CHOICES",
        ),
        (
            row(json!({ "type": 99 })),
            "components.0.components.0.type",
            "BASE_TYPE_CHOICES",
        ),
        (
            button("custom_id", json!(x(101))),
            "components.0.components.0.custom_id",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            button("custom_id", json!("")),
            "components.0.components.0.custom_id",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            button("label", json!(x(81))),
            "components.0.components.0.label",
            TOO_LONG,
        ),
        (
            button("style", json!(7)),
            "components.0.components.0.style",
            "BASE_TYPE_CHOICES",
        ),
        (link(Value::Null), "components.0.components.0.url", "BASE_TYPE_REQUIRED"),
        (
            link(json!("javascript:alert(1)")),
            "components.0.components.0.url",
            "URL_TYPE_INVALID_SCHEME",
        ),
    ])
    .await;
}

#[tokio::test]
async fn allowed_mentions_keep_to_the_limits() {
    refuses([
        (
            json!({ "content": "x", "allowed_mentions": { "parse": ["all"] } }),
            "allowed_mentions.parse.0",
            "BASE_TYPE_CHOICES",
        ),
        (
            json!({ "content": "x", "allowed_mentions": { "users": vec!["7"; 101] } }),
            "allowed_mentions.users",
            TOO_LONG,
        ),
    ])
    .await;
}

#[tokio::test]
async fn the_longest_that_is_allowed_is_taken() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let path = format!("/channels/{}/messages", ada.channel());
    let most = json!({
        "embeds": [{ "title": x(256), "description": x(4096), "author": { "name": x(256) } }],
        "components": vec![full(); 5],
    });
    assert_eq!(call(&fake, "POST", &path, most).await.0, 200);
}

#[tokio::test]
async fn a_file_over_the_limit_of_the_server_is_refused() {
    let fake = start().await;
    let guild = fake.guild("Shop");
    let help = guild.channel("help");
    let send = async |bytes: usize| {
        let part = reqwest::multipart::Part::bytes(vec![1; bytes]).file_name("a.bin");
        let form = reqwest::multipart::Form::new()
            .text("payload_json", "{}")
            .part("files[0]", part);
        let path = format!("/channels/{}/messages", help.id());
        let (status, body) = answer(request(&fake, "POST", &path).multipart(form)).await;
        (status, body["code"].as_u64())
    };
    assert_eq!(send((10 << 20) + 1).await, (413, Some(40005)));
    assert_eq!(send(10 << 20).await.0, 200);
    guild.boost(2);
    assert_eq!(send((10 << 20) + 1).await.0, 200);
}
