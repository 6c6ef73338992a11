//! A fake Telegram, a bot with an author's handlers, and what stands behind the channel.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use escalator::{
    channel::{ChatDelivery, EscalationChannel, Turn},
    delivery::{ChatPayload, DeliveryId, Lane, NoticeKind, OpenFile, Outcome},
    model::{ConversationId, ConversationKey, Escalation},
};
use escalator_telegram::{Settings, Telegram, TurnExt, Webhook, client, polling};
use escalator_testkit::telegram::{Chat, FakeTelegram};
use teloxide::{
    Bot,
    dispatching::{Dispatcher, ShutdownToken, UpdateFilterExt, UpdateHandler},
    dptree,
    error_handlers::LoggingErrorHandler,
    types::{Message, Update, UserId},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::desk_of_one::House;

/// The time within which anything that is waited for must happen.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// Longer than 35 characters, as a real one's secret is.
pub(crate) const TOKEN: &str = "7000000001:AAE-secret_secret_secret_secret_secret";

pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Everything but a running bot.
pub(crate) struct Rig {
    pub(crate) fake: FakeTelegram,
    pub(crate) house: Arc<House>,
    pub(crate) bot: Bot,
    pub(crate) telegram: Telegram<Bot>,
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(quick()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let fake = FakeTelegram::builder().token(TOKEN).local_webhooks();
        let fake = fake.post_wait_max(Duration::from_millis(50)).start().await;
        let fake = fake.expect("a free port is there");
        let house = House::new();
        let bot = client(TOKEN, Some(&fake.url())).expect("token and address are right");
        let telegram = Telegram::with_settings(bot.clone(), house.ingress(), settings);
        Self {
            fake,
            house,
            bot,
            telegram,
        }
    }

    /// A customer with an open chat.
    pub(crate) fn ada(&self) -> Chat {
        self.fake.user("Ada").language("en").private_chat()
    }

    pub(crate) fn key(&self, chat: &Chat) -> ConversationKey {
        self.telegram.conversation(UserId(chat.id().unsigned_abs()))
    }

    /// The bot of the examples, installed in full.
    pub(crate) fn run(&self) -> Running {
        let seen = Seen::default();
        let (listener, handlers) = self.telegram.install(polling(self.bot.clone()), authors_handlers());
        let dispatcher = self.dispatcher(handlers, &seen);
        self.spawn(dispatcher, listener, seen)
    }

    /// The same bot, to which Telegram posts.
    pub(crate) fn run_by_webhook(&self, webhook: &Webhook<Bot>) -> Running {
        let seen = Seen::default();
        let (listener, handlers) = self.telegram.install(webhook.listener(), authors_handlers());
        let dispatcher = self.dispatcher(handlers, &seen);
        self.spawn(dispatcher, listener, seen)
    }

    /// The same bot with the node alone.
    pub(crate) fn run_node_alone(&self) -> Running {
        let seen = Seen::default();
        let dispatcher = self.dispatcher(self.telegram.node_alone(authors_handlers()), &seen);
        self.spawn(dispatcher, polling(self.bot.clone()), seen)
    }

    pub(crate) async fn deliver(&self, to: &Chat, payload: &ChatPayload) -> Outcome {
        self.deliver_file(to, payload, None).await
    }

    pub(crate) async fn deliver_file(&self, to: &Chat, payload: &ChatPayload, file: Option<&dyn OpenFile>) -> Outcome {
        let (to, id) = (&self.key(to), delivery_id());
        let attempt = 1;
        self.telegram
            .deliver(ChatDelivery {
                id,
                to,
                place: None,
                payload,
                file,
                attempt,
            })
            .await
    }

    pub(crate) fn dispatcher(&self, handlers: UpdateHandler<Failed>, seen: &Seen) -> HostDispatcher {
        let unhandled = seen.clone();
        Dispatcher::builder(self.bot.clone(), handlers)
            .dependencies(dptree::deps![self.telegram.clone(), seen.clone()])
            .default_handler(move |update: Arc<Update>| {
                unhandled.note(format!("{:?}", update.kind));
                std::future::ready(())
            })
            .build()
    }

    pub(crate) fn spawn<L>(&self, mut dispatcher: HostDispatcher, listener: L, seen: Seen) -> Running
    where
        L: teloxide::update_listeners::UpdateListener<Err: std::fmt::Debug + Send> + Send + 'static,
        for<'a> <L as teloxide::update_listeners::AsUpdateStream<'a>>::Stream: Send,
    {
        let stop = dispatcher.shutdown_token();
        let polls = tokio::spawn(async move {
            dispatcher
                .dispatch_with_listener(listener, LoggingErrorHandler::new())
                .await;
        });
        let shutdown = CancellationToken::new();
        let (telegram, until) = (self.telegram.clone(), shutdown.clone());
        let runs = tokio::spawn(async move { telegram.run(until).await.expect("nothing is in the way") });
        Running {
            seen,
            telegram: self.telegram.clone(),
            stop,
            polls,
            shutdown,
            runs,
        }
    }
}

type HostDispatcher = Dispatcher<Bot, Failed, teloxide::dispatching::DefaultKey>;

/// Settings that make a test quick.
pub(crate) fn quick() -> Settings {
    let mut settings = Settings::default();
    settings.offer_retry.first_wait = Duration::from_millis(5);
    settings.offer_retry.wait_max = Duration::from_millis(20);
    settings.stop_wait_max = Duration::from_millis(50);
    settings
}

pub(crate) fn delivery_id() -> DeliveryId {
    DeliveryId {
        lane: Lane::Chat(ConversationId::mint()),
        seq: 1,
    }
}

pub(crate) fn notice(kind: NoticeKind, text: &str) -> ChatPayload {
    ChatPayload::Notice {
        kind,
        text: text.into(),
        agent: None,
    }
}

pub(crate) fn says(author: Option<&str>, text: &str) -> ChatPayload {
    ChatPayload::Message {
        author: author.map(Into::into),
        continues: false,
        text: text.into(),
    }
}

/// A bot that runs.
pub(crate) struct Running {
    /// What reached the author's handlers.
    pub(crate) seen: Seen,
    telegram: Telegram<Bot>,
    /// For the node alone, which has no listener to stop.
    stop: ShutdownToken,
    polls: JoinHandle<()>,
    shutdown: CancellationToken,
    runs: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn stop(self) {
        self.telegram.stop();
        drop(self.stop.shutdown().ok());
        self.polls.await.expect("the dispatcher ends well");
        self.shutdown.cancel();
        self.runs.await.expect("the channel ends well");
    }
}

/// What reached the author's handlers.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    pub(crate) fn note(&self, what: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The author asks for messages alone, and for a turn with each.
pub(crate) fn authors_handlers() -> UpdateHandler<Failed> {
    dptree::entry().branch(Update::filter_message().endpoint(answer))
}

async fn answer(bot: Bot, message: Message, turn: Turn, telegram: Telegram<Bot>, seen: Seen) -> Result<(), Failed> {
    let said = message.text().unwrap_or_default().to_owned();
    seen.note(said.clone());
    if said == "/human" {
        telegram
            .escalate(turn, Escalation::because("asked for a human"))
            .await?;
    } else {
        turn.reply(&bot, message.chat.id, format!("Bot: {said}")).await?;
    }
    Ok(())
}
