//! Faults, one by one.

use std::time::{Duration, Instant};

use escalator_testkit::telegram::{Fate, Fault, Media, On, Plan};
use serde_json::{Value, json};
use teloxide::{RequestError, prelude::Requester, types::ChatId};

use super::{SOON, bot, call, refused, start};

#[tokio::test]
async fn a_chat_is_limited_until_it_is_released() {
    let fake = start().await;
    let bot = bot(&fake);
    let ada = fake.user("Ada").private_chat();
    let eve = fake.user("Eve").private_chat();
    let fault = fake.fault(On::chat(ada.id()), Plan::Always(Fault::RetryAfter { secs: 7 }));
    for _ in 0..3 {
        let answer = bot.send_message(ChatId(ada.id()), "x").await;
        let Err(RequestError::RetryAfter(wait)) = answer else {
            panic!("it is limited, not {answer:?}");
        };
        assert_eq!(wait.duration(), Duration::from_secs(7));
    }
    bot.send_message(ChatId(eve.id()), "x")
        .await
        .expect("the other chat is free");
    fake.release(fault);
    bot.send_message(ChatId(ada.id()), "y").await.expect("it is released");
    assert_eq!(fake.chat(ada.id()).bot_texts(), ["y"]);
}

#[tokio::test]
async fn the_whole_bot_is_limited_for_a_while_and_told_how_long() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let minute = Duration::from_mins(1);
    let plan = Plan::For(minute, Fault::RetryAfter { secs: 0 });
    fake.fault(On::all_but_polling(), plan);
    let (status, body) = call(&fake, "sendMessage", json!({ "chat_id": ada.id(), "text": "x" })).await;
    assert_eq!((status, body["parameters"]["retry_after"].clone()), (429, json!(60)));
    assert_eq!(body["description"], "Too Many Requests: retry after 60");
    assert_eq!(call(&fake, "getUpdates", json!({})).await.0, 200);
    fake.clear_faults();
    assert_eq!(call(&fake, "getMe", json!({})).await.0, 200);
}

#[tokio::test]
async fn refused_hanging_and_failing_calls_have_no_effect() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let cycle = [Fault::Refuse, Fault::Hang, Fault::Html { status: 502 }];
    let plan = Plan::Cycle(cycle.into_iter().map(Some).chain([None]).collect());
    fake.fault(On::method("sendMessage"), plan);
    let patience = Duration::from_secs(1);

    assert!(matches!(post(&fake, ada.id(), SOON).await, Err(error) if !error.is_timeout()));
    assert!(matches!(post(&fake, ada.id(), patience).await, Err(error) if error.is_timeout()));
    let page = post(&fake, ada.id(), SOON).await.expect("it answers");
    assert_eq!(page.status(), 502);
    assert!(page.text().await.expect("it is a page").starts_with("<html>"));
    assert!(ada.transcript().messages().is_empty());

    post(&fake, ada.id(), SOON).await.expect("the fourth passes");
    assert_eq!(ada.transcript().bot_texts(), ["x"]);
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
    let ada = fake.user("Ada").private_chat();
    let late = Fault::AnswerAfter(Duration::from_mins(1));
    for fault in [Fault::LoseAnswer, Fault::HangAfterEffect, late] {
        fake.fault(On::method("sendMessage"), Plan::Next(1, fault));
        assert!(post(&fake, ada.id(), Duration::from_secs(1)).await.is_err());
    }
    assert_eq!(ada.transcript().bot_texts(), ["x", "x", "x"]);
    assert!(fake.calls().iter().all(|call| call.effect));
}

#[tokio::test]
async fn any_refusal_can_be_made_up() {
    let fake = start().await;
    let fault = Fault::Refusal {
        code: 400,
        description: "Bad Request: VOICE_MESSAGES_FORBIDDEN".to_owned(),
    };
    fake.fault(On::method("sendVoice"), Plan::Next(1, fault));
    let answer = refused(&fake, "sendVoice", Value::Null).await;
    assert_eq!(answer, (400, "Bad Request: can't parse JSON object".to_owned()));
    let fault = Fault::Refusal {
        code: 400,
        description: "Bad Request: VOICE_MESSAGES_FORBIDDEN".to_owned(),
    };
    fake.fault(On::method("sendVoice"), Plan::Next(1, fault));
    let (_, description) = refused(&fake, "sendVoice", json!({})).await;
    assert_eq!(description, "Bad Request: VOICE_MESSAGES_FORBIDDEN");
}

#[tokio::test]
async fn files_can_be_slow_both_ways() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let bytes_per_sec = 100_000;
    fake.fault(
        On::method("sendDocument"),
        Plan::Always(Fault::SlowUpload { bytes_per_sec }),
    );
    fake.fault(On::method("file"), Plan::Always(Fault::SlowDownload { bytes_per_sec }));
    let content = vec![5_u8; 50_000];

    let part = reqwest::multipart::Part::bytes(content.clone()).file_name("a.bin");
    let form = reqwest::multipart::Form::new()
        .text("chat_id", ada.id().to_string())
        .part("document", part);
    let begun = Instant::now();
    let address = format!("{}/sendDocument", fake.url_with_token());
    let response = reqwest::Client::new().post(address).multipart(form).send().await;
    assert_eq!(response.expect("it answers").status(), 200);
    assert!(begun.elapsed() >= Duration::from_millis(450), "{:?}", begun.elapsed());

    ada.sends(Media::document("b.bin", content.clone()));
    let path = ada.transcript().messages()[1]
        .file
        .as_ref()
        .expect("it has a file")
        .path
        .clone();
    let begun = Instant::now();
    let response = reqwest::get(format!("{}/file/bot123:abc/{path}", fake.url())).await;
    let fetched = response.expect("it answers").bytes().await.expect("it ends");
    assert_eq!(fetched, content);
    assert!(begun.elapsed() >= Duration::from_millis(450), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_is_slow_goes_on_at_full_speed_when_all_faults_end() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let slow = Fault::SlowDownload { bytes_per_sec: 1_000 };
    fake.fault(On::method("file"), Plan::Next(1, slow));
    let content = vec![5_u8; 10_000_000];
    ada.sends(Media::document("b.bin", content.clone()));
    let file = ada.transcript().messages()[0].file.clone().expect("it has a file");
    let address = format!("{}/file/bot123:abc/{}", fake.url(), file.path);
    let mut response = reqwest::get(address).await.expect("it answers");
    let first = response.chunk().await.expect("it begins").expect("it has bytes");
    fake.clear_faults();
    let rest = tokio::time::timeout(Duration::from_secs(10), response.bytes());
    let rest = rest.await.expect("it takes no hours").expect("it ends");
    assert_eq!(first.len() + rest.len(), content.len());
}

async fn post(
    fake: &escalator_testkit::telegram::FakeTelegram,
    chat_id: i64,
    patience: Duration,
) -> reqwest::Result<reqwest::Response> {
    reqwest::Client::new()
        .post(format!("{}/sendMessage", fake.url_with_token()))
        .json(&json!({ "chat_id": chat_id, "text": "x" }))
        .timeout(patience)
        .send()
        .await
}
