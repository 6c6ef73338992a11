//! Files both ways, their limits and their addresses.

use escalator_testkit::discord::{Content, Permission};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::{
    answer, call,
    client::{Client, INTENTS},
    request, start,
};

fn form(len: usize) -> Form {
    let payload = json!({ "content": "look", "attachments": [{ "id": 0, "description": "a picture" }] });
    let part = Part::bytes(vec![7; len]).file_name("my file.png");
    let part = part.mime_str("image/png").expect("it is a media type");
    Form::new()
        .text("payload_json", payload.to_string())
        .part("files[0]", part)
}

#[tokio::test]
async fn the_bot_sends_a_file_as_a_form() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let path = format!("/channels/{}/messages", ada.channel());
    let (status, made) = answer(request(&fake, "POST", &path).multipart(form(5))).await;
    assert_eq!(
        (status, &made["attachments"][0]["filename"]),
        (200, &json!("my_file.png"))
    );
    let shown = ada.transcript().messages()[0].clone();
    assert_eq!(
        (shown.content.as_str(), shown.files[0].bytes.as_ref()),
        ("look", [7; 5].as_slice())
    );
    assert_eq!(shown.files[0].description.as_deref(), Some("a picture"));
    let recorded = fake.calls()[0].clone();
    assert_eq!(
        (recorded.body["content"].as_str(), recorded.uploads.len()),
        (Some("look"), 1)
    );
}

#[tokio::test]
async fn the_boost_tier_sets_how_large_a_file_may_be() {
    let fake = start().await;
    let guild = fake.guild("Shop");
    let path = format!("/channels/{}/messages", guild.channel("help").id());
    let send = async |mebibytes: usize| {
        let (status, body) = answer(request(&fake, "POST", &path).multipart(form((mebibytes << 20) + 1))).await;
        (status, body["code"].as_u64())
    };
    assert_eq!(send(9).await, (200, None));
    assert_eq!(send(10).await, (413, Some(40005)));
    guild.boost(2);
    assert_eq!(send(10).await, (200, None));
    let tier = call(&fake, "GET", &format!("/guilds/{}", guild.id()), Value::Null)
        .await
        .1;
    assert_eq!(tier["premium_tier"], 2);
    guild.forbid(Permission::AttachFiles);
    assert_eq!(send(0).await, (403, Some(50013)));
}

#[tokio::test]
async fn a_customers_file_is_fetched_while_its_address_is_good() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let mut client = Client::ready(&fake, INTENTS).await;
    let said = ada.sends(Content::text("see").with_file("a.txt", "text/plain", "inside"));
    let told = client.event("MESSAGE_CREATE").await;
    let first = told["attachments"][0]["url"]
        .as_str()
        .expect("it has an address")
        .to_owned();
    let fetch = async |url: &str| {
        let response = reqwest::get(url).await.expect("it answers");
        let status = response.status().as_u16();
        (status, response.text().await.expect("it is text"))
    };
    assert_eq!(fetch(&first).await, (200, "inside".to_owned()));
    fake.expire_attachments();
    assert_eq!(fetch(&first).await.0, 404);
    let path = format!("/channels/{}/messages/{said}", ada.channel());
    let (_, again) = call(&fake, "GET", &path, Value::Null).await;
    let second = again["attachments"][0]["url"].as_str().expect("it has an address");
    assert_ne!(second, first);
    assert_eq!(fetch(second).await.0, 200);
    let unsigned = second.split('?').next().expect("it has a path");
    assert_eq!(fetch(unsigned).await.0, 404);
}

#[tokio::test]
async fn a_file_can_pretend_to_be_large() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let mut client = Client::ready(&fake, INTENTS).await;
    ada.sends(Content::file("film.mp4", "video/mp4", "x").pretending(1 << 30));
    assert_eq!(client.event("MESSAGE_CREATE").await["attachments"][0]["size"], 1 << 30);
}
