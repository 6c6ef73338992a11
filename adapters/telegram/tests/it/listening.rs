//! The listener: nothing is acknowledged before it is accepted.

use escalator::model::Position;
use escalator_testkit::telegram::{Fault, On, Plan, World};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use serde_json::{Value, json};
use teloxide::{
    RequestError,
    stop::{StopToken, mk_stop_token},
    types::{AllowedUpdate, Update, UpdateId, UpdateKind},
    update_listeners::{AsUpdateStream, UpdateListener},
};

use super::{
    desk_of_one::Trouble,
    rig::{Rig, SOON, authors_handlers},
};

/// A listener that has these updates and no more.
struct Scripted(Vec<Update>);

impl<'a> AsUpdateStream<'a> for Scripted {
    type StreamErr = RequestError;
    type Stream = BoxStream<'a, Result<Update, RequestError>>;

    fn as_stream(&'a mut self) -> Self::Stream {
        stream::iter(self.0.drain(..).map(Ok)).boxed()
    }
}

impl UpdateListener for Scripted {
    type Err = RequestError;

    fn stop_token(&mut self) -> StopToken {
        mk_stop_token().0
    }
}

fn update(id: u32, kind: &str, content: &Value) -> Update {
    let text = json!({"update_id": id, kind: content}).to_string();
    // teloxide reads an update from text alone.
    serde_json::from_str(&text).expect("an update is read")
}

fn unreadable(id: u32, raw: Value) -> Update {
    Update {
        id: UpdateId(id),
        kind: UpdateKind::Error(raw),
    }
}

#[tokio::test]
async fn a_batch_is_confirmed_only_after_each_of_its_updates_was_accepted() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    rig.house.hand_over(&rig.key(&ada));
    rig.house.set_trouble(Some(Trouble::Away));
    let batch = vec![ada.message("one"), ada.message("two")];
    let pushed = rig.fake.push_batch(batch).expect("the chat is open");
    let running = rig.run();

    rig.house.wait(|state| state.offers.len() >= 5).await;
    let first = Position(pushed[0].update_id);
    assert!(
        rig.house.look(|state| state.offers.iter().all(|offer| *offer == first)),
        "the second waits for the first"
    );
    assert_eq!(rig.fake.look(World::pending_updates).len(), 2);
    assert_eq!(rig.fake.handouts().len(), 1, "nothing more is asked for");

    rig.house.set_trouble(None);
    rig.house.wait(|state| state.lines() == ["one", "two"]).await;
    rig.fake
        .wait_until(SOON, World::all_confirmed)
        .await
        .expect("both are confirmed");
    assert_eq!(rig.house.look(|state| state.accepted.len()), 2);
    assert!(running.seen.all().is_empty());
    running.stop().await;
    assert_eq!(rig.fake.violations(), []);
}

#[tokio::test]
async fn a_bot_that_stops_while_nothing_is_accepted_leaves_the_batch_to_the_next_one() {
    for trouble in [Trouble::Away, Trouble::Panics, Trouble::Hangs] {
        let rig = Rig::new().await;
        let ada = rig.ada();
        rig.house.hand_over(&rig.key(&ada));
        rig.house.set_trouble(Some(trouble));
        let batch = vec![ada.message("one"), ada.message("two")];
        rig.fake.push_batch(batch).expect("the chat is open");
        let running = rig.run();
        rig.house.wait(|state| !state.offers.is_empty()).await;
        running.stop().await;
        assert_eq!(rig.fake.look(World::pending_updates).len(), 2);

        rig.house.set_trouble(None);
        let running = rig.run();
        rig.house.wait(|state| state.lines() == ["one", "two"]).await;
        running.stop().await;
        assert!(rig.fake.look(World::all_confirmed));
    }
}

#[tokio::test]
async fn a_bot_that_stops_accepts_what_it_has_pulled() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    rig.house.hand_over(&rig.key(&ada));
    rig.house.set_trouble(Some(Trouble::Away));
    let batch = (0..20).map(|n| ada.message(format!("line {n}"))).collect();
    rig.fake.push_batch(batch).expect("the chat is open");
    let running = rig.run();
    rig.house.wait(|state| !state.offers.is_empty()).await;
    rig.house.set_trouble(None);
    running.stop().await;
    assert_eq!(rig.house.look(|state| state.accepted.len()), 20);
    assert!(rig.fake.look(World::all_confirmed));
}

