//! The bot's fence, on both platforms: handlers that take from 0 to 30 seconds (a second is shortened to 20 ms), takeovers,
//! hand-backs and second escalations in random order, and at the moment of each line of the bot the ledger is asked who
//! owns the conversation.
//!
//! `HOUSE_FENCE_SEED` repeats a run.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use escalator::{
    channel::{Escalated, EscalationChannel, Turn},
    model::{ChannelId, Escalation},
    runtime::{Escalator, StartError},
    store::Store,
};
use escalator_discord::{Bot, Discord, Handler, INTENTS};
use escalator_telegram::Telegram;
use escalator_testkit::{
    desk::{DeskState, Reply, Session, SessionStatus},
    discord::{self, Customer, FakeDiscord},
    telegram::{self, Chat},
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

/// How long a second takes.
const SECOND: Duration = Duration::from_millis(20);
/// How long a handler takes at the most.
const HANDLER_SECS_MAX: u32 = 30;
/// How many customers each platform has, and how often each gets a human.
const CUSTOMERS: usize = 4;
const TAKEOVERS: usize = 5;

/// What the bot's lines came to.
struct Watch {
    ledger: OnceLock<Arc<dyn Store>>,
    chance: Mutex<fastrand::Rng>,
    fence: Fence,
    said: AtomicUsize,
    refused: AtomicUsize,
    opened: AtomicUsize,
    again: AtomicUsize,
    /// Lines of the bot that were made while a human owned the conversation.
    broken: Mutex<Vec<String>>,
}

/// Whether the bot speaks through its turns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fence {
    Stands,
    /// A faulty product: lines go past it.
    Ignored,
}

impl Watch {
    fn new(seed: u64, fence: Fence) -> Arc<Self> {
        Arc::new(Self {
            ledger: OnceLock::new(),
            chance: Mutex::new(fastrand::Rng::with_seed(seed)),
            fence,
            said: AtomicUsize::default(),
            refused: AtomicUsize::default(),
            opened: AtomicUsize::default(),
            again: AtomicUsize::default(),
            broken: Mutex::default(),
        })
    }

    fn chance<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.chance.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Up to so many seconds.
    fn pause(&self, secs_max: u32) -> impl Future<Output = ()> {
        tokio::time::sleep((SECOND * secs_max).mul_f64(self.chance(fastrand::Rng::f64)))
    }

    /// A line of the bot reaches a platform.
    fn sees(&self, channel: &str, address: &str, text: &str) {
        let Some(ledger) = self.ledger.get().filter(|_| text.starts_with("Bot:")) else {
            return;
        };
        let owned = ledger.owners().of_channel(&ChannelId::new(channel));
        if owned
            .iter()
            .any(|(key, of)| key.address.as_str() == address && of.is_human())
        {
            let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
            broken.push(format!("{channel} {address}: {text}"));
        }
    }

    fn broken(&self) -> Vec<String> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says a line, through the turn or past it.
    async fn say<T, E>(&self, turn: &Turn, line: String, send: impl Future<Output = Result<T, E>>) {
        let is_out = match self.fence {
            Fence::Stands => turn.say(line, send).await.is_ok(),
            Fence::Ignored => send.await.is_ok(),
        };
        let count = if is_out { &self.said } else { &self.refused };
        count.fetch_add(1, Ordering::SeqCst);
    }

    /// Handles a message: thinks, hands over or answers. What it says later, and whether it hands over again through the
    /// turn that it has by then, comes from [`later`](Self::later).
    async fn escalate(&self, channel: &dyn EscalationChannel, turn: Turn) {
        match channel.escalate(turn, Escalation::default()).await {
            Ok(Escalated::Opened(_)) => self.opened.fetch_add(1, Ordering::SeqCst),
            _ => self.again.fetch_add(1, Ordering::SeqCst),
        };
    }
}

