use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};

use crate::delivery::{Availability, Outcome};

type Asked = Result<Availability, Outcome>;
type Asking = BoxFuture<'static, Asked>;

/// The short memory for the desk's answer about availability. Those who ask at once share one call.
#[derive(Clone)]
pub(super) struct Recent {
    age_max: Duration,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    answer: Option<(Instant, Availability)>,
    /// The call that is on its way. Weak: when all who wait for it have gone, it is no more.
    asking: Option<WeakShared<Asking>>,
}

impl Recent {
    pub(super) fn new(age_max: Duration) -> Self {
        Self {
            age_max,
            state: Arc::default(),
        }
    }

    /// Takes the answer from memory, waits with others for a call, or makes one. A failure is not remembered.
    pub(super) async fn get(&self, ask: impl FnOnce() -> Asking) -> Asked {
        let asking = {
            let mut state = self.state();
            if let Some(answer) = state.fresh(self.age_max) {
                return Ok(answer);
            }
            let running = state.asking.as_ref().and_then(WeakShared::upgrade);
            if let Some(asking) = running.filter(|asking| asking.peek().is_none()) {
                asking
            } else {
                let asking = self.clone().remember(ask());
                state.asking = asking.downgrade();
                asking
            }
        };
        asking.await
    }

    fn remember(self, ask: Asking) -> Shared<Asking> {
        let asked = async move {
            let asked = ask.await;
            if let Ok(answer) = &asked {
                self.state().answer = Some((Instant::now(), answer.clone()));
            }
            asked
        };
        asked.boxed().shared()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the lock")
    }
}

impl State {
    fn fresh(&self, age_max: Duration) -> Option<Availability> {
        let (at, answer) = self.answer.as_ref()?;
        (at.elapsed() < age_max).then(|| answer.clone())
    }
}

#[cfg(test)]
mod tests {
    use futures::future;
    use tokio::sync::oneshot;

    use super::*;

    const NO_ONE: Availability = Availability {
        no_agents: true,
        asks_phone: false,
        asks_email: false,
        texts: std::collections::BTreeMap::new(),
    };

    #[tokio::test]
    async fn those_who_ask_at_once_share_one_call() {
        let recent = Recent::new(Duration::ZERO);
        let (answer, answered) = oneshot::channel();
        let mut first = Box::pin(recent.get(|| answered.map(|_| Ok(NO_ONE)).boxed()));
        assert!(futures::poll!(&mut first).is_pending());
        let second = recent.get(|| unreachable!("a call is on its way"));
        let mut second = Box::pin(second);
        assert!(futures::poll!(&mut second).is_pending());
        answer.send(()).expect("it is waited for");
        assert_eq!(future::join(first, second).await, (Ok(NO_ONE), Ok(NO_ONE)));
    }

    #[tokio::test]
    async fn an_answer_is_used_again_until_it_is_old() {
        let remembers = Recent::new(Duration::from_hours(1));
        remembers
            .get(|| future::ready(Ok(NO_ONE)).boxed())
            .await
            .expect("answered");
        assert_eq!(remembers.get(|| unreachable!("the answer is fresh")).await, Ok(NO_ONE));

        let forgets = Recent::new(Duration::ZERO);
        forgets
            .get(|| future::ready(Ok(NO_ONE)).boxed())
            .await
            .expect("answered");
        let anew = forgets.get(|| future::ready(Ok(Availability::default())).boxed()).await;
        assert_eq!(anew, Ok(Availability::default()));
    }

    #[tokio::test]
    async fn a_failure_and_a_call_that_was_left_are_forgotten() {
        let recent = Recent::new(Duration::from_hours(1));
        let failed = recent.get(|| future::ready(Err(Outcome::unknown("x"))).boxed()).await;
        assert!(failed.is_err());
        let mut left = Box::pin(recent.get(|| future::pending().boxed()));
        assert!(futures::poll!(&mut left).is_pending());
        drop(left);
        assert_eq!(recent.get(|| future::ready(Ok(NO_ONE)).boxed()).await, Ok(NO_ONE));
    }
}
