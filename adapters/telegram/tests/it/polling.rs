//! Polling over raw updates: what teloxide's own poller gives as empty has its words, and nothing else changes.

use std::time::Duration;

use escalator_telegram::{client, polling};
use escalator_testkit::telegram::{Fault, On, Plan, World};
use futures::StreamExt;
use serde_json::{Value, json};
use teloxide::{
    RequestError,
    requests::Requester,
    types::{AllowedUpdate, UpdateKind},
    update_listeners::{AsUpdateStream, UpdateListener},
};

use super::{
    rig::{Rig, SOON, TOKEN},
    running::assert_no_secret,
};

/// An answer to words of another chat: no kind of what is answered is told, which teloxide does not know.
fn answers_another_chat(customer: i64, text: &str) -> Value {
    json!({"message": {
        "message_id": 5, "date": 1_700_000_000, "text": text,
        "from": {"id": customer, "is_bot": false, "first_name": "Ada"},
        "chat": {"id": customer, "type": "private", "first_name": "Ada"},
        "external_reply": {"origin": {"type": "hidden_user", "date": 1, "sender_user_name": "Bea"}},
        "quote": {"text": "All at half price", "position": 0},
    }})
}

/// An update with more levels than any reader takes.
fn too_deep() -> Value {
    let deep = (0..500).fold(json!(1), |within, _| json!([within]));
    json!({"message": {"something_new": deep}})
}

fn polls(rig: &Rig) -> usize {
    rig.fake.calls_of("getUpdates").len()
}

#[tokio::test]
async fn an_answer_to_words_of_another_chat_reaches_the_human_with_its_words() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    rig.house.hand_over(&rig.key(&ada));
    let running = rig.run();
    rig.fake.push_raw(answers_another_chat(ada.id(), "is this true?"));
    let said = "[in reply to “All at half price”]\nis this true?";
    rig.house.wait(|state| state.lines() == [said]).await;
    running.stop().await;
    assert!(rig.fake.look(World::all_confirmed));
}

#[tokio::test]
async fn an_answer_to_words_of_another_chat_reaches_the_bot_with_its_words() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let running = rig.run();
    rig.fake.push_raw(answers_another_chat(ada.id(), "/human"));
    rig.house.wait(|state| !state.started.is_empty()).await;
    assert_eq!(running.seen.all(), ["/human"]);
    running.stop().await;
}

#[tokio::test]
async fn a_kind_that_is_new_has_its_name_and_words_for_a_human_and_is_empty_for_the_bot() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let hologram = json!({"message": {
        "message_id": 5, "date": 1_700_000_000, "hologram": {"file_id": "F"}, "caption": "see this",
        "from": {"id": ada.id(), "is_bot": false, "first_name": "Ada"},
        "chat": {"id": ada.id(), "type": "private", "first_name": "Ada"},
    }});
    let running = rig.run();
    rig.fake.push_raw(hologram.clone());
    rig.house.wait(|state| !state.started.is_empty()).await;
    ada.says("hello");
    ada.sees_text(SOON, "Bot: hello").await.expect("it is answered");
    assert_eq!(running.seen.all(), ["", "hello"]);
    rig.house.hand_over(&rig.key(&ada));
    rig.fake.push_raw(hologram);
    let said = "[a message of the kind “hologram”]\nsee this";
    rig.house.wait(|state| state.lines() == [said]).await;
    running.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_at_all_holds_up_nothing() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    rig.house.hand_over(&rig.key(&ada));
    rig.fake.push_raw(too_deep());
    let running = rig.run();
    rig.fake
        .wait_until(SOON, World::all_confirmed)
        .await
        .expect("it is passed over");
    let batch = [ada.message("one"), ada.message("two")];
    rig.fake.push_raw(too_deep());
    rig.fake.push_batch(batch.into()).expect("the chat is open");
    rig.fake.push_raw(too_deep());
    rig.house.wait(|state| state.lines() == ["one", "two"]).await;
    rig.fake
        .wait_until(SOON, World::all_confirmed)
        .await
        .expect("all is confirmed");
    running.stop().await;
}

#[tokio::test]
async fn the_next_bot_goes_on_where_the_last_one_ended() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    for line in ["one", "two"] {
        ada.says(line);
        let running = rig.run();
        ada.sees_text(SOON, &format!("Bot: {line}"))
            .await
            .expect("it is answered");
        assert_eq!(running.seen.all(), [line], "nothing comes twice");
        running.stop().await;
        assert!(rig.fake.look(World::all_confirmed));
    }
    let handouts = rig.fake.handouts();
    let given: Vec<_> = handouts.iter().flat_map(|handout| handout.handed_out.clone()).collect();
    assert_eq!(given.len(), 2, "{handouts:?}");
    for number in given {
        let confirmed = |offset: Option<i64>| offset == Some(number + 1);
        assert!(handouts.iter().any(|handout| confirmed(handout.offset)), "{handouts:?}");
    }
    assert_eq!(rig.fake.violations(), []);
}

