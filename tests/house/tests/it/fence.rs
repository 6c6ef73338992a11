//! The bot's fence, on both platforms: handlers that take from 0 to 30 seconds (shortened), takeovers, hand-backs, second
//! escalations and replays in random order, and at the moment of each line of the bot the ledger is asked who owns the
//! conversation.
//!
//! `HOUSE_FENCE_SEED` repeats a run.

mod shared;

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use escalator::{
    channel::{Escalated, EscalationChannel, Turn},
    model::{ChannelId, Escalation},
    runtime::{Escalator, StartError},
    store::{Ledger, Store},
};
use escalator_discord::{Bot, Discord, Handler, INTENTS};
use escalator_telegram::Telegram;
use escalator_testkit::{
    desk::{DeskState, Reply, Session, SessionStatus},
    discord::{self, Customer, FakeDiscord},
    telegram::{self, Chat, WEBHOOK},
};
use futures::future::join_all;
use serenity::{
    async_trait,
    client::{Context, EventHandler},
    model::channel::Message,
};
use teloxide::{
    dispatching::{UpdateFilterExt, UpdateHandler},
    prelude::*,
};

use crate::{
    bot::Failed,
    home::{House, Plan},
    street::{PATIENCE, Street, exact},
};

/// How long a second takes where one instance has everything.
const SECOND: Duration = Duration::from_millis(20);
/// How long a handler takes at the most, and a line of the bot on its way to the platform.
const HANDLER_SECS_MAX: u32 = 30;
const SENDING_SECS_MAX: u32 = 2;
/// How many customers each platform has, and how often each gets a human.
const CUSTOMERS: usize = 4;
const TAKEOVERS: usize = 5;
/// How often a customer asks the bot before.
const QUESTIONS_MAX: u8 = 3;
/// Of how many of Telegram's polls and posts one comes again because its answer is lost. Never two in a row: a poller waits
/// twice as long each time.
const ONE_REPLAYED_OF: usize = 6;

/// What the bot's lines came to.
struct Watch {
    /// How long a second takes.
    second: Duration,
    chance: Mutex<fastrand::Rng>,
    fence: Fence,
    /// The ledgers of the instances, in the order of their opening.
    ledgers: Mutex<Vec<Weak<Ledger>>>,
    /// Which of them held a channel last.
    held_last: Mutex<HashMap<ChannelId, usize>>,
    said: AtomicUsize,
    refused: AtomicUsize,
    /// Those of them that were refused where the channel was no longer held.
    refused_elsewhere: AtomicUsize,
    opened: AtomicUsize,
    again: AtomicUsize,
    /// Lines of the bot that were made while a human owned the conversation.
    broken: Mutex<Vec<String>>,
    /// Lines that one instance let out while another held the channel.
    strays: Mutex<Vec<String>>,
}

/// Whether the bot speaks through its turns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fence {
    Stands,
    /// A faulty product: lines go past it.
    Ignored,
}

/// The bot of one instance.
#[derive(Clone)]
struct Speaker {
    watch: Arc<Watch>,
    /// Which instance's.
    instance: usize,
}

impl Watch {
    fn new(seed: u64, fence: Fence, second: Duration) -> Arc<Self> {
        Arc::new(Self {
            second,
            chance: Mutex::new(fastrand::Rng::with_seed(seed)),
            fence,
            ledgers: Mutex::default(),
            held_last: Mutex::default(),
            said: AtomicUsize::default(),
            refused: AtomicUsize::default(),
            refused_elsewhere: AtomicUsize::default(),
            opened: AtomicUsize::default(),
            again: AtomicUsize::default(),
            broken: Mutex::default(),
            strays: Mutex::default(),
        })
    }

