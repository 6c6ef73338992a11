//! The moments at which an observer is told of a call.

use std::sync::{Arc, Mutex};

use escalator_testkit::telegram::{Fate, Fault, On, Plan, Stage};
use serde_json::json;

use super::{SOON, call, start};

#[tokio::test]
async fn each_stage_is_told_in_order() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (told, chat, looker) = (Arc::clone(&seen), ada.id(), fake.clone());
    fake.set_observer(Some(Arc::new(move |stage, call| {
        // The state can be looked at from here: no lock is held.
        let there = looker.chat(chat).messages().len();
        let line = (stage, call.method.clone(), call.effect, there);
        told.lock().expect("no test panics in it").push(line);
    })));
    call(&fake, "sendMessage", json!({ "chat_id": ada.id(), "text": "x" })).await;
    fake.wait_until(SOON, |_| seen.lock().expect("no test panics in it").len() == 3)
        .await
        .expect("it is answered");
    fake.set_observer(None);
    let seen = seen.lock().expect("no test panics in it").clone();
    let method = "sendMessage".to_owned();
    let wanted = [
        (Stage::Received, method.clone(), false, 0),
        (Stage::EffectDone, method.clone(), true, 1),
        (Stage::Answered, method, true, 1),
    ];
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn a_cut_call_is_never_told_as_answered() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let stages = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&stages);
    fake.set_observer(Some(Arc::new(move |stage, _| {
        told.lock().expect("no test panics in it").push(stage);
    })));
    fake.fault(On::any(), Plan::Next(1, Fault::LoseAnswer));
    let address = format!("{}/sendMessage", fake.url_with_token());
    let params = json!({ "chat_id": ada.id(), "text": "x" });
    let answer = reqwest::Client::new().post(address).json(&params).send().await;
    assert!(answer.is_err());
    let stages = stages.lock().expect("no test panics in it").clone();
    assert_eq!(stages, [Stage::Received, Stage::EffectDone]);
    assert_eq!(fake.calls()[0].fate, Fate::Cut);
    fake.set_observer(None);
}
