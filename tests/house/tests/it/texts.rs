//! The texts to the customer: the desk's own, replaced, and switched off.

use escalator::model::TextChoice;
use escalator_house::shown::said;
use escalator_testkit::desk::{DeskState, Reply};

use crate::{
    home::Plan,
    square::Square,
    street::{PATIENCE, Street, Talk, exact, lines_of},
};

/// A customer who reads that it may take a while, and then an agent's "Hi".
async fn served<'s>(street: &'s Street, waiting: &str) -> Talk<'s> {
    let ada = street.customer("Ada");
    ada.chat.says("/human");
    ada.sees(waiting).await;
    let ada = ada.with_agent().await;
    ada.agent_says("Hi").await;
    ada.sees("Hi").await;
    ada
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desks_own_words_and_ours_are_the_default() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let ada = served(
        &street,
        "Welkom! Typ je vraag, iemand van onze klantenservice komt zo bij je.",
    )
    .await;
    let ada = ada.agent_ends().await;
    assert_eq!(
        ada.shown(),
        [
            "Welkom! Typ je vraag, iemand van onze klantenservice komt zo bij je.",
            "Please provide your phone number",
            "Anna is with you now.",
            "Anna: Hi",
            "The chat with our team is over. You are talking to the bot again.",
        ]
    );
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_name_is_shown_once_a_turn() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let ada = street.talk("Ada").await;
    ada.agent_says("I am looking").await;
    ada.customer_says("thanks").await;
    ada.agent_says("Found it").await;
    ada.agent_says("It is on its way").await;
    exact(street.desk.reply(&ada.session, Reply::new("I take over", "Bob")).await);
    exact(
        street
            .desk
            .reply(&ada.session, Reply::new("Anything else?", "Bob"))
            .await,
    );
    ada.agent_says("Back again").await;
    ada.sees("Back again").await;
    assert!(
        ada.shown().ends_with(
            &[
                "Anna is with you now.",
                "Anna: Hi",
                "I am looking",
                "Anna: Found it",
                "It is on its way",
                "Bob: I take over",
                "Anything else?",
                "Anna: Back again",
            ]
            .map(str::to_owned)
        ),
        "{:?}",
        ada.shown()
    );
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_name_is_shown_once_a_turn_in_the_terminal() {
    let square = Square::build().await;
    let open = square.open(Plan::default()).await;
    let desk = &square.street.desk;
    square.console.types("/human");
    let opened = desk.wait_for(PATIENCE, |desk| desk.sessions().next().cloned()).await;
    let session = opened.expect("a session reaches the desk");
    exact(desk.reply(&session, Reply::new("Hi", "Anna")).await);
    exact(desk.reply(&session, Reply::new("I am looking", "Anna")).await);
    square.console.types("thanks");
    let read = |desk: &DeskState| lines_of(desk, &session).contains(&"thanks".to_owned());
    let read = desk.wait_until(PATIENCE, read).await;
    read.expect("the agent reads it");
    exact(desk.reply(&session, Reply::new("Found it", "Anna")).await);
    square.console.sees("Anna: Found it").await;
    let mut shown = square.console.shown();
    shown.retain(|line| ["Hi", "I am looking", "Found it"].contains(&said(line)));
    assert_eq!(shown, ["Anna: Hi", "I am looking", "Anna: Found it"]);
    open.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_text_can_be_replaced() {
    let street = Street::build().await;
    let mut plan = Plan::default();
    plan.texts.waiting = TextChoice::Say("Bitte warten Sie.".into());
    plan.texts.ask_phone = TextChoice::Say("Wie erreichen wir Sie?".into());
    plan.texts.connected = TextChoice::Say("{agent} ist jetzt da.".into());
    plan.texts.ended = TextChoice::Say("Auf Wiedersehen.".into());
    plan.telegram.texts.end_button = Some("Beenden".to_owned());
    let house = street.open(plan).await;
    let ada = served(&street, "Bitte warten Sie.").await;
    exact(street.desk.end(&ada.session).await);
    ada.sees("Auf Wiedersehen.").await;
    assert_eq!(
        ada.shown(),
        [
            "Bitte warten Sie.",
            "Wie erreichen wir Sie?",
            "Anna ist jetzt da.",
            "Anna: Hi",
            "Auf Wiedersehen.",
        ]
    );
    let connected = ada.sees("Anna ist jetzt da.").await;
    let button = connected.buttons.iter().flatten().next();
    assert_eq!(button.map(|button| button.text.as_str()), Some("Beenden"));
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_text_can_be_switched_off() {
    let street = Street::build().await;
    let mut plan = Plan::default();
    plan.texts.waiting = TextChoice::Off;
    plan.texts.ask_phone = TextChoice::Off;
    plan.texts.connected = TextChoice::Off;
    plan.texts.ended = TextChoice::Off;
    let house = street.open(plan).await;
    let ada = street.talk("Ada").await;
    ada.chat.says("/end");
    ada.is_ended_at_desk().await;
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    house.drained().await;
    assert_eq!(ada.shown(), ["Anna: Hi", "Bot: hello"]);
    house.shutdown().await;
}
