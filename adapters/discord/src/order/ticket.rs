use std::time::Duration;

use tokio::{sync::watch, time::Instant};

use super::{Lane, gate::Gated};

/// An event that was noted and is not dispatched within this time never will be: serenity could not read it.
const DISPATCH_WAIT_MAX: Duration = Duration::from_secs(5);

/// How far an event has come. The end of the channel says that it is dealt with.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// Seen by the collector.
    Noted,
    /// Waiting, or on its way into the ledger.
    Claimed,
    /// In the bot's handler.
    WithBot,
    /// Left out: the next one waits for what this one would have waited for.
    GivenUp(Option<Before>),
}

/// What the next in a lane waits for.
pub(super) type Before = watch::Receiver<Stage>;

/// An event's place in its lane.
pub(crate) struct Ticket {
    lane: Lane,
    before: Option<Before>,
    gated: Gated,
    /// The latest id that was seen when it was noted.
    at: u64,
    noted: Instant,
    stage: watch::Sender<Stage>,
}

/// The first place in a lane. The next one comes up when it is dropped.
pub(crate) struct Place {
    at: u64,
    stage: watch::Sender<Stage>,
}

impl Ticket {
    pub(super) fn new(lane: Lane, gated: Gated, at: u64) -> (Self, Before) {
        let (stage, behind) = watch::channel(Stage::Noted);
        let ticket = Self {
            lane,
            before: None,
            gated,
            at,
            noted: Instant::now(),
            stage,
        };
        (ticket, behind)
    }

    pub(super) fn behind(mut self, before: Option<Before>) -> Self {
        self.before = before;
        self
    }

    pub(super) const fn lane(&self) -> Lane {
        self.lane
    }

    pub(super) fn age(&self) -> Duration {
        self.noted.elapsed()
    }

    pub(super) fn claimed(&self) {
        self.stage.send_replace(Stage::Claimed);
    }

    /// Leaves the lane. Nobody waits for it, and it waits for nobody.
    pub(crate) fn give_up(self) {
        let before = self.before.map(behind_given_up);
        self.stage.send_replace(Stage::GivenUp(before));
    }

    /// Waits until the lane has caught up, and the one in front is dealt with.
    pub(super) async fn pass(self, handler_wait_max: Duration) -> Place {
        self.gated.opened(self.lane).await;
        if let Some(before) = self.before {
            dealt_with(before, handler_wait_max).await;
        }
        Place {
            at: self.at,
            stage: self.stage,
        }
    }
}

impl Place {
    /// The latest id that was seen when the event was noted.
    pub(crate) const fn at(&self) -> u64 {
        self.at
    }

    /// The event goes to the bot, whose handler holds up the next one for a limited time.
    pub(crate) fn with_bot(&self) {
        self.stage.send_replace(Stage::WithBot);
    }
}

/// Whether the ticket that is waited for is not dealt with.
pub(super) fn is_awaited(before: &Before) -> bool {
    behind_given_up(before.clone()).has_changed().is_ok()
}

/// What is waited for past those that were given up. Step by step, so that they are dropped one by one.
fn behind_given_up(mut before: Before) -> Before {
    while let Some(further) = further(&before) {
        before = further;
    }
    before
}

fn further(before: &Before) -> Option<Before> {
    match &*before.borrow() {
        Stage::GivenUp(further) => further.clone(),
        Stage::Noted | Stage::Claimed | Stage::WithBot => None,
    }
}

async fn dealt_with(mut before: Before, handler_wait_max: Duration) {
    loop {
        let stage = before.borrow_and_update().clone();
        let wait_max = match &stage {
            Stage::Noted => DISPATCH_WAIT_MAX,
            Stage::WithBot => handler_wait_max,
            Stage::Claimed => Duration::MAX,
            Stage::GivenUp(Some(further)) => {
                before = further.clone();
                continue;
            }
            Stage::GivenUp(None) => return,
        };
        match tokio::time::timeout(wait_max, before.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_dropped)) => return,
            Err(_elapsed) => {
                tracing::warn!(
                    ?stage,
                    waited_millis = wait_max.as_millis(),
                    "an event is not dealt with in time: the next one of its conversation goes ahead"
                );
                return;
            }
        }
    }
}
