//! Waiting a moment for those who were just answered.
//!
//! Callers that write again once they are answered come a moment too late for the batch that is taken right then. They
//! ride in the one after, and so one half of them always waits for the commit of the other.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::store::nap::nap;

/// How long after a commit the next batch waits at the most.
const GATHER_MAX: Duration = Duration::from_millis(2);

/// Which part of what the last batch took that is at the most.
const GATHER_PART: u32 = 2;

/// What is no wait: beginning one and ending it takes as long.
const GATHER_MIN: Duration = Duration::from_micros(50);

/// How many batches wait for nobody after one that waited in vain.
const BATCHES_AFTER_VAIN: u32 = 16;

/// Knows who may be back in a moment.
#[derive(Debug)]
pub(super) struct Gathering {
    /// How many writes the next batch has once all are back.
    expected: usize,
    until: Instant,
    /// How many batches are yet to wait for nobody.
    pauses: u32,
}

impl Gathering {
    /// Before the first batch: nobody.
    pub(super) fn new() -> Self {
        Self {
            expected: 0,
            until: Instant::now(),
            pauses: 0,
        }
    }

    /// A batch that took so long is over: those who were answered may be back, and others wait already. Who was alone has
    /// nobody to ride with.
    pub(super) fn answered(&mut self, answered: usize, waiting: usize, took: Duration) {
        self.expected = if answered > 1 { answered + waiting } else { 0 };
        self.until = Instant::now() + (took / GATHER_PART).min(GATHER_MAX);
    }

    /// Adds to the writes what comes until all are back or the moment is over, and no more than `max` in all.
    pub(super) async fn gather<T>(&mut self, queue: &mut mpsc::Receiver<T>, writes: &mut Vec<T>, max: usize) {
        let (before, expected) = (writes.len(), self.expected.min(max));
        let left = self.until.saturating_duration_since(Instant::now());
        if before >= expected || left < GATHER_MIN {
            return;
        }
        if self.pauses > 0 {
            self.pauses -= 1;
            return;
        }
        let back = async {
            while writes.len() < expected {
                if queue.recv_many(writes, expected - writes.len()).await == 0 {
                    return;
                }
            }
        };
        tokio::select! {
            () = back => {}
            () = nap(left) => {}
        }
        let came = writes.len() - before;
        if came * 2 < expected - before {
            self.pauses = BATCHES_AFTER_VAIN;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// As long as it takes: only whoever is awaited ends it.
    fn awaiting(expected: usize) -> Gathering {
        Gathering {
            expected,
            until: Instant::now() + LONG,
            pauses: 0,
        }
    }

    #[tokio::test]
    async fn who_was_answered_rides_together_though_each_comes_a_moment_later() {
        let (come, mut queue) = mpsc::channel(64);
        for n in 0..31 {
            let come = come.clone();
            tokio::spawn(async move {
                for _ in 0..n {
                    tokio::task::yield_now().await;
                }
                come.send(n).await.expect("the queue stands");
            });
        }
        let mut gathering = awaiting(32);
        let mut writes = vec![31];
        gathering.gather(&mut queue, &mut writes, 512).await;
        writes.sort_unstable();
        assert_eq!(writes, (0..32).collect::<Vec<_>>());
        assert!(Instant::now() < gathering.until, "it ends with the last of them");
    }

    #[tokio::test]
    async fn who_does_not_come_again_is_awaited_for_a_moment_and_then_not_for_a_while() {
        let (come, mut queue) = mpsc::channel(64);
        let mut gathering = Gathering::new();
        for batch in 0..=BATCHES_AFTER_VAIN + 1 {
            gathering.answered(8, 0, LONG);
            let began = Instant::now();
            let mut writes = vec![1];
            gathering.gather(&mut queue, &mut writes, 512).await;
            assert_eq!(writes, [1]);
            assert!(began.elapsed() < LONG);
            let waits = gathering.pauses == BATCHES_AFTER_VAIN;
            assert_eq!(waits, batch == 0 || batch == BATCHES_AFTER_VAIN + 1, "{batch}");
        }
        drop(come);
    }

    #[tokio::test]
    async fn a_batch_that_is_gathered_keeps_its_limit_and_its_order() {
        let (come, mut queue) = mpsc::channel(64);
        (1..9).for_each(|n| come.try_send(n).expect("there is room"));
        let mut gathering = awaiting(9);
        let mut writes = vec![0];
        gathering.gather(&mut queue, &mut writes, 4).await;
        assert_eq!(writes, [0, 1, 2, 3]);
        drop(come);
        gathering.gather(&mut queue, &mut writes, 512).await;
        assert_eq!(writes, (0..9).collect::<Vec<_>>(), "nobody waits at a closed queue");
    }

    #[tokio::test]
    async fn who_was_alone_and_who_comes_after_the_moment_waits_for_nobody() {
        let (come, mut queue) = mpsc::channel(64);
        let mut alone = Gathering::new();
        alone.answered(1, 0, LONG);
        let mut late = awaiting(8);
        late.until = Instant::now();
        for gathering in [&mut alone, &mut late] {
            let mut writes = vec![1];
            let gathered = gathering.gather(&mut queue, &mut writes, 512);
            assert!(futures::poll!(std::pin::pin!(gathered)).is_ready());
            assert_eq!(writes, [1]);
        }
        drop(come);
    }

    #[test]
    fn the_moment_is_a_part_of_what_the_batch_took_and_has_a_limit() {
        let mut gathering = Gathering::new();
        for (took, moment) in [(2_000, 1_000), (100_000, 2_000)] {
            let (took, moment) = (Duration::from_micros(took), Duration::from_micros(moment));
            let before = Instant::now();
            gathering.answered(32, 31, took);
            assert!((before + moment..=Instant::now() + moment).contains(&gathering.until));
            assert_eq!(gathering.expected, 63);
        }
    }
}
