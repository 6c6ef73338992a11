use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use super::{Escalator, supervise};
use crate::{
    hookpoint::{self, Hookpoint, ServeSettings},
    intake::Intake,
    store::{Ledger, Store},
};

/// A house at work. Dropping it stops everything at once; [`shutdown`](Self::shutdown) finishes first what is under way.
pub struct Running {
    ledger: Arc<Ledger>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
    shutdown_max: Duration,
    hooks: Hookpoint,
    hookpoint: Option<SocketAddr>,
    _stops: DropGuard,
}

/// How a house is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether the ledger takes writes. While it does not, nothing is acknowledged.
    pub ready: bool,
    /// How many deliveries wait or are on their way.
    pub outstanding: usize,
}

impl Running {
    pub(super) fn start(mut house: Escalator) -> Self {
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let dispatch = house.dispatch();
        let hookpoint = house.hookpoint_listens_on();
        let Escalator {
            builder,
            ledger,
            intake,
            signals,
            listener,
            hookpoint: hooks,
            ..
        } = &mut house;
        for channel in dispatch.channels() {
            tasks.spawn(supervise::channel(channel, shutdown.clone()));
        }
        if let Some(listener) = listener.take() {
            let serve = ServeSettings {
                drain_max: builder.shutdown_max,
                ..ServeSettings::default()
            };
            tasks.spawn(hookpoint::serve(listener, hooks.router(), shutdown.clone(), serve));
        }
        let (_, no_signals) = tokio::sync::mpsc::channel(1);
        dispatch.start(std::mem::replace(signals, no_signals), &tasks, &shutdown);
        tasks.spawn(Intake::write_behind(Arc::clone(intake), shutdown.clone()));
        tasks.spawn(supervise::age_out(
            Arc::clone(ledger),
            builder.age_out,
            shutdown.clone(),
        ));
        tasks.close();
        Self {
            ledger: Arc::clone(ledger),
            tasks,
            shutdown_max: builder.shutdown_max,
            hooks: hooks.clone(),
            hookpoint,
            _stops: shutdown.clone().drop_guard(),
            shutdown,
        }
    }

    /// How it is.
    pub fn health(&self) -> Health {
        Health {
            ready: self.ledger.is_healthy(),
            outstanding: self.ledger.outstanding(),
        }
    }

    /// Where the hookpoint is served, if it is.
    pub fn hookpoint_listens_on(&self) -> Option<SocketAddr> {
        self.hookpoint
    }

    /// The ledger, to look into.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Waits until no delivery waits and none is on its way.
    pub async fn drained(&self) {
        self.ledger.drained().await;
    }

    /// Stops: receives nothing new, finishes what is under way within the limit, writes what stands in memory, and closes
    /// the ledger. What waits is delivered after the next start. `false` when the limit cut something off.
    pub async fn shutdown(self) -> bool {
        self.shutdown.cancel();
        let done = async {
            // Also where the bot serves the router itself: no hook is committed to a ledger that is closed.
            self.hooks.close().await;
            self.tasks.wait().await;
        };
        let in_time = tokio::time::timeout(self.shutdown_max, done).await.is_ok();
        if !in_time {
            tracing::warn!(
                limit_secs = self.shutdown_max.as_secs(),
                "something was cut off by the shutdown"
            );
        }
        self.ledger.close().await;
        in_time
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}
