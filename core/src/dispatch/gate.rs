use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::{DoorSettings, GateFacts};
use crate::delivery::{Outcome, RetryPolicy, Scope};

/// A door's gate: keeps its pace, closes when the whole account is refused or told to wait, and lets one call through
/// to see whether that is over.
pub(super) struct Gate {
    settings: DoorSettings,
    retry: RetryPolicy,
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    /// Before this, no next call starts.
    next: Instant,
    closed: Option<Closed>,
}

struct Closed {
    until: Instant,
    /// How often in a row the door was found closed.
    times: u32,
    /// Since when a probe is under way. One that takes longer than a call without a file may no longer keeps others
    /// from probing: it can be a file that is slow on its own account.
    probing: Option<Instant>,
}

/// What a caller finds at the gate.
enum Look {
    Go(Instant),
    Probe(Instant),
    Wait(Instant),
}

/// Leave to make one call.
pub(super) struct Pass<'g> {
    gate: &'g Gate,
    /// When it began to probe, if it does.
    probe: Option<Instant>,
}

impl Gate {
    pub(super) fn new(settings: DoorSettings, retry: RetryPolicy) -> Self {
        let state = State {
            next: Instant::now(),
            closed: None,
        };
        let retry = RetryPolicy {
            wait_max: settings.closed_max,
            ..retry
        };
        Self {
            settings,
            retry,
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    /// Waits until a call may start.
    ///
    /// # Cancel safety
    /// Nothing is taken until it returns, but for one place in the pace.
    pub(super) async fn enter(&self) -> Pass<'_> {
        loop {
            let changed = self.changed.notified();
            match self.look() {
                Look::Go(start) => {
                    // A timer goes by the millisecond: who need not wait sets none.
                    if start > Instant::now() {
                        tokio::time::sleep_until(start).await;
                    }
                    // Meanwhile somebody may have been told to wait.
                    if self.is_open() {
                        return self.pass(None);
                    }
                }
                Look::Probe(since) => return self.pass(Some(since)),
                // A probe that is over wakes us too.
                Look::Wait(until) => {
                    tokio::select! {
                        () = changed => {}
                        () = tokio::time::sleep_until(until) => {}
                    }
                }
            }
        }
    }

    /// Waits until what is claimed will be called soon: not while the door is closed, but for the probe.
    ///
    /// # Cancel safety
    /// Nothing is taken.
    pub(super) async fn ready(&self) {
        loop {
            let changed = self.changed.notified();
            let until = match &self.lock().closed {
                None => return,
                Some(closed) => closed.next_probe(self.settings.call_max),
            };
            if until <= Instant::now() {
                return;
            }
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    /// How it stands, to be told.
    pub(super) fn facts(&self) -> GateFacts {
        match &self.lock().closed {
            None => GateFacts::Open,
            Some(closed) if closed.probing.is_some() => GateFacts::Closed {
                probe_in: Duration::ZERO,
            },
            Some(closed) => GateFacts::Closed {
                probe_in: closed.until.saturating_duration_since(Instant::now()),
            },
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.lock().closed.is_none()
    }

    fn pass(&self, probe: Option<Instant>) -> Pass<'_> {
        Pass { gate: self, probe }
    }

    fn look(&self) -> Look {
        let mut state = self.lock();
        let now = Instant::now();
        match &mut state.closed {
            None => {
                let start = state.next.max(now);
                state.next = start + self.settings.pace;
                Look::Go(start)
            }
            Some(closed) => {
                let next = closed.next_probe(self.settings.call_max);
                if next > now {
                    return Look::Wait(next);
                }
                closed.probing = Some(now);
                Look::Probe(now)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change under this lock is complete when it is left, even by a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Closed {
    /// When the next probe may start.
    fn next_probe(&self, probe_max: Duration) -> Instant {
        self.probing
            .map_or(self.until, |since| self.until.max(since + probe_max))
    }
}

impl Pass<'_> {
    /// Says how the call ended: what speaks for the door closes it, and what reached the other side opens it again.
    pub(super) fn ended(self, outcome: &Outcome, jitter: f64) {
        match outcome {
            Outcome::NotSent {
                retry_after,
                scope: Scope::Door,
                ..
            } => self.close(*retry_after, jitter),
            Outcome::Refused { scope: Scope::Door, .. } => self.close(None, jitter),
            // It may never have come as far as the door, as for want of a file: the next one probes.
            Outcome::NotSent { scope: Scope::Lane, .. } => {}
            // What began before it closed says nothing of how it is now.
            _ if self.probe.is_none() => {}
            // An answer, or at least a connection: the door is there.
            _ => self.open(),
        }
    }

    fn open(&self) {
        if self.gate.lock().closed.take().is_some() {
            self.gate.changed.notify_waiters();
        }
    }

    fn close(&self, asked: Option<Duration>, jitter: f64) {
        let mut state = self.gate.lock();
        let now = Instant::now();
        let (times, until) = match &state.closed {
            // Calls that started before it closed say nothing new.
            Some(closed) if self.probe.is_none() => (closed.times, closed.until),
            Some(closed) => (closed.times + 1, now),
            None => (1, now),
        };
        let until = until.max(now + self.gate.retry.wait(times, jitter, asked));
        let probing = state.closed.as_ref().and_then(|closed| closed.probing);
        let probing = probing.filter(|_| self.probe.is_none());
        state.closed = Some(Closed { until, times, probing });
        drop(state);
        self.gate.changed.notify_waiters();
    }
}

/// A call that was given up lets the next one probe.
impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.probe.is_some() {
            let mut state = self.gate.lock();
            if let Some(closed) = &mut state.closed
                && closed.probing == self.probe
            {
                closed.probing = None;
            }
            drop(state);
            self.gate.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(pace: Duration) -> Gate {
        Gate::new(
            DoorSettings {
                pace,
                ..DoorSettings::default()
            },
            RetryPolicy::default(),
        )
    }

    fn wait(secs: u64) -> Outcome {
        let retry_after = Some(Duration::from_secs(secs));
        Outcome::NotSent {
            detail: "429".into(),
            retry_after,
            scope: Scope::Door,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn calls_keep_the_pace() {
        let gate = gate(Duration::from_millis(100));
        let start = Instant::now();
        for _ in 0..5 {
            gate.enter().await.ended(&Outcome::delivered(), 0.5);
        }
        assert_eq!(start.elapsed(), Duration::from_millis(400));
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_door_lets_one_probe_through_when_the_wait_is_over() {
        let gate = gate(Duration::ZERO);
        let start = Instant::now();
        assert_eq!(gate.facts(), GateFacts::Open);
        gate.enter().await.ended(&wait(30), 0.5);
        let probe_in = Duration::from_secs(30);
        assert_eq!(gate.facts(), GateFacts::Closed { probe_in });
        let probe = gate.enter().await;
        let probe_in = Duration::ZERO;
        assert_eq!(gate.facts(), GateFacts::Closed { probe_in });
        assert_eq!(start.elapsed(), Duration::from_secs(30));
        let second = tokio::time::timeout(Duration::from_secs(20), gate.enter()).await;
        assert!(second.is_err(), "only one probe at a time");
        probe.ended(&Outcome::delivered(), 0.5);
        assert!(gate.is_open());
        gate.enter().await.ended(&Outcome::delivered(), 0.5);
        assert_eq!(
            start.elapsed(),
            Duration::from_secs(50),
            "an open door keeps nobody waiting"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_takes_longer_than_a_call_may_keeps_nobody_from_probing() {
        let gate = gate(Duration::ZERO);
        gate.enter().await.ended(&wait(1), 0.5);
        let start = Instant::now();
        let slow = gate.enter().await;
        let (next, ()) = tokio::join!(gate.enter(), gate.ready());
        assert_eq!(
            start.elapsed(),
            Duration::from_secs(1) + DoorSettings::default().call_max
        );
        slow.ended(&Outcome::not_sent("no file"), 0.5);
        let third = tokio::time::timeout(Duration::from_secs(20), gate.enter()).await;
        assert!(third.is_err(), "the end of the slow one does not speak for the next");
        next.ended(&Outcome::delivered(), 0.5);
        assert!(gate.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_fails_closes_the_door_for_longer() {
        let gate = gate(Duration::ZERO);
        let refused = Outcome::Refused {
            detail: "401".into(),
            scope: Scope::Door,
        };
        let mut waits = Vec::new();
        gate.enter().await.ended(&refused, 1.0);
        for _ in 0..3 {
            let start = Instant::now();
            gate.enter().await.ended(&refused, 1.0);
            waits.push(start.elapsed().as_millis());
        }
        assert_eq!(waits, [500, 1_000, 2_000]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_began_before_a_door_closed_does_not_open_it() {
        let gate = gate(Duration::ZERO);
        let start = Instant::now();
        let (one, other) = (gate.enter().await, gate.enter().await);
        one.ended(&wait(30), 0.5);
        other.ended(&Outcome::delivered(), 0.5);
        assert!(!gate.is_open());
        drop(gate.enter().await);
        assert_eq!(start.elapsed(), Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_the_pace_does_not_pass_a_door_that_closed_meanwhile() {
        let gate = gate(Duration::from_millis(100));
        let start = Instant::now();
        let first = gate.enter().await;
        let (second, ()) = tokio::join!(gate.enter(), async { first.ended(&wait(30), 0.5) });
        assert_eq!(start.elapsed(), Duration::from_secs(30));
        second.ended(&Outcome::delivered(), 0.5);
        assert!(gate.is_open(), "it was the probe");
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_door_is_ready_for_its_probe_alone() {
        let gate = gate(Duration::ZERO);
        let start = Instant::now();
        gate.ready().await;
        gate.enter().await.ended(&wait(30), 0.5);
        gate.ready().await;
        assert_eq!(start.elapsed(), Duration::from_secs(30));
        let probe = gate.enter().await;
        let (ready, ()) = tokio::join!(gate.ready(), async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            probe.ended(&Outcome::delivered(), 0.5);
        });
        assert_eq!((ready, start.elapsed()), ((), Duration::from_secs(35)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_never_left_leaves_the_door_closed_for_the_next_one() {
        let gate = gate(Duration::ZERO);
        gate.enter().await.ended(&wait(30), 0.5);
        gate.enter().await.ended(&Outcome::not_sent("no file"), 0.5);
        assert!(!gate.is_open());
        let start = Instant::now();
        gate.enter().await.ended(&Outcome::delivered(), 0.5);
        assert_eq!((gate.is_open(), start.elapsed()), (true, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_dropped_lets_the_next_one_through() {
        let gate = gate(Duration::ZERO);
        gate.enter().await.ended(&wait(1), 0.5);
        drop(gate.enter().await);
        gate.enter().await.ended(&Outcome::delivered(), 0.5);
    }
}