#[tokio::test]
async fn a_poll_that_fails_is_made_again_after_a_wait() {
    let refused = |code, description: &str| Fault::Refusal {
        code,
        description: description.to_owned(),
    };
    let another = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
    let faults = [
        refused(409, another),
        refused(401, "Unauthorized"),
        Fault::RetryAfter { secs: 1 },
        Fault::Refuse,
        Fault::LoseAnswer,
        Fault::Html { status: 200 },
    ];
    futures::future::join_all(faults.map(|fault| async move {
        let rig = Rig::new().await;
        let ada = rig.ada();
        rig.fake.fault(On::method("getUpdates"), Plan::Next(1, fault.clone()));
        ada.says("a private word");
        let mut poller = polling(rig.bot.clone());
        let mut updates = poller.as_stream();
        let failed = updates.next().await.expect("it goes on").expect_err("it fails once");
        assert!(!format!("{failed:?} {failed}").contains("private"), "{fault:?}");
        let update = updates.next().await.expect("it goes on").expect("it is answered");
        assert!(matches!(update.kind, UpdateKind::Message(_)), "{fault:?}");
        let calls = rig.fake.calls_of("getUpdates");
        let [first, second] = &calls[..] else {
            panic!("{fault:?}: {} polls", calls.len())
        };
        let wait = second.received_at.duration_since(first.received_at);
        assert!(wait.expect("it is later") >= Duration::from_millis(900), "{fault:?}");
    }))
    .await;
}

#[tokio::test]
async fn a_poll_that_fails_shows_no_token_wherever_the_bot_api_stands() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port is there");
    let addr = nobody.local_addr().expect("it is bound");
    drop(nobody);
    for at in [format!("http://{addr}"), format!("http://{addr}/behind/a/path")] {
        let bot = client(TOKEN, Some(&at)).expect("token and address are right");
        let mut poller = polling(bot);
        let failed = poller.as_stream().next().await.expect("it goes on");
        let failed = failed.expect_err("nobody answers");
        assert!(matches!(failed, RequestError::Network(_)), "{at}");
        assert_no_secret(&format!("{failed:?} {failed}"));
    }
}

#[tokio::test]
async fn a_wish_to_stop_is_heard_while_it_waits_after_a_failure() {
    let rig = Rig::new().await;
    rig.fake.fault(
        On::method("getUpdates"),
        Plan::Always(Fault::RetryAfter { secs: 3_600 }),
    );
    let mut poller = polling(rig.bot.clone());
    let stop = poller.stop_token();
    let mut updates = poller.as_stream();
    updates.next().await.expect("it goes on").expect_err("it has to wait");
    stop.stop();
    let last = tokio::time::timeout(SOON, updates.next())
        .await
        .expect("it ends in time");
    assert!(last.is_none());
    assert_eq!(polls(&rig), 1, "nothing was pulled: there is nothing to tell");
}

#[tokio::test]
async fn what_was_pulled_is_handed_out_before_the_stream_ends_and_what_comes_later_is_left() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let batch = [ada.message("one"), ada.message("two")];
    rig.fake.push_batch(batch.into()).expect("the chat is open");
    let mut poller = polling(rig.bot.clone());
    let stop = poller.stop_token();
    let mut updates = poller.as_stream();
    let first = updates.next().await.expect("it goes on").expect("it is read");
    stop.stop();
    ada.says("three");
    assert_eq!(rig.fake.look(World::pending_updates).len(), 3, "nothing is confirmed");
    let second = updates.next().await.expect("it goes on").expect("it is read");
    assert_eq!(second.id.0, first.id.0 + 1);
    assert_eq!(rig.fake.look(World::pending_updates).len(), 3, "nothing is confirmed");
    assert!(updates.next().await.is_none());
    assert_eq!(rig.fake.look(World::pending_updates).len(), 1);
}

#[tokio::test]
async fn a_webhook_that_is_set_is_waited_for_and_never_deleted() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let webhook = "https://bot.example.org/hook".parse().expect("it is a URL");
    rig.bot.set_webhook(webhook).await.expect("it is set");
    let mut poller = polling(rig.bot.clone());
    let mut updates = poller.as_stream();
    let refused = updates.next().await.expect("it goes on").expect_err("it is refused");
    assert!(refused.to_string().contains("webhook is active"), "{refused}");
    assert!(rig.fake.calls_of("deleteWebhook").is_empty());
    rig.bot.delete_webhook().await.expect("its owner deletes it");
    ada.says("hello");
    updates.next().await.expect("it goes on").expect("it is polled");
}

#[tokio::test]
async fn the_kinds_that_are_wanted_are_told_with_each_poll() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    rig.fake.fault(On::method("getUpdates"), Plan::Next(1, Fault::Refuse));
    let mut poller = polling(rig.bot.clone());
    poller.hint_allowed_updates(&mut [AllowedUpdate::EditedMessage, AllowedUpdate::Message].into_iter());
    let mut updates = poller.as_stream();
    updates.next().await.expect("it goes on").expect_err("it fails once");
    for line in ["one", "two"] {
        ada.says(line);
        updates.next().await.expect("it goes on").expect("it is read");
    }
    let asked = rig.fake.calls_of("getUpdates");
    let answered: Vec<_> = asked.iter().filter(|call| call.effect).collect();
    assert_eq!(answered.len(), 2);
    for call in answered {
        let kinds = call.params.json("allowed_updates");
        assert_eq!(kinds, Some(json!(["edited_message", "message"])));
    }
}
