use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use super::{Lane, gate::Gated};

/// How long messages without a ticket are held, so that those of one burst can be put in order.
const HOLD: Duration = Duration::from_millis(250);

/// Messages that came before the collector was there: in the first moments of a session, when it is late.
#[derive(Default)]
pub(super) struct Stragglers {
    waiting: Mutex<HashMap<Lane, BTreeSet<u64>>>,
    left: Notify,
}

/// A straggler whose turn it is. The next one comes up when it is dropped.
pub(crate) struct Straggler<'a> {
    stragglers: &'a Stragglers,
    lane: Lane,
    id: u64,
}

impl Stragglers {
    pub(super) async fn turn(&self, lane: Lane, id: u64, gate: impl FnOnce() -> Gated) -> Straggler<'_> {
        self.change(|waiting| waiting.entry(lane).or_default().insert(id));
        let straggler = Straggler {
            stragglers: self,
            lane,
            id,
        };
        tokio::time::sleep(HOLD).await;
        // By now it is known whether its session has to catch up.
        gate().opened(lane).await;
        self.until(|waiting| waiting.get(&lane).and_then(BTreeSet::first) == Some(&id))
            .await;
        straggler
    }

    /// Waits until a lane has no stragglers: what has a ticket came after them.
    pub(super) async fn all_through(&self, lane: Lane) {
        self.until(|waiting| !waiting.contains_key(&lane)).await;
    }

    async fn until(&self, holds: impl Fn(&HashMap<Lane, BTreeSet<u64>>) -> bool) {
        loop {
            let left = self.left.notified();
            if self.change(|waiting| holds(waiting)) {
                return;
            }
            left.await;
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut HashMap<Lane, BTreeSet<u64>>) -> T) -> T {
        change(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Straggler<'_> {
    fn drop(&mut self) {
        self.stragglers.change(|waiting| {
            if let Some(ids) = waiting.get_mut(&self.lane) {
                ids.remove(&self.id);
                if ids.is_empty() {
                    waiting.remove(&self.lane);
                }
            }
        });
        self.stragglers.left.notify_waiters();
    }
}
