//! What is outside of the process, and outlives it: a platform that keeps updates until they are acknowledged, a desk, and
//! the plain book of what was said, accepted and shown.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use super::Fault;
use crate::{
    delivery::{Outcome, Scope},
    model::{BotEvent, SessionId},
};

/// How another side answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Fine,
    /// One call in five goes wrong.
    Flaky,
    /// Nobody listens.
    Away,
    /// The account is refused.
    Refused,
}

/// A side that is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Desk,
    Chat,
}

/// What an agent does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Agent {
    Says(String),
    Ends,
}

/// How one call goes.
pub(super) enum Course {
    /// It has its effect or not, after a while, and then the answer.
    Answer {
        after: Duration,
        effect: bool,
        outcome: Outcome,
    },
    /// It has its effect or not, and is never answered.
    Silence { effect: bool },
}

#[derive(Default)]
pub(super) struct World {
    state: Mutex<State>,
    pub(super) more: Notify,
}

/// Everything that is known. Every change under its lock is one step.
pub(super) struct State {
    pub(super) chance: fastrand::Rng,
    pub(super) fault: Option<Fault>,
    /// How long a second of a story takes.
    pub(super) second: Duration,
    /// What customers did, in the order of the platform: whose it is, and the words.
    pub(super) updates: Vec<(u32, String)>,
    pub(super) acknowledged: usize,
    pub(super) moods: HashMap<Side, Mood>,
    /// What each customer was shown, in order.
    pub(super) shown: BTreeMap<u32, Vec<String>>,
    /// What each ticket shows, in order.
    pub(super) tickets: BTreeMap<SessionId, (u32, Vec<String>)>,
    /// What the agents are about to do, in order.
    pub(super) agents: VecDeque<(SessionId, Agent)>,
    /// The customers' lines that were taken for the human.
    pub(super) kept: HashSet<String>,
    /// The agents' lines that were taken, in order, for each session.
    pub(super) taken: BTreeMap<SessionId, Vec<String>>,
    pub(super) events: Vec<BotEvent>,
    /// Handlers and lines of the bot that are under way.
    pub(super) busy: usize,
    pub(super) crashes: usize,
    pub(super) broken: Vec<String>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            chance: fastrand::Rng::with_seed(0),
            fault: None,
            second: Duration::from_secs(1),
            updates: Vec::new(),
            acknowledged: 0,
            moods: HashMap::new(),
            shown: BTreeMap::new(),
            tickets: BTreeMap::new(),
            agents: VecDeque::new(),
            kept: HashSet::new(),
            taken: BTreeMap::new(),
            events: Vec::new(),
            busy: 0,
            crashes: 0,
            broken: Vec::new(),
        }
    }
}

impl World {
    pub(super) fn new(seed: u64, second: Duration, fault: Option<Fault>) -> Self {
        let world = Self::default();
        {
            let mut state = world.state();
            (state.chance, state.second, state.fault) = (fastrand::Rng::with_seed(seed), second, fault);
        }
        world
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many seconds of the story, at the most.
    pub(super) fn some_secs(&self, max: u32) -> Duration {
        let mut state = self.state();
        let part = state.chance.f64();
        (state.second * max).mul_f64(part)
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.state().fault == Some(fault)
    }

    pub(super) fn customer_says(&self, n: u32, words: String) {
        self.state().updates.push((n, words));
        self.more.notify_waiters();
    }

    /// The first update that was not acknowledged, with its position.
    pub(super) async fn next_update(&self) -> (i64, u32, String) {
        loop {
            let more = self.more.notified();
            {
                let state = self.state();
                if let Some((n, words)) = state.updates.get(state.acknowledged) {
                    let position = i64::try_from(state.acknowledged).unwrap_or(i64::MAX) + 1;
                    return (position, *n, words.clone());
                }
            }
            more.await;
        }
    }

    pub(super) fn acknowledge(&self, position: i64) {
        let mut state = self.state();
        state.acknowledged = state.acknowledged.max(usize::try_from(position).unwrap_or_default());
    }

    /// A line of the bot is shown, and must not be while a human owns the conversation.
    pub(super) fn bot_says(&self, n: u32, words: &str, is_human: bool) {
        let mut state = self.state();
        state.shown.entry(n).or_default().push(words.to_owned());
        if is_human {
            state.broken.push(format!(
                "the bot spoke in conversation {n} while a human owned it: {words}"
            ));
        }
    }
}

impl State {
    /// How the next call at a side goes, by its mood.
    pub(super) fn course(&mut self, side: Side, is_message: bool) -> Course {
        let at_once = |effect, outcome| Course::Answer {
            after: Duration::ZERO,
            effect,
            outcome,
        };
        let secs = |secs: u64| Some(self.second * u32::try_from(secs).unwrap_or(1));
        let wait = secs(self.chance.u64(1..20));
        match self.moods.get(&side).copied().unwrap_or(Mood::Fine) {
            Mood::Away => at_once(false, not_sent(Scope::Door, None)),
            Mood::Refused => at_once(
                false,
                Outcome::Refused {
                    detail: "401".to_owned(),
                    scope: Scope::Door,
                },
            ),
            Mood::Flaky if self.chance.u8(0..5) == 0 => match self.chance.u8(0..9) {
                0 | 1 => at_once(false, not_sent(Scope::Lane, wait)),
                2 => at_once(false, not_sent(Scope::Door, wait)),
                3 => at_once(false, Outcome::unknown("500")),
                4 | 5 => at_once(true, Outcome::unknown("reset")),
                6 => Course::Silence {
                    effect: self.chance.bool(),
                },
                7 if is_message => at_once(false, Outcome::rejected("400")),
                _ => Course::Answer {
                    after: self.second * 5,
                    effect: true,
                    outcome: Outcome::delivered(),
                },
            },
            Mood::Fine | Mood::Flaky => at_once(true, Outcome::delivered()),
        }
    }
}

fn not_sent(scope: Scope, retry_after: Option<Duration>) -> Outcome {
    Outcome::NotSent {
        detail: "429".to_owned(),
        retry_after,
        scope,
    }
}
