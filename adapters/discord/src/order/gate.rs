use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::Lane;

/// What holds live events back while their channel catches up. What is noted behind a closed gate waits until it opens.
pub(crate) struct Gate {
    state: Mutex<State>,
}

struct State {
    phase: watch::Sender<Phase>,
    /// How often it was closed: whoever opens it must have seen to the last time.
    closings: u64,
}

/// Who waits at a gate.
#[derive(Clone)]
enum Phase {
    /// Everybody: it is not yet known who has to catch up.
    All,
    /// The lanes that catch up.
    Some(Arc<HashSet<Lane>>),
    /// Nobody.
    Open,
}

/// The gate as an event met it.
pub(super) struct Gated(watch::Receiver<Phase>);

impl Gate {
    /// Closes it for what is noted from here on.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closings += 1;
        state.phase.send_replace(Phase::All);
    }

    /// How often it was closed.
    pub(crate) fn closings(&self) -> u64 {
        self.lock().closings
    }

    /// Lets everybody through but these lanes, unless it was closed again meanwhile.
    pub(crate) fn hold(&self, closings: u64, lanes: HashSet<Lane>) {
        let state = self.lock();
        if state.closings == closings {
            state.phase.send_replace(Phase::Some(Arc::new(lanes)));
        }
    }

    /// Lets a lane through, unless it was closed again meanwhile.
    pub(crate) fn release(&self, closings: u64, lane: Lane) {
        let state = self.lock();
        if state.closings != closings {
            return;
        }
        state.phase.send_if_modified(|phase| {
            let Phase::Some(lanes) = phase else { return false };
            Arc::make_mut(lanes).remove(&lane)
        });
    }

    /// Waits until a lane has caught up.
    pub(crate) async fn opened(&self, lane: Lane) {
        self.ticket().opened(lane).await;
    }

    /// Lets everybody through, unless it was closed again meanwhile.
    pub(crate) fn open(&self, closings: u64) {
        let state = self.lock();
        if state.closings == closings {
            state.phase.send_replace(Phase::Open);
        }
    }

    pub(super) fn ticket(&self) -> Gated {
        Gated(self.lock().phase.subscribe())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Gate {
    fn default() -> Self {
        let state = State {
            phase: watch::Sender::new(Phase::Open),
            closings: 0,
        };
        Self {
            state: Mutex::new(state),
        }
    }
}

impl Gated {
    pub(super) async fn opened(mut self, lane: Lane) {
        let lets_through = |phase: &Phase| match phase {
            Phase::All => false,
            Phase::Some(lanes) => !lanes.contains(&lane),
            Phase::Open => true,
        };
        // It stands as long as the order does; where it is gone, nobody is left to wait for.
        drop(self.0.wait_for(lets_through).await);
    }
}
