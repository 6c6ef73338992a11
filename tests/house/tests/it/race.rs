//! The race for a conversation: a bot that is slow to speak, and a customer who writes on while it is handed over.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use escalator::{
    channel::{EscalationChannel, SayError, Turn},
    intake::IntakeSettings,
    model::Escalation,
};
use escalator_house::judge::bot_lines_after_takeover;
use escalator_telegram::{Telegram, TurnExt};
use escalator_testkit::{
    desk::{DeskState, Party, Reply, Session},
    telegram::{Chat, Fault, On, Plan as Faulty, World},
};
use teloxide::{
    RequestError,
    dispatching::{UpdateFilterExt, UpdateHandler},
    prelude::*,
};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinSet,
};

use crate::{
    bot::Failed,
    home::Plan,
    street::{PATIENCE, Street, exact, lines_of, texts_in},
};

/// How many chats are handed over.
const CHATS: usize = 1_000;
/// How many are pushed as one batch, three updates each: a `getUpdates` gives out a hundred.
const WAVE: usize = 33;
/// How many batches are under way at once.
const WAVES_AT_ONCE: usize = 3;
const SEED: u64 = 4_711;
/// How long the bot thinks at the most, each time.
const DELAY_MILLIS_MAX: u64 = 20;

/// What became of the bot's lines.
#[derive(Default)]
struct Spoken {
    /// Made while the bot hands over, and out before.
    before: AtomicUsize,
    /// Made while the bot hands over, and refused.
    refused: AtomicUsize,
    /// Made behind the takeover, and refused.
    refused_behind: AtomicUsize,
}

/// A bot that answers every message after a while, thinks of something to say while it hands over, and talks on
/// afterwards.
fn hurried(spoken: &Arc<Spoken>) -> UpdateHandler<Failed> {
    let spoken = Arc::clone(spoken);
    let answer = move |bot: Bot, message: Message, turn: Turn, telegram: Telegram<Bot>| {
        let spoken = Arc::clone(&spoken);
        async move { hurry(bot, message, turn, telegram, &spoken).await }
    };
    dptree::entry().branch(Update::filter_message().endpoint(answer))
}

async fn hurry(bot: Bot, message: Message, turn: Turn, telegram: Telegram<Bot>, spoken: &Spoken) -> Result<(), Failed> {
    let mut chance = fastrand::Rng::with_seed(SEED ^ u64::from(message.id.0.unsigned_abs()));
    let mut delay = || tokio::time::sleep(Duration::from_millis(chance.u64(0..DELAY_MILLIS_MAX)));
    let (before, between, meanwhile, after) = (delay(), delay(), delay(), delay());
    let say = |text: String| turn.reply(&bot, message.chat.id, text);
    before.await;
    let said = message.text().unwrap_or_default();
    if said != "/human" {
        say(format!("Bot: {said}")).await?;
        after.await;
        return Ok(());
    }
    let aside = async {
        meanwhile.await;
        count(
            &say("Bot: one moment".to_owned()).await,
            &spoken.before,
            &spoken.refused,
        )
    };
    let hand_over = async {
        between.await;
        telegram.escalate(turn.clone(), Escalation::default()).await
    };
    let (noted, escalated) = tokio::join!(aside, hand_over);
    noted?;
    escalated?;
    after.await;
    let late = say("Bot: anything else?".to_owned()).await;
    count(&late, &AtomicUsize::default(), &spoken.refused_behind)
}

