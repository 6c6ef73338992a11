use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Counts how often a ledger made sure that what it wrote is on the disk. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct Flushes(Arc<AtomicU64>);

impl Flushes {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    #[allow(dead_code, reason = "a build without a database flushes nothing")]
    pub(super) fn one_more(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
