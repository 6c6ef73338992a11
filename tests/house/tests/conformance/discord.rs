//! Discord: the adapter as an author installs it, in direct messages, against the fake.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use escalator::channel::Ingress;
use escalator_discord::{Bot, Discord, Handler, INTENTS, Settings};
use escalator_testkit::{
    conformance::{
        Patience, Unsupported,
        channel::{Act, ChannelHarness, Connected, Customer, Platform, Shown},
    },
    discord::{self, Content, FakeDiscord, Fault, LimitScope, Message, On, Plan},
};
use serenity::client::{Context, EventHandler};
use tokio_util::sync::CancellationToken;

/// How long serenity may take to connect.
const SOON: Duration = Duration::from_secs(30);

pub(crate) struct Harness;

#[async_trait]
impl ChannelHarness for Harness {
    async fn platform(&self) -> Arc<dyn Platform> {
        let fake = FakeDiscord::builder().start().await.expect("a free port is there");
        Arc::new(Stand {
            ada: fake.user("ada").dm(),
            ben: fake.user("ben").dm(),
            fake,
            lines: Mutex::default(),
            heard: Arc::default(),
            is_shut: AtomicBool::default(),
        })
    }

    fn patience(&self) -> Patience {
        Patience::default()
    }
}

struct Stand {
    fake: FakeDiscord,
    ada: discord::Customer,
    ben: discord::Customer,
    /// The last line of each customer.
    lines: Mutex<HashMap<Customer, u64>>,
    heard: Arc<AtomicUsize>,
    /// Whether Discord is away, or takes the account for none: then nothing connects.
    is_shut: AtomicBool,
}

impl Stand {
    fn seat(&self, of: Customer) -> &discord::Customer {
        match of {
            Customer::Ada => &self.ada,
            Customer::Ben => &self.ben,
        }
    }
}

#[async_trait]
impl Platform for Stand {
    async fn connect(&self, ingress: Ingress, shutdown: CancellationToken) -> Connected {
        let bot = Bot::new(self.fake.token(), Some(&self.fake.url())).expect("token and address are right");
        let mut settings = Settings::default();
        settings.offer_retry.first_wait = Duration::from_millis(5);
        settings.offer_retry.wait_max = Duration::from_millis(50);
        let discord = Discord::with_settings(&bot, ingress, settings);
        let hears = Handler(Hears {
            discord: discord.clone(),
            heard: Arc::clone(&self.heard),
        });
        let client = bot.client(INTENTS).framework(discord.wrap(hears)).await;
        let mut client = client.expect("it is built");
        let shards = Arc::clone(&client.shard_manager);
        let receiving = tokio::spawn(async move {
            tokio::select! {
                ended = client.start() => ended.expect("it ends well"),
                () = shutdown.cancelled() => shards.shutdown_all().await,
            }
        });
        if !self.is_shut.load(Ordering::SeqCst) {
            self.fake.wait_connected(SOON).await.expect("it connects");
        }
        Connected {
            debug: Some(format!("{discord:?} {bot:?}")),
            channel: Arc::new(discord),
            receiving: Some(receiving),
        }
    }

    async fn customer(&self, who: Customer, act: Act) -> Result<(), Unsupported> {
        let seat = self.seat(who);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let said = match act {
            Act::Write(line) => Some(seat.says(&typed(&line))),
            Act::Send { name, bytes } => Some(seat.sends(Content::file(&name, "application/octet-stream", bytes))),
            Act::End => Some(seat.says("/end")),
            Act::Edit(line) => {
                seat.edits(lines[&who], &line).expect("there is a line");
                None
            }
            Act::Type => {
                seat.types().expect("they are there");
                None
            }
            _ => return Err(Unsupported),
        };
        lines.extend(said.map(|said| (who, said)));
        Ok(())
    }

    fn acknowledged(&self) -> Option<usize> {
        None
    }

    fn redelivers(&self) -> bool {
        true
    }

    fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }

    fn shown(&self, to: Customer) -> Vec<Shown> {
        let transcript = self.seat(to).transcript();
        let signs = transcript.typing().iter().map(|_| Shown::Typing);
        transcript.from_bot().map(shown).chain(signs).collect()
    }

    async fn set_fault(&self, fault: escalator_testkit::conformance::channel::Fault) -> Result<(), Unsupported> {
        use escalator_testkit::conformance::channel::Fault as Wanted;
        let next = |fault| {
            self.fake.fault(On::create_message(), Plan::Next(1, fault));
        };
        match fault {
            Wanted::Unreachable => {
                self.is_shut.store(true, Ordering::SeqCst);
                self.fake.close_port().await.expect("the port is closed");
            }
            Wanted::Busy { retry_after } => next(Fault::RateLimit {
                wait: retry_after,
                scope: LimitScope::User,
            }),
            Wanted::ServerError => next(Fault::Html { status: 500 }),
            Wanted::Silence => next(Fault::HangAfterEffect),
            Wanted::LostAnswer => next(Fault::LoseAnswer),
            Wanted::Closed(who) => self.takes_messages(who, false),
            Wanted::AccountRefused => {
                let refused = Fault::Refusal {
                    status: 401,
                    code: 0,
                    message: "401: Unauthorized".to_owned(),
                };
                self.is_shut.store(true, Ordering::SeqCst);
                self.fake.fault(On::any(), Plan::Always(refused));
            }
            _ => return Err(Unsupported),
        }
        Ok(())
    }

    async fn mend(&self) {
        self.fake.clear_faults();
        self.is_shut.store(false, Ordering::SeqCst);
        self.fake.reopen_port().await.expect("the port was ours");
        for who in [Customer::Ada, Customer::Ben] {
            self.takes_messages(who, true);
        }
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.fake.token().to_owned()]
    }
}

impl Stand {
    fn takes_messages(&self, who: Customer, open: bool) {
        let user = self.fake.user_handle(self.seat(who).user());
        user.expect("they are there").takes_dms(open);
    }
}

/// The bot: it hears, and says nothing.
struct Hears {
    discord: Discord,
    heard: Arc<AtomicUsize>,
}

#[async_trait]
impl EventHandler for Hears {
    async fn message(&self, _: Context, message: serenity::model::channel::Message) {
        if message.author.bot {
            return;
        }
        // Whose a message is that an escalation takes in this moment is known when the bot asks for its turn.
        if self.discord.turn(&message).await.is_some() {
            self.heard.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn shown(message: &Message) -> Shown {
    match message.files.first() {
        Some(file) => Shown::File {
            name: file.name.clone(),
            bytes: file.bytes.clone(),
        },
        None => Shown::Text(message.content.clone()),
    }
}

/// What a customer types so that a line shows as it is: Discord takes some of its characters for formatting.
fn typed(line: &str) -> String {
    let mut typed = String::with_capacity(line.len());
    for c in line.chars() {
        if "\\*_~|`<[".contains(c) {
            typed.push('\\');
        }
        typed.push(c);
    }
    typed
}
