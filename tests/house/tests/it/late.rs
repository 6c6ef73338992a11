//! What comes around the end of a session: who ended it, what the bot is told, and what the agent says too late.

use std::time::Duration;

use escalator::{
    model::{BotEvent, EndReason, Line, Speaker},
    store::Store,
};
use escalator_testkit::desk::{Reply, Upload};

use crate::{
    home::{House, Plan},
    street::{Street, exact},
};

async fn handed_back(house: &House) -> (EndReason, Vec<Line>) {
    house
        .told
        .wait(|event| match event {
            BotEvent::HandedBack { reason, transcript, .. } => Some((*reason, transcript.clone())),
            _ => None,
        })
        .await
}

/// A transcript as (who, what).
fn told(transcript: &[Line]) -> Vec<(&str, &str)> {
    let lines = transcript.iter().map(|line| {
        let who = match &line.speaker {
            Speaker::Customer => "customer",
            Speaker::Bot => "bot",
            Speaker::Agent(name) => name.as_str(),
        };
        (who, line.text.as_str())
    });
    lines.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_is_told_who_ended_it_and_what_was_said() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let ada = street.customer("Ada");
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    ada.chat.says("/human");
    let ada = ada.with_agent().await;
    ada.agent_says("How can I help?").await;
    ada.sees("How can I help?").await;
    ada.customer_says("my order is 12").await;
    let file = Upload::new("label.pdf", "application/pdf", "%PDF-1.4\n");
    exact(street.desk.send_file(&ada.session, file).await);
    ada.sees_file("label.pdf").await;
    let ada = ada.agent_ends().await;

    let (reason, transcript) = handed_back(&house).await;
    assert_eq!(reason, EndReason::Agent);
    assert_eq!(
        told(&transcript),
        [
            ("Anna", "How can I help?"),
            ("customer", "my order is 12"),
            ("Anna", "[file: label.pdf]")
        ]
    );
    let connected = house.told.all().into_iter().find_map(|event| match event {
        BotEvent::Connected { agent, .. } => Some(agent),
        _ => None,
    });
    let agent = connected.expect("it was connected").expect("the agent has a name");
    assert_eq!(agent.as_str(), "Anna");
    ada.chat.says("thanks");
    ada.sees("Bot: thanks").await;
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_can_end_it_too() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let ada = street.talk("Ada").await;
    let customer = teloxide::types::UserId(ada.chat.id().unsigned_abs());
    let conversation = house.telegram.conversation(customer);
    let ingress = escalator::channel::EscalationChannel::ingress(&house.telegram);
    assert!(
        ingress.end(&conversation).await.expect("the ledger is there"),
        "a human had it"
    );
    ada.is_ended_at_desk().await;
    ada.sees_words("is over").await;
    assert_eq!(handed_back(&house).await.0, EndReason::Bot);
    assert!(
        !ingress.end(&conversation).await.expect("the ledger is there"),
        "nobody had it"
    );
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_reply_and_file_are_delivered_with_a_mark() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let ada = street.talk("Ada").await;
    let session = ada.session.clone();
    let ada = ada.customer_ends().await;
    exact(street.desk.reply(&session, Reply::new("One more thing", "Anna")).await);
    ada.sees("(written after the chat ended)\nOne more thing").await;
    exact(
        street
            .desk
            .send_file(&session, Upload::new("form.bin", "x/y", "bytes"))
            .await,
    );
    let shown = ada.sees_file("form.bin").await;
    assert_eq!(shown.caption, None);
    ada.sees("(written after the chat ended)").await;
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_comes_much_too_late_is_a_dead_letter_that_the_bot_is_told_of() {
    let street = Street::build().await;
    let mut plan = Plan::default();
    plan.policy.late_max = Duration::from_millis(1);
    let house = street.open(plan).await;
    let ada = street.talk("Ada").await;
    let session = ada.session.clone();
    let ada = ada.customer_ends().await;
    too_late(&street, &house, &session, &ada).await;
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_reply_does_not_meddle_with_a_newer_session() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let ada = street.talk("Ada").await;
    let first = ada.session.clone();
    let ada = ada.customer_ends().await;
    ada.chat.says("/human");
    let ada = ada.with_agent().await;
    ada.agent_says("Hello again").await;
    ada.sees("Hello again").await;
    too_late(&street, &house, &first, &ada).await;
    ada.customer_says("thanks").await;
    house.shutdown().await;
}

async fn too_late(
    street: &Street,
    house: &House,
    session: &escalator_testkit::desk::Session,
    ada: &crate::street::Customer<'_>,
) {
    house.drained().await;
    let before = ada.texts();
    exact(street.desk.reply(session, Reply::new("One more thing", "Anna")).await);
    let detail = house
        .told
        .wait(|event| match event {
            BotEvent::Undelivered { detail, .. } => Some(detail.clone()),
            _ => None,
        })
        .await;
    assert!(detail.contains("too late"), "{detail}");
    house.drained().await;
    let dead = house.running.ledger().dead_letters(10).await.expect("they can be read");
    assert_eq!(dead.len(), 1, "{dead:?}");
    assert_eq!(ada.texts(), before, "the customer sees nothing of it");
}
