use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::gate::Gate;
use crate::{
    delivery::{Door, Lane, Outcome},
    model::Timestamp,
    store::SettleAs,
};

/// How many lanes in trouble are known of at the most.
const TROUBLES_MAX: usize = 1_024;

/// What dispatch can tell of itself: which doors are closed, and what went wrong last in a lane that waits. In memory, and
/// so gone with the process.
#[derive(Default)]
pub struct Watch {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    gates: HashMap<Door, Arc<Gate>>,
    troubles: BTreeMap<Lane, Trouble>,
}

/// How a door's gate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateFacts {
    /// Deliveries pass.
    Open,
    /// The whole account was refused or told to wait; the next probe is due in so long.
    Closed {
        /// Zero while a probe is under way, or when the next delivery is one.
        probe_in: Duration,
    },
}

/// What went wrong with the last attempt of a lane that waits for its next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// When.
    pub at: Timestamp,
    /// The outcome, as a fixed word.
    pub outcome: &'static str,
    /// What went wrong, without message text or secrets.
    pub detail: String,
}

impl Trouble {
    /// What an outcome says went wrong, where it may go better next time.
    pub(super) fn of(outcome: &Outcome, at: Timestamp) -> Option<Self> {
        match outcome {
            Outcome::NotSent { detail, .. } | Outcome::Unknown { detail, .. } | Outcome::Refused { detail, .. } => {
                Some(Self {
                    at,
                    outcome: outcome.word(),
                    detail: detail.clone(),
                })
            }
            Outcome::Delivered(_) | Outcome::Rejected { .. } => None,
        }
    }
}

impl Watch {
    /// How the gate of a door stands; `None` where this process does not deliver.
    pub fn gate(&self, door: &Door) -> Option<GateFacts> {
        let gate = self.lock().gates.get(door).cloned();
        gate.map(|gate| gate.facts())
    }

    /// The doors at which this process delivers, in the order of their names.
    pub fn doors(&self) -> Vec<Door> {
        let mut doors: Vec<Door> = self.lock().gates.keys().cloned().collect();
        doors.sort();
        doors
    }

    /// What went wrong last in any of these lanes that waits for its next attempt.
    pub fn trouble(&self, lanes: &[Lane]) -> Option<Trouble> {
        let state = self.lock();
        let troubles = lanes.iter().filter_map(|lane| state.troubles.get(lane));
        troubles.max_by_key(|trouble| trouble.at).cloned()
    }

    pub(super) fn opened(&self, door: Door, gate: Arc<Gate>) {
        self.lock().gates.insert(door, gate);
    }

    /// An attempt ended, and this follows from it. A lane that goes on is no longer in trouble.
    pub(super) fn ended(&self, lane: Lane, trouble: Option<Trouble>, settled: &SettleAs) {
        let trouble = trouble.filter(|_| matches!(settled, SettleAs::Retry { .. }));
        let mut state = self.lock();
        match trouble {
            Some(trouble) if state.troubles.len() < TROUBLES_MAX || state.troubles.contains_key(&lane) => {
                state.troubles.insert(lane, trouble);
            }
            Some(_) => {}
            None => {
                state.troubles.remove(&lane);
            }
        }
    }

    /// What a lane had left is not wanted any more.
    pub(super) fn given_up(&self, lane: Lane) {
        self.lock().troubles.remove(&lane);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change under this lock is complete when it is left, even by a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ConversationId;

    fn retry() -> SettleAs {
        SettleAs::Retry {
            due: Timestamp::default(),
            maybe_sent: false,
        }
    }

    #[test]
    fn a_lane_is_in_trouble_until_it_goes_on() {
        let (watch, lane) = (Watch::default(), Lane::Chat(ConversationId::mint()));
        let other = Lane::Bot(ConversationId::mint());
        let at = Timestamp::from_millis;
        watch.ended(lane, Trouble::of(&Outcome::not_sent("no route"), at(1)), &retry());
        watch.ended(other, Trouble::of(&Outcome::unknown("reset"), at(2)), &retry());
        assert_eq!(
            watch.trouble(&[lane]).map(|trouble| trouble.detail),
            Some("no route".to_owned())
        );
        let newest = watch.trouble(&[other, lane]).expect("there are two");
        assert_eq!((newest.outcome, newest.at), ("unknown", at(2)));
        let delivered = SettleAs::Delivered(crate::delivery::Receipt::None);
        watch.ended(lane, Trouble::of(&Outcome::delivered(), at(3)), &delivered);
        assert_eq!(watch.trouble(&[lane]), None);
        watch.given_up(other);
        assert_eq!(watch.trouble(&[lane, other]), None);
    }

    #[test]
    fn no_more_lanes_are_known_of_than_the_limit() {
        let watch = Watch::default();
        let first = Lane::Chat(ConversationId::mint());
        watch.ended(
            first,
            Trouble::of(&Outcome::not_sent("a"), Timestamp::default()),
            &retry(),
        );
        for _ in 0..TROUBLES_MAX {
            let lane = Lane::Chat(ConversationId::mint());
            watch.ended(
                lane,
                Trouble::of(&Outcome::not_sent("b"), Timestamp::default()),
                &retry(),
            );
        }
        assert_eq!(watch.lock().troubles.len(), TROUBLES_MAX);
        watch.ended(
            first,
            Trouble::of(&Outcome::not_sent("c"), Timestamp::default()),
            &retry(),
        );
        assert_eq!(
            watch.trouble(&[first]).map(|trouble| trouble.detail),
            Some("c".to_owned())
        );
    }
}
