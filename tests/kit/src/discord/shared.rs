//! What the server's tasks and the test's handles share.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use super::{
    call::{Call, Fate, Observer, Stage},
    spec::Spec,
    world::World,
};

/// How the real server behaves, which a test may change.
#[derive(Clone, Copy)]
pub(crate) struct Habits {
    /// Between `identify` and READY; a real gateway takes a moment.
    pub(crate) ready_after: Duration,
    pub(crate) heartbeat_interval: Duration,
    /// How long a nonce keeps a second message from being made.
    pub(crate) nonce_window: Duration,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            ready_after: Duration::from_millis(20),
            heartbeat_interval: Duration::from_millis(41_250),
            nonce_window: Duration::from_mins(5),
        }
    }
}

pub(crate) struct Shared {
    pub(crate) token: String,
    pub(crate) habits: Habits,
    pub(crate) spec: Option<Spec>,
    observer: Mutex<Option<Observer>>,
    world: Mutex<World>,
    changes: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(
        token: String,
        habits: Habits,
        spec: Option<Spec>,
        observer: Option<Observer>,
        world: World,
    ) -> Arc<Self> {
        Arc::new(Self {
            token,
            habits,
            spec,
            observer: Mutex::new(observer),
            world: Mutex::new(world),
            changes: watch::Sender::new(0),
        })
    }

    /// Whether that is the bot's `Authorization`.
    pub(crate) fn knows(&self, authorization: &str) -> bool {
        authorization.strip_prefix("Bot ") == Some(self.token.as_str())
    }

    /// Whether that is the bot's token in a payload of the gateway, which takes it with the word
    /// `Bot` before it too: serenity sends it so.
    pub(crate) fn knows_token(&self, token: &serde_json::Value) -> bool {
        let token = token.as_str().unwrap_or_default();
        token == self.token || self.knows(token)
    }

    /// Notes where the server is to be found, for the addresses that it gives out.
    pub(crate) fn set_addr(&self, addr: SocketAddr) {
        self.change(|world| world.addr = Some(addr));
    }

    /// Looks at the state.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        // A test's own condition may panic under the lock; the state is whole all the same.
        look(&self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state and wakes whoever waits for a change, the gateway's connections too.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let out = self.touch(change);
        self.changes.send_modify(|count| *count += 1);
        out
    }

    /// Changes what nobody waits for.
    pub(crate) fn touch<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
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
