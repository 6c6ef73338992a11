//! How often a fault strikes, whatever the fault is.

use std::time::{Duration, Instant};

/// How often a fault strikes among the calls that it is meant for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Plan<F> {
    /// The next so many calls.
    Next(u32, F),
    /// Every call, until it is released.
    Always(F),
    /// Every call for so long. A fault that tells how long to wait names the time that is left.
    For(Duration, F),
    /// One entry a call, over and over; `None` lets a call pass.
    Cycle(Vec<Option<F>>),
    /// Each call with that probability, the same calls for the same seed.
    Chance {
        /// From 0 to 1.
        probability: f64,
        /// The seed of the draw.
        seed: u64,
        /// What happens to a call that is drawn.
        fault: F,
    },
}

/// The name of a fault that was set, to release it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FaultId(pub(crate) u64);

/// A fault that may tell how long to wait.
pub(crate) trait Waits {
    /// The fault with the time that is left of it.
    fn with_left(&self, left: Duration) -> Self;
}

/// A plan that is being carried out.
pub(crate) struct Schedule<F> {
    plan: Plan<F>,
    since: Instant,
    seen: usize,
    draw: fastrand::Rng,
}

impl<F: Clone + Waits> Schedule<F> {
    pub(crate) fn new(plan: Plan<F>) -> Self {
        let seed = match plan {
            Plan::Chance { seed, .. } => seed,
            _ => 0,
        };
        Self {
            plan,
            since: Instant::now(),
            seen: 0,
            draw: fastrand::Rng::with_seed(seed),
        }
    }

    /// Whether it will never strike again.
    pub(crate) fn spent(&self, now: Instant) -> bool {
        match &self.plan {
            Plan::Next(left, _) => *left == 0,
            Plan::For(time, _) => now.duration_since(self.since) >= *time,
            _ => false,
        }
    }

    /// What strikes the next call that it is meant for.
    pub(crate) fn next(&mut self, now: Instant) -> Option<F> {
        let seen = self.seen;
        self.seen += 1;
        match &mut self.plan {
            Plan::Next(left, fault) => {
                *left = left.checked_sub(1)?;
                Some(fault.clone())
            }
            Plan::Always(fault) => Some(fault.clone()),
            Plan::For(time, fault) => Some(fault.with_left(time.saturating_sub(now - self.since))),
            Plan::Cycle(faults) => faults.get(seen % faults.len().max(1))?.clone(),
            Plan::Chance { probability, fault, .. } => (self.draw.f64() < *probability).then(|| fault.clone()),
        }
    }
}
