//! A house that is closed in the middle of things, and opened again on the same ledger.

use escalator_testkit::{
    desk::{Endpoint, Fault, Reply, Scope},
    telegram::World,
};

use crate::{
    home::Plan,
    street::{PATIENCE, Street},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_the_desk_arrives_after_a_restart() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let ada = street.talk("Ada").await;
    let messages = Scope::Endpoint(Endpoint::NewChatMessage);
    street.desk.faults().always(messages.clone(), Fault::Unavailable);
    let lines = ["one", "two", "three"];
    for line in lines {
        ada.chat.says(line);
    }
    let confirmed = street.telegram.wait_until(PATIENCE, World::all_confirmed);
    confirmed.await.expect("Telegram has forgotten the lines");
    house.shutdown().await;

    // Nobody is at home: Telegram keeps what is said, and the desk finds nobody.
    ada.chat.says("four");
    let unheard = street
        .desk
        .reply(&ada.session, Reply::new("Anybody there?", "Anna"))
        .await;
    assert_eq!(unheard.expect("the hook goes out").status, None);
    street.desk.faults().clear(&messages);

    let house = street.open(Plan::default()).await;
    ada.desk_reads("four").await;
    assert_eq!(ada.lines(), ["one", "two", "three", "four"]);
    ada.agent_says("Here I am").await;
    ada.sees("Here I am").await;
    ada.chat.says("hello");
    ada.desk_reads("hello").await;
    assert!(house.seen.all().is_empty(), "the bot gets none of it");
    let ada = ada.agent_ends().await;
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_escalation_that_was_being_opened_goes_on_after_a_restart() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    street.desk.faults().always(Scope::All, Fault::Unavailable);
    let ada = street.customer("Ada");
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    let batch = ["/human", "my order is 12"].map(|line| ada.chat.message(line));
    street.telegram.push_batch(batch.into()).expect("the chat is open");
    let asked = street.desk.wait_until(PATIENCE, |desk| {
        let asked = desk.calls().iter().filter(|call| call.endpoint == Endpoint::ChatConfig);
        asked.count() > 2
    });
    asked.await.expect("the opening is under way");
    let confirmed = street.telegram.wait_until(PATIENCE, World::all_confirmed);
    confirmed.await.expect("Telegram has forgotten the lines");
    house.shutdown().await;
    street.desk.faults().clear_all();

    let house = street.open(Plan::default()).await;
    let ada = ada.with_agent().await;
    ada.desk_reads("my order is 12").await;
    let texts = ada.session.texts(escalator_testkit::desk::Party::Customer);
    assert!(
        texts[0].contains("Customer: hello") && texts[0].contains("Bot: Bot: hello"),
        "{texts:?}"
    );
    assert_eq!(ada.sessions().len(), 1);
    ada.agent_says("Hi").await;
    ada.sees("Hi").await;
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hookpoints_secret_is_made_once_and_an_older_one_serves_its_sessions() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let (ada, eve) = (street.talk("Ada").await, street.talk("Eve").await);
    let made = ada.session.chat_server.clone();
    let secret = made.rsplit('/').next().expect("there is a last segment");
    assert!(
        secret.len() >= 32 && secret.chars().all(|c| c.is_ascii_alphanumeric()),
        "nobody guesses it"
    );
    let eve = eve.customer_ends().await;
    house.shutdown().await;

    let house = street.open(Plan::default()).await;
    eve.chat.says("/human");
    let eve = eve.with_agent().await;
    assert_eq!(eve.session.chat_server, made, "it is kept");
    house.shutdown().await;

    let house = street
        .open(Plan {
            house: |house| house.hookpoint_secret("another-secret-of-32-characters-"),
            ..Plan::default()
        })
        .await;
    ada.agent_says("By the old address").await;
    ada.sees("By the old address").await;
    let ida = street.talk("Ida").await;
    assert!(ida.session.chat_server.ends_with("/another-secret-of-32-characters-"));
    street.nobody_complains();
    house.shutdown().await;
}
