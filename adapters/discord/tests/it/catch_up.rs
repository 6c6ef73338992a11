//! What was missed reaches the human before what comes then, whatever else happens meanwhile.

use std::{ops::Range, time::Duration};

use escalator::model::ConversationKey;
use escalator_discord::Settings;
use escalator_testkit::discord::{Customer, FakeDiscord, Fault, On, Plan, Seen, World};

use super::rig::{Client, Rig, SOON, channel};

fn numbered(range: Range<usize>) -> Vec<String> {
    range.map(|number| format!("{number:04}")).collect()
}

/// A bot of which few updates may wait.
async fn impatient() -> Rig {
    let mut settings = Settings::default();
    settings.waiting_max = 20;
    let rig = Rig::with(FakeDiscord::builder().start().await.expect("it starts"), settings).await;
    rig.work();
    rig
}

/// A customer whom a human has.
fn held(rig: &Rig, name: &str) -> (Customer, ConversationKey) {
    let customer = rig.fake.user(name).dm();
    let conversation = rig.conversation(&customer);
    rig.house.hand_over(&conversation);
    (customer, conversation)
}

fn reading(of: &Customer) -> On {
    On::call("GET", "/channels/*/messages").and_about(of.channel())
}

async fn all_is_sent(rig: &Rig) {
    rig.fake.wait_until(SOON, World::all_sent).await.expect("all is sent");
}

async fn assert_read(rig: &Rig, of: &ConversationKey, count: usize) {
    rig.house.wait(|state| state.lines_of(of).len() >= count).await;
    assert_eq!(rig.house.look(|state| state.lines_of(of)), numbered(0..count));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_that_has_caught_up_goes_on_while_others_do_not() {
    let rig = impatient().await;
    let ((ada, adas), (bob, bobs)) = (held(&rig, "ada"), held(&rig, "bob"));
    rig.house.change(|state| state.is_away = true);
    let slowly = Fault::AnswerAfter(Duration::from_secs(3));
    rig.fake.fault(reading(&bob), Plan::Next(1, slowly));
    ada.bursts(numbered(0..60));
    bob.bursts(numbered(0..60));
    all_is_sent(&rig).await;
    rig.house.change(|state| state.is_away = false);
    assert_read(&rig, &adas, 60).await;
    ada.bursts(numbered(60..75));
    assert_read(&rig, &adas, 75).await;
    assert_read(&rig, &bobs, 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_passed_over_after_it_was_read_is_read_again() {
    let rig = impatient().await;
    let (ada, adas) = held(&rig, "ada");
    rig.house.change(|state| state.is_away = true);
    ada.bursts(numbered(0..60));
    let is_read = |world: &World| world.calls().iter().any(|call| call.is("GET", "/channels/*/messages"));
    rig.fake.wait_until(SOON, is_read).await.expect("it is read");
    all_is_sent(&rig).await;
    let failed = rig.house.look(|state| state.failed);
    // By now what was read is being offered.
    rig.house.wait(|state| state.failed > failed + 20).await;
    ada.bursts(numbered(60..120));
    all_is_sent(&rig).await;
    let failed = rig.house.look(|state| state.failed);
    rig.house.wait(|state| state.failed > failed + 20).await;
    rig.house.change(|state| state.is_away = false);
    assert_read(&rig, &adas, 120).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_waits_for_the_ledger_as_long_as_it_takes() {
    let rig = Rig::new().await;
    let (ada, adas) = held(&rig, "ada");
    ada.bursts(numbered(0..10));
    assert_read(&rig, &adas, 10).await;
    rig.client.stop().await;
    ada.bursts(numbered(10..20));
    rig.house.change(|state| state.is_away = true);
    let mut settings = Settings::default();
    settings.catch_up_max = Duration::from_millis(200);
    let discord = channel(&rig.fake, rig.house.ingress(), settings);
    let client = Client::start(&rig.fake, &discord, &rig.heard).await;
    ada.bursts(numbered(20..30));
    let failed = rig.house.look(|state| state.failed);
    rig.house.wait(|state| state.failed > failed + 40).await;
    rig.house.change(|state| state.is_away = false);
    rig.house.wait(|state| state.lines_of(&adas).len() >= 30).await;
    assert_eq!(rig.house.look(|state| state.lines_of(&adas)), numbered(0..30));
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_that_missed_nothing_waits_for_none_that_catches_up() {
    let rig = Rig::new().await;
    let (ada, _) = held(&rig, "ada");
    let bob = rig.fake.user("bob").dm();
    rig.fake.fault(reading(&ada), Plan::Always(Fault::Hang));
    for sessions in 2..=3 {
        rig.fake.gateway().invalidate_sessions(false);
        let begun = |world: &World| {
            let ready = world.gateway().iter().filter(|seen| matches!(seen, Seen::Ready { .. }));
            ready.count() == sessions
        };
        rig.fake.wait_until(SOON, begun).await.expect("it comes back");
    }
    bob.says("hello");
    bob.sees_text(SOON, "Bot: hello").await.expect("the bot serves bob");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_much_comes_while_the_ledger_is_away_little_waits_for_it() {
    let rig = impatient().await;
    let (ada, adas) = held(&rig, "ada");
    rig.house.change(|state| state.is_away = true);
    ada.bursts(numbered(0..1_000));
    all_is_sent(&rig).await;
    let tasks = tokio::runtime::Handle::current().metrics();
    // Each offer that fails is a moment to look again.
    rig.house
        .wait(|state| state.failed > 40 && tasks.num_alive_tasks() < 200)
        .await;
    rig.house.change(|state| state.is_away = false);
    assert_read(&rig, &adas, 1_000).await;
}
