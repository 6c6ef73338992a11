//! The fake Telegram Bot API, driven by teloxide and by plain HTTP.

mod customers;
mod dispatcher;
mod entities;
mod faults;
mod files;
mod keyboards;
mod load;
mod photos;
mod polling;
mod port;
mod reactions;
mod refusals;
mod sending;
mod spec;
mod stages;
mod webhook;

use std::{io::Write, time::Duration};

use escalator_testkit::telegram::FakeTelegram;
use serde_json::{Value, json};
use teloxide::Bot;

/// The time within which anything that is waited for must happen.
const SOON: Duration = Duration::from_secs(10);

async fn start() -> FakeTelegram {
    FakeTelegram::builder()
        .token("123:abc")
        .start()
        .await
        .expect("a free port is there")
}

fn bot(fake: &FakeTelegram) -> Bot {
    let url = fake.url().parse().expect("the fake's address is a URL");
    Bot::new(fake.token()).set_api_url(url)
}

/// What a test prints is shown only when it fails, unless it goes past the macros.
fn tell_skipped() {
    let why = "skipped: the specification of the Bot API is not there";
    writeln!(std::io::stderr(), "{why}").expect("there is a standard error");
}

/// Calls a method by hand; returns the status and the body.
async fn call(fake: &FakeTelegram, method: &str, params: Value) -> (u16, Value) {
    let address = format!("{}/{method}", fake.url_with_token());
    let response = reqwest::Client::new()
        .post(address)
        .json(&params)
        .send()
        .await
        .expect("the fake answers");
    let status = response.status().as_u16();
    (status, response.json().await.expect("the answer is JSON"))
}

/// Calls a method that must be refused; returns the status and the description.
async fn refused(fake: &FakeTelegram, method: &str, params: Value) -> (u16, String) {
    let (status, body) = call(fake, method, params).await;
    assert_eq!(body["ok"], false, "{method} was not refused: {body}");
    assert_eq!(body["error_code"], status);
    let description = body["description"].as_str().unwrap_or_default();
    (status, description.to_owned())
}

/// Fetches updates at once, by hand; returns their ids.
async fn poll(fake: &FakeTelegram, offset: i64) -> Vec<i64> {
    let (_, body) = call(fake, "getUpdates", json!({ "offset": offset })).await;
    update_ids(&body)
}

fn update_ids(body: &Value) -> Vec<i64> {
    let updates = body["result"].as_array().into_iter().flatten();
    updates.filter_map(|update| update["update_id"].as_i64()).collect()
}

fn png() -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\0\x80".to_vec();
    bytes.extend([7; 200]);
    bytes
}
