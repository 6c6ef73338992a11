use std::{collections::HashMap, fmt, net::SocketAddr, sync::Arc, time::Duration};

use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Escalator, Hold, holds::Holds, supervise};
use crate::{
    control::Control,
    delivery::Door,
    hookpoint::{self, Hookpoint, Router, ServeSettings},
    intake::Intake,
    model::{ChannelId, SystemClock},
    store::{Ledger, Store},
};

/// How long the last lines of the bot may take to be written down, at the end of a shutdown.
const LAST_FLUSH_MAX: Duration = Duration::from_secs(5);

/// A house at work. Dropping it cuts everything off; [`shutdown`](Self::shutdown) finishes first what is under way.
pub struct Running {
    ledger: Arc<Ledger>,
    intake: Arc<Intake>,
    /// Every task of the house. What one of them started ends with it.
    tasks: JoinSet<()>,
    shutdown: CancellationToken,
    shutdown_max: Duration,
    /// Of each connected channel.
    holds: HashMap<ChannelId, Holds>,
    hooks: Hookpoint,
    hookpoint: Option<SocketAddr>,
    control: Control,
    _stops: DropGuard,
}

/// How a house is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether the ledger takes writes, and with a shared database whether this instance is one of those that share it. While
    /// it is not, nothing is acknowledged.
    pub ready: bool,
    /// How many deliveries wait or are on their way; with a shared database, how many there were a few seconds ago.
    pub outstanding: usize,
}

impl Running {
    pub(super) async fn start(house: Escalator) -> Self {
        let (mut tasks, shutdown) = (JoinSet::new(), CancellationToken::new());
        let dispatch = house.dispatch();
        let hookpoint = house.hookpoint_listens_on();
        let Escalator {
            builder,
            ledger,
            intake,
            signals,
            listener,
            hookpoint: hooks,
            control: socket,
            ..
        } = house;
        let mut holds = HashMap::new();
        for channel in dispatch.channels() {
            let of_channel: &Holds = holds.entry(channel.id().clone()).or_default();
            let (ledger, intake) = (Arc::clone(&ledger), Arc::clone(&intake));
            let supervised = supervise::channel(channel, ledger, intake, of_channel.clone(), shutdown.clone());
            tasks.spawn(supervised);
        }
        if let Some(listener) = listener {
            let serve = ServeSettings {
                drain_max: builder.shutdown_max,
                ..ServeSettings::default()
            };
            tasks.spawn(hookpoint::serve(listener, hooks.router(), shutdown.clone(), serve));
        }
        let clock = Arc::new(SystemClock);
        let control = Control::new(Arc::<Ledger>::clone(&ledger), clock).watching(dispatch.watch());
        if let Some(socket) = socket {
            tasks.spawn(socket.serve(control.clone().router(), shutdown.clone()));
        }
        dispatch.start(doors(&ledger).await, signals, &mut tasks, &shutdown);
        tasks.spawn(Intake::write_behind(Arc::clone(&intake), shutdown.clone()));
        let age_out = supervise::age_out(Arc::clone(&ledger), builder.age_out, shutdown.clone());
        tasks.spawn(age_out);
        Self {
            ledger,
            intake,
            tasks,
            shutdown_max: builder.shutdown_max,
            holds,
            hooks,
            hookpoint,
            control,
            _stops: shutdown.clone().drop_guard(),
            shutdown,
        }
    }

    /// How it is.
    pub fn health(&self) -> Health {
        Health {
            ready: self.ledger.is_healthy(),
            outstanding: self.ledger.outstanding_lately(),
        }
    }

    /// Where the hookpoint is served, if it is.
    pub fn hookpoint_listens_on(&self) -> Option<SocketAddr> {
        self.hookpoint
    }

    /// What an operator may ask and do, as a router to be mounted into a server of your own. Guard it: it asks nobody who
    /// they are, and shows what dead letters say.
    pub fn control(&self) -> Router {
        self.control.clone().router()
    }

    /// The ledger, to look into.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Waits until this instance receives for a channel. Where several instances share a database, one of them does: start the
    /// bot's own dispatcher or gateway client of the channel then, and stop it when the [`Hold`] is lost. With SQLite that is
    /// at once, and for good. `None` when no channel of that name is connected.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub fn holds(&self, channel: &str) -> impl Future<Output = Option<Hold>> + Send + use<> {
        let holds = self.holds.get(&ChannelId::new(channel)).cloned();
        async move { Some(holds?.held().await) }
    }

    /// Waits until no delivery waits and none is on its way.
    pub async fn drained(&self) {
        self.ledger.drained().await;
    }

    /// Stops: receives nothing new, finishes what is under way within the limit and cuts off what is not done by then,
    /// writes what stands in memory, and closes the ledger. What waits is delivered after the next start. `false` when the
    /// limit cut something off.
    ///
    /// Stop the bot's own handlers first: a line that is on its way is waited for as by a takeover, and what they say through
    /// their turns after that is refused.
    pub async fn shutdown(mut self) -> bool {
        self.shutdown.cancel();
        let in_time = tokio::time::timeout(self.shutdown_max, self.finish()).await.is_ok();
        if !in_time {
            let limit_secs = self.shutdown_max.as_secs();
            tracing::warn!(limit_secs, "something was cut off by the shutdown");
            self.tasks.abort_all();
        }
        // Until now a channel or a handler could still say something. From here on nothing is on its way to a conversation
        // that another instance hands over.
        self.intake.fall_silent().await;
        if tokio::time::timeout(LAST_FLUSH_MAX, self.intake.flush()).await.is_err() {
            tracing::warn!("the last lines of the bot could not be written down in time");
        }
        self.ledger.close().await;
        in_time
    }

    async fn finish(&mut self) {
        // Also where the bot serves the router itself: no hook is committed to a ledger that is closed.
        self.hooks.close().await;
        while self.tasks.join_next().await.is_some() {}
    }
}

/// The doors at which deliveries wait, or will where a dead letter is sent again: also those of channels that nobody has
/// connected for long.
pub(super) async fn doors(ledger: &Ledger) -> Vec<Door> {
    let mut doors = ledger.doors().await;
    match ledger.queues().await {
        Ok(queues) => doors.extend(queues.into_iter().map(|queue| queue.door)),
        Err(error) => tracing::warn!(%error, "the ledger cannot say where dead letters lie"),
    }
    doors
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}
