//! Faults: what a desk in trouble does, and to which calls.

use std::{
    collections::{HashMap, VecDeque},
    num::NonZeroU64,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::call::Endpoint;

/// What happens to a call instead of a good answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// The connection is reset before the body was read; nothing has its effect.
    ///
    /// For a port that refuses connections see [`DeskSimulator::close_port`](super::DeskSimulator::close_port).
    Refuse,
    /// No answer and no effect until the hanging calls are released; then both.
    Hang,
    /// The effect, but no answer until the hanging calls are released.
    HangAfterEffect,
    /// Status 429 with `Retry-After`; no effect.
    TooManyRequests {
        /// Seconds that the caller is asked to wait.
        retry_after_secs: u64,
    },
    /// Status 503 with an empty body; no effect.
    Unavailable,
    /// Status 502 with an HTML page, as a proxy in front of a desk gives it; no effect.
    Html,
    /// Status 200 with an HTML page, as a login or maintenance page; no effect.
    HtmlOk,
    /// The effect; then the connection is reset in place of the answer.
    LostAnswer,
    /// The body is read at this pace until the hanging calls are released; effect and answer follow as usual.
    SlowBody {
        /// Bytes read per second.
        bytes_per_sec: NonZeroU64,
    },
    /// A given answer; no effect.
    Answer {
        /// HTTP status.
        status: u16,
        /// Body, sent as it stands.
        body: String,
    },
}

/// Which calls a plan applies to. An endpoint with a plan of its own does not follow the plan for all.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scope {
    /// Every call for which its endpoint has no plan of its own.
    All,
    /// The calls of one endpoint.
    Endpoint(Endpoint),
    /// The calls of one chat session id, where no other plan gave a fault. It is known only once the body was read, so
    /// [`Fault::Refuse`] resets after that here, and [`Fault::SlowBody`] has no effect.
    Session(String),
}

/// When a fault happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Plan {
    /// At every call.
    Always {
        /// The fault.
        fault: Fault,
    },
    /// At the next calls; several such plans queue up, and stand before a lasting one.
    Next {
        /// How many calls.
        calls: u32,
        /// The fault.
        fault: Fault,
    },
    /// In turn, over and over; `None` is a call that goes well.
    Cycle {
        /// One entry a call.
        faults: Vec<Option<Fault>>,
    },
    /// By chance, the same in every run with the same seed and order of calls.
    Chance {
        /// From 0 (never) to 1 (always).
        probability: f64,
        /// The fault.
        fault: Fault,
        /// Start of the random numbers.
        seed: u64,
    },
}

/// The plans in force. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Faults {
    plans: Arc<Mutex<HashMap<Scope, Plans>>>,
    /// Counts the releases of hanging calls.
    releases: Arc<watch::Sender<u64>>,
}

/// The plans of one scope.
#[derive(Default)]
struct Plans {
    next: VecDeque<(u32, Fault)>,
    lasting: Option<Lasting>,
}

/// A lasting plan with its place in it.
struct Lasting {
    plan: Plan,
    turn: usize,
    random: fastrand::Rng,
}

impl Faults {
    pub(super) fn new() -> Self {
        Self {
            plans: Arc::default(),
            releases: Arc::new(watch::Sender::new(0)),
        }
    }

    /// Puts a plan into force. A lasting plan replaces the scope's former one; a plan for the next calls is added.
    pub fn set(&self, scope: Scope, plan: Plan) {
        let mut plans = self.plans();
        let plans = plans.entry(scope).or_default();
        match plan {
            Plan::Next { calls: 0, .. } => {}
            Plan::Next { calls, fault } => plans.next.push_back((calls, fault)),
            lasting => plans.lasting = Some(Lasting::new(lasting)),
        }
    }

    /// Gives every call of `scope` the fault.
    pub fn always(&self, scope: Scope, fault: Fault) {
        self.set(scope, Plan::Always { fault });
    }

    /// Gives the next `calls` calls of `scope` the fault.
    pub fn next(&self, scope: Scope, calls: u32, fault: Fault) {
        self.set(scope, Plan::Next { calls, fault });
    }

    /// Takes the plans of one scope out of force. Calls that hang go on hanging.
    pub fn clear(&self, scope: &Scope) {
        self.plans().remove(scope);
    }

    /// Takes every plan out of force. Calls that hang go on hanging.
    pub fn clear_all(&self) {
        self.plans().clear();
    }

    /// Lets every call that hangs at this moment go on, and every body that is slow come at full speed.
    pub fn release_hanging(&self) {
        self.releases.send_modify(|releases| *releases += 1);
    }

