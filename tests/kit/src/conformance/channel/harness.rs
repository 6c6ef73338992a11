//! What a channel's author implements.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use escalator::channel::{EscalationChannel, Ingress};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::conformance::{Patience, Unsupported};

/// Makes what each trial needs. One value serves all trials, which run at the same time.
#[async_trait]
pub trait ChannelHarness: Send + Sync + 'static {
    /// Starts a stand-in for the platform, with nothing in it of an earlier one.
    async fn platform(&self) -> Arc<dyn Platform>;

    /// How long the suite waits. `Patience::default()` suits most.
    fn patience(&self) -> Patience;
}

/// A stand-in for a platform, with its customers and with the bot that the channel serves. Panic where the stand-in
/// itself fails.
#[async_trait]
pub trait Platform: Send + Sync {
    /// Connects a channel: makes it for this ingress, on the platform as it stands. Called again, after the channel
    /// before was shut down, to try a restart.
    ///
    /// The suite itself calls `run`. What receives beside it (a dispatcher, a gateway's client) is started here, goes on
    /// until `shutdown`, and is handed back as [`Connected::receiving`]. Called while a fault is set, too: then the channel is
    /// made, and needs not come through.
    ///
    /// The bot behind the channel hands nobody over and ends nothing of its own accord.
    async fn connect(&self, ingress: Ingress, shutdown: CancellationToken) -> Connected;

    /// Lets a customer do something, as the next thing in the platform's order.
    ///
    /// # Errors
    /// [`Unsupported`] where the platform knows no such act, or no second customer.
    async fn customer(&self, who: Customer, act: Act) -> Result<(), Unsupported>;

    /// How many of the customers' acts, counted from the first, the channel has let the platform forget; signs of typing may
    /// be counted or not. `None` where the platform knows no acknowledgement.
    fn acknowledged(&self) -> Option<usize>;

    /// Whether the platform brings what was not acknowledged again after a restart.
    fn redelivers(&self) -> bool;

    /// How many of the customers' acts have reached the bot's own handlers.
    fn heard(&self) -> usize;

    /// What the channel has shown to a customer, in order, without what the bot itself said: one entry for each call that
    /// the customer could see.
    fn shown(&self, to: Customer) -> Vec<Shown>;

    /// Sets a fault. Faults of calls strike texts that are sent to a customer, whichever the channel calls for that.
    ///
    /// # Errors
    /// [`Unsupported`] where the platform cannot fail so.
    async fn set_fault(&self, fault: Fault) -> Result<(), Unsupported>;

    /// Ends all faults.
    async fn mend(&self);

    /// What must never show: the token, the address that holds it.
    fn secrets(&self) -> Vec<String>;
}

/// A channel that is connected.
pub struct Connected {
    /// The channel.
    pub channel: Arc<dyn EscalationChannel>,
    /// Its `Debug`, where it has one.
    pub debug: Option<String>,
    /// What receives beside `run`, where something does. It ends after the shutdown.
    pub receiving: Option<JoinHandle<()>>,
}

/// Which customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Customer {
    /// The first.
    Ada,
    /// Another, in a conversation of their own.
    Ben,
}

/// What a customer does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// Writes a line that shows as it is here: where the platform takes what is typed for formatting, escape it.
    Write(String),
    /// Changes the last line.
    Edit(String),
    /// Sends a file.
    Send {
        /// Its name.
        name: String,
        /// Its content.
        bytes: Bytes,
    },
    /// Begins to write.
    Type,
    /// Asks for the end, in the way that the channel offers (`/end`, a button).
    End,
}

/// What a customer saw of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shown {
    /// A text, as it reads.
    Text(String),
    /// A file.
    File {
        /// Its name.
        name: String,
        /// Its content.
        bytes: Bytes,
    },
    /// The sign that somebody writes.
    Typing,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nobody listens: connections are refused until it is mended, and those that stand are closed.
    Unreachable,
    /// The next call is told to wait (429), and shows nothing.
    Busy {
        /// For how long.
        retry_after: Duration,
    },
    /// The next call is answered with an error of the platform's own (500), and shows nothing.
    ServerError,
    /// The next call has its effect and is never answered.
    Silence,
    /// The next call has its effect, and the connection breaks off instead of an answer (in an axum stand-in:
    /// `std::panic::resume_unwind` in the handler).
    LostAnswer,
    /// The customer cannot be reached for good, and calls are refused, until it is mended: blocked, gone.
    Closed(Customer),
    /// The account is refused (401), until it is mended.
    AccountRefused,
    /// What acknowledges the next update is lost on its way, once: the platform brings that update again.
    LostAcknowledgement,
}
