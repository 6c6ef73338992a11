//! How long things took, in the few numbers that tell most.

use serde::Serialize;

use crate::figures::{float, percentile};

/// Percentiles of durations, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Latency {
    pub(crate) count: usize,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    pub(crate) max_ms: f64,
}

impl Latency {
    /// Of durations in nanoseconds, in any order.
    pub(crate) fn of(mut nanos: Vec<u64>) -> Self {
        nanos.sort_unstable();
        let ms = |per_mille| float(percentile(&nanos, per_mille)) / 1e6;
        Self {
            count: nanos.len(),
            p50_ms: ms(500),
            p99_ms: ms(990),
            p999_ms: ms(999),
            max_ms: ms(1_000),
        }
    }

    /// As cells of a table.
    pub(crate) fn cells(&self) -> [String; 4] {
        [self.p50_ms, self.p99_ms, self.p999_ms, self.max_ms].map(|ms| format!("{ms:.2}"))
    }
}
