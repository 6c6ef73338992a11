//! What a customer says reaches the human in order and once, whatever the gateway does.

use std::time::Duration;

use escalator_testkit::discord::{FakeDiscord, Seen, World};

use super::{
    desk_of_one::{House, State},
    rig::{Client, Heard, Rig, SOON, channel},
};

fn numbered(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("{number:04}")).collect()
}

async fn assert_read(rig: &Rig, wanted: &[String]) {
    rig.house.wait(|state| state.lines().len() >= wanted.len()).await;
    assert_eq!(rig.house.look(State::lines), wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_arrives_in_order() {
    let rig = Rig::new().await;
    let ada = rig.fake.user("ada").dm();
    rig.house.hand_over(&rig.conversation(&ada));
    let wanted = numbered(0..1_000);
    ada.bursts(wanted.clone());
    assert_read(&rig, &wanted).await;
    assert!(rig.heard.all().is_empty(), "the bot hears nothing of it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_events_of_a_session_arrive_in_order() {
    let fake = FakeDiscord::builder().start().await.expect("it starts");
    let ada = fake.user("ada").dm();
    let house = House::new();
    let discord = channel(&fake, house.ingress(), escalator_discord::Settings::default());
    house.hand_over(&discord.conversation(ada.channel().into(), ada.user().into()));
    fake.gateway().hold_events();
    let heard = Heard::default();
    let client = Client::start(&fake, &discord, &heard).await;
    let wanted = numbered(0..500);
    ada.bursts(wanted.clone());
    fake.gateway().release_events();
    house.wait(|state| state.lines().len() >= wanted.len()).await;
    assert_eq!(house.look(State::lines), wanted);
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_connection_loses_and_doubles_nothing() {
    let rig = Rig::new().await;
    let ada = rig.fake.user("ada").dm();
    rig.house.hand_over(&rig.conversation(&ada));
    ada.bursts(numbered(0..300));
    // A client that did not hear READY has no session to take up.
    rig.house.wait(|state| !state.lines().is_empty()).await;
    rig.fake.gateway().drop_connections();
    ada.bursts(numbered(300..600));
    assert_read(&rig, &numbered(0..600)).await;
    let seen = rig.fake.gateway().seen();
    assert!(seen.iter().any(|seen| matches!(seen, Seen::Resumed { .. })), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_lost_is_caught_up_with() {
    let rig = Rig::new().await;
    let ada = rig.fake.user("ada").dm();
    rig.house.hand_over(&rig.conversation(&ada));
    ada.bursts(numbered(0..100));
    rig.house.wait(|state| state.lines().len() == 100).await;
    rig.fake.gateway().refuse_connections(true);
    rig.fake.gateway().invalidate_sessions(false);
    ada.bursts(numbered(100..250));
    rig.fake.gateway().refuse_connections(false);
    rig.fake.wait_connected(SOON).await.expect("it comes back");
    ada.bursts(numbered(250..500));
    assert_read(&rig, &numbered(0..500)).await;
    let ready = rig.fake.gateway().seen();
    let ready = ready.iter().filter(|seen| matches!(seen, Seen::Ready { .. }));
    assert_eq!(ready.count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_while_the_bot_was_down_arrives_before_what_is_said_then() {
    let rig = Rig::new().await;
    let ada = rig.fake.user("ada").dm();
    rig.house.hand_over(&rig.conversation(&ada));
    ada.bursts(numbered(0..10));
    rig.house.wait(|state| state.lines().len() == 10).await;
    rig.client.stop().await;
    ada.bursts(numbered(10..350));
    let discord = channel(&rig.fake, rig.house.ingress(), escalator_discord::Settings::default());
    let client = Client::start(&rig.fake, &discord, &rig.heard).await;
    ada.bursts(numbered(350..400));
    rig.house.wait(|state| state.lines().len() >= 400).await;
    assert_eq!(rig.house.look(State::lines), numbered(0..400));
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_is_away_is_waited_for_and_what_is_too_much_is_fetched() {
    let fake = FakeDiscord::builder().start().await.expect("it starts");
    let mut settings = escalator_discord::Settings::default();
    settings.waiting_max = 50;
    let rig = Rig::with(fake, settings).await;
    let ada = rig.fake.user("ada").dm();
    rig.house.hand_over(&rig.conversation(&ada));
    let shutdown = tokio_util::sync::CancellationToken::new();
    let work = {
        let (discord, shutdown) = (rig.discord.clone(), shutdown.clone());
        tokio::spawn(async move { escalator::channel::EscalationChannel::run(&discord, shutdown).await })
    };
    rig.house.change(|state| state.is_away = true);
    ada.bursts(numbered(0..200));
    rig.fake.wait_until(SOON, World::all_sent).await.expect("all is sent");
    tokio::task::yield_now().await;
    rig.house.change(|state| state.is_away = false);
    assert_read(&rig, &numbered(0..200)).await;
    shutdown.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(5), work)
        .await
        .expect("it ends");
    ended.expect("it does not panic").expect("it ends well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stood_behind_the_call_for_a_human_reaches_the_human() {
    let rig = Rig::new().await;
    let ada = rig.fake.user("ada").dm();
    ada.bursts(["hello", "/human", "my order is 12", "hello?"].map(str::to_owned));
    rig.house.wait(|state| state.lines().len() == 2).await;
    assert_eq!(rig.house.look(State::lines), ["my order is 12", "hello?"]);
    assert_eq!(rig.heard.all(), ["hello", "/human"]);
    assert_eq!(ada.transcript().bot_texts(), ["Bot: hello"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_deletions_and_reactions_are_told_and_kept_from_the_bot() {
    let rig = Rig::new().await;
    let help = rig.fake.guild("Shop").channel("help");
    let (ada, bob) = (
        rig.fake.user("ada").create().at(&help),
        rig.fake.user("bob").create().at(&help),
    );
    rig.house.hand_over(&rig.conversation(&ada));
    let said = ada.says("hello?");
    rig.house.wait(|state| state.accepted.len() == 1).await;
    ada.edits(said, "hello").expect("it stands");
    ada.reacts(said, "👍").expect("it stands");
    ada.deletes(said).expect("it stands");
    ada.types().expect("ada is there");
    rig.house
        .wait(|state| state.accepted.len() == 4 && state.signals > 0)
        .await;
    let lines = rig.house.look(State::lines);
    assert_eq!(lines[..2], ["hello?", "Edited: hello"]);
    assert_eq!(lines[2..], ["[reacted 👍 to “hello”]", "[deleted “hello”]"]);
    bob.says("and me?");
    bob.sees_text(SOON, "Bot: and me?")
        .await
        .expect("the bot serves the others");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_taken_back_at_once_is_told_before_its_deletion() {
    let rig = Rig::new().await;
    let ada = rig.fake.user("ada").dm();
    rig.house.hand_over(&rig.conversation(&ada));
    for _ in 0..50 {
        let said = ada.says("oh");
        ada.deletes(said).expect("it stands");
    }
    rig.house.wait(|state| state.lines().len() == 100).await;
    let lines = rig.house.look(State::lines);
    let in_order = lines.chunks(2).all(|of| of[0] == "oh" && of[1].starts_with("[deleted"));
    assert!(in_order, "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_reaction_of_two_customers_is_told_of_both() {
    let rig = Rig::new().await;
    let help = rig.fake.guild("Shop").channel("help");
    let both = ["ada", "bob"].map(|name| rig.fake.user(name).create().at(&help));
    let said = both[0].says("look");
    both[0].sees_text(SOON, "Bot: look").await.expect("the bot answers");
    for customer in &both {
        rig.house.hand_over(&rig.conversation(customer));
        customer.reacts(said, "👍").expect("it stands");
    }
    rig.house.wait(|state| state.accepted.len() == 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_that_is_set_again_is_told_again() {
    let rig = Rig::new().await;
    let ada = rig.fake.user("ada").dm();
    rig.house.hand_over(&rig.conversation(&ada));
    let said = ada.says("look");
    for _ in 0..2 {
        ada.reacts(said, "👍").expect("it stands");
        ada.unreacts(said, "👍").expect("it stands");
    }
    rig.house.wait(|state| state.lines().len() == 5).await;
    let lines = rig.house.look(State::lines);
    let told: Vec<_> = lines[1..].iter().map(|line| line.starts_with("[reacted")).collect();
    assert_eq!(told, [true, false, true, false], "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_to_an_old_message_stands_behind_what_was_said_since() {
    let rig = Rig::new().await;
    let ada = rig.fake.user("ada").dm();
    let old = ada.says("old");
    ada.sees_text(SOON, "Bot: old").await.expect("the bot answers");
    rig.house.hand_over(&rig.conversation(&ada));
    let new = ada.says("new");
    ada.reacts(old, "👍").expect("it stands");
    ada.deletes(old).expect("it stands");
    rig.house.wait(|state| state.accepted.len() == 3).await;
    let new = i64::try_from(new).expect("it fits");
    let is_behind = rig
        .house
        .look(|state| state.accepted.iter().all(|update| update.position.0 >= new));
    assert!(
        is_behind,
        "else it would belong to whoever owned the conversation before"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_of_what_was_written_before_the_start_is_the_humans() {
    let rig = Rig::new().await;
    let ada = rig.fake.user("ada").dm();
    let old = ada.says("old");
    ada.sees_text(SOON, "Bot: old").await.expect("the bot answers");
    rig.client.stop().await;
    let discord = channel(&rig.fake, rig.house.ingress(), escalator_discord::Settings::default());
    let client = Client::start(&rig.fake, &discord, &rig.heard).await;
    rig.house
        .hand_over(&discord.conversation(ada.channel().into(), ada.user().into()));
    ada.deletes(old).expect("it stands");
    let is_told = |state: &State| state.lines().iter().any(|line| line.starts_with("[deleted"));
    rig.house.wait(is_told).await;
    client.stop().await;
}
