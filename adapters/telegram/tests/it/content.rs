//! What customers send, over the wire: the corpus of all kinds, and what it does not hold.

use escalator::model::{CustomerEvent, RichText};
use escalator_testkit::telegram::{Media, World};
use serde_json::{Value, json};

use super::rig::{Rig, SOON};

/// The corpus of the library's own tests.
const UPDATES: &str = include_str!("../../src/inbound/corpus/updates.json");

/// A case of the corpus as the customer of that number sends it.
fn told(case: &Value, customer: i64) -> Value {
    let mut update = case.clone();
    let parts = update.as_object_mut().expect("a case is an object");
    parts.remove("case");
    for message in parts.values_mut() {
        message["message_id"] = json!(5);
        message["date"] = json!(1_700_000_000);
        message["from"] = json!({"id": customer, "is_bot": false, "first_name": "Ada"});
        message["chat"] = json!({"id": customer, "type": "private", "first_name": "Ada"});
    }
    update
}

#[tokio::test]
async fn all_that_a_customer_can_send_reaches_the_human_in_order() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    rig.house.hand_over(&rig.key(&ada));
    let running = rig.run();
    let cases: Vec<Value> = serde_json::from_str(UPDATES).expect("the corpus is a list");
    for case in &cases {
        rig.fake.push_raw(told(case, ada.id()));
    }
    rig.house.wait(|state| state.accepted.len() == cases.len()).await;
    rig.fake
        .wait_until(SOON, World::all_confirmed)
        .await
        .expect("all is confirmed");
    let silent = rig.house.look(|state| {
        let silent = state.accepted.iter().zip(&cases);
        let silent = silent.filter(|(update, _)| update.event.readable().is_none());
        silent.map(|(_, case)| case["case"].clone()).collect::<Vec<_>>()
    });
    assert_eq!(silent, ["moved live location"]);
    assert!(running.seen.all().is_empty(), "the bot hears none of it");
    running.stop().await;
}

#[tokio::test]
async fn a_reply_quotes_what_it_answers_and_keeps_its_file_apart() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let running = rig.run();
    let asked = ada.says("Is it blue?").message_id.expect("it is a message");
    ada.sees_text(SOON, "Bot: Is it blue?").await.expect("it is answered");
    rig.house.hand_over(&rig.key(&ada));
    rig.fake
        .push(ada.message("yes").reply_to(asked))
        .expect("the chat is open");
    let photo = Media::photo(&b"\xff\xd8\xff"[..]).caption("this one");
    rig.fake
        .push(ada.message(photo).reply_to(asked))
        .expect("the chat is open");
    rig.house.wait(|state| state.accepted.len() == 2).await;
    let said = rig.house.look(|state| {
        let events = state.accepted.iter().map(|update| update.event.clone());
        events.collect::<Vec<_>>()
    });
    let [CustomerEvent::Message(words), CustomerEvent::Message(photo)] = &said[..] else {
        panic!("{said:?} are two messages")
    };
    let text = |text: &Option<RichText>| text.as_ref().map(|text| text.plain().into_string());
    assert_eq!(text(&words.text).as_deref(), Some("[in reply to “Is it blue?”]\nyes"));
    assert_eq!(
        text(&photo.text).as_deref(),
        Some("[in reply to “Is it blue?”]\nthis one")
    );
    assert_eq!(photo.files.len(), 1);
    running.stop().await;
}
