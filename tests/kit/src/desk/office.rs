//! What the server, the agent's page and the handle share.

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use thiserror::Error;
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    call::{Call, Stage},
    fault::Faults,
    gate::Gate,
    settings::Settings,
    state::DeskState,
};

/// Called at each stage of each call of the product, on the thread that serves the call, outside any lock.
pub type OnCall = Arc<dyn Fn(Stage, &Call) + Send + Sync>;

/// The condition did not become true in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the desk did not come to the awaited state within {within:?}")]
pub struct NotInTime {
    /// How long was waited.
    pub within: Duration,
}

/// The tokens that the product has to show.
pub(super) struct Credentials {
    pub(super) account_token: String,
    pub(super) server_token: String,
    /// Demanded on `/api/v2` only when there is one.
    pub(super) api_key: Option<String>,
}

pub(super) struct Office {
    pub(super) credentials: Credentials,
    pub(super) faults: Faults,
    pub(super) gate: Gate,
    /// For hooks.
    pub(super) client: reqwest::Client,
    /// Ends everything that the desk does.
    pub(super) shutdown: CancellationToken,
    /// Owns what goes on without a caller.
    pub(super) tasks: TaskTracker,
    state: Mutex<DeskState>,
    /// Counts the changes of `state`.
    changes: watch::Sender<u64>,
    on_call: RwLock<Option<OnCall>>,
}

impl Office {
    pub(super) fn new(
        credentials: Credentials,
        settings: Settings,
        gate: Gate,
        client: reqwest::Client,
        on_call: Option<OnCall>,
    ) -> Self {
        Self {
            credentials,
            faults: Faults::new(),
            gate,
            client,
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
            state: Mutex::new(DeskState::new(settings)),
            changes: watch::Sender::new(0),
            on_call: RwLock::new(on_call),
        }
    }

    /// Reads the state.
    pub(super) fn look<T>(&self, read: impl FnOnce(&DeskState) -> T) -> T {
        // A condition of a test may panic while it looks; the state is as whole as before.
        read(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state and wakes those who wait for it.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut DeskState) -> T) -> T {
        let changed = change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|changes| *changes += 1);
        changed
    }

    /// Tells of each change from now on.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Waits until `find` finds something.
    pub(super) async fn wait_for<T>(
        &self,
        within: Duration,
        mut find: impl FnMut(&DeskState) -> Option<T>,
    ) -> Result<T, NotInTime> {
        let mut changes = self.changes();
        let waiting = async {
            loop {
                if let Some(found) = self.look(&mut find) {
                    return found;
                }
                if changes.changed().await.is_err() {
                    return std::future::pending().await;
                }
            }
        };
        tokio::time::timeout(within, waiting)
            .await
            .map_err(|_| NotInTime { within })
    }

    pub(super) fn set_on_call(&self, on_call: Option<OnCall>) {
        *self.on_call.write().unwrap_or_else(PoisonError::into_inner) = on_call;
    }

    /// Tells the callback, if there is one, how far a call is.
    pub(super) fn tell(&self, stage: Stage, number: u64) {
        let on_call = self.on_call.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(on_call) = on_call {
            let call = self.look(|state| state.calls()[usize::try_from(number).expect("a place")].clone());
            on_call(stage, &call);
        }
    }
}
