//! What customers see beside words: the reaction on what the desk has, the question after the end, and the button that asks
//! for a human.

use std::time::Duration;

use escalator::{
    channel::EscalationChannel,
    delivery::{ChatPayload, NoticeKind},
    model::{Clock, CustomerEvent, MessageId, SessionId, SystemClock},
};
use escalator_discord::{Place, Settings, human_button};
use escalator_testkit::{
    desk::{Party, Session, SessionStatus},
    discord::{Customer, FakeDiscord, Fault, LimitScope, Message, On, Plan, World},
};
use serenity::{
    builder::{CreateActionRow, CreateMessage},
    model::id::ChannelId,
};

use super::{
    desk_of_one::State,
    rig::{Rig, SOON, account},
    shop::Shop,
};

const HUMAN: &str = "escalator:human";

fn at(place: Place) -> Settings {
    let mut settings = Settings::default();
    settings.place = place;
    settings
}

async fn rig(settings: Settings) -> Rig {
    Rig::with(FakeDiscord::builder().start().await.expect("it starts"), settings).await
}

fn notice(kind: NoticeKind) -> ChatPayload {
    ChatPayload::Notice {
        kind,
        text: "Something happened.".into(),
        agent: None,
    }
}

/// Waits until the bot has put a reaction on a message.
async fn is_marked(fake: &FakeDiscord, there: &Customer, message: u64, emoji: &str) {
    let marked = |world: &World| {
        let said = world.transcript(there.channel());
        let message = said.and_then(|said| said.message(message));
        message.is_some_and(|message| message.reactions.iter().any(|reaction| reaction.emoji == emoji))
    };
    fake.wait_until(SOON, marked).await.expect("it is marked");
}

/// The `custom_id`s of the buttons on a message, in order.
fn buttons(message: &Message) -> Vec<String> {
    let rows = message.components.as_array().into_iter().flatten();
    let buttons = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
    let ids = buttons.map(|button| button["custom_id"].as_str().expect("each has one").to_owned());
    ids.collect()
}

