//! The texts to the customer: the desk's own, replaced, and switched off.

use escalator::model::TextChoice;

use crate::{
    home::Plan,
    street::{Street, Talk, exact},
};

/// A customer who reads that it may take a while, and then an agent's "Hi".
async fn served<'s>(street: &'s Street, waiting: &str) -> Talk<'s> {
    let ada = street.customer("Ada");
    ada.chat.says("/human");
    ada.sees(waiting).await;
    let ada = ada.with_agent().await;
    ada.agent_says("Hi").await;
    ada.sees("Anna: Hi").await;
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
        ada.texts(),
        [
            "Welkom! Typ je vraag, iemand van onze klantenservice komt zo bij je.",
            "Anna is with you now.",
            "Anna: Hi",
            "The chat with our team is over. You are talking to the bot again.",
        ]
    );
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_text_can_be_replaced() {
    let street = Street::build().await;
    let mut plan = Plan::default();
    plan.texts.waiting = TextChoice::Say("Bitte warten Sie.".into());
    plan.texts.connected = TextChoice::Say("{agent} ist jetzt da.".into());
    plan.texts.ended = TextChoice::Say("Auf Wiedersehen.".into());
    plan.telegram.texts.end_button = Some("Beenden".to_owned());
    let house = street.open(plan).await;
    let ada = served(&street, "Bitte warten Sie.").await;
    exact(street.desk.end(&ada.session).await);
    ada.sees("Auf Wiedersehen.").await;
    assert_eq!(
        ada.texts(),
        [
            "Bitte warten Sie.",
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
    plan.texts.connected = TextChoice::Off;
    plan.texts.ended = TextChoice::Off;
    let house = street.open(plan).await;
    let ada = street.talk("Ada").await;
    ada.chat.says("/end");
    ada.is_ended_at_desk().await;
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    house.drained().await;
    assert_eq!(ada.texts(), ["Anna: Hi", "Bot: hello"]);
    house.shutdown().await;
}