fn on_telegram(watch: &Arc<Watch>) -> UpdateHandler<Failed> {
    let watch = Arc::clone(watch);
    let answer =
        move |bot: teloxide::Bot, message: teloxide::types::Message, turn: Turn, telegram: Telegram<teloxide::Bot>| {
            let watch = Arc::clone(&watch);
            async move {
                watch.pause(HANDLER_SECS_MAX).await;
                let chat = message.chat.id;
                let said = message.text().unwrap_or_default().to_owned();
                let late = (
                    Arc::clone(&watch),
                    bot.clone(),
                    turn.clone(),
                    telegram.clone(),
                    said.clone(),
                );
                if said == "/human" {
                    watch.escalate(&telegram, turn).await;
                } else {
                    let line = format!("Bot: {said}");
                    let send = async { bot.send_message(chat, &line).await };
                    watch.say(&turn, line.clone(), send).await;
                }
                tokio::spawn(async move {
                    let (watch, bot, turn, telegram, said) = late;
                    watch.pause(HANDLER_SECS_MAX).await;
                    let line = format!("Bot: late {said}");
                    let send = async { bot.send_message(chat, &line).await };
                    watch.say(&turn, line.clone(), send).await;
                    if said == "/human" {
                        watch.escalate(&telegram, turn).await;
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
    watch: Arc<Watch>,
}

#[async_trait]
impl EventHandler for OnDiscord {
    async fn message(&self, ctx: Context, message: Message) {
        let Some(turn) = self.discord.turn(&message).await else {
            return;
        };
        let watch = Arc::clone(&self.watch);
        watch.pause(HANDLER_SECS_MAX).await;
        let (channel, said) = (message.channel_id, message.content.clone());
        let late = (turn.clone(), self.discord.clone(), said.clone(), Arc::clone(&ctx.http));
        if said == "/human" {
            watch.escalate(&self.discord, turn).await;
        } else {
            let line = format!("Bot: {said}");
            watch.say(&turn, line.clone(), channel.say(&ctx.http, line)).await;
        }
        tokio::spawn(async move {
            let (turn, discord, said, http) = late;
            watch.pause(HANDLER_SECS_MAX).await;
            let line = format!("Bot: late {said}");
            watch.say(&turn, line.clone(), channel.say(&http, line)).await;
            if said == "/human" {
                watch.escalate(&discord, turn).await;
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
    let seed = std::env::var("HOUSE_FENCE_SEED").ok();
    let seed = seed.map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("it is a number"));
    println!("HOUSE_FENCE_SEED={seed}");
    let watch = run(seed, Fence::Stands).await;
    let count = |of: &AtomicUsize| of.load(Ordering::SeqCst);
    println!(
        "{} lines said, {} refused; {} sessions opened, {} asked for again",
        count(&watch.said),
        count(&watch.refused),
        count(&watch.opened),
        count(&watch.again)
    );
    assert_eq!(watch.broken(), [""; 0]);
    assert!(count(&watch.said) > 0 && count(&watch.refused) > 0, "it goes both ways");
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
    let watch = Watch::new(seed, fence);
    let street = Street::build().await;
    let fake = FakeDiscord::builder().start().await.expect("Discord starts");
    let (house, shards) = open(&street, &fake, &watch).await;
    observe(&street, &fake, &watch);
    let customers = (0..2 * CUSTOMERS).map(|number| {
        let name = format!("Customer {number}");
        let seat = if number < CUSTOMERS {
            Seat::Telegram(street.telegram.user(&name).private_chat())
        } else {
            let user = name.to_lowercase().replace(' ', "_");
            Seat::Discord(fake.user(&user).global_name(&name).dm())
        };
        goes_back_and_forth(&street, &watch, seat, name)
    });
    join_all(customers).await;
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
    let plan = Plan {
        handlers: on_telegram(watch),
        ..Plan::default()
    };
    let connect = |house: &mut Escalator, _: &_| -> Result<_, StartError> {
        let discord = Discord::new(&account, house.ingress("discord"));
        house.connect(Arc::new(discord.clone()))?;
        let watch = Arc::clone(watch);
        Ok(discord.clone().wrap(Handler(OnDiscord { discord, watch })))
    };
    let (house, wrapped) = street.try_open_with(plan, connect).await.expect("the house opens");
    let client = account.client(INTENTS).framework(wrapped.expect("the names are free"));
    let mut client = client.await.expect("it is built");
    let shards = Arc::clone(&client.shard_manager);
    tokio::spawn(async move { client.start().await });
    fake.wait_connected(PATIENCE).await.expect("it connects");
    let ledger = Arc::clone(house.running.ledger());
    assert!(watch.ledger.set(ledger).is_ok(), "it is set once");
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

/// Asks for a human again and again, sometimes twice at once; each time one of both sides ends it, after a while.
async fn goes_back_and_forth(street: &Street, watch: &Watch, seat: Seat, name: String) {
    for round in 0..TAKEOVERS {
        seat.says(&format!("question {round}"));
        watch.pause(HANDLER_SECS_MAX).await;
        for _ in 0..watch.chance(|chance| chance.u8(1..=2)) {
            seat.says("/human");
        }
        let session = open_session(street, &name).await;
        seat.says(&format!("line {round}"));
        exact(
            street
                .desk
                .reply(&session, Reply::new(format!("reply {round}"), "Anna"))
                .await,
        );
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
    tokio::time::sleep(2 * SECOND * HANDLER_SECS_MAX).await;
}

async fn open_session(street: &Street, name: &str) -> Session {
    let open = |desk: &DeskState| {
        let mut theirs = desk.sessions().rev();
        theirs
            .find(|of| {
                of.customer.get("customerName").is_some_and(|of| of == name) && of.status != SessionStatus::Ended
            })
            .cloned()
    };
    let session = street.desk.wait_for(PATIENCE, open).await;
    session.unwrap_or_else(|_| panic!("no session of {name} reached the desk"))
}
