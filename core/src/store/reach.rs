use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use crate::model::Timestamp;

/// Whether a storage is reached, and since when it is again. Set by one task, read by any.
pub(super) struct Reach {
    is_reached: AtomicBool,
    /// In milliseconds, like every [`Timestamp`].
    since: AtomicI64,
}

impl Reach {
    /// It is reached since then.
    pub(super) const fn since(moment: Timestamp) -> Self {
        Self {
            is_reached: AtomicBool::new(true),
            since: AtomicI64::new(moment.as_millis()),
        }
    }

    /// It was reached just now. Where it was not before, that counts from now.
    pub(super) fn reached(&self, now: Timestamp) {
        if !self.is_reached() {
            // In this order: who sees that it is reached sees since when.
            self.since.store(now.as_millis(), Ordering::Release);
            self.is_reached.store(true, Ordering::Release);
        }
    }

    /// It was not reached when it was last tried.
    pub(super) fn lost(&self) {
        self.is_reached.store(false, Ordering::Release);
    }

    pub(super) fn is_reached(&self) -> bool {
        self.is_reached.load(Ordering::Acquire)
    }

    /// Since when it is reached; `None` while it is not.
    pub(super) fn reached_since(&self) -> Option<Timestamp> {
        let is_reached = self.is_reached();
        is_reached.then(|| Timestamp::from_millis(self.since.load(Ordering::Acquire)))
    }
}
