//! Nobody at the desk: the three ways out.

use std::time::Duration;

use escalator::model::{BotEvent, EndReason, OnNoAgents};
use escalator_testkit::desk::{ChatbotLog, DeskSimulator};

use crate::{
    home::{House, Plan},
    street::{PATIENCE, Street},
};

async fn empty_desk() -> Street {
    Street::with_desk(DeskSimulator::builder().agents_available(false)).await
}

fn plan(on_no_agents: OnNoAgents) -> Plan {
    let mut plan = Plan::default();
    plan.policy.on_no_agents = on_no_agents;
    plan
}

/// The desk's own text for it, in its configuration.
pub(crate) const ASK_CONTACT: &str = "Nobody of our team is available right now. Please provide your mail address";
pub(crate) const LEFT: &str = "Thank you. Your message was left with our team. You are talking to the bot again.";

pub(crate) async fn the_ticket(street: &Street) -> ChatbotLog {
    let log = street
        .desk
        .wait_for(PATIENCE, |desk| desk.chatbot_logs().first().cloned());
    log.await.expect("a ticket is made")
}

pub(crate) async fn reason(house: &House) -> EndReason {
    house
        .told
        .wait(|event| match event {
            BotEvent::HandedBack { reason, .. } => Some(*reason),
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_left_once_the_customer_has_given_a_contact() {
    let street = empty_desk().await;
    let house = street.open(plan(OnNoAgents::LeaveMessage)).await;
    let ada = street.customer("Ada");
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    ada.chat.says("/human");
    ada.sees(ASK_CONTACT).await;
    ada.chat.says("my order is 12");
    ada.sees_words_times(ASK_CONTACT, 2).await;
    ada.chat.says("you reach me at ada@example.org");
    ada.sees(LEFT).await;

    let ticket = the_ticket(&street).await;
    assert_eq!(ticket.from, "ada@example.org");
    for part in [
        "Name: Ada",
        "Customer: hello",
        "Bot: Bot: hello",
        "my order is 12",
        "you reach me at ada@example.org",
    ] {
        assert!(
            ticket.message.contains(part),
            "{part:?} is missing in {}",
            ticket.message
        );
    }
    assert_eq!(reason(&house).await, EndReason::LeftMessage);
    ada.chat.says("thanks");
    ada.sees("Bot: thanks").await;
    assert_eq!(
        house.seen.all(),
        ["hello", "/human", "thanks"],
        "the bot got none of it"
    );
    assert!(street.desk.sessions().is_empty(), "no session was opened");
    assert_eq!(street.desk.chatbot_logs().len(), 1);
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_left_at_once_where_the_bot_knows_a_contact() {
    let street = empty_desk().await;
    let house = street.open(plan(OnNoAgents::LeaveMessage)).await;
    let ada = street.customer("Ada");
    let batch = ["/human ada@example.org", "my order is 12"].map(|line| ada.chat.message(line));
    street.telegram.push_batch(batch.into()).expect("the chat is open");
    ada.sees(LEFT).await;
    let ticket = the_ticket(&street).await;
    assert_eq!(ticket.from, "ada@example.org");
    assert!(ticket.message.contains("my order is 12"), "{}", ticket.message);
    assert!(!ada.texts().contains(&ASK_CONTACT.to_owned()), "nothing is asked");
    assert_eq!(reason(&house).await, EndReason::LeftMessage);
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_leaves_no_contact_is_the_bots_again_after_a_while() {
    let street = empty_desk().await;
    let mut plan = plan(OnNoAgents::LeaveMessage);
    plan.policy.leaving_max = Duration::from_millis(500);
    let house = street.open(plan).await;
    let ada = street.customer("Ada");
    ada.chat.says("/human");
    ada.sees(ASK_CONTACT).await;
    house
        .told
        .wait(|event| matches!(event, BotEvent::HandedBack { .. } | BotEvent::Failed { .. }).then_some(()))
        .await;
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_keeps_the_conversation_where_the_policy_says_so() {
    let street = empty_desk().await;
    let house = street.open(plan(OnNoAgents::StayWithBot)).await;
    let ada = street.customer("Ada");
    ada.chat.says("/human");
    ada.sees("Nobody of our team is available right now. You are still talking to the bot.")
        .await;
    assert_eq!(reason(&house).await, EndReason::NoAgents);
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    assert!(street.desk.sessions().is_empty(), "no session was opened");

    street.desk.agents_available(true);
    ada.chat.says("/human");
    let ada = ada.with_agent().await;
    ada.agent_says("Hi").await;
    ada.sees("Hi").await;
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_opened_all_the_same_where_the_policy_says_so() {
    let street = empty_desk().await;
    let house = street.open(plan(OnNoAgents::EscalateAnyway)).await;
    let ada = street.talk("Ada").await;
    ada.customer_says("my order is 12").await;
    street.nobody_complains();
    house.shutdown().await;
}
