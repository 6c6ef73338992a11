//! Accept and settle: the one way into the ledger.
//!
//! # Invariants
//! - Nothing is answered `Ok` before it is committed, but for the updates of a conversation that the bot owns: those are
//!   passed on from memory.
//! - A takeover takes, in one commit and in source order, every update that was passed to the bot and not started.
//!
//! # Not here
//! - Reading a platform's or a desk's format: the adapter, `omnidesk`, `hookpoint`.
//! - Sending: `dispatch`.

mod arriving;
mod desk_side;
mod flush;
mod port;
mod said;
mod seats;
mod signals;
mod takeover;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures::future::join_all;
use tokio::task::JoinError;

use crate::{
    channel::IngressError,
    model::{ChannelId, EventKey, HookAddress, Timestamp},
    store::{Recorded, Settle, Store, StoreError},
};

pub use self::{
    desk_side::Heard,
    port::Port,
    signals::{Received, SignalTo, Signals, SignalsEnd},
};
use self::{said::Said, seats::Seats};

/// How intake works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IntakeSettings {
    /// How long a takeover waits for a line of the bot that is on its way, before it cuts it off. 2 seconds.
    pub turn_drain_max: Duration,
    /// How long a line of a bot-owned conversation may stand in memory alone. A crash can cost as much history. 1 second.
    pub transcript_flush_max: Duration,
}

impl Default for IntakeSettings {
    fn default() -> Self {
        Self {
            turn_drain_max: Duration::from_secs(2),
            transcript_flush_max: Duration::from_secs(1),
        }
    }
}

/// The way in. Shared by all channels and the hookpoint.
pub struct Intake {
    store: Arc<dyn Store>,
    now: fn() -> Timestamp,
    settings: IntakeSettings,
    seats: Seats,
    signals: Signals,
    said: Said,
}

impl Intake {
    /// Puts the way in before a ledger.
    pub fn new(store: Arc<dyn Store>, now: fn() -> Timestamp, settings: IntakeSettings, signals: Signals) -> Arc<Self> {
        Arc::new(Self {
            seats: Seats::new(Arc::clone(&store), now),
            store,
            now,
            settings,
            signals,
            said: Said::default(),
        })
    }

    /// Records how an attempt ended. Called by `dispatch` alone.
    ///
    /// # Errors
    /// [`StoreError`]: the claim stands; settle it again.
    pub async fn settle(&self, settle: Settle) -> Result<Recorded, StoreError> {
        self.store.settle(settle).await
    }

    /// The channel is no longer this instance's: no turn that was given before says anything more, also when it comes back.
    pub(crate) fn lose(&self, channel: &ChannelId) {
        self.seats.void(channel);
    }

    /// The house closes, and another instance may take over: lines of the bot on their way are waited for, then cut off, and
    /// no turn that was given before says anything more.
    pub(crate) async fn fall_silent(&self) {
        self.seats.close();
        let closing = self.seats.sweep().into_iter().map(|seat| async move {
            // An escalation that is under way does the same.
            let generation = seat.generation();
            if seat.take(generation).is_some() {
                seat.drain(self.settings.turn_drain_max).await;
                seat.taken_over(generation, Vec::new());
            }
        });
        join_all(closing).await;
    }

    /// Where the hooks of the sessions that stand go, whichever instance opened them.
    pub(crate) fn hook_addresses(&self) -> BTreeSet<HookAddress> {
        self.store.owners().hook_addresses()
    }

    /// Whether the ledger takes writes.
    pub fn is_ready(&self) -> bool {
        self.store.is_healthy()
    }
}

/// A key for an event that has none of its own.
fn minted(kind: &str) -> EventKey {
    EventKey::new(format!("{kind}:{}", uuid::Uuid::now_v7()))
}

fn refused(failed: &StoreError) -> IngressError {
    match failed {
        StoreError::Overloaded { .. } => IngressError::Overloaded,
        StoreError::Invalid { .. } | StoreError::Corrupt { .. } => IngressError::Refused {
            detail: failed.to_string(),
        },
        StoreError::InDoubt { detail } => in_doubt(detail),
        failed => IngressError::Unavailable {
            detail: failed.to_string(),
        },
    }
}

fn in_doubt(detail: &str) -> IngressError {
    IngressError::InDoubt {
        detail: detail.to_owned(),
    }
}

/// Runs a commit that goes on when its caller goes away.
async fn to_the_end<T: Send + 'static>(
    commit: impl Future<Output = Result<T, IngressError>> + Send + 'static,
) -> Result<T, IngressError> {
    tokio::spawn(commit)
        .await
        .unwrap_or_else(|ended| Err(came_to_no_end(&ended)))
}

/// What a panic says can quote what it choked on: it is not told.
fn came_to_no_end(ended: &JoinError) -> IngressError {
    in_doubt(if ended.is_panic() {
        "the commit panicked"
    } else {
        "the commit was cut off"
    })
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
