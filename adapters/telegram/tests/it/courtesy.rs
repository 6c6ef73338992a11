//! What is shown beside what is said, and what buttons do: receipts, questions, the way to a human, a phone number.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use escalator::{
    channel::EscalationChannel,
    delivery::{ChatPayload, NoticeKind},
    model::{Answer, CustomerEvent, MessageId, Policy, SessionId, SolvedQuestion},
};
use escalator_telegram::{ReactionEmoji, Settings, human_button, polling};
use escalator_testkit::{
    desk::{Party, Session, SessionStatus},
    telegram::{Chat, Fault, Message, On, Plan, World},
};
use serde_json::json;
use teloxide::{
    dispatching::UpdateFilterExt,
    dptree,
    payloads::SendMessageSetters,
    requests::Requester,
    types::{CallbackQuery, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, Update},
};

use super::{
    desk_of_one::Trouble,
    rig::{Failed, Rig, SOON, Seen, notice, quick, says},
    shop::Shop,
};

const END: &str = "escalator:end";
const HUMAN: &str = "escalator:human";
const OVER: &str = "The chat with our team is over. You are talking to the bot again.";

fn reaction(world: &World, chat: &Chat, message: i64) -> Option<String> {
    world.chat(chat.id())?.message(message)?.reaction.clone()
}

/// A message of the bot's own with the button.
async fn greeting(bot: &teloxide::Bot, chat: &Chat) -> i64 {
    let keys = InlineKeyboardMarkup::new([[human_button("A person, please")]]);
    let sent = bot.send_message(ChatId(chat.id()), "Welcome!").reply_markup(keys);
    i64::from(sent.await.expect("it is sent").id.0)
}

