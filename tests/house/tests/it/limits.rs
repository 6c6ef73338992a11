//! What cannot go through: files that are too big, customers who cannot be reached, platforms that ask to wait, a desk
//! that refuses us. Whoever can be told is told, and nobody else is delayed.

use std::time::Duration;

use escalator::{model::BotEvent, omnidesk::AccountToken, runtime::StartError, store::Store};
use escalator_house::shown::said;
use escalator_testkit::{
    desk::{DeskSimulator, Endpoint, Fault as DeskFault, Scope, Upload},
    telegram::{Fault, Media, On, Plan as Faulty},
};
use futures::future::join_all;

use crate::{
    home::Plan,
    street::{PATIENCE, Street, exact},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_file_that_is_too_big_is_told_to_both_sides_and_its_text_goes_through() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let ada = street.talk("Ada").await;
    let film = Media::document("film.mp4", "no bytes").pretending_bytes((20 << 20) + 1);
    ada.chat.sends(film.caption("look at this"));
    ada.customer_says("did you see it?").await;
    assert_eq!(
        ada.lines(),
        [
            "look at this",
            "[video: film.mp4] (20.9 MB) is too big to be passed on",
            "did you see it?"
        ]
    );
    ada.sees("The file film.mp4 is too big to be passed on.").await;
    assert_eq!(calls_of(&street, Endpoint::AddAttachment), 0, "nothing was tried");
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_file_that_the_desk_refuses_is_told_to_the_customer() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let ada = street.talk("Ada").await;
    let refusal = DeskFault::Answer {
        status: 400,
        body: r#"{"status":"error","message":"this kind of file is not taken"}"#.to_owned(),
    };
    street
        .desk
        .faults()
        .next(Scope::Endpoint(Endpoint::AddAttachment), 1, refusal);
    ada.chat.sends(Media::document("setup.exe", "MZ").caption("run this"));
    ada.customer_says("did it work?").await;
    assert_eq!(ada.lines(), ["run this", "did it work?"]);
    ada.sees("A message of yours could not be delivered to our team.").await;
    let detail = house.told.wait(undelivered).await;
    assert!(detail.contains("this kind of file is not taken"), "{detail}");
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_file_that_is_too_big_is_told_in_the_ticket() {
    let street = Street::build().await;
    let mut plan = Plan::default();
    plan.telegram.send_bytes_max = 1_000_000;
    let house = street.open(plan).await;
    let ada = street.talk("Ada").await;
    let file = |name: &str, bytes: usize| Upload::new(name, "application/octet-stream", vec![7; bytes]);
    exact(
        street
            .desk
            .send_file(&ada.session, file("too-big.bin", 1_000_001))
            .await,
    );
    exact(street.desk.send_file(&ada.session, file("fits.bin", 1_000_000)).await);
    ada.agent_says("And that is it").await;
    ada.sees("And that is it").await;
    ada.desk_reads("[file: too-big.bin] did not reach the customer: the file is too big")
        .await;
    let texts = ada.texts();
    assert!(
        texts.contains(&"fits.bin".to_owned()) && !texts.contains(&"too-big.bin".to_owned()),
        "{texts:?}"
    );
    house.told.wait(undelivered).await;
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_blocks_the_bot_becomes_a_line_in_the_ticket_and_harms_nobody() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let (ada, eve) = (street.talk("Ada").await, street.talk("Eve").await);
    ada.chat.blocks_bot().expect("the chat is open");
    ada.agent_says("Are you there?").await;
    eve.agent_says("And you?").await;
    eve.sees("And you?").await;
    ada.desk_reads("Your message did not reach the customer: the customer has blocked the bot")
        .await;
    house.told.wait(undelivered).await;
    let dead = house.running.ledger().dead_letters(10).await.expect("they can be read");
    assert_eq!(dead.len(), 1, "it can be looked into: {dead:?}");

    ada.chat.unblocks_bot().expect("there is a chat");
    ada.agent_says("Welcome back").await;
    ada.sees("Welcome back").await;
    eve.customer_says("still here").await;
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_has_to_wait_waits_as_long_as_telegram_says_and_delays_no_other() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let (ada, eve) = (street.talk("Ada").await, street.talk("Eve").await);
    let wait = Duration::from_secs(2);
    let flood = Fault::RetryAfter { secs: 2 };
    let on = On::method("sendMessage").in_chat(ada.chat.id());
    let flood = street.telegram.fault(on, Faulty::Always(flood));
    ada.agent_says("one").await;
    ada.agent_says("two").await;
    for line in ["a", "b", "c"] {
        eve.agent_says(line).await;
        eve.sees(line).await;
    }
    assert!(!ada.texts().contains(&"one".to_owned()), "the others went before");
    street.telegram.release(flood);
    ada.sees("two").await;

    let calls: Vec<_> = street
        .telegram
        .calls_of("sendMessage")
        .into_iter()
        .filter(|call| call.params.chat_id() == Some(ada.chat.id()))
        .collect();
    let refused = calls
        .iter()
        .position(|call| call.fault.is_some())
        .expect("one was told to wait");
    let texts: Vec<_> = calls[refused..]
        .iter()
        .filter_map(|call| call.params.text("text"))
        .map(|text| said(&text).to_owned())
        .collect();
    let (last, before) = texts.split_last().expect("there are calls");
    assert_eq!(*last, "two");
    assert!(
        before.len() > 1 && before.iter().all(|text| *text == "one"),
        "{before:?}"
    );
    for pair in calls[refused..].windows(2).take(before.len() - 1) {
        let gap = pair[1].received_at.duration_since(pair[0].received_at);
        assert!(gap.expect("time goes on") >= wait, "it was called again too early");
    }
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_has_to_wait_as_a_whole_loses_nothing() {
    let street = &Street::build().await;
    let house = street.open(Plan::default()).await;
    let talks = join_all((0..8).map(|n| async move { street.talk(&format!("Customer {n}")).await })).await;
    let flood = Fault::RetryAfter { secs: 1 };
    street
        .telegram
        .fault(On::method("sendMessage"), Faulty::For(Duration::from_secs(1), flood));
    for line in 0..3 {
        join_all(
            talks
                .iter()
                .map(|talk| async move { talk.agent_says(&format!("line {line}")).await }),
        )
        .await;
    }
    for talk in &talks {
        talk.sees("line 2").await;
        let texts = talk.texts();
        assert!(
            texts.ends_with(&["line 0", "line 1", "line 2"].map(str::to_owned)),
            "{texts:?}"
        );
    }
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_refuses_us_is_named_at_the_start() {
    let street = Street::build().await;
    let refused = street.try_open(Plan {
        omnidesk: |omnidesk| {
            omnidesk.server_token = None;
            omnidesk.account_token = AccountToken::new("notthetoken").expect("it keeps the rule");
        },
        ..Plan::default()
    });
    let refused = refused.await.err().expect("the desk refuses us");
    assert!(matches!(refused, StartError::DeskRefused(_)), "{refused:?}");
    let told = refused.to_string();
    assert!(
        told.contains("the desk refuses us") && told.contains("chatAccountToken"),
        "{told}"
    );
    assert!(!told.contains("notthetoken"), "{told}");

    let street = Street::with_desk(DeskSimulator::builder().api_key("the-key")).await;
    let refused = street.try_open(Plan {
        omnidesk: |omnidesk| omnidesk.server_token = None,
        ..Plan::default()
    });
    let told = refused.await.err().expect("the desk refuses us").to_string();
    assert!(told.contains("apiKey"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_is_away_at_the_start_delays_nothing_but_itself() {
    let street = Street::build().await;
    street.desk.close_port().await.expect("the port is closed");
    let house = street.open(Plan::default()).await;
    let ada = street.customer("Ada");
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    ada.chat.says("/human");
    ada.chat.says("is anybody there?");
    street.desk.open_port().await.expect("the port is open");
    let ada = ada.with_agent().await;
    ada.desk_reads("is anybody there?").await;
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_escalation_that_the_desk_refuses_gives_the_bot_control_and_its_lines_back() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let refusal = DeskFault::Answer {
        status: 400,
        body: r#"{"status":"error","message":"the channel is closed"}"#.to_owned(),
    };
    street
        .desk
        .faults()
        .always(Scope::Endpoint(Endpoint::NewChatMessage), refusal);
    let ada = street.customer("Ada");
    let batch = ["/human", "my order is 12"].map(|line| ada.chat.message(line));
    street.telegram.push_batch(batch.into()).expect("the chat is open");
    ada.sees("Our team could not be reached. You are talking to the bot again.")
        .await;
    let (detail, unsent) = house
        .told
        .wait(|event| match event {
            BotEvent::Failed { detail, unsent, .. } => Some((detail.clone(), unsent.clone())),
            _ => None,
        })
        .await;
    assert!(detail.contains("the channel is closed"), "{detail}");
    let unsent: Vec<&str> = unsent.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(unsent, ["my order is 12"]);
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    assert_eq!(street.desk.sessions().len(), 0);
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_escalation_that_the_desk_takes_too_long_for_gives_control_back() {
    let street = Street::build().await;
    let mut plan = Plan::default();
    plan.policy.opening_max = Duration::from_secs(3);
    let house = street.open(plan).await;
    street
        .desk
        .faults()
        .always(Scope::Endpoint(Endpoint::NewChatMessage), DeskFault::Unavailable);
    let ada = street.customer("Ada");
    ada.chat.says("/human");
    ada.sees("Our team could not be reached. You are talking to the bot again.")
        .await;
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    // What may have arrived at the desk is ended there.
    let ended = street.desk.wait_until(PATIENCE, |desk| {
        desk.calls()
            .iter()
            .any(|call| call.endpoint == Endpoint::EndChat && call.effect)
    });
    ended.await.expect("an end goes to the desk");
    street.nobody_complains();
    house.shutdown().await;
}

fn undelivered(event: &BotEvent) -> Option<String> {
    match event {
        BotEvent::Undelivered { detail, .. } => Some(detail.clone()),
        _ => None,
    }
}

fn calls_of(street: &Street, endpoint: Endpoint) -> usize {
    let calls = street.desk.calls();
    calls.iter().filter(|call| call.endpoint == endpoint).count()
}
