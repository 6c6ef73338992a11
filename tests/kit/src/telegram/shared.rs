//! What the server's tasks and the test's handles share.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use super::{
    call::{Call, Fate, Observer, Stage},
    spec::Spec,
    world::World,
};
use crate::pace::Pace;

/// The limits of the real server, which a test may lower.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) upload_bytes_max: u64,
    pub(crate) download_bytes_max: u64,
    /// Whether webhooks on this machine are taken, over HTTP.
    pub(crate) local_webhooks: bool,
    /// The longest wait before an update is posted again.
    pub(crate) post_wait_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            upload_bytes_max: 50 << 20,
            download_bytes_max: 20 << 20,
            local_webhooks: false,
            post_wait_max: Duration::from_mins(2),
        }
    }
}

pub(crate) struct Shared {
    pub(crate) token: String,
    pub(crate) limits: Limits,
    pub(crate) spec: Option<Spec>,
    observer: Mutex<Option<Observer>>,
    world: Mutex<World>,
    changes: watch::Sender<u64>,
    polling: watch::Sender<u64>,
}

impl Shared {
    /// A rate that holds until all faults are ended.
    pub(crate) fn pace(self: &Arc<Self>, bytes_per_sec: u32) -> Pace {
        let shared = Arc::clone(self);
        let clears = self.look(|world| world.faults.clears());
        Pace::until(
            move || shared.look(|world| world.faults.clears()) != clears,
            bytes_per_sec,
        )
    }

    pub(crate) fn new(
        token: String,
        limits: Limits,
        spec: Option<Spec>,
        observer: Option<Observer>,
        world: World,
    ) -> Arc<Self> {
        Arc::new(Self {
            token,
            limits,
            spec,
            observer: Mutex::new(observer),
            world: Mutex::new(world),
            changes: watch::Sender::new(0),
            polling: watch::Sender::new(0),
        })
    }

    /// Looks at the state.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        // A test's own condition may panic under the lock; the state is whole all the same.
        look(&self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state and wakes whoever waits for a change.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let out = change(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|count| *count += 1);
        out
    }

    /// Wakes the polls too: there are updates, or another poll, or a webhook.
    pub(crate) fn change_polling<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let out = self.change(change);
        self.polling.send_modify(|count| *count += 1);
        out
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(crate) fn polling(&self) -> watch::Receiver<u64> {
        self.polling.subscribe()
    }

    pub(crate) fn change_call(&self, number: usize, change: impl FnOnce(&mut Call)) {
        self.change(|world| {
            if let Some(call) = world.calls.get_mut(number) {
                change(call);
            }
        });
    }

    pub(crate) fn set_fate(&self, number: usize, fate: Fate) {
        self.change_call(number, |call| call.fate = fate);
    }

    pub(crate) fn set_observer(&self, observer: Option<Observer>) {
        *self.observer.lock().unwrap_or_else(PoisonError::into_inner) = observer;
    }

    /// Tells the observer, under no lock.
    pub(crate) fn observe(&self, stage: Stage, number: usize) {
        let observer = self.observer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(observer) = observer else { return };
        if let Some(call) = self.look(|world| world.calls.get(number).cloned()) {
            observer(stage, &call);
        }
    }
}