fn labels(message: &Message) -> Vec<&str> {
    let rows = message.components.as_array().into_iter().flatten();
    let buttons = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
    buttons
        .map(|button| button["label"].as_str().expect("each has one"))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_desk_has_is_marked_and_nobody_takes_that_for_the_customers() {
    let shop = Shop::build().await;
    let open = shop.open(at(Place::DirectMessage)).await;
    let user = shop.fake.user("ada").global_name("Ada").create();
    user.at(&shop.fake.guild("Shop").channel("help")).says("/human");
    let session = shop.agent_reads("/human").await;
    let hello = escalator_testkit::desk::Reply::new("Hello", "Anna");
    shop.desk.reply(session.ticket, hello).await.expect("the house hears");
    let direct = user.dm();
    direct.sees_text(SOON, "**Anna:** Hello").await.expect("it is shown");
    for words in ["my order is 12", "it is blue"] {
        let said = direct.says(words);
        is_marked(&shop.fake, &direct, said, "✅").await;
        direct.reacts(said, "👍").expect("it stands");
        shop.agent_reads(&format!("[reacted 👍 to “{words}”]")).await;
    }
    // One that the author's own code puts is nobody's word either.
    let said = direct.says("thank you");
    let http = account(&shop.fake).http();
    let message = ChannelId::new(direct.channel()).message(&http, said).await;
    let put = message.expect("it stands").react(&http, '🎉').await;
    put.expect("the bot may");
    open.heard.hears("🎉 was put").await;
    direct.says("goodbye");
    let session = shop.agent_reads("goodbye").await;
    let is_of_bot = |text: &&str| text.contains('✅') || text.contains('🎉');
    assert!(!session.texts(Party::Customer).iter().any(is_of_bot), "{session:?}");
    assert_eq!(open.heard.all(), ["/human", "🎉 was put"]);
    assert_eq!(shop.fake.violations(), []);
    open.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marks_in_one_channel_wait_for_each_other_and_for_discord() {
    let mut settings = Settings::default();
    settings.receipt_emoji = Some("👀".to_owned());
    let rig = rig(settings).await;
    let help = rig.fake.guild("Shop").channel("help");
    let ada = rig.fake.user("ada").create().at(&help);
    let to = rig.conversation(&ada);
    let said: Vec<_> = ["one", "two", "three"].map(|words| ada.says(words)).into();
    let wait = Duration::from_millis(300);
    let scope = LimitScope::Shared;
    let reactions = On::call("PUT", "/channels/*/messages/*/reactions/*/@me");
    rig.fake
        .fault(reactions, Plan::Next(1, Fault::RateLimit { wait, scope }));
    let ids = said
        .iter()
        .map(|message| MessageId::new(format!("{}/{message}", ada.channel())));
    let ids: Vec<_> = ids.collect();
    let began = std::time::Instant::now();
    futures::future::join_all(ids.iter().map(|id| rig.discord.received(&to, id))).await;
    assert!(began.elapsed() >= wait);
    let there = ada.transcript();
    for message in said {
        let message = there.message(message).expect("it stands");
        assert_eq!(message.reactions.len(), 1, "{}", message.content);
        assert_eq!(message.reactions[0].emoji, "👀");
    }
    // What is none of Discord's, or is gone, is nobody's harm.
    for id in ["", "10", &format!("{}/1", ada.channel())] {
        rig.discord.received(&to, &MessageId::new(id)).await;
    }
    assert!(rig.discord.capabilities().receipts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_bot_may_put_no_marks_or_must_wait_long_it_does_not_try_again_at_once() {
    let rig = rig(Settings::default()).await;
    let guild = rig.fake.guild("Shop");
    let refusal = |code| Fault::Refusal {
        status: 403,
        code,
        message: "as the test wants it".to_owned(),
    };
    let (wait, scope) = (Duration::from_mins(1), LimitScope::Shared);
    let of_message = refusal(90001);
    for (name, fault, asked) in [
        ("forbidden", refusal(50013), 1),
        ("slow", Fault::RateLimit { wait, scope }, 1),
        ("blocked", of_message, 2),
    ] {
        let ada = rig.fake.user("ada").create().at(&guild.channel(name));
        let to = rig.conversation(&ada);
        let reactions = On::call("PUT", "/channels/*/messages/*/reactions/*/@me");
        let on = rig.fake.fault(reactions.and_about(ada.channel()), Plan::Always(fault));
        let began = std::time::Instant::now();
        for words in ["one", "two"] {
            let id = MessageId::new(format!("{}/{}", ada.channel(), ada.says(words)));
            rig.discord.received(&to, &id).await;
        }
        assert!(
            began.elapsed() < Duration::from_secs(4),
            "{name}: nothing is waited for"
        );
        let pattern = format!("/channels/{}/messages/*/reactions/*/@me", ada.channel());
        assert_eq!(rig.fake.calls_of("PUT", &pattern).len(), asked, "{name}");
        rig.fake.release(on);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_of_marks_in_one_channel_is_cut_and_ends_in_time() {
    let rig = rig(Settings::default()).await;
    let ada = rig.fake.user("ada").dm();
    let to = rig.conversation(&ada);
    let reactions = On::call("PUT", "/channels/*/messages/*/reactions/*/@me");
    rig.fake.fault(reactions, Plan::Always(Fault::Hang));
    let ids: Vec<_> = (0..20)
        .map(|number| MessageId::new(format!("{}/{}", ada.channel(), ada.says(&format!("word {number}")))))
        .collect();
    let marks = futures::future::join_all(ids.iter().map(|id| rig.discord.received(&to, id)));
    // The core gives a signal five seconds.
    let in_time = tokio::time::timeout(Duration::from_secs(5), marks).await;
    in_time.expect("none takes longer");
    let calls = rig.fake.calls_of("PUT", "/channels/*/messages/*/reactions/*/@me");
    assert!((1..=4).contains(&calls.len()), "{}", calls.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_emoji_nothing_is_marked() {
    let mut settings = Settings::default();
    settings.receipt_emoji = None;
    let rig = rig(settings).await;
    let ada = rig.fake.user("ada").dm();
    let said = ada.says("hello");
    let id = MessageId::new(format!("{}/{said}", ada.channel()));
    rig.discord.received(&rig.conversation(&ada), &id).await;
    assert!(!rig.discord.capabilities().receipts);
    let there = ada.transcript();
    assert!(there.message(said).expect("it stands").reactions.is_empty());
}

/// Has a customer of a guild talk to an agent who ends it; returns the question that follows.
async fn is_asked(shop: &Shop, ada: &Customer, there: &Customer) -> (Session, Message) {
    ada.says("/human");
    let session = shop.agent_reads("/human").await;
    let hello = escalator_testkit::desk::Reply::new("Hello", "Anna");
    shop.desk.reply(session.ticket, hello).await.expect("the house hears");
    there.sees_text(SOON, "**Anna:** Hello").await.expect("it is shown");
    shop.desk.end(session.ticket).await.expect("the house hears");
    let question = there.sees_text(SOON, "Was your question solved?").await;
    (session, question.expect("it is asked"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desk_is_told_whether_it_was_solved_by_the_one_who_was_asked_alone() {
    for (place, solved) in [(Place::SameChannel, false), (Place::DirectMessage, true)] {
        let shop = Shop::build().await;
        shop.desk
            .configure(|desk| desk.chat_config["show_survey_after_chat"] = "1".into());
        let mut settings = at(place);
        settings.agent_author = escalator_discord::AgentAuthor::Line;
        let open = shop.open(settings).await;
        let help = shop.fake.guild("Shop").channel("help");
        let user = shop.fake.user("ada").create();
        let ada = user.at(&help);
        let there = if place == Place::SameChannel {
            ada.clone()
        } else {
            user.dm()
        };
        let (session, question) = is_asked(&shop, &ada, &there).await;
        assert_eq!(labels(&question), ["Yes", "No"]);
        let ids = buttons(&question);
        let (pressed, word) = if solved {
            (&ids[0], ": solved.")
        } else {
            (&ids[1], ": not solved.")
        };
        if place == Place::SameChannel {
            let bob = shop.fake.user("bob").create().at(&help);
            bob.presses(question.id, &ids[0]).expect("it is there");
            let told = bob.sees_text(SOON, "This is somebody else's chat.").await;
            assert_eq!(told.expect("it is told").only_for, Some(bob.user()));
        }
        there.presses(question.id, pressed).expect("it is there");
        let told = |of: &Session| of.texts(Party::Customer).iter().any(|text| text.contains(word));
        // The desk of the test opens a ticket for what comes after the end of a session, of the same one.
        let is_over = |of: &Session| of.id == session.id && of.status == SessionStatus::Ended;
        let of_answer = shop.one(|of| is_over(of) && told(of)).await;
        assert_eq!(of_answer.reopens, Some(session.ticket));
        assert_eq!(of_answer.texts(Party::Customer).len(), 1, "{of_answer:?}");
        let is_bare = |world: &World| {
            let said = world.transcript(there.channel());
            said.and_then(|said| said.message(question.id))
                .is_some_and(|question| buttons(question).is_empty())
        };
        shop.fake.wait_until(SOON, is_bare).await.expect("the buttons go");
        there.says("hello again");
        there.sees_text(SOON, "Bot: hello again").await.expect("the bot has it");
        assert_eq!(open.heard.all(), ["/human", "hello again"]);
        assert_eq!(shop.fake.violations(), []);
        open.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_waits_for_the_ledger_and_its_buttons_for_that() {
    let rig = rig(Settings::default()).await;
    let ada = rig.fake.user("ada").dm();
    let to = rig.conversation(&ada);
    let session = SessionId::mint();
    let text = "Was it solved?".into();
    let sent = rig.deliver(&to, 1, &ChatPayload::Question { session, text }).await;
    assert_eq!(sent.word(), "delivered");
    let question = ada.sees_text(SOON, "Was it solved?").await.expect("it is asked");
    rig.house.hand_over(&to);
    rig.house.change(|state| state.is_away = true);
    ada.presses(question.id, &buttons(&question)[1]).expect("it is there");
    rig.house.wait(|state| state.failed > 1).await;
    let there = ada.transcript();
    assert_eq!(buttons(there.message(question.id).expect("it stands")).len(), 2);
    rig.house.change(|state| state.is_away = false);
    rig.house.wait(|state| !state.accepted.is_empty()).await;
    let answered = escalator::model::CustomerEvent::Answered {
        session,
        answer: escalator::model::Answer::NotSolved,
    };
    rig.house.look(|state| {
        assert_eq!(state.accepted[0].event, answered);
        assert_eq!(state.accepted[0].conversation, to);
        assert!(!state.accepted[0].has_handler);
    });
    let is_bare = |message: &Message| message.id == question.id && buttons(message).is_empty();
    ada.sees(SOON, is_bare).await.expect("the buttons go");
    assert!(rig.heard.all().is_empty());
    assert_eq!(rig.fake.violations(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_under_the_end_asks_for_a_human_again() {
    let shop = Shop::build().await;
    let open = shop.open(Settings::default()).await;
    let ada = shop.fake.user("ada").dm();
    ada.says("/human");
    let first = shop.agent_reads("/human").await;
    shop.desk.end(first.ticket).await.expect("the house hears");
    let over = ada.sees(SOON, |message| message.has_button(HUMAN)).await;
    let over = over.expect("it stands under the notice");
    assert_eq!(labels(&over), ["Talk to a human"]);
    ada.presses(over.id, HUMAN).expect("it is there");
    let told = ada.sees_text(SOON, "I am asking for a human.").await;
    assert_eq!(told.expect("it is told").only_for, Some(ada.user()));
    let second = shop.one(|of| of.ticket != first.ticket).await;
    let opener = second.texts(Party::Customer)[0];
    assert!(opener.contains("the customer pressed “Talk to a human”"), "{opener}");
    ada.presses(over.id, HUMAN).expect("it is there");
    let kept = "You are talking to a human now. Send /end to go back to the bot.";
    ada.sees_text(SOON, kept).await.expect("it is told");
    assert_eq!(open.heard.all(), ["/human"]);
    assert_eq!(shop.fake.violations(), []);
    open.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bots_own_messages_can_have_the_button_and_a_failure_is_told() {
    let rig = rig(Settings::default()).await;
    let ada = rig.fake.user("ada").dm();
    let row = CreateActionRow::Buttons(vec![human_button("Human, please")]);
    let menu = CreateMessage::new().content("How can I help?").components(vec![row]);
    let http = account(&rig.fake).http();
    let sent = ChannelId::new(ada.channel()).send_message(&http, menu).await;
    let menu = sent.expect("it is sent").id.get();
    rig.house.change(|state| state.is_closed = true);
    ada.presses(menu, HUMAN).expect("it is there");
    let failed = "I could not ask for a human. Please try again later.";
    ada.sees_text(SOON, failed).await.expect("it is told");
    rig.house.change(|state| state.is_closed = false);
    ada.presses(menu, HUMAN).expect("it is there");
    ada.sees_text(SOON, "I am asking for a human.")
        .await
        .expect("it is told");
    ada.says("my order is 12");
    rig.house
        .wait(|state| state.lines().iter().any(|line| line == "my order is 12"))
        .await;
    assert!(rig.heard.all().is_empty());
    assert_eq!(rig.fake.violations(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_button_stands_where_the_bot_has_the_conversation_again_and_can_be_left_out() {
    let with = rig(Settings::default()).await;
    let mut settings = Settings::default();
    settings.texts.human_button = None;
    let without = rig(settings).await;
    let kinds = [
        (NoticeKind::Ended, true),
        (NoticeKind::SilenceEnded, true),
        (NoticeKind::NobodyCame, true),
        (NoticeKind::Failed, true),
        (NoticeKind::LeftMessage, true),
        (NoticeKind::AskPhone, false),
        (NoticeKind::AskEmail, false),
        (NoticeKind::AskContact, false),
        (NoticeKind::Answered, false),
        (NoticeKind::StillWaiting, false),
    ];
    for (rig, is_there) in [(&with, true), (&without, false)] {
        let ada = rig.fake.user("ada").dm();
        for (seq, (kind, has_button)) in (1..).zip(kinds) {
            let sent = rig.deliver(&rig.conversation(&ada), seq, &notice(kind)).await;
            assert_eq!(sent.word(), "delivered");
            let there = ada.transcript();
            let last = there.messages().last().expect("it is shown");
            let wanted: &[&str] = if has_button && is_there { &[HUMAN] } else { &[] };
            assert_eq!(buttons(last), wanted, "{kind:?}");
        }
        assert_eq!(rig.fake.violations(), []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_button_of_an_earlier_session_does_not_end_this_one() {
    let rig = rig(Settings::default()).await;
    let ada = rig.fake.user("ada").dm();
    let to = rig.conversation(&ada);
    rig.deliver(&to, 1, &notice(NoticeKind::Connected)).await;
    let old = ada.sees_text(SOON, "Something happened.").await.expect("it is shown");
    rig.house.hand_over(&to);
    let is_over = |state: &State| state.accepted.iter().any(|update| update.event == CustomerEvent::Ended);
    rig.house
        .change(|state| state.since = SystemClock.now() + Duration::from_mins(10));
    ada.presses(old.id, "escalator:end").expect("it is there");
    let kept = "You are talking to a human now. Send /end to go back to the bot.";
    ada.sees_text(SOON, kept).await.expect("it is told");
    assert!(!rig.house.look(is_over));
    rig.house.change(|state| state.since = SystemClock.now());
    ada.presses(old.id, "escalator:end").expect("it is there");
    ada.sees_text(SOON, "The chat with a human is over.")
        .await
        .expect("it is told");
    assert!(rig.house.look(is_over));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_in_somebody_elses_thread_does_nothing() {
    let shop = Shop::build().await;
    let open = shop.open(at(Place::Thread)).await;
    let guild = shop.fake.guild("Shop");
    let help = guild.channel("help");
    shop.fake.user("ada").create().at(&help).says("/human");
    let session = shop.agent_reads("/human").await;
    let found = shop
        .fake
        .wait_for(SOON, |world| world.threads(help.id()).next().map(|thread| thread.id));
    let thread = found.await.expect("it is opened");
    let bob = shop.fake.user("bob").create();
    guild.add(&bob, None);
    let http = account(&shop.fake).http();
    let added = ChannelId::new(thread).add_thread_member(&http, bob.id().into()).await;
    added.expect("the bot may");
    let bob = bob.in_channel(thread);
    shop.desk.end(session.ticket).await.expect("the house hears");
    let over = bob.sees(SOON, |message| message.has_button(HUMAN)).await;
    bob.presses(over.expect("it is shown").id, HUMAN).expect("it is there");
    let told = bob.sees_text(SOON, "This is somebody else's chat.").await;
    assert_eq!(told.expect("it is told").only_for, Some(bob.user()));
    open.close().await;
}
