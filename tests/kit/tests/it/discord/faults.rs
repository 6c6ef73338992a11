//! Faults, one by one.

use std::time::Duration;

use escalator_testkit::discord::{Content, FakeDiscord, Fate, Fault, LimitScope, On, Plan};
use serde_json::{Value, json};

use super::{
    SOON, answer, call,
    client::{Client, INTENTS},
    request, start,
};

async fn post(fake: &FakeDiscord, channel: u64, patience: Duration) -> reqwest::Result<reqwest::Response> {
    let request = request(fake, "POST", &format!("/channels/{channel}/messages"));
    request.json(&json!({ "content": "x" })).timeout(patience).send().await
}

#[tokio::test]
async fn a_lane_is_limited_until_it_is_released() {
    let fake = start().await;
    let (ada, eve) = (fake.user("ada").dm(), fake.user("eve").dm());
    let wait = Duration::from_millis(1250);
    let scope = LimitScope::User;
    let fault = fake.fault(On::about(ada.channel()), Plan::Always(Fault::RateLimit { wait, scope }));
    let response = post(&fake, ada.channel(), SOON).await.expect("it answers");
    assert_eq!(response.status(), 429);
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    assert_eq!(header("retry-after"), Some("2"));
    assert_eq!(header("x-ratelimit-reset-after"), Some("1.250"));
    assert_eq!(
        (header("x-ratelimit-scope"), header("x-ratelimit-global")),
        (Some("user"), None)
    );
    let body: Value = response.json().await.expect("it is JSON");
    assert_eq!((&body["retry_after"], &body["global"]), (&json!(1.25), &json!(false)));
    let free = post(&fake, eve.channel(), SOON).await.expect("it answers");
    assert_eq!(free.status(), 200);
    assert_eq!(free.headers()["x-ratelimit-remaining"], "4");
    fake.release(fault);
    assert_eq!(
        post(&fake, ada.channel(), SOON).await.expect("it answers").status(),
        200
    );
}

#[tokio::test]
async fn the_whole_bot_is_limited() {
    let fake = start().await;
    let scope = LimitScope::Global;
    let wait = Duration::from_secs(3);
    fake.fault(On::any(), Plan::Next(1, Fault::RateLimit { wait, scope }));
    let response = request(&fake, "GET", "/users/@me").send().await.expect("it answers");
    assert_eq!(response.headers()["x-ratelimit-global"], "true");
    let body: Value = response.json().await.expect("it is JSON");
    assert_eq!((&body["retry_after"], &body["global"]), (&json!(3.0), &json!(true)));
    assert_eq!(call(&fake, "GET", "/users/@me", Value::Null).await.0, 200);
}

#[tokio::test]
async fn refused_hanging_and_failing_calls_have_no_effect() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let cycle = [Fault::Refuse, Fault::Hang, Fault::Html { status: 502 }];
    let plan = Plan::Cycle(cycle.into_iter().map(Some).chain([None]).collect());
    fake.fault(On::create_message(), plan);
    assert!(matches!(post(&fake, ada.channel(), SOON).await, Err(error) if !error.is_timeout()));
    let patience = Duration::from_millis(300);
    assert!(matches!(post(&fake, ada.channel(), patience).await, Err(error) if error.is_timeout()));
    let page = post(&fake, ada.channel(), SOON).await.expect("it answers");
    assert_eq!(page.status(), 502);
    assert!(page.text().await.expect("it is a page").starts_with("<html>"));
    assert!(ada.transcript().messages().is_empty());
    post(&fake, ada.channel(), SOON).await.expect("the fourth passes");
    fake.wait_until(SOON, |world| world.calls()[3].fate == Fate::Answered)
        .await
        .expect("it is answered");
    let fates: Vec<_> = fake.calls().iter().map(|call| (call.fate, call.effect)).collect();
    let wanted = [
        (Fate::Cut, false),
        (Fate::Hanging, false),
        (Fate::Answered, false),
        (Fate::Answered, true),
    ];
    assert_eq!(fates, wanted);
}

#[tokio::test]
async fn a_lost_or_late_answer_keeps_its_effect() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let mut client = Client::ready(&fake, INTENTS).await;
    let late = Fault::AnswerAfter(Duration::from_mins(1));
    for fault in [Fault::LoseAnswer, Fault::HangAfterEffect, late] {
        fake.fault(On::create_message(), Plan::Next(1, fault));
        let patience = Duration::from_millis(300);
        assert!(post(&fake, ada.channel(), patience).await.is_err());
    }
    assert_eq!(client.contents(3).await, ["x", "x", "x"]);
    assert!(fake.calls().iter().all(|call| call.effect));
}

#[tokio::test]
async fn a_call_that_is_blocked_or_has_no_length_does_not_reach_discord() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let typing = format!("/channels/{}/typing", ada.channel());
    assert_eq!(answer(request(&fake, "POST", &typing)).await.0, 411);
    fake.fault(On::call("POST", "/channels/*/typing"), Plan::Next(1, Fault::Block));
    let wanted = json!({ "message": "internal network error", "code": 40333 });
    assert_eq!(call(&fake, "POST", &typing, Value::Null).await, (403, wanted));
    assert!(ada.transcript().typing().is_empty());
    assert_eq!(call(&fake, "POST", &typing, Value::Null).await.0, 204);
}

#[tokio::test]
async fn any_refusal_can_be_played_and_stages_are_told() {
    let fake = start().await;
    let fault = Fault::Refusal {
        status: 403,
        code: 40001,
        message: "Unauthorized".to_owned(),
    };
    fake.fault(On::call("GET", "/users/@me"), Plan::Next(1, fault));
    let (told, stages) = tokio::sync::mpsc::unbounded_channel();
    fake.set_observer(Some(std::sync::Arc::new(move |stage, call| {
        told.send((stage, call.path.clone())).expect("the test listens");
    })));
    let wanted = json!({ "message": "Unauthorized", "code": 40001 });
    assert_eq!(call(&fake, "GET", "/users/@me", Value::Null).await, (403, wanted));
    fake.wait_until(SOON, |world| world.calls()[0].fate == Fate::Answered)
        .await
        .expect("it is answered");
    fake.set_observer(None);
    // Received and answered; nothing was carried out between.
    assert_eq!(stages.len(), 2);
}

#[tokio::test]
async fn a_download_is_cut_or_slow() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let mut client = Client::ready(&fake, INTENTS).await;
    ada.sends(Content::file("a.bin", "", vec![1; 4096]));
    let told = client.event("MESSAGE_CREATE").await;
    let url = told["attachments"][0]["url"]
        .as_str()
        .expect("it has an address")
        .to_owned();
    fake.fault(On::download(), Plan::Next(1, Fault::Refuse));
    assert!(reqwest::get(&url).await.is_err());
    fake.fault(
        On::download(),
        Plan::Next(
            1,
            Fault::SlowDownload {
                bytes_per_sec: 64 << 10,
            },
        ),
    );
    let since = std::time::Instant::now();
    let bytes = reqwest::get(&url).await.expect("it answers").bytes().await;
    assert_eq!(bytes.expect("it is read").len(), 4096);
    assert!(since.elapsed() >= Duration::from_millis(50));
}
