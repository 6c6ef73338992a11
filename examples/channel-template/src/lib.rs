//! A channel of [`escalator`] over plain HTTP, small and complete: copy it, and put your platform's terms in the place of
//! these. `docs/adding-a-channel.md` explains each decision.
//!
//! ```text
//! platform ─ POST /webhook ─► inbound ─► Ingress::offer ─► 200 ─► lanes ─► Ingress::start ─► your Bot
//! platform ◄─ POST /messages ─ outbound ◄─ EscalationChannel::deliver ◄─ the core
//! ```
//!
//! # The platform
//! It posts each update to the bot's webhook, with a secret in a header, one after the other, and again until it is
//! answered with 200. It numbers its updates. It takes texts, files and typing by one call each, with a token.
//!
//! # Embedding
//! ```no_run
//! use std::sync::Arc;
//!
//! use channel_template::{Account, Bot, Messenger};
//! use escalator::{
//!     async_trait,
//!     channel::{EscalationChannel, Turn},
//!     hookpoint::{ServeSettings, serve},
//!     model::{CustomerEvent, Escalation},
//!     runtime::Escalator,
//! };
//! use tokio_util::sync::CancellationToken;
//!
//! struct Echo;
//!
//! #[async_trait]
//! impl Bot for Echo {
//!     async fn answer(&self, turn: Turn, event: CustomerEvent, messenger: &Messenger) {
//!         let Some(said) = event.readable() else { return };
//!         let ended = match said.as_str() {
//!             "/human" => messenger.escalate(turn, Escalation::because("asked for a human")).await.map(drop).err().map(|e| e.to_string()),
//!             said => messenger.say(&turn, format!("You said: {said}")).await.err().map(|e| e.to_string()),
//!         };
//!         ended.iter().for_each(|error| tracing::warn!(error, "the bot kept silent"));
//!     }
//! }
//!
//! # async fn run(mut house: Escalator, stop: CancellationToken) -> Result<(), Box<dyn std::error::Error>> {
//! let account = Account {
//!     api: "https://api.messenger.example".to_owned(),
//!     token: std::env::var("MESSENGER_TOKEN")?,
//!     webhook_secret: std::env::var("MESSENGER_WEBHOOK_SECRET")?,
//! };
//! let messenger = Messenger::new(&account, house.ingress("messenger"), Echo)?;
//! house.connect(Arc::new(messenger.clone()))?;
//! let running = house.start().await?;
//! let listener = tokio::net::TcpListener::bind("0.0.0.0:8081").await?;
//! serve(listener, messenger.router(), stop, ServeSettings::default()).await;
//! running.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod inbound;
mod lanes;
mod outbound;

use std::{fmt, sync::Arc};

use axum::Router;
use escalator::{
    async_trait,
    channel::{Capabilities, ChannelError, ChatDelivery, EscalationChannel, Ingress, SayError, Turn},
    delivery::{OpenedFile, Outcome},
    model::{ChatLimits, ConversationKey, CustomerEvent, FileRef, Formatting, LengthUnit, Signal},
};
use tokio_util::sync::CancellationToken;

use crate::{lanes::Lanes, outbound::Api};

/// How long a text may be.
const TEXT_MAX: usize = 4_000;
/// The largest file that the platform hands out, in bytes.
const FETCH_BYTES_MAX: u64 = 20 << 20;
/// The largest file that the platform takes, in bytes.
const SEND_BYTES_MAX: u64 = 20 << 20;

/// The account at the platform.
#[derive(Clone)]
pub struct Account {
    /// Where the platform's API is.
    pub api: String,
    /// What the API knows us by.
    pub token: String,
    /// What the platform sends along with each update, so that nobody else can speak for a customer.
    pub webhook_secret: String,
}

/// The bot behind the channel.
#[async_trait]
pub trait Bot: Send + Sync + 'static {
    /// Answers what a customer did while the bot owned the conversation. Called for one update of a conversation at a
    /// time, in order.
    async fn answer(&self, turn: Turn, event: CustomerEvent, messenger: &Messenger);
}

/// The platform's account as a channel. Clones are handles on the same channel.
#[derive(Clone)]
pub struct Messenger {
    inner: Arc<Inner>,
}

struct Inner {
    ingress: Ingress,
    api: Api,
    webhook_secret: String,
    lanes: Lanes,
    bot: Box<dyn Bot>,
}

impl Messenger {
    /// Joins an account to the way in and to the bot.
    ///
    /// # Errors
    /// [`ChannelError`] when the address or the token cannot be one.
    pub fn new(account: &Account, ingress: Ingress, bot: impl Bot) -> Result<Self, ChannelError> {
        let inner = Inner {
            ingress,
            api: Api::new(account)?,
            webhook_secret: account.webhook_secret.clone(),
            lanes: Lanes::default(),
            bot: Box::new(bot),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The webhook, `POST /webhook`, to be mounted into the bot's server. Stop that server before the house.
    pub fn router(&self) -> Router {
        inbound::router(self.clone())
    }

    /// Says a line of the bot.
    ///
    /// # Errors
    /// [`SayError::TakenOver`] when a human owns the conversation, [`SayError::Send`] when the platform did not take it.
    pub async fn say(&self, turn: &Turn, line: String) -> Result<(), SayError<String>> {
        let sent = self.inner.api.say(turn.conversation(), &line);
        turn.say(line.as_str(), sent).await
    }
}

#[async_trait]
impl EscalationChannel for Messenger {
    fn capabilities(&self) -> Capabilities {
        let limits = ChatLimits {
            text_max: TEXT_MAX,
            text_unit: LengthUnit::Chars,
            formatting: Formatting::None,
            fetch_bytes_max: FETCH_BYTES_MAX,
            send_bytes_max: SEND_BYTES_MAX,
        };
        Capabilities::text_only(limits).with_files().with_typing(true, true)
    }

    fn ingress(&self) -> &Ingress {
        &self.inner.ingress
    }

    /// Receiving is the router's: what is left is to let the bot finish.
    async fn run(&self, shutdown: CancellationToken) -> Result<(), ChannelError> {
        shutdown.cancelled().await;
        self.inner.lanes.finished().await;
        Ok(())
    }

    async fn deliver(&self, delivery: ChatDelivery<'_>) -> Outcome {
        self.inner.api.deliver(delivery).await
    }

    async fn fetch(&self, file: &FileRef) -> Result<OpenedFile, Outcome> {
        self.inner.api.fetch(file, FETCH_BYTES_MAX).await
    }

    async fn signal(&self, to: &ConversationKey, signal: Signal) {
        if signal == Signal::TypingStarted {
            self.inner.api.show_typing(to).await;
        }
    }
}

/// Without the token and the secret.
impl fmt::Debug for Messenger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messenger")
            .field("channel", self.inner.ingress.channel())
            .finish_non_exhaustive()
    }
}

/// Without the token and the secret.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").finish_non_exhaustive()
    }
}
