//! Nobody takes a session, nobody speaks in it, the desk is away: each over a restart in the middle. The house that is
//! closed has hours to wait, and the one that is opened on its ledger a second.

use std::time::Duration;

use escalator::model::{BotEvent, EndReason, OnTimeout};
use escalator_testkit::{
    desk::{Endpoint, Fault, Scope},
    telegram::World,
};

use crate::{
    home::{House, Plan},
    no_agents::{ASK_CONTACT, LEFT, reason, the_ticket},
    street::{PATIENCE, Street, Talk},
};

const HOURS: Duration = Duration::from_hours(9);
const SOON: Duration = Duration::from_secs(1);

const STILL_WAITING: &str =
    "Nobody of our team was free for you yet. You are still in line, and what you write will reach them.";
const NOBODY_CAME: &str = "Nobody of our team was free for you in time. You are talking to the bot again.";
const AWAY: &str =
    "Our team cannot be reached right now. What you wrote is kept, and will be delivered as soon as that is possible.";
/// The desk's own, in its configuration.
const WARNING: &str = "notice: due to inactivity this session will soon close";
const CLOSED: &str = "session closed, refresh window to start a new chat";

fn waits(on_timeout: OnTimeout, waiting_max: Duration) -> Plan {
    let mut plan = Plan::default();
    plan.policy.on_timeout = on_timeout;
    plan.policy.waiting_max = Some(waiting_max);
    plan
}

/// A customer whose session waits at the desk, in a house that was closed and is open again.
async fn waited(street: &Street, on_timeout: OnTimeout) -> (House, Talk<'_>) {
    let house = street.open(waits(on_timeout, HOURS)).await;
    let ada = street.customer("Ada");
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    ada.chat.says("/human");
    let ada = ada.with_agent().await;
    ada.customer_says("my order is 12").await;
    house.drained().await;
    house.shutdown().await;
    (street.open(waits(on_timeout, SOON)).await, ada)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_nobody_takes_is_the_bots_again() {
    let street = Street::build().await;
    let (house, ada) = waited(&street, OnTimeout::BackToBot).await;
    ada.sees(NOBODY_CAME).await;
    ada.is_ended_at_desk().await;
    assert_eq!(reason(&house).await, EndReason::WaitingTimeout);
    assert_eq!(
        ada.lines(),
        [
            "my order is 12",
            "No agent has taken this chat within 1 second: it is over, and the customer is talking to the bot again.",
        ]
    );
    ada.chat.says("thanks");
    ada.sees("Bot: thanks").await;
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_can_be_left_where_nobody_takes_the_session() {
    let street = Street::build().await;
    let (house, ada) = waited(&street, OnTimeout::LeaveMessage).await;
    ada.sees(ASK_CONTACT).await;
    ada.is_ended_at_desk().await;
    ada.chat.says("you reach me at ada@example.org");
    ada.sees(LEFT).await;
    let ticket = the_ticket(&street).await;
    assert_eq!(ticket.from, "ada@example.org");
    for part in [
        "Name: Ada",
        "Customer: hello",
        "Bot: Bot: hello",
        "my order is 12",
        "you reach me at",
    ] {
        assert_eq!(
            ticket.message.matches(part).count(),
            1,
            "{part:?} in {}",
            ticket.message
        );
    }
    assert_eq!(reason(&house).await, EndReason::LeftMessage);
    ada.chat.says("thanks");
    ada.sees("Bot: thanks").await;
    assert_eq!(street.desk.chatbot_logs().len(), 1);
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_goes_on_waiting_says_so_once_and_can_still_be_taken() {
    let street = Street::build().await;
    let (house, ada) = waited(&street, OnTimeout::KeepWaiting).await;
    ada.sees(STILL_WAITING).await;
    house.shutdown().await;

    let house = street.open(waits(OnTimeout::KeepWaiting, SOON)).await;
    ada.customer_says("hello?").await;
    ada.agent_says("Hi").await;
    ada.sees("Hi").await;
    ada.sees_words_times(STILL_WAITING, 1).await;
    street.nobody_complains();
    house.shutdown().await;
}

fn silent(silence_max: Duration, warned_max: Duration) -> Plan {
    let mut plan = Plan::default();
    plan.policy.silence_max = Some(silence_max);
    plan.policy.warned_max = warned_max;
    plan
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_which_nobody_speaks_is_warned_and_then_ends() {
    let street = Street::build().await;
    let house = street.open(silent(HOURS, HOURS)).await;
    let ada = street.talk("Ada").await;
    house.drained().await;
    house.shutdown().await;

    let house = street.open(silent(SOON, HOURS)).await;
    ada.sees(WARNING).await;
    house.drained().await;
    house.shutdown().await;

    let house = street.open(silent(SOON, SOON)).await;
    ada.sees(CLOSED).await;
    ada.is_ended_at_desk().await;
    let reason = house
        .told
        .wait(|event| match event {
            BotEvent::HandedBack { reason, .. } => Some(*reason),
            _ => None,
        })
        .await;
    assert_eq!(reason, EndReason::Silence);
    assert_eq!(
        ada.lines(),
        ["Nobody has written for 2 seconds, so this chat is over: the customer is talking to the bot again."]
    );
    ada.sees_words_times(WARNING, 1).await;
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_after_the_warning_keeps_the_session() {
    let street = Street::build().await;
    let house = street.open(silent(SOON, HOURS)).await;
    let ada = street.talk("Ada").await;
    ada.sees(WARNING).await;
    ada.customer_says("still here").await;
    ada.sees_words_times(WARNING, 2).await;
    ada.agent_says("Good").await;
    ada.sees("Good").await;
    street.nobody_complains();
    house.shutdown().await;
}

fn away(desk_away_max: Duration) -> Plan {
    let mut plan = Plan::default();
    plan.policy.desk_away_max = Some(desk_away_max);
    plan
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_whose_words_wait_for_the_desk_is_told_once_an_outage() {
    let street = Street::build().await;
    let messages = Scope::Endpoint(Endpoint::NewChatMessage);
    let house = street.open(away(HOURS)).await;
    let (ada, eve) = (street.talk("Ada").await, street.talk("Eve").await);
    street.desk.faults().always(messages.clone(), Fault::Refuse);
    ada.chat.says("one");
    // Behind a door that is closed by then, Eve's is not even tried.
    eve.chat.says("one");
    confirmed(&street).await;
    house.shutdown().await;

    let house = street.open(away(SOON)).await;
    ada.sees(AWAY).await;
    eve.sees(AWAY).await;
    ada.chat.says("two");
    confirmed(&street).await;
    house.shutdown().await;

    let house = street.open(away(SOON)).await;
    street.desk.faults().clear(&messages);
    ada.desk_reads("two").await;
    eve.desk_reads("one").await;
    house.drained().await;
    assert_eq!(ada.lines(), ["one", "two"]);
    ada.sees_words_times(AWAY, 1).await;
    eve.sees_words_times(AWAY, 1).await;

    street.desk.faults().always(messages.clone(), Fault::Refuse);
    ada.chat.says("three");
    ada.sees_words_times(AWAY, 2).await;
    street.desk.faults().clear(&messages);
    ada.desk_reads("three").await;
    street.nobody_complains();
    house.shutdown().await;
}

/// Telegram has forgotten what was said: the house has it.
async fn confirmed(street: &Street) {
    let confirmed = street.telegram.wait_until(PATIENCE, World::all_confirmed);
    confirmed.await.expect("the house takes it in");
}