    fn chance<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut lock(&self.chance))
    }

    /// Up to so many seconds.
    fn pause(&self, secs_max: u32) -> impl Future<Output = ()> {
        tokio::time::sleep((self.second * secs_max).mul_f64(self.chance(fastrand::Rng::f64)))
    }

    /// The bot of an instance that is about to open.
    fn speaker(self: &Arc<Self>) -> Speaker {
        let mut ledgers = lock(&self.ledgers);
        ledgers.push(Weak::new());
        Speaker {
            watch: Arc::clone(self),
            instance: ledgers.len() - 1,
        }
    }

    fn ledger(&self, instance: usize) -> Option<Arc<Ledger>> {
        lock(&self.ledgers).get(instance)?.upgrade()
    }

    /// The instance that holds a channel right now.
    fn holder(&self, channel: &ChannelId) -> Option<usize> {
        let ledgers = lock(&self.ledgers);
        let holds = |of: &Weak<Ledger>| of.upgrade().is_some_and(|ledger| ledger.holds(channel));
        let holder = ledgers.iter().position(holds)?;
        lock(&self.held_last).insert(channel.clone(), holder);
        Some(holder)
    }

    /// A line of the bot reaches a platform. Who holds the channel knows whose the conversation is; while nobody does, who
    /// held it last.
    fn sees(&self, channel: &str, address: &str, text: &str) {
        let channel = ChannelId::new(channel);
        let holder = self
            .holder(&channel)
            .or_else(|| lock(&self.held_last).get(&channel).copied());
        let Some(ledger) = holder
            .filter(|_| text.starts_with("Bot:"))
            .and_then(|of| self.ledger(of))
        else {
            return;
        };
        let owned = ledger.owners().of_channel(&channel);
        if owned
            .iter()
            .any(|(key, of)| key.address.as_str() == address && of.is_human())
        {
            lock(&self.broken).push(format!("{channel} {address}: {text}"));
        }
    }

    fn broken(&self) -> Vec<String> {
        lock(&self.broken).clone()
    }

    fn strays(&self) -> Vec<String> {
        lock(&self.strays).clone()
    }

    /// What it came to, in a line.
    fn tells(&self) {
        let count = |of: &AtomicUsize| of.load(Ordering::SeqCst);
        println!(
            "{} lines said, {} refused, {} of them where the channel was lost; {} sessions opened, {} asked for again",
            count(&self.said),
            count(&self.refused),
            count(&self.refused_elsewhere),
            count(&self.opened),
            count(&self.again)
        );
    }
}

impl Speaker {
    fn opened(&self, ledger: &Arc<Ledger>) {
        lock(&self.watch.ledgers)[self.instance] = Arc::downgrade(ledger);
    }

    /// Says a line, through the turn or past it.
    async fn say<T, E>(&self, turn: &Turn, line: String, send: impl Future<Output = Result<T, E>>) {
        let (watch, channel) = (&self.watch, &turn.conversation().channel);
        let send = async {
            if watch.holder(channel).is_some_and(|holder| holder != self.instance) {
                lock(&watch.strays).push(format!("{channel}: {line}"));
            }
            watch.pause(SENDING_SECS_MAX).await;
            send.await
        };
        let is_out = match watch.fence {
            Fence::Stands => turn.say(line.clone(), send).await.is_ok(),
            Fence::Ignored => send.await.is_ok(),
        };
        let count = if is_out { &watch.said } else { &watch.refused };
        count.fetch_add(1, Ordering::SeqCst);
        let is_held = watch.ledger(self.instance).is_some_and(|ledger| ledger.holds(channel));
        let is_elsewhere = !is_out && !is_held;
        watch
            .refused_elsewhere
            .fetch_add(usize::from(is_elsewhere), Ordering::SeqCst);
    }

