//! Claim, deliver, classify, settle: the one way out of the ledger.
//!
//! Each door has a loop of its own: it claims the heads of due lanes, makes one call for each, and settles what came of
//! it. Only here is anything sent, and only here is it sent again.
//!
//! # Invariants
//! - A lane has one call under way at the most, so its order is kept through every retry.
//! - One lane that waits delays no other; what holds for a whole account closes that account's door alone.
//! - A delivery ends delivered, or as a dead letter with a reason. Age makes a dead letter, not the number of attempts.
//! - Signals go past the ledger, and may be dropped. An agent's typing is shown for as long as it lasts, within a bound.
//!
//! # Not here
//! - What follows from an end: `session`.

mod classify;
mod deliver;
mod door;
mod file;
mod gate;
mod received;
mod settings;
mod signals;
#[cfg(test)]
mod tests;
mod timers;
mod typing;
mod wait;
mod watch;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    channel::{BotListener, EscalationChannel},
    delivery::Door,
    desk::Desk,
    intake::{Intake, SignalsEnd},
    model::{ChannelId, Clock},
    store::Store,
};

use self::typing::Typing;
pub use self::{
    settings::{DispatchSettings, DoorSettings},
    watch::{GateFacts, Trouble, Watch},
};

/// All that deliveries leave by.
pub struct Exits {
    /// The desk.
    pub desk: Arc<dyn Desk>,
    /// The connected channels.
    pub channels: HashMap<ChannelId, Arc<dyn EscalationChannel>>,
    /// The bot author's handler of events, where there is one.
    pub bot: Option<Arc<dyn BotListener>>,
}

/// What every loop of dispatch needs.
pub(crate) struct Dispatch {
    store: Arc<dyn Store>,
    intake: Arc<Intake>,
    clock: Arc<dyn Clock>,
    exits: Exits,
    settings: DispatchSettings,
    watch: Arc<Watch>,
    typing: Typing,
}

impl Dispatch {
    #[allow(clippy::large_types_passed_by_value, reason = "the settings are taken over, once")]
    pub(crate) fn new(
        store: Arc<dyn Store>,
        intake: Arc<Intake>,
        clock: Arc<dyn Clock>,
        exits: Exits,
        settings: DispatchSettings,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            intake,
            clock,
            exits,
            settings,
            watch: Arc::default(),
            typing: Typing::default(),
        })
    }

    /// Starts a loop for each door, also for those at which something is `waiting`, for the timers and for the signals. They end after `shutdown`: a call under way is
    /// finished first. One that is aborted cuts its calls.
    pub(crate) fn start(
        self: &Arc<Self>,
        waiting: Vec<Door>,
        signals: SignalsEnd,
        tasks: &mut JoinSet<()>,
        shutdown: &CancellationToken,
    ) {
        for door in self.doors(waiting) {
            tasks.spawn(door::run(Arc::clone(self), door, shutdown.clone()));
        }
        tasks.spawn(timers::run(Arc::clone(self), shutdown.clone()));
        let SignalsEnd { typing, received } = signals;
        tasks.spawn(signals::run(Arc::clone(self), typing, shutdown.clone()));
        tasks.spawn(received::run(Arc::clone(self), received, shutdown.clone()));
    }

    /// What can be told of the doors and lanes.
    pub(crate) fn watch(&self) -> Arc<Watch> {
        Arc::clone(&self.watch)
    }

    /// The channels that deliveries leave by.
    pub(crate) fn channels(&self) -> Vec<Arc<dyn EscalationChannel>> {
        self.exits.channels.values().cloned().collect()
    }

    /// What waits for a channel that is no longer connected has a loop as well: it ends as a dead letter, not in silence.
    /// So has a channel at which nothing waits yet, but an agent may still write.
    fn doors(&self, waiting: Vec<Door>) -> HashSet<Door> {
        let connected = self.exits.channels.keys().cloned();
        let channels = connected.chain(self.store.owners().channels());
        let doors = [Door::Desk, Door::Bot].into_iter();
        let doors = doors.chain(channels.map(Door::Channel));
        doors.chain(waiting).collect()
    }
}