/// The fields that the desk has of a session's customer.
fn phone(session: &Session) -> Option<&str> {
    session.customer.get("phoneNumber").map(String::as_str)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_the_desk_has_gets_the_bots_reaction() {
    let shop = Shop::open(Policy::default(), quick()).await;
    let ada = shop.fake.user("Ada").private_chat();
    let before = ada.says("hello").message_id.expect("it is a message");
    ada.sees_text(SOON, "Bot: hello").await.expect("the bot answers");
    ada.says("/human");
    shop.session(|_| true).await;
    let said = ada.says("my order is 12").message_id.expect("it is a message");
    shop.agent_reads("my order is 12").await;
    let emoji = shop.fake.wait_for(SOON, |world| reaction(world, &ada, said)).await;
    assert_eq!(emoji.expect("it is shown"), "👌");
    let before = shop.fake.look(|world| reaction(world, &ada, before));
    assert_eq!(before, None, "the bot itself shows nothing");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_that_telegram_refuses_holds_up_nothing() {
    let mut settings = quick();
    settings.receipt = Some(ReactionEmoji::parse("👀").expect("it is on the list"));
    let shop = Shop::open(Policy::default(), settings).await;
    let ada = shop.fake.user("Ada").private_chat();
    let refusal = Fault::Refusal {
        code: 400,
        description: "Bad Request: REACTION_INVALID".to_owned(),
    };
    shop.fake
        .fault(On::method("setMessageReaction"), Plan::Next(1, refusal));
    ada.says("/human");
    shop.session(|_| true).await;
    let first = ada.says("one").message_id.expect("it is a message");
    let refused = |world: &World| world.calls().iter().any(|call| call.fault.is_some());
    shop.fake.wait_until(SOON, refused).await.expect("it is refused");
    let second = ada.says("two").message_id.expect("it is a message");
    let emoji = shop.fake.wait_for(SOON, |world| reaction(world, &ada, second)).await;
    assert_eq!(emoji.expect("it is shown"), "👀");
    assert_eq!(shop.fake.look(|world| reaction(world, &ada, first)), None);
    let session = shop.agent_reads("two").await;
    assert_eq!(session.texts(Party::Customer)[1..], ["one", "two"]);
    shop.close().await;
}

#[tokio::test]
async fn without_an_emoji_there_are_no_receipts() {
    let mut settings = quick();
    settings.receipt = None;
    let rig = Rig::with(settings).await;
    assert!(!rig.telegram.capabilities().receipts);
    assert!(Rig::new().await.telegram.capabilities().receipts);
    let ada = rig.ada();
    let said = ada.says("hello").message_id.expect("it is a message");
    let message = MessageId::new(said.to_string());
    rig.telegram.received(&rig.key(&ada), &message).await;
    assert!(rig.fake.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_button_under_a_message_of_the_bot_hands_the_chat_over() {
    let shop = Shop::open(Policy::default(), quick()).await;
    let ada = shop.fake.user("Ada").private_chat();
    ada.says("where is my order?");
    ada.sees_text(SOON, "Bot: where is my order?")
        .await
        .expect("the bot answers");
    let greeting = greeting(&shop.bot, &ada).await;
    ada.presses(greeting, HUMAN).expect("there is a button");
    let session = shop.agent_reads("where is my order?").await;
    let opener = session.texts(Party::Customer)[0];
    assert!(opener.contains("the customer pressed “Talk to a human”"), "{opener}");
    assert_eq!(shop.answer(&ada).await.text, None);
    // A second press finds a human there.
    ada.presses(greeting, HUMAN).expect("there is a button");
    let kept = shop.answer(&ada).await.text;
    assert!(kept.is_some_and(|text| text.contains("/end")));
    assert_eq!(shop.desk.sessions().len(), 1);
    assert_eq!(shop.seen.all(), ["where is my order?"], "no handler sees the button");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_button_under_the_end_leads_to_a_human_again() {
    let shop = Shop::open(Policy::default(), quick()).await;
    let ada = shop.fake.user("Ada").private_chat();
    ada.says("/human");
    let first = shop.session(|_| true).await;
    shop.served(&first).await;
    let over = ada.sees_text(SOON, OVER).await.expect("it is told");
    assert_eq!(over.button(HUMAN).map(|it| it.text.as_str()), Some("Talk to a human"));
    ada.presses(over.id, HUMAN).expect("there is a button");
    let second = shop.session(|session| session.id != first.id).await;
    assert_eq!(second.status, SessionStatus::Waiting);
    assert_eq!(shop.answer(&ada).await.text, None);
    shop.close().await;
}

#[tokio::test]
async fn whoever_presses_while_the_ledger_is_away_is_told_so() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let running = rig.run();
    let greeting = greeting(&rig.bot, &ada).await;
    rig.house.set_trouble(Some(Trouble::NoHumans));
    ada.presses(greeting, HUMAN).expect("there is a button");
    let answered = |world: &World| world.chat(ada.id())?.presses()[0].answer.clone();
    let answer = rig.fake.wait_for(SOON, answered).await.expect("it is answered");
    assert_eq!(
        answer.text.as_deref(),
        Some("That did not work. Please try again in a moment.")
    );
    assert!(running.seen.all().is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_press_that_an_escalation_took_is_answered() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let greeting = greeting(&rig.bot, &ada).await;
    let batch = vec![ada.message("/human"), ada.press(greeting, HUMAN)];
    rig.fake.push_batch(batch).expect("the chat is open");
    let running = rig.run();
    let answered = |world: &World| world.chat(ada.id())?.presses()[0].answer.clone();
    let answer = rig.fake.wait_for(SOON, answered).await.expect("it is answered");
    assert!(answer.text.is_some_and(|text| text.contains("/end")));
    running.stop().await;
}

#[tokio::test]
async fn the_button_in_a_group_tells_where_to() {
    let rig = Rig::new().await;
    let team = rig.fake.user("Ada").create().group("Team");
    let running = rig.run();
    let greeting = greeting(&rig.bot, &team).await;
    team.presses(greeting, HUMAN).expect("there is a button");
    let answered = |world: &World| world.chat(team.id())?.presses()[0].answer.clone();
    let answer = rig.fake.wait_for(SOON, answered).await.expect("it is answered");
    assert!(answer.text.is_some_and(|text| text.contains("in a private chat")));
    assert!(rig.house.look(|state| state.accepted.is_empty()));
    running.stop().await;
}

async fn hear(query: CallbackQuery, seen: Seen) -> Result<(), Failed> {
    seen.note(query.data.unwrap_or_default());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_button_of_an_earlier_session_does_not_end_this_one() {
    let shop = Shop::open(Policy::default(), quick()).await;
    let ada = shop.fake.user("Ada").private_chat();
    ada.says("/human");
    let session = shop.session(|_| true).await;
    let an_hour_ago = SystemTime::now() - Duration::from_hours(1);
    let an_hour_ago = an_hour_ago.duration_since(UNIX_EPOCH).expect("it is later").as_secs();
    let from = json!({"id": ada.id(), "is_bot": false, "first_name": "Ada"});
    shop.fake.push_raw(json!({"callback_query": {
        "id": "old", "from": from, "chat_instance": "1", "data": END,
        "message": {
            "message_id": 1, "date": an_hour_ago, "text": "An agent is with you now.",
            "from": {"id": 1, "is_bot": true, "first_name": "Bot"},
            "chat": {"id": ada.id(), "type": "private", "first_name": "Ada"},
        },
    }}));
    let answered = |world: &World| {
        let mut calls = world.calls().iter();
        let answer = calls.find(|call| call.method == "answerCallbackQuery")?;
        answer.params.text("text")
    };
    let answer = shop.fake.wait_for(SOON, answered).await;
    assert!(answer.expect("it is answered").contains("/end"));
    ada.says("still here");
    shop.agent_reads("still here").await;
    let waiting = |message: &Message| message.button(END).is_some();
    let waiting = ada.sees(SOON, waiting).await.expect("there is a button");
    ada.presses(waiting.id, END).expect("there is a button");
    shop.session(|of| of.id == session.id && of.status == SessionStatus::Ended)
        .await;
    shop.close().await;
}

#[tokio::test]
async fn a_bot_that_hears_buttons_hears_its_own_also_where_the_node_stands_alone() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let greeting = greeting(&rig.bot, &ada).await;
    let keys = InlineKeyboardMarkup::new([[InlineKeyboardButton::callback("Order", "order:17")]]);
    let menu = rig.bot.send_message(ChatId(ada.id()), "Menu").reply_markup(keys);
    let menu = i64::from(menu.await.expect("it is sent").id.0);
    let seen = Seen::default();
    let handlers = dptree::entry().branch(Update::filter_callback_query().endpoint(hear));
    let dispatcher = rig.dispatcher(rig.telegram.node_alone(handlers), &seen);
    let running = rig.spawn(dispatcher, polling(rig.bot.clone()), seen);
    ada.presses(menu, "order:17").expect("there is a button");
    ada.presses(greeting, HUMAN).expect("there is a button");
    let answered = |world: &World| world.chat(ada.id())?.presses()[1].answer.clone();
    let answer = rig.fake.wait_for(SOON, answered).await.expect("it is answered");
    assert_eq!(answer.text, None);
    assert_eq!(running.seen.all(), ["order:17"]);
    // A human has the chat now.
    ada.presses(menu, "order:17").expect("there is a button");
    let answered = |world: &World| world.chat(ada.id())?.presses()[2].answer.clone();
    let answer = rig.fake.wait_for(SOON, answered).await.expect("it is answered");
    assert!(answer.text.is_some_and(|text| text.contains("/end")));
    running.stop().await;
}

#[tokio::test]
async fn the_button_stands_where_the_bot_has_the_chat_again_unless_it_is_switched_off() {
    let again = [
        NoticeKind::Ended,
        NoticeKind::SilenceEnded,
        NoticeKind::NobodyCame,
        NoticeKind::Failed,
        NoticeKind::LeftMessage,
    ];
    let rig = Rig::new().await;
    let ada = rig.ada();
    for (at, kind) in again.into_iter().enumerate() {
        rig.deliver(&ada, &notice(kind, &format!("notice {at}"))).await;
    }
    rig.deliver(&ada, &notice(NoticeKind::StillWaiting, "waiting")).await;
    let with_button = |chat: &Chat| {
        let messages = chat.transcript();
        let messages = messages.from_bot().map(|message| message.button(HUMAN).is_some());
        messages.collect::<Vec<_>>()
    };
    assert_eq!(with_button(&ada), [true, true, true, true, true, false]);

    let mut settings = quick();
    settings.texts.human_button = None;
    let rig = Rig::with(settings).await;
    let ada = rig.ada();
    rig.deliver(&ada, &notice(NoticeKind::Ended, "over")).await;
    assert_eq!(with_button(&ada), [false]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whether_it_was_solved_is_asked_once_and_the_ticket_gets_the_answer() {
    let mut policy = Policy::default();
    policy.solved_question = SolvedQuestion::Always;
    let shop = Shop::open(policy, quick()).await;
    for (name, answer, line) in [("Ada", "Yes", "solved"), ("Eve", "No", "not solved")] {
        let chat = shop.fake.user(name).private_chat();
        chat.says("/human");
        let session = shop.session(|session| session.status == SessionStatus::Waiting).await;
        shop.served(&session).await;
        let question = chat.sees_text(SOON, "Was your question solved?").await;
        let question = question.expect("it is asked");
        let labels: Vec<_> = question.buttons.iter().flatten().map(|it| it.text.as_str()).collect();
        assert_eq!(labels, ["Yes", "No"]);
        let pressed = question.buttons[0].iter().find(|it| it.text == answer);
        let data = pressed.and_then(|it| it.callback_data.as_deref()).expect("it has data");
        chat.presses(question.id, data).expect("there is a button");

        let line = format!("The customer was asked whether it was solved: {line}.");
        let told = shop.agent_reads(&line).await;
        assert!(told.texts(Party::Customer).contains(&line.as_str()));
        assert_eq!(shop.answer(&chat).await.text, None);
        let thanks = chat.sees_text(SOON, "Thank you for your answer.");
        thanks.await.expect("it is thanked for");
        let is_bare = |world: &World| {
            let question = world.chat(chat.id()).and_then(|chat| chat.message(question.id));
            question.is_some_and(|question| question.buttons.is_empty())
        };
        shop.fake.wait_until(SOON, is_bare).await.expect("the buttons go");
        let is_over = |session: &Session| session.ticket == told.ticket && session.status == SessionStatus::Ended;
        shop.session(is_over).await;
    }
    assert_eq!(shop.seen.all(), ["/human", "/human"], "no handler sees the buttons");
    shop.close().await;
}

#[tokio::test]
async fn an_answer_is_told_with_its_session_and_answered_whatever_becomes_of_it() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let running = rig.run();
    // A session that nobody knows, as after a ledger was lost.
    let session = SessionId::mint();
    let text = "Was it solved?".into();
    rig.deliver(&ada, &ChatPayload::Question { session, text }).await;
    let question = ada.sees_text(SOON, "Was it solved?").await.expect("it is asked");
    let no = format!("escalator:unsolved:{session}");
    ada.presses(question.id, &no).expect("there is a button");
    let answered = |world: &World| world.chat(ada.id())?.presses()[0].answer.clone();
    rig.fake.wait_for(SOON, answered).await.expect("it is answered");
    let events = rig.house.look(|state| {
        let events = state.accepted.iter().map(|update| update.event.clone());
        events.collect::<Vec<_>>()
    });
    let answer = Answer::NotSolved;
    assert_eq!(events, [CustomerEvent::Answered { session, answer }]);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_number_is_shared_by_a_key_and_the_desk_has_it() {
    let shop = Shop::open(Policy::default(), quick()).await;
    let ada = shop.fake.user("Ada").private_chat();
    ada.says("/human");
    let session = shop.session(|_| true).await;
    assert_eq!(phone(&session), None);
    let asked = ada.sees_text(SOON, "Please provide your phone number").await;
    let asked = asked.expect("the desk asks for it");
    assert_eq!(asked.keys(), ["Share my phone number"]);
    let markup = asked.reply_markup.as_ref().expect("there are keys");
    assert_eq!(
        (&markup["one_time_keyboard"], &markup["resize_keyboard"]),
        (&true.into(), &true.into())
    );
    ada.shares_phone(asked.id, "442079460000").expect("there is a key");
    shop.session(|session| phone(session) == Some("+442079460000")).await;
    let session = shop.agent_reads("Contact: Ada, 442079460000").await;
    assert_eq!(phone(&session), Some("+442079460000"));
    shop.close().await;
}

#[tokio::test]
async fn the_phone_key_goes_with_the_next_text_that_has_no_buttons() {
    let rig = Rig::new().await;
    let (ada, eve) = (rig.ada(), rig.fake.user("Eve").private_chat());
    rig.deliver(&ada, &notice(NoticeKind::AskPhone, "Your number?")).await;
    rig.deliver(&eve, &says(Some("Anna"), "Hello.")).await;
    rig.deliver(&ada, &notice(NoticeKind::Connected, "Anna is here.")).await;
    rig.fake
        .fault(On::method("sendMessage"), Plan::Next(1, Fault::RetryAfter { secs: 1 }));
    let outcome = rig.deliver(&ada, &says(Some("Anna"), "Hello.")).await;
    assert_eq!(outcome.word(), "not_sent", "{outcome:?}");
    rig.deliver(&ada, &says(Some("Anna"), "Hello again.")).await;
    rig.deliver(&ada, &says(Some("Anna"), "Well?")).await;
    let takes_it_away = |chat: &Chat| {
        let transcript = chat.transcript();
        let markups = transcript.from_bot().map(|message| message.reply_markup.as_ref());
        let gone = markups.map(|markup| markup.is_some_and(|markup| markup["remove_keyboard"] == true));
        gone.collect::<Vec<_>>()
    };
    assert_eq!(takes_it_away(&ada), [false, false, true, false]);
    assert_eq!(takes_it_away(&eve), [false], "each chat has its own");
    assert_eq!(rig.fake.violations(), []);
}

#[tokio::test]
async fn without_a_label_a_phone_number_is_asked_for_in_words_alone() {
    let mut settings: Settings = quick();
    settings.texts.share_phone_key = None;
    let rig = Rig::with(settings).await;
    let ada = rig.ada();
    rig.deliver(&ada, &notice(NoticeKind::AskPhone, "Your number?")).await;
    let asked = ada.sees_text(SOON, "Your number?").await.expect("it is asked");
    assert_eq!(asked.reply_markup, None);
}
