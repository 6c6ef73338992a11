//! Who gets an update: the bot or the human.

use escalator::{delivery::NoticeKind, model::CustomerEvent};
use teloxide::{
    payloads::SendMessageSetters,
    requests::Requester,
    types::{ChatId, InlineKeyboardButton, InlineKeyboardMarkup},
};

use super::rig::{Rig, SOON, notice};

#[tokio::test]
async fn the_bot_hears_its_own_chats_and_none_that_a_human_owns() {
    let rig = Rig::new().await;
    let (ada, eve) = (rig.ada(), rig.fake.user("Eve").private_chat());
    let running = rig.run();
    ada.says("hello");
    ada.sees_text(SOON, "Bot: hello").await.expect("it is answered");
    ada.says("/human");
    rig.house
        .wait(|state| state.accepted.is_empty() && state.started.len() == 2)
        .await;
    rig.fake
        .wait_until(SOON, escalator_testkit::telegram::World::all_confirmed)
        .await
        .expect("it is confirmed");
    ada.says("my order is 12");
    ada.says("/start");
    eve.says("hi");
    eve.sees_text(SOON, "Bot: hi").await.expect("it is answered");
    rig.house
        .wait(|state| state.lines() == ["my order is 12", "/start"])
        .await;

    ada.says("/end");
    rig.house
        .wait(|state| {
            state
                .accepted
                .last()
                .is_some_and(|last| last.event == CustomerEvent::Ended)
        })
        .await;
    ada.says("back again");
    ada.sees_text(SOON, "Bot: back again").await.expect("it is answered");
    assert_eq!(running.seen.all(), ["hello", "/human", "hi", "back again"]);
    running.stop().await;
}

#[tokio::test]
async fn what_stood_behind_the_escalating_line_goes_to_the_human_in_order() {
    for _ in 0..20 {
        let rig = Rig::new().await;
        let ada = rig.ada();
        let batch = ["/human", "my order is 12", "hello?"].map(|line| ada.message(line));
        rig.fake.push_batch(batch.into()).expect("the chat is open");
        let running = rig.run();
        rig.house
            .wait(|state| state.lines() == ["my order is 12", "hello?"])
            .await;
        running.stop().await;
        assert!(ada.transcript().bot_texts().is_empty(), "the bot says nothing");
    }
}

#[tokio::test]
async fn the_end_button_ends_and_is_answered() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    rig.house.hand_over(&rig.key(&ada));
    let running = rig.run();
    rig.deliver(&ada, &notice(NoticeKind::Connected, "You are connected."))
        .await;
    let shown = ada.sees_text(SOON, "You are connected.").await.expect("it is shown");
    assert_eq!(shown.button("escalator:end").map(|b| b.text.as_str()), Some("End chat"));

    ada.presses(shown.id, "escalator:end").expect("there is a button");
    rig.house
        .wait(|state| state.accepted.iter().any(|update| update.event == CustomerEvent::Ended))
        .await;
    ada.presses(shown.id, "escalator:end").expect("there is a button");
    rig.fake
        .wait_until(SOON, |world| {
            let presses = world.chat(ada.id()).map(|chat| chat.presses().to_vec());
            presses.is_some_and(|presses| presses.len() == 2 && presses.iter().all(|press| press.answer.is_some()))
        })
        .await
        .expect("both are answered");
    let mut answers: Vec<_> = ada
        .transcript()
        .presses()
        .iter()
        .map(|press| press.answer.as_ref().and_then(|answer| answer.text.clone()))
        .collect();
    answers.sort();
    assert_eq!(answers, [None, Some("This chat is over.".to_owned())]);
    assert!(running.seen.all().is_empty(), "the host sees no button");
    running.stop().await;
}

#[tokio::test]
async fn a_button_of_the_bot_is_answered_and_kept_while_a_human_owns_the_chat() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let keys = InlineKeyboardMarkup::new([[InlineKeyboardButton::callback("Order", "order:17")]]);
    let menu = rig.bot.send_message(ChatId(ada.id()), "Menu").reply_markup(keys);
    let menu = i64::from(menu.await.expect("it is sent").id.0);
    rig.house.hand_over(&rig.key(&ada));
    let running = rig.run();
    ada.says("hello?");
    ada.presses(menu, "order:17").expect("there is a button");
    let answer = rig
        .fake
        .wait_for(SOON, |world| world.chat(ada.id())?.presses()[0].answer.clone())
        .await
        .expect("it is answered");
    assert!(answer.text.is_some_and(|text| text.contains("/end")));
    assert_eq!(rig.house.look(super::desk_of_one::State::lines), ["hello?"]);
    assert!(running.seen.all().is_empty());
    running.stop().await;
}