    /// Hands over. What the bot says later, and whether it hands over again through the turn that it has by then, is up to
    /// its handler.
    async fn escalate(&self, channel: &dyn EscalationChannel, turn: Turn) {
        match channel.escalate(turn, Escalation::default()).await {
            Ok(Escalated::Opened(_)) => self.watch.opened.fetch_add(1, Ordering::SeqCst),
            _ => self.watch.again.fetch_add(1, Ordering::SeqCst),
        };
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn on_telegram(speaker: Speaker) -> UpdateHandler<Failed> {
    let answer =
        move |bot: teloxide::Bot, message: teloxide::types::Message, turn: Turn, telegram: Telegram<teloxide::Bot>| {
            let speaker = speaker.clone();
            async move {
                speaker.watch.pause(HANDLER_SECS_MAX).await;
                let chat = message.chat.id;
                let said = message.text().unwrap_or_default().to_owned();
                let late = (
                    speaker.clone(),
                    bot.clone(),
                    turn.clone(),
                    telegram.clone(),
                    said.clone(),
                );
                if said == "/human" {
                    speaker.escalate(&telegram, turn).await;
                } else {
                    let line = format!("Bot: {said}");
                    let send = async { bot.send_message(chat, &line).await };
                    speaker.say(&turn, line.clone(), send).await;
                }
                tokio::spawn(async move {
                    let (speaker, bot, turn, telegram, said) = late;
                    speaker.watch.pause(HANDLER_SECS_MAX).await;
                    let line = format!("Bot: late {said}");
                    let send = async { bot.send_message(chat, &line).await };
                    speaker.say(&turn, line.clone(), send).await;
                    if said == "/human" {
                        speaker.escalate(&telegram, turn).await;
                    }
                });
                Ok(())
            }
        };
    dptree::entry().branch(Update::filter_message().endpoint(answer))
}

/// The same bot on Discord.
struct OnDiscord {
    discord: Discord,
    speaker: Speaker,
}

#[async_trait]
impl EventHandler for OnDiscord {
    async fn message(&self, ctx: Context, message: Message) {
        let Some(turn) = self.discord.turn(&message).await else {
            return;
        };
        let speaker = self.speaker.clone();
        speaker.watch.pause(HANDLER_SECS_MAX).await;
        let (channel, said) = (message.channel_id, message.content.clone());
        let late = (turn.clone(), self.discord.clone(), said.clone(), Arc::clone(&ctx.http));
        if said == "/human" {
            speaker.escalate(&self.discord, turn).await;
        } else {
            let line = format!("Bot: {said}");
            speaker.say(&turn, line.clone(), channel.say(&ctx.http, line)).await;
        }
        tokio::spawn(async move {
            let (turn, discord, said, http) = late;
            speaker.watch.pause(HANDLER_SECS_MAX).await;
            let line = format!("Bot: late {said}");
            speaker.say(&turn, line.clone(), channel.say(&http, line)).await;
            if said == "/human" {
                speaker.escalate(&discord, turn).await;
            }
        });
    }
}

/// A customer of either platform.
enum Seat {
    Telegram(Chat),
    Discord(Customer),
}

impl Seat {
    fn says(&self, text: &str) {
        match self {
            Self::Telegram(chat) => drop(chat.says(text)),
            Self::Discord(home) => {
                home.says(text);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_line_goes_through_an_old_turn_on_either_platform() {
    let watch = run(seed(), Fence::Stands).await;
    watch.tells();
    assert_eq!(watch.broken(), [""; 0]);
    assert_eq!(watch.strays(), [""; 0]);
    let count = |of: &AtomicUsize| of.load(Ordering::SeqCst);
    assert!(count(&watch.said) > 0 && count(&watch.refused) > 0, "it goes both ways");
}

/// Drawn, or the one that is to be repeated.
fn seed() -> u64 {
    let seed = std::env::var("HOUSE_FENCE_SEED").ok();
    let seed = seed.map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("it is a number"));
    println!("HOUSE_FENCE_SEED={seed}");
    seed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_speaks_past_its_turns_is_noticed_on_both_platforms() {
    let watch = run(1, Fence::Ignored).await;
    for channel in ["telegram", "discord"] {
        assert!(
            watch.broken().iter().any(|line| line.starts_with(channel)),
            "nothing was noticed on {channel}"
        );
    }
}

async fn run(seed: u64, fence: Fence) -> Arc<Watch> {
    let watch = Watch::new(seed, fence, SECOND);
    let street = Street::build().await;
    let fake = FakeDiscord::builder().start().await.expect("Discord starts");
    let (house, shards) = open(&street, &fake, &watch).await;
    observe(&street, &fake, &watch);
    replay(&street);
    customers(&street, &fake, &watch, |round| round < TAKEOVERS).await;
    house.drained().await;
    // A handler can have handed over and not been told so yet; what was ended at once never reaches the desk; and a line that
    // was on its way when the agent ended comes into the same session again.
    let no_more = async {
        while street.desk.look(session_ids) > watch.opened.load(Ordering::SeqCst) {
            tokio::time::sleep(SECOND).await;
        }
    };
    let no_more = tokio::time::timeout(PATIENCE, no_more).await;
    no_more.expect("there are no more sessions than openings");
    street.nobody_complains();
    shards.shutdown_all().await;
    house.shutdown().await;
    watch
}

/// What Telegram gave comes again: the answer to it was lost.
fn replay(street: &Street) {
    for method in ["getUpdates", WEBHOOK] {
        let mut faults = vec![None; ONE_REPLAYED_OF];
        faults[0] = Some(telegram::Fault::LoseAnswer);
        street
            .telegram
            .fault(telegram::On::method(method), telegram::Plan::Cycle(faults));
    }
}

/// All customers, each for as many rounds as it takes.
async fn customers(street: &Street, fake: &FakeDiscord, watch: &Watch, goes_on: impl Fn(usize) -> bool) {
    let customers = (0..2 * CUSTOMERS).map(|number| {
        let name = format!("Customer {number}");
        let seat = if number < CUSTOMERS {
            Seat::Telegram(street.telegram.user(&name).private_chat())
        } else {
            let user = name.to_lowercase().replace(' ', "_");
            Seat::Discord(fake.user(&user).global_name(&name).dm())
        };
        goes_back_and_forth(street, watch, seat, name, &goes_on)
    });
    join_all(customers).await;
}

/// How many sessions the desk knows.
fn session_ids(desk: &DeskState) -> usize {
    desk.sessions().map(|session| &session.id).collect::<HashSet<_>>().len()
}

async fn open(
    street: &Street,
    fake: &FakeDiscord,
    watch: &Arc<Watch>,
) -> (House, Arc<serenity::gateway::ShardManager>) {
    let account = Bot::new(fake.token(), Some(&fake.url())).expect("token and address are right");
    let speaker = watch.speaker();
    let plan = Plan {
        handlers: on_telegram(speaker.clone()),
        ..Plan::default()
    };
    let connect = |house: &mut Escalator, _: &_| -> Result<_, StartError> {
        let discord = Discord::new(&account, house.ingress("discord"));
        house.connect(Arc::new(discord.clone()))?;
        let speaker = speaker.clone();
        Ok(discord.clone().wrap(Handler(OnDiscord { discord, speaker })))
    };
    let (house, wrapped) = street.try_open_with(plan, connect).await.expect("the house opens");
    let client = account.client(INTENTS).framework(wrapped.expect("the names are free"));
    let mut client = client.await.expect("it is built");
    let shards = Arc::clone(&client.shard_manager);
    tokio::spawn(async move { client.start().await });
    fake.wait_connected(PATIENCE).await.expect("it connects");
    speaker.opened(house.running.ledger());
    (house, shards)
}

/// Asks at the moment at which a line of the bot has its effect.
fn observe(street: &Street, fake: &FakeDiscord, watch: &Arc<Watch>) {
    let eye = Arc::clone(watch);
    street.telegram.set_observer(Some(Arc::new(move |stage, call| {
        if stage == telegram::Stage::EffectDone && call.method == "sendMessage" {
            let chat = call.params.chat_id().unwrap_or_default().to_string();
            eye.sees("telegram", &chat, &call.params.text("text").unwrap_or_default());
        }
    })));
    let eye = Arc::clone(watch);
    fake.set_observer(Some(Arc::new(move |stage, call| {
        if stage == discord::Stage::EffectDone && call.is("POST", "/channels/*/messages") {
            let channel = call.path.split('/').nth(2).unwrap_or_default();
            eye.sees("discord", channel, call.body["content"].as_str().unwrap_or_default());
        }
    })));
}

/// Asks for a human again and again, sometimes twice at once; each time one of both sides ends it, after a while. The end
/// that an agent made may come again when the next session stands.
async fn goes_back_and_forth(
    street: &Street,
    watch: &Watch,
    seat: Seat,
    name: String,
    goes_on: impl Fn(usize) -> bool,
) {
    let mut before = None;
    for round in (0..).take_while(|round| goes_on(*round)) {
        for _ in 0..watch.chance(|chance| chance.u8(1..=QUESTIONS_MAX)) {
            seat.says(&format!("question {round}"));
            watch.pause(HANDLER_SECS_MAX).await;
        }
        for _ in 0..watch.chance(|chance| chance.u8(1..=2)) {
            seat.says("/human");
        }
        let session = open_session(street, watch, &seat, &name).await;
        seat.says(&format!("line {round}"));
        let reply = Reply::new(format!("reply {round}"), "Anna");
        exact(street.desk.reply(&session, reply).await);
        if let Some(before) = before
            .replace(session.clone())
            .filter(|_| watch.chance(fastrand::Rng::bool))
        {
            exact(street.desk.end(&before).await);
        }
        watch.pause(HANDLER_SECS_MAX).await;
        if watch.chance(fastrand::Rng::bool) {
            seat.says("/end");
        } else {
            exact(street.desk.end(&session).await);
        }
        let over = street.desk.wait_until(PATIENCE, |desk| {
            desk.session(&session)
                .is_some_and(|of| of.status == SessionStatus::Ended)
        });
        over.await.expect("the session ends");
    }
    // What is said late is said by then.
    tokio::time::sleep(2 * watch.second * HANDLER_SECS_MAX).await;
}

/// Waits for a session, and asks again where nobody heard.
async fn open_session(street: &Street, watch: &Watch, seat: &Seat, name: &str) -> Session {
    let open = |desk: &DeskState| {
        let mut theirs = desk.sessions().rev();
        theirs
            .find(|of| {
                of.customer.get("customerName").is_some_and(|of| of == name) && of.status != SessionStatus::Ended
            })
            .cloned()
    };
    let since = Instant::now();
    while since.elapsed() < 2 * PATIENCE {
        if let Ok(session) = street.desk.wait_for(2 * watch.second * HANDLER_SECS_MAX, open).await {
            return session;
        }
        seat.says("/human");
    }
    panic!("no session of {name} reached the desk")
}