#[tokio::test]
async fn kinds_that_we_need_are_asked_for_and_never_reach_the_host() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let running = rig.run();
    let said = ada.says("hallo").message_id.expect("it is a message");
    ada.sees_text(SOON, "Bot: hallo").await.expect("it is answered");
    let allowed = rig.fake.calls_of("getUpdates")[0].params.json("allowed_updates");
    let mut allowed: Vec<String> = serde_json::from_value(allowed.expect("kinds are asked for")).expect("it is a list");
    allowed.sort();
    assert_eq!(allowed, ["callback_query", "edited_message", "message"]);

    let edit = ada.edits(said, "hello").expect("it can be edited");
    assert!(edit.queued);
    ada.says("next");
    ada.sees_text(SOON, "Bot: next").await.expect("it is answered");
    assert!(rig.house.look(|state| state.offers.contains(&Position(edit.update_id))));

    rig.house.hand_over(&rig.key(&ada));
    ada.edits(said, "hello!").expect("it can be edited");
    rig.house.wait(|state| state.lines() == ["Edited: hello!"]).await;
    assert_eq!(running.seen.all(), ["hallo", "next"]);
    running.stop().await;
}

#[tokio::test]
async fn what_goes_no_further_has_no_handler() {
    let rig = Rig::new().await;
    let ada = json!({"id": 42, "is_bot": false, "first_name": "Ada"});
    let message = json!({"message_id": 5, "date": 1_700_000_000, "edit_date": 1_700_000_001, "from": ada,
        "chat": {"id": 42, "type": "private", "first_name": "Ada"}, "text": "hello"});
    let button = |data: &str| json!({"id": "q", "from": ada, "chat_instance": "c", "data": data, "message": message});
    let updates = vec![
        update(1, "message", &message),
        update(2, "edited_message", &message),
        update(3, "callback_query", &button("order:17")),
        update(4, "callback_query", &button("escalator:end")),
        unreadable(5, json!({"message": message})),
        unreadable(6, json!({"something_new": {"text": "private"}})),
        update(7, "message", &message),
    ];
    let (mut listener, _) = rig.telegram.install(Scripted(updates), authors_handlers());
    let hosts = [AllowedUpdate::Message, AllowedUpdate::CallbackQuery];
    listener.hint_allowed_updates(&mut hosts.into_iter());
    let passed_on: Vec<_> = listener
        .as_stream()
        .map(|update| update.expect("nothing fails").id.0)
        .collect()
        .await;
    assert_eq!(passed_on, [1, 3, 7], "nobody is to log what cannot be read");
    let marked = rig.house.look(|state| {
        let passed = state.passed.values().flatten();
        let marked = passed.map(|update| (update.position.0, update.has_handler));
        marked.collect::<Vec<_>>()
    });
    assert_eq!(
        marked,
        [(1, true), (2, false), (3, true), (4, false), (5, false), (7, true)]
    );
}

#[tokio::test]
async fn a_first_poll_that_fails_has_the_kinds_looked_at_once() {
    for (fails, asked) in [(true, 2), (false, 1)] {
        let rig = Rig::new().await;
        let ada = rig.ada();
        if fails {
            rig.fake.fault(On::method("getUpdates"), Plan::Next(1, Fault::Refuse));
        }
        let running = rig.run();
        for line in ["one", "two"] {
            ada.says(line);
            ada.sees_text(SOON, &format!("Bot: {line}"))
                .await
                .expect("it is answered");
        }
        let asks = |world: &World| {
            let asks = world.calls().iter().filter(|call| call.method == "getWebhookInfo");
            asks.count() == asked
        };
        rig.fake.wait_until(SOON, asks).await.expect("as the start does");
        running.stop().await;
        assert!(rig.fake.look(asks), "{fails}");
    }
}
