//! The fake Discord, driven by serenity, by a plain websocket and by plain HTTP.

mod client;
mod customers;
mod faults;
mod files;
mod gateway;
mod interactions;
mod limits;
mod messages;
mod pings;
mod refusals;
mod serenity_client;
mod spec;
mod threads;
mod webhooks;

use std::time::Duration;

use escalator_testkit::discord::FakeDiscord;
use serde_json::Value;

/// The time within which anything that is waited for must happen.
const SOON: Duration = Duration::from_secs(10);

async fn start() -> FakeDiscord {
    FakeDiscord::builder()
        .token("fake")
        .start()
        .await
        .expect("a free port is there")
}

fn request(fake: &FakeDiscord, method: &str, path: &str) -> reqwest::RequestBuilder {
    let method = method.parse().expect("it is a method");
    let address = format!("{}/api/v10{path}", fake.url());
    let request = reqwest::Client::new().request(method, address);
    request.header("Authorization", format!("Bot {}", fake.token()))
}

/// Calls an address by hand; returns the status and the body, null where there is none.
async fn call(fake: &FakeDiscord, method: &str, path: &str, body: Value) -> (u16, Value) {
    let request = request(fake, method, path);
    let request = if body.is_null() {
        request.header(reqwest::header::CONTENT_LENGTH, 0)
    } else {
        request.json(&body)
    };
    answer(request).await
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("the fake answers");
    let status = response.status().as_u16();
    let body = response.bytes().await.expect("the answer is read");
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// Calls an address that must be refused; returns the status and Discord's code.
async fn refused(fake: &FakeDiscord, method: &str, path: &str, body: Value) -> (u16, u64) {
    let (status, body) = call(fake, method, path, body).await;
    assert!(status >= 400, "{method} {path} was not refused: {body}");
    assert!(body["message"].is_string(), "{body}");
    (status, body["code"].as_u64().expect("a refusal has a code"))
}

fn id_of(body: &Value) -> u64 {
    let id = body["id"].as_str().and_then(|id| id.parse().ok());
    id.expect("it has an id")
}