    /// The plans in force, in no particular order.
    pub fn active(&self) -> Vec<(Scope, Plan)> {
        let plans = self.plans();
        let of_scope = |(scope, plans): (&Scope, &Plans)| {
            let next = plans.next.iter().cloned();
            let next = next.map(|(calls, fault)| Plan::Next { calls, fault });
            let lasting = plans.lasting.iter().map(|lasting| lasting.plan.clone());
            next.chain(lasting)
                .map(|plan| (scope.clone(), plan))
                .collect::<Vec<_>>()
        };
        plans.iter().flat_map(of_scope).collect()
    }

    /// The fault of a call whose body is not read yet.
    pub(super) fn draw(&self, endpoint: Endpoint) -> Option<Fault> {
        let mut plans = self.plans();
        let own = Scope::Endpoint(endpoint);
        let scope = if plans.get(&own).is_some_and(Plans::in_force) {
            own
        } else {
            Scope::All
        };
        plans.get_mut(&scope).and_then(Plans::draw)
    }

    /// The fault of a call that is known to be of a session.
    pub(super) fn draw_for_session(&self, session: &str) -> Option<Fault> {
        let mut plans = self.plans();
        plans.get_mut(&Scope::Session(session.to_owned())).and_then(Plans::draw)
    }

    /// Resolves at the next release. The first part notes the moment, the second waits.
    pub(super) fn hang(&self) -> impl Future<Output = ()> + use<> {
        let mut releases = self.releases.subscribe();
        async move {
            if releases.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    fn plans(&self) -> MutexGuard<'_, HashMap<Scope, Plans>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plans {
    fn in_force(&self) -> bool {
        !self.next.is_empty() || self.lasting.is_some()
    }

    fn draw(&mut self) -> Option<Fault> {
        let Some((calls, fault)) = self.next.front_mut() else {
            return self.lasting.as_mut().and_then(Lasting::draw);
        };
        let fault = fault.clone();
        *calls -= 1;
        if *calls == 0 {
            self.next.pop_front();
        }
        Some(fault)
    }
}

impl Lasting {
    fn new(plan: Plan) -> Self {
        let seed = match plan {
            Plan::Chance { seed, .. } => seed,
            _ => 0,
        };
        Self {
            plan,
            turn: 0,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    fn draw(&mut self) -> Option<Fault> {
        match &self.plan {
            Plan::Always { fault } | Plan::Next { fault, .. } => Some(fault.clone()),
            Plan::Chance { probability, fault, .. } => (self.random.f64() < *probability).then(|| fault.clone()),
            Plan::Cycle { faults } => {
                let drawn = faults.get(self.turn).cloned().flatten();
                self.turn = (self.turn + 1) % faults.len().max(1);
                drawn
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_goes_round_and_an_empty_one_harms_nothing() {
        let faults = Faults::new();
        let cycle = vec![Some(Fault::Hang), None];
        faults.set(Scope::All, Plan::Cycle { faults: cycle });
        let drawn: Vec<_> = (0..4).map(|_| faults.draw(Endpoint::EndChat)).collect();
        assert_eq!(drawn, [Some(Fault::Hang), None, Some(Fault::Hang), None]);

        faults.set(Scope::All, Plan::Cycle { faults: Vec::new() });
        assert_eq!(faults.draw(Endpoint::EndChat), None);
    }

    #[test]
    fn next_calls_stand_before_a_lasting_plan_and_an_endpoint_before_all() {
        let faults = Faults::new();
        faults.always(Scope::All, Fault::Html);
        faults.always(Scope::Endpoint(Endpoint::EndChat), Fault::Unavailable);
        faults.next(Scope::Endpoint(Endpoint::EndChat), 1, Fault::Refuse);
        assert_eq!(faults.draw(Endpoint::EndChat), Some(Fault::Refuse));
        assert_eq!(faults.draw(Endpoint::EndChat), Some(Fault::Unavailable));
        assert_eq!(faults.draw(Endpoint::Visited), Some(Fault::Html));
    }

    #[test]
    fn an_endpoint_whose_next_calls_are_used_up_falls_back_to_all() {
        let faults = Faults::new();
        faults.always(Scope::All, Fault::Html);
        faults.next(Scope::Endpoint(Endpoint::EndChat), 1, Fault::Refuse);
        assert_eq!(faults.draw(Endpoint::EndChat), Some(Fault::Refuse));
        assert_eq!(faults.draw(Endpoint::EndChat), Some(Fault::Html));
    }

    #[test]
    fn chance_repeats_with_its_seed() {
        let draw = || {
            let faults = Faults::new();
            let plan = Plan::Chance {
                probability: 0.5,
                fault: Fault::Hang,
                seed: 7,
            };
            faults.set(Scope::All, plan);
            (0..64)
                .map(|_| faults.draw(Endpoint::Visited).is_some())
                .collect::<Vec<_>>()
        };
        let first = draw();
        assert_eq!(first, draw());
        assert!(first.contains(&true) && first.contains(&false));
    }
}
