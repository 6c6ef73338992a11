use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use super::{Lane, Mark, gate::Gated};

/// How long messages without a ticket are held, so that those of one burst can be put in order.
const HOLD: Duration = Duration::from_millis(250);

/// Messages that came before the collector was there: in the first moments of a session, when it is late.
#[derive(Default)]
pub(super) struct Stragglers {
    waiting: Mutex<HashMap<Lane, BTreeSet<Key>>>,
    left: Notify,
}

/// Where a straggler stands: several can have an id in common, as a message and its deletion do.
type Key = (u64, Mark);

/// A straggler whose turn it is. The next one comes up when it is dropped.
pub(crate) struct Straggler<'a> {
    stragglers: &'a Arc<Stragglers>,
    lane: Lane,
    key: Key,
}

impl Stragglers {
    pub(super) async fn turn(
        self: &Arc<Self>,
        lane: Lane,
        id: u64,
        mark: Mark,
        gate: impl FnOnce() -> Gated,
    ) -> Straggler<'_> {
        let key = (id, mark);
        self.change(|waiting| waiting.entry(lane).or_default().insert(key.clone()));
        let straggler = Straggler {
            stragglers: self,
            lane,
            key,
        };
        tokio::time::sleep(HOLD).await;
        // By now it is known whether its session has to catch up.
        gate().opened(lane).await;
        self.until(|waiting| waiting.get(&lane).and_then(BTreeSet::first) == Some(&straggler.key))
            .await;
        straggler
    }

    /// Waits until a lane has no stragglers: what has a ticket came after them.
    pub(super) async fn all_through(&self, lane: Lane) {
        self.until(|waiting| !waiting.contains_key(&lane)).await;
    }

    async fn until(&self, holds: impl Fn(&HashMap<Lane, BTreeSet<Key>>) -> bool) {
        loop {
            let left = self.left.notified();
            if self.change(|waiting| holds(waiting)) {
                return;
            }
            left.await;
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut HashMap<Lane, BTreeSet<Key>>) -> T) -> T {
        change(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives a place up, if it is not given up.
    fn leave(&self, lane: Lane, key: &Key) {
        self.change(|waiting| {
            if let Some(keys) = waiting.get_mut(&lane) {
                keys.remove(key);
                if keys.is_empty() {
                    waiting.remove(&lane);
                }
            }
        });
        self.left.notify_waiters();
    }
}

impl Straggler<'_> {
    /// The event goes to the bot, whose handler holds up the next one for a limited time.
    pub(crate) fn with_bot(&self, handler_wait_max: Duration) {
        let (stragglers, lane, key) = (Arc::clone(self.stragglers), self.lane, self.key.clone());
        tokio::spawn(async move {
            tokio::time::sleep(handler_wait_max).await;
            stragglers.leave(lane, &key);
        });
    }
}

impl Drop for Straggler<'_> {
    fn drop(&mut self) {
        self.stragglers.leave(self.lane, &self.key);
    }
}