fn count<T>(
    outcome: &Result<T, SayError<RequestError>>,
    said: &AtomicUsize,
    refused: &AtomicUsize,
) -> Result<(), Failed> {
    match outcome {
        Ok(_) => said.fetch_add(1, Ordering::Relaxed),
        Err(SayError::TakenOver(_)) => refused.fetch_add(1, Ordering::Relaxed),
        Err(SayError::Send(failed)) => return Err(failed.to_string().into()),
    };
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_behind_human_reach_the_agent_and_the_bot_is_silent() {
    let street = Arc::new(Street::build().await);
    let spoken = Arc::<Spoken>::default();
    let house = street
        .open(Plan {
            handlers: hurried(&spoken),
            // A thousand openings a few seconds apart need not ask a thousand times.
            omnidesk: |omnidesk| omnidesk.availability_max = Duration::from_secs(10),
            ..Plan::default()
        })
        .await;

    let (mut waves, mut all) = (JoinSet::new(), BTreeMap::new());
    for first in (0..CHATS).step_by(WAVE) {
        let chats = push_wave(&street, first..CHATS.min(first + WAVE)).await;
        if waves.len() == WAVES_AT_ONCE {
            waves
                .join_next()
                .await
                .expect("a wave is under way")
                .expect("it passed");
        }
        all.extend(chats.clone());
        waves.spawn(serve(Arc::clone(&street), chats));
    }
    while let Some(wave) = waves.join_next().await {
        wave.expect("it passed");
    }

    house.drained().await;
    all_is_right(&street, &all);
    street.nobody_complains();
    let count = |number: &AtomicUsize| number.load(Ordering::Relaxed);
    assert_eq!(count(&spoken.before) + count(&spoken.refused), CHATS);
    assert!(
        count(&spoken.before) > 0 && count(&spoken.refused) > 0,
        "the race goes both ways: {} before, {} refused",
        count(&spoken.before),
        count(&spoken.refused)
    );
    assert_eq!(count(&spoken.refused_behind), CHATS);
    house.shutdown().await;
}

/// Lets customers write three lines each at once, and waits until one `getUpdates` has all of them.
async fn push_wave(street: &Street, numbers: std::ops::Range<usize>) -> BTreeMap<String, Chat> {
    let chats: BTreeMap<_, _> = numbers
        .map(|number| (name(number), street.telegram.user(&name(number)).private_chat()))
        .collect();
    let lines = |(name, chat): (&String, &Chat)| {
        let [one, two] = customers_lines(name);
        ["/human".to_owned(), one, two].map(|line| chat.message(line))
    };
    let batch = chats.iter().flat_map(lines).collect();
    let pushed = street.telegram.push_batch(batch).expect("the chats are open");
    let ids: Vec<i64> = pushed.iter().map(|pushed| pushed.update_id).collect();
    let handed_out = street.telegram.wait_until(PATIENCE, |world| {
        // The next poll may have begun before anybody looked.
        let mut recent = world.handouts().iter().rev().take(3);
        recent.any(|handout| handout.handed_out == ids)
    });
    handed_out.await.expect("one getUpdates has the whole batch");
    chats
}

/// The agents of a wave: each replies as soon as its session is there.
async fn serve(street: Arc<Street>, chats: BTreeMap<String, Chat>) {
    let sessions = street.desk.wait_for(PATIENCE, |desk| {
        // The newest are at the end, and few waves are under way.
        let recent = desk.sessions().rev().take(WAVE * (WAVES_AT_ONCE + 1));
        let ours: Vec<Session> = recent
            .filter(|session| chats.contains_key(customer_name(session)))
            .cloned()
            .collect();
        (ours.len() == chats.len()).then_some(ours)
    });
    let sessions = sessions.await.expect("every session of the wave reaches the desk");
    for session in &sessions {
        exact(street.desk.reply(session, Reply::new("Hi", "Anna")).await);
    }
    let has_all = |desk: &DeskState| sessions.iter().all(|session| lines_of(desk, session).len() >= 2);
    let read = street.desk.wait_until(PATIENCE, has_all).await;
    read.expect("every line of the wave reaches the desk");
    let seen = street.telegram.wait_until(PATIENCE, |world| {
        chats
            .values()
            .all(|chat| texts_in(world, chat.id()).iter().any(|text| text == "Hi"))
    });
    seen.await.expect("every reply reaches its customer");
}

fn all_is_right(street: &Street, chats: &BTreeMap<String, Chat>) {
    let sessions = street.desk.sessions();
    assert_eq!(sessions.len(), CHATS);
    let mut names: Vec<&str> = sessions.iter().map(customer_name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CHATS, "one session a chat");
    let mut openers = BTreeMap::new();
    street.desk.look(|desk| {
        for session in &sessions {
            let name = customer_name(session);
            assert_eq!(lines_of(desk, session), customers_lines(name), "{name}");
            openers.insert(chats[name].id(), session.texts(Party::Customer)[0]);
        }
    });
    street.telegram.look(|world| {
        for chat in chats.values() {
            let texts = texts_in(world, chat.id());
            let after = bot_lines_after_takeover(&texts, |text| text.contains("is with you now"), |_| false);
            assert_eq!(after, 0, "{texts:?}");
            // Of what was said while the bot had the conversation, one line can stand there, and the agent knows it.
            let said = texts.iter().filter(|text| text.starts_with("Bot:")).count();
            let known = openers[&chat.id()].matches("Bot: Bot:").count();
            assert!(said <= 1 && said == known, "{known} known of {texts:?}");
        }
    });
}

fn name(number: usize) -> String {
    format!("Chat {number}")
}

fn customers_lines(name: &str) -> [String; 2] {
    [format!("my order is {name}"), format!("hello from {name}")]
}

fn customer_name(session: &Session) -> &str {
    session
        .customer
        .get("customerName")
        .map(String::as_str)
        .unwrap_or_default()
}

/// What holds a handler back, and what became of its line.
struct Held {
    go_on: Arc<Notify>,
    outcomes: mpsc::UnboundedSender<bool>,
}

/// A bot that looks something up behind its handler's back, and speaks when it has found it; and one that talks on in
/// the very handler that hands over.
fn held(held: Held) -> UpdateHandler<Failed> {
    let held = Arc::new(held);
    let answer = move |bot: Bot, message: Message, turn: Turn, telegram: Telegram<Bot>| {
        let held = Arc::clone(&held);
        async move {
            let go_on = Arc::clone(&held.go_on);
            let outcomes = held.outcomes.clone();
            let late_turn = turn.clone();
            let late = async move {
                go_on.notified().await;
                let said = late_turn.reply(&bot, message.chat.id, "Bot: here it is").await;
                let refused = matches!(said, Err(SayError::TakenOver(_)));
                outcomes.send(refused).expect("the test listens");
            };
            if message.text() == Some("/human") {
                telegram.escalate(turn, Escalation::default()).await?;
                late.await;
            } else {
                tokio::spawn(late);
            }
            Ok(())
        }
    };
    dptree::entry().branch(Update::filter_message().endpoint(answer))
}

/// What a test holds a bot by.
struct Hold {
    go_on: Arc<Notify>,
    /// Whether each of the bot's lines was refused.
    refused: mpsc::UnboundedReceiver<bool>,
}

impl Hold {
    /// A bot that is held, and what it is held by.
    fn bot() -> (Self, UpdateHandler<Failed>) {
        let go_on = Arc::new(Notify::new());
        let (outcomes, refused) = mpsc::unbounded_channel();
        let handlers = held(Held {
            go_on: Arc::clone(&go_on),
            outcomes,
        });
        (Self { go_on, refused }, handlers)
    }

    async fn next_is_refused(&mut self) -> bool {
        let refused = tokio::time::timeout(PATIENCE, self.refused.recv()).await;
        refused.expect("the handler goes on").expect("the bot is there")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_answers_long_after_the_takeover_is_refused() {
    let street = Street::build().await;
    let (mut hold, handlers) = Hold::bot();
    let house = street
        .open(Plan {
            handlers,
            ..Plan::default()
        })
        .await;
    let ada = street.customer("Ada");
    ada.chat.says("where is my order?");
    ada.chat.says("/human");
    let ada = ada.with_agent().await;
    ada.agent_says("Hi").await;
    ada.sees("Hi").await;

    let calls = street.telegram.calls_of("sendMessage").len();
    for _ in 0..2 {
        hold.go_on.notify_one();
        assert!(hold.next_is_refused().await);
    }
    assert_eq!(street.telegram.calls_of("sendMessage").len(), calls, "nothing was sent");
    ada.agent_says("Still here").await;
    ada.sees("Still here").await;
    assert!(!ada.texts().iter().any(|text| text.starts_with("Bot:")));
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_the_bot_on_its_way_is_waited_for_and_known_to_the_agent() {
    let street = Street::build().await;
    let (mut hold, handlers) = Hold::bot();
    let house = street
        .open(Plan {
            handlers,
            ..Plan::default()
        })
        .await;
    let ada = street.customer("Ada");
    let slow = Fault::AnswerAfter(Duration::from_secs(1));
    let on = On::method("sendMessage").in_chat(ada.chat.id());
    street.telegram.fault(on, Faulty::Next(1, slow));
    ada.chat.says("where is my order?");
    hold.go_on.notify_one();
    ada.sees("Bot: here it is").await;
    ada.chat.says("/human");
    let ada = ada.with_agent().await;
    assert!(!hold.next_is_refused().await, "it was out before");
    let opener = ada.session.texts(Party::Customer)[0];
    assert!(opener.ends_with("Bot: Bot: here it is"), "{opener}");
    hold.go_on.notify_one();
    assert!(
        hold.next_is_refused().await,
        "what comes behind the takeover is refused"
    );
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_the_bot_that_hangs_is_cut_off() {
    let street = Street::build().await;
    let (mut hold, handlers) = Hold::bot();
    let house = street
        .open(Plan {
            handlers,
            house: |house| {
                let mut intake = IntakeSettings::default();
                intake.turn_drain_max = Duration::from_millis(200);
                house.intake(intake)
            },
            ..Plan::default()
        })
        .await;
    let ada = street.customer("Ada");
    let on = On::method("sendMessage").in_chat(ada.chat.id());
    street.telegram.fault(on, Faulty::Next(1, Fault::Hang));
    ada.chat.says("where is my order?");
    hold.go_on.notify_one();
    let hangs = |world: &World| world.calls().iter().any(|call| call.fault == Some(Fault::Hang));
    street
        .telegram
        .wait_until(PATIENCE, hangs)
        .await
        .expect("the line is on its way");
    ada.chat.says("/human");
    let ada = ada.with_agent().await;
    assert!(hold.next_is_refused().await);
    ada.agent_says("Hi").await;
    ada.sees("Hi").await;
    assert!(!ada.texts().iter().any(|text| text.starts_with("Bot:")));
    hold.go_on.notify_one();
    assert!(
        hold.next_is_refused().await,
        "what comes behind the takeover is refused"
    );
    street.nobody_complains();
    house.shutdown().await;
}
