//! Who gets what the customer does: presses of buttons, edits, commands, groups.

use escalator_testkit::telegram::Chat;

use crate::{
    bot::MORE,
    home::Plan,
    street::{PATIENCE, Street},
};

/// What the bot answered to the last press in a chat.
async fn answered(street: &Street, chat: &Chat, presses: usize) -> Option<String> {
    let answer = street.telegram.wait_for(PATIENCE, |world| {
        let press = world.chat(chat.id())?.presses().get(presses - 1)?;
        press.answer.clone()
    });
    answer.await.expect("a press is answered").text
}

#[tokio::test(flavor = "multi_thread")]
async fn buttons_edits_and_commands_are_the_agents_while_a_human_has_the_chat() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let ada = street.customer("Ada");
    let first = ada.chat.says("/menu").message_id.expect("a message has an id");
    let menu = ada.sees("Bot: menu").await;
    ada.chat.presses(menu.id, MORE).expect("there is a button");
    assert_eq!(answered(&street, &ada.chat, 1).await.as_deref(), Some("Bot: pressed"));
    ada.chat.edits(first, "/menus").expect("there is a message");
    ada.chat.says("/human");
    let ada = ada.with_agent().await;
    ada.agent_says("Hi").await;
    ada.sees("Hi").await;

    let said = ada.chat.says("my order is 11").message_id.expect("a message has an id");
    ada.desk_reads("my order is 11").await;
    ada.chat.edits(said, "my order is 12").expect("there is a message");
    ada.chat.edits(first, "/menu").expect("there is a message");
    ada.chat.presses(menu.id, MORE).expect("there is a button");
    ada.customer_says("/start").await;
    assert_eq!(
        ada.lines(),
        [
            "my order is 11",
            "Edited: my order is 12 (before: “my order is 11”)",
            "Edited: /menu",
            "/start"
        ]
    );
    let kept = "You are talking to a human now. Send /end to go back to the bot.";
    assert_eq!(answered(&street, &ada.chat, 2).await.as_deref(), Some(kept));

    let ada = ada.customer_ends().await;
    ada.chat.presses(menu.id, MORE).expect("there is a button");
    assert_eq!(answered(&street, &ada.chat, 3).await.as_deref(), Some("Bot: pressed"));
    let pressed = format!("pressed: {MORE}");
    assert_eq!(
        house.seen.all(),
        ["/menu", &pressed, "edited: /menus", "/human", &pressed]
    );
    assert!(!ada.texts().contains(&"Bot: /start".to_owned()));
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_button_under_connected_ends_the_chat() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let ada = street.talk("Ada").await;
    let connected = ada.sees("Anna is with you now.").await;
    let button = connected.buttons.iter().flatten().next().expect("there is a button");
    assert_eq!(button.text, "End chat");
    let data = button.callback_data.clone().expect("it sends something");
    ada.chat.presses(connected.id, &data).expect("there is a button");
    assert_eq!(
        answered(&street, &ada.chat, 1).await,
        None,
        "it is answered without a word"
    );
    ada.is_ended_at_desk().await;
    ada.sees_words("is over").await;

    ada.chat.presses(connected.id, &data).expect("there is a button");
    let over = answered(&street, &ada.chat, 2).await;
    assert_eq!(over.as_deref(), Some("This chat is over."));
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_can_cancel_while_waiting() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let ada = street.customer("Ada");
    ada.chat.says("/human");
    let ada = ada.with_agent().await;
    // The desk's own words for those who wait.
    ada.sees_words("Welkom!").await;
    let ada = ada.customer_ends().await;
    ada.chat.says("hello");
    ada.sees("Bot: hello").await;
    assert!(!ada.texts().iter().any(|text| text.contains("is with you now")));
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn human_in_a_group_is_answered_with_where_to_ask() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let group = street.telegram.user("Ada").create().group("Team");
    group.says("/human");
    let hint = "Please write to @escalator_test_bot in a private chat to talk to a human.";
    group.sees_text(PATIENCE, hint).await.expect("the hint comes");
    group.says("thanks");
    group.sees_text(PATIENCE, "Bot: thanks").await.expect("the bot answers");
    assert!(street.desk.sessions().is_empty(), "no session was opened");
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn escalating_twice_makes_one_session() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let ada = street.customer("Ada");
    let batch = ["/human", "/human", "/human"].map(|line| ada.chat.message(line));
    street.telegram.push_batch(batch.into()).expect("the chat is open");
    let ada = ada.with_agent().await;
    ada.customer_says("hello?").await;
    assert_eq!(
        ada.lines(),
        ["/human", "/human", "hello?"],
        "a customer's line like any other"
    );
    assert_eq!(ada.sessions().len(), 1);
    assert_eq!(house.seen.all(), ["/human"]);
    street.nobody_complains();
    house.shutdown().await;
}
