//! Two instances of a house on one PostgreSQL.

use std::time::Duration;

use escalator::{
    model::BotEvent,
    runtime::{Database, Running},
    store::{Heartbeats, PostgresSettings},
};
use escalator_house::judge::judge;
use escalator_testkit::postgres;

use crate::{
    home::{House, Instance, Plan},
    street::{PATIENCE, Street, Talk, lines_of},
};

const LINES: usize = 40;
/// When the first instance is no more.
const TROUBLE_AT: usize = 10;
/// How long a customer thinks.
const BETWEEN_LINES: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_writes_on_while_one_instance_hands_over_to_another() {
    let (street, database) = (Street::build().await, database().await);
    let first = open(&street, &database, None, Heartbeats::default()).await;
    let second = open(&street, &database, Some(url_of(&first.running)), Heartbeats::default()).await;
    let ada = street.talk("Ada").await;
    let before = first.seen.all();
    assert_eq!(before, ["/human"], "one instance receives");
    let handing_over = async {
        ada.desk_reads(&line(TROUBLE_AT)).await;
        first.shutdown().await;
    };
    let (said, ()) = tokio::join!(write(&ada), handing_over);
    arrived(&street, &ada, &said).await;
    assert_eq!(ada.lines(), said, "each once, in order");
    assert!(second.seen.all().is_empty(), "what is the human's never reaches a bot");
    second.drained().await;
    street.nobody_complains();
    second.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_silent_for_too_long_loses_its_channel_and_no_line() {
    let (street, database) = (Street::build().await, database().await);
    let heartbeats = Heartbeats::default();
    let first = open(&street, &database, None, heartbeats.clone()).await;
    let second = open(&street, &database, Some(url_of(&first.running)), Heartbeats::default()).await;
    let ada = street.talk("Ada").await;
    let silence = async {
        ada.desk_reads(&line(TROUBLE_AT)).await;
        heartbeats.hold_back();
    };
    let (said, ()) = tokio::join!(write(&ada), silence);
    arrived(&street, &ada, &said).await;
    let verdict = judge(&said, &ada.lines());
    assert_eq!((verdict.lost, verdict.inverted), (0, 0), "{:?}", ada.lines());
    // A hook may come to any instance; the chat is served by who holds it.
    let held = tokio::time::timeout(PATIENCE, second.running.holds("telegram")).await;
    assert!(held.expect("it is held in time").is_some());
    assert!(!first.running.health().ready, "it knows that it is silent");
    ada.agent_says("And now?").await;
    ada.sees("And now?").await;
    // It comes back as another, with nothing of what it had.
    heartbeats.go_on();
    ada.customer_says("still here").await;
    second.drained().await;
    street.nobody_complains();
    first.shutdown().await;
    second.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_is_told_where_it_receives_and_nowhere_else() {
    let (street, database) = (Street::build().await, database().await);
    let first = open(&street, &database, None, Heartbeats::default()).await;
    let second = open(&street, &database, Some(url_of(&first.running)), Heartbeats::default()).await;
    let names = ["Ada", "Ben", "Cleo", "Dora"];
    for name in names {
        street.talk(name).await.agent_ends().await;
    }
    first.drained().await;
    let is_handed_back = |event: &BotEvent| matches!(event, BotEvent::HandedBack { .. });
    let told = first.told.all();
    assert_eq!(told.iter().filter(|event| is_handed_back(event)).count(), names.len());
    let elsewhere = second.told.all();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
    first.shutdown().await;
    second.shutdown().await;
}

async fn open(street: &Street, database: &postgres::Database, url: Option<String>, heartbeats: Heartbeats) -> House {
    let mut postgres = PostgresSettings::default();
    postgres.lease = Duration::from_secs(3);
    postgres.heartbeats = heartbeats;
    let instance = Instance {
        database: Database::parse(database.url()).expect("it is one"),
        postgres,
        hookpoint_url: url.clone(),
    };
    let before = street.hookpoint();
    let plan = Plan {
        instance: Some(instance),
        ..Plan::default()
    };
    let house = street.open(plan).await;
    if url.is_some() {
        // The desk goes on calling where it did.
        street.hookpoint_is(before);
    }
    house
}

async fn database() -> postgres::Database {
    let made = tokio::task::spawn_blocking(postgres::database).await;
    made.expect("it does not panic").expect("a database can be made")
}

fn url_of(running: &Running) -> String {
    let address = running.hookpoint_listens_on().expect("it is served");
    format!("http://{address}")
}

fn line(n: usize) -> String {
    format!("line {n}.")
}

async fn write(talk: &Talk<'_>) -> Vec<String> {
    for n in 0..LINES {
        talk.chat.says(&line(n));
        tokio::time::sleep(BETWEEN_LINES).await;
    }
    (0..LINES).map(line).collect()
}

/// Waits until each line is there.
async fn arrived(street: &Street, talk: &Talk<'_>, said: &[String]) {
    let all = street.desk.wait_until(PATIENCE, |desk| {
        let lines = lines_of(desk, &talk.session);
        said.iter().all(|line| lines.contains(line))
    });
    assert!(all.await.is_ok(), "some are missing: {:?}", talk.lines());
}
