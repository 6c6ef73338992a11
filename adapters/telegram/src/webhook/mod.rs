//! Telegram's updates by webhook: Telegram posts each to us, instead of being polled.
//!
//! ```text
//! POST ─► router ─► queue ─► WebhookListener ─► Listener ─► Dispatcher ─► Node ─► your handlers
//!           ▲         by number                    │ accepted, or handed to the bot
//!           └──────────────── 200 ◄────────────────┘
//! ```
//!
//! # Invariants
//! - An update is answered 200 only once it was accepted, or the dispatcher has it. Everything else is a 503, and Telegram
//!   sends it again.
//! - Nothing is read, parsed or kept of a call without the secret.
//! - What waits is taken in the order of its numbers.
//! - Where instances share the ledger, each update is committed as it came, at whichever instance it came, and then answered
//!   200. The instance that receives for the channel takes them from there by their numbers, and removes each once it was
//!   accepted, or the dispatcher has it. All take this way, also those that come to this instance: one that came here
//!   directly could overtake an earlier one that another instance has just kept.
//!
//! # Not here
//! TLS, which Telegram insists on: a proxy in front has it.

mod arriving;
mod listener;
mod queue;
mod receive;
mod register;
mod secret;

use std::{fmt, sync::Arc, time::Duration};

use axum::{Router, routing};
use url::Url;

pub use self::{
    listener::WebhookListener,
    secret::{WebhookSecret, WebhookSecretError},
};
use self::{queue::Queue, receive::Door};
use crate::Telegram;

/// How updates come in by webhook.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WebhookSettings {
    /// What tells Telegram's calls from anybody's.
    pub secret: WebhookSecret,
    /// Who tells Telegram where to post.
    pub registering: Registering,
    /// How many updates Telegram posts at once, from 1 to 100. 40, Telegram's own default. Told to Telegram by
    /// [`Registering::AtStart`].
    pub connections_max: u8,
    /// How many updates wait for the bot at the most; further ones are answered 503. 256.
    pub waiting_max: usize,
    /// The largest update, in bytes; a larger one is answered 413. 1 MiB.
    pub body_bytes_max: usize,
    /// How long the body of a call may take. 10 seconds.
    pub body_max: Duration,
    /// How long an update may wait for its acceptance before it is answered 503. It keeps its place all the same, and
    /// Telegram is told the better when it sends it again. 10 seconds.
    pub answer_max: Duration,
    /// After how many seconds Telegram is asked to send again what was answered 503. Without that its own waits grow to
    /// two minutes, and hold the chat up so long after an outage. 1 second.
    pub retry_after_secs: u16,
}

impl WebhookSettings {
    /// The defaults, with a secret. Telegram is told nothing.
    pub fn new(secret: WebhookSecret) -> Self {
        Self {
            secret,
            registering: Registering::ByAuthor,
            connections_max: 40,
            waiting_max: 256,
            body_bytes_max: 1 << 20,
            body_max: Duration::from_secs(10),
            answer_max: Duration::from_secs(10),
            retry_after_secs: 1,
        }
    }

    /// Has `setWebhook` called each time that the listener begins: with this address, the secret, and the kinds of updates
    /// that the bot and we need.
    pub fn register_at(mut self, url: Url) -> Self {
        self.registering = Registering::AtStart { url };
        self
    }
}

/// Who tells Telegram where to post.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Registering {
    /// Whoever runs the bot, by a `setWebhook` of their own. It has to name the secret and, in `allowed_updates`, also
    /// `message`, `edited_message` and `callback_query`.
    ByAuthor,
    /// We do, each time that the listener begins, until Telegram has taken it. Whoever polls then gets 409. A webhook is
    /// never deleted: a bot that goes back to polling takes one `deleteWebhook` by hand.
    AtStart {
        /// Where Telegram reaches the router: `https`, and port 443, 80, 88 or 8443.
        url: Url,
    },
}

/// The way in by webhook, made by [`Telegram::webhook`]. Clones are handles on the same one.
pub struct Webhook<R> {
    telegram: Telegram<R>,
    settings: Arc<WebhookSettings>,
    queue: Arc<Queue>,
}

impl<R> Telegram<R> {
    /// Has updates come by webhook instead of by polling: mount [`Webhook::router`], and give [`Webhook::listener`] to
    /// [`install`](Self::install). Call it before the channel runs, which otherwise takes a webhook for an obstacle.
    pub fn webhook(&self, settings: WebhookSettings) -> Webhook<R> {
        self.post().receive_by_webhook(&settings.registering);
        Webhook {
            telegram: self.clone(),
            queue: Queue::new(settings.waiting_max),
            settings: Arc::new(settings),
        }
    }
}

impl<R> Webhook<R> {
    /// What Telegram posts to, to be nested under any path of a server:
    /// `Router::new().nest("/telegram", webhook.router())`. POST alone; 401 without the secret. `escalator::hookpoint::serve`
    /// serves it, and so does `axum::serve`.
    ///
    /// Before a listener runs, updates wait; after it has ended, they are answered 503.
    pub fn router(&self) -> Router {
        let door = Door::new(&self.telegram, Arc::clone(&self.settings), Arc::clone(&self.queue));
        Router::new()
            .route("/", routing::post(receive::receive))
            .route("/{*below}", routing::post(receive::receive))
            .with_state(Arc::new(door))
    }

    /// What is given to [`Telegram::install`] in place of a poller. One at a time.
    pub fn listener(&self) -> WebhookListener<R> {
        WebhookListener::new(
            self.telegram.clone(),
            Arc::clone(&self.settings),
            Arc::clone(&self.queue),
        )
    }
}

impl<R> Clone for Webhook<R> {
    fn clone(&self) -> Self {
        Self {
            telegram: self.telegram.clone(),
            settings: Arc::clone(&self.settings),
            queue: Arc::clone(&self.queue),
        }
    }
}

impl<R> fmt::Debug for Webhook<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Without the address, whose path may be a secret.
impl fmt::Debug for Registering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByAuthor => f.write_str("ByAuthor"),
            Self::AtStart { url } => f
                .debug_struct("AtStart")
                .field("host", &url.host_str())
                .finish_non_exhaustive(),
        }
    }
}
