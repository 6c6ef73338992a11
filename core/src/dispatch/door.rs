use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{
    Dispatch, DoorSettings,
    classify::{classify, must_not_repeat},
    deliver::deliver,
    file::attachment,
    gate::{Gate, Pass},
    wait::{LEDGER_WAIT, sleep},
    watch::Trouble,
};
use crate::{
    delivery::{Door, Outcome, Payload},
    store::{Claimed, Recorded, Settle, SettleAs, StoreError},
};

/// One door's loop: claims what is due, and makes a task of each claim. When it is dropped, the calls under way are cut.
pub(super) async fn run(dispatch: Arc<Dispatch>, door: Door, shutdown: CancellationToken) {
    let settings = dispatch.door_settings(&door);
    let open = Arc::new(OpenDoor {
        gate: Arc::new(Gate::new(settings, dispatch.settings.retry)),
        calls: Semaphore::new(settings.calls_max),
        file_calls: Semaphore::new(settings.file_calls_max),
        settings,
        shutdown: shutdown.clone(),
        dispatch,
    });
    open.dispatch.watch.opened(door.clone(), Arc::clone(&open.gate));
    let wake = open.dispatch.store.wake(&door);
    let claims = Arc::new(Semaphore::new(settings.claims_max));
    let mut tasks = JoinSet::new();
    while !shutdown.is_cancelled() {
        // Each that ends wakes this loop.
        while tasks.try_join_next().is_some() {}
        tokio::select! {
            () = open.gate.ready() => {}
            () = shutdown.cancelled() => break,
        }
        let wait = match open.claim(&door, &claims, &mut tasks).await {
            Ok(wait) => wait,
            Err(failed) => {
                tracing::warn!(%door, error = %failed, "nothing can be claimed");
                // Not woken: giving the lanes back wakes this loop.
                tokio::select! {
                    () = tokio::time::sleep(LEDGER_WAIT) => {}
                    () = shutdown.cancelled() => {}
                }
                continue;
            }
        };
        tokio::select! {
            () = wake.notified() => {}
            () = sleep(wait) => {}
            () = shutdown.cancelled() => {}
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// What became of a call.
enum Called {
    Ended(Outcome),
    /// It was made before the process stopped, and must not be made twice.
    Before,
    /// It was taken back while it waited, and not made.
    NotWanted,
    /// It must not be made twice, and could not be noted before the shutdown.
    Not,
    /// The lease was over: it was not made, or was cut off, and the delivery is another instance's.
    Lost,
}

/// A door that is in use.
struct OpenDoor {
    dispatch: Arc<Dispatch>,
    gate: Arc<Gate>,
    calls: Semaphore,
    file_calls: Semaphore,
    settings: DoorSettings,
    shutdown: CancellationToken,
}

impl OpenDoor {
    /// Claims as much as there is room for, and says how long until there may be more. While the door is closed that is
    /// one, to probe it: what is claimed counts as on its way.
    async fn claim(
        self: &Arc<Self>,
        door: &Door,
        claims: &Arc<Semaphore>,
        tasks: &mut JoinSet<()>,
    ) -> Result<Option<Duration>, StoreError> {
        let free = claims.available_permits();
        let room = if self.gate.is_open() { free } else { free.min(1) };
        if room == 0 {
            // A claim that ends wakes the door.
            return Ok(None);
        }
        let store = &self.dispatch.store;
        let found = store.claim(door, room).await?;
        for claimed in found.claimed {
            let permit = Arc::clone(claims).try_acquire_owned();
            let permit = permit.expect("only this loop takes permits, and no more than there were");
            let (open, wake) = (Arc::clone(self), store.wake(door));
            tasks.spawn(async move {
                open.work(claimed).await;
                drop(permit);
                wake.notify_one();
            });
        }
        Ok(found.next_due.map(|due| due.since(self.dispatch.clock.now())))
    }

    /// Makes one call for a claim and settles it. A claim that is not called before the shutdown stays in the ledger.
    async fn work(&self, claimed: Claimed) {
        let settled = tokio::select! {
            biased;
            (pass, _slot) = self.enter(&claimed) => match self.call_under_lease(&claimed).await {
                Called::Ended(outcome) => {
                    pass.ended(&outcome, fastrand::f64());
                    self.classified(&claimed, outcome)
                }
                Called::Before => {
                    let outcome = Outcome::unknown("an attempt was under way when the process stopped");
                    self.classified(&claimed, outcome)
                }
                Called::NotWanted => {
                    self.dispatch.watch.given_up(claimed.id.lane);
                    SettleAs::Retry {
                        due: self.dispatch.clock.now(),
                        maybe_sent: false,
                    }
                }
                // Another instance makes it, and settles it.
                Called::Not | Called::Lost => return,
            },
            () = claimed.lease.over() => return,
            () = self.shutdown.cancelled() => return,
        };
        let arrived = matches!(settled, SettleAs::Delivered(_));
        let recorded = self.settle(&claimed, settled).await;
        if arrived && recorded == Some(Recorded::Done) {
            self.show_receipt(claimed);
        }
    }

    /// The customer sees that the desk has the message that is whole now.
    fn show_receipt(&self, claimed: Claimed) {
        if let Payload::Desk(payload) = &claimed.payload
            && let Some(message) = payload.completes()
        {
            self.dispatch.intake.has_received(claimed.conversation, message.clone());
        }
    }

    /// Waits for a slot, then for the gate.
    async fn enter(&self, claimed: &Claimed) -> (Pass<'_>, SemaphorePermit<'_>) {
        let slots = if attachment(&claimed.payload).is_some() {
            &self.file_calls
        } else {
            &self.calls
        };
        let slot = slots.acquire().await.expect("the slots are never closed");
        let pass = self.gate.enter().await;
        (pass, slot)
    }

    /// The call, cut off when another instance may begin with the lane.
    async fn call_under_lease(&self, claimed: &Claimed) -> Called {
        tokio::select! {
            // First, so that a call that was cut off makes not one step more.
            biased;
            () = claimed.lease.over() => {
                tracing::warn!(delivery = %claimed.id, "a call was cut off at the end of its lease");
                Called::Lost
            }
            called = self.call(claimed) => called,
        }
    }

    /// The call itself.
    async fn call(&self, claimed: &Claimed) -> Called {
        let at_most_once = must_not_repeat(claimed, &self.dispatch.settings);
        if at_most_once && claimed.started {
            return Called::Before;
        }
        if at_most_once {
            match self.settle(claimed, SettleAs::Started).await {
                Some(Recorded::Done) => {}
                Some(Recorded::Fenced) => return Called::Lost,
                None => return Called::Not,
            }
        }
        // It may have waited long, for a slot or at the gate.
        if !self.dispatch.store.is_wanted(claimed.id).await {
            return Called::NotWanted;
        }
        Called::Ended(deliver(&self.dispatch, claimed, &self.settings).await)
    }

    fn classified(&self, claimed: &Claimed, outcome: Outcome) -> SettleAs {
        let now = self.dispatch.clock.now();
        log(claimed, &outcome);
        let trouble = Trouble::of(&outcome, now);
        let settled = classify(claimed, outcome, now, fastrand::f64(), &self.dispatch.settings);
        self.dispatch.watch.ended(claimed.id.lane, trouble, &settled);
        settled
    }

    /// Settles, as often as it takes: the lane waits for it. `None` when the shutdown came first.
    async fn settle(&self, claimed: &Claimed, as_: SettleAs) -> Option<Recorded> {
        let settle = Settle {
            id: claimed.id,
            payload: claimed.payload.clone(),
            as_,
            lease: claimed.lease.clone(),
        };
        let recorded = loop {
            let failed = match self.dispatch.intake.settle(settle.clone()).await {
                Ok(recorded) => break recorded,
                Err(failed) => failed,
            };
            tracing::warn!(delivery = %claimed.id, error = %failed, "the end of an attempt waits for the ledger");
            tokio::select! {
                () = tokio::time::sleep(LEDGER_WAIT) => {}
                () = self.shutdown.cancelled() => return None,
            }
        };
        tracing::trace!(target: "escalator::site", site = "settle.after", payload = claimed.payload.word());
        Some(recorded)
    }
}

/// One line a settled step, and never what was said.
fn log(claimed: &Claimed, outcome: &Outcome) {
    let (delivery, payload, attempt) = (&claimed.id, claimed.payload.word(), claimed.attempt);
    let outcome_word = outcome.word();
    match outcome {
        Outcome::Delivered(_) => tracing::info!(%delivery, payload, attempt, outcome = outcome_word),
        Outcome::NotSent { detail, .. } | Outcome::Unknown { detail, .. } => {
            tracing::warn!(%delivery, payload, attempt, outcome = outcome_word, detail);
        }
        Outcome::Rejected { detail } | Outcome::Refused { detail, .. } => {
            tracing::error!(%delivery, payload, attempt, outcome = outcome_word, detail);
        }
    }
}
