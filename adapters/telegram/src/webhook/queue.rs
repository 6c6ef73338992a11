use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use teloxide::types::Update;
use tokio::sync::{Notify, oneshot};

/// How many updates are remembered that were dealt with. Telegram sends one again when its answer was late or lost.
const DEALT_MAX: usize = 4_096;

/// The updates that were posted, from their arrival to their answer.
///
/// # Invariants
/// - What waits is taken in the order of its numbers.
/// - A caller hears only of what was dealt with; when its update is given up, its end of the line is dropped.
pub(super) struct Queue {
    state: Mutex<State>,
    /// Something waits.
    news: Notify,
    waiting_max: usize,
}

#[derive(Default)]
struct State {
    listening: Listening,
    waiting: BTreeMap<u32, Waiting>,
    /// What the listener has, until it asks for the next one.
    taken: Option<(u32, Vec<Caller>)>,
    dealt: Dealt,
}

#[derive(Default, PartialEq, Eq)]
enum Listening {
    /// Nobody does yet, or somebody does.
    #[default]
    Open,
    /// It has ended.
    Over,
}

type Caller = oneshot::Sender<()>;

struct Waiting {
    update: Update,
    /// Whoever posted it and has not given up.
    callers: Vec<Caller>,
}

/// What becomes of an update that is posted.
pub(super) enum Entered {
    /// It was dealt with before.
    Dealt,
    /// It waits, and the caller is told when it is dealt with.
    Waits(oneshot::Receiver<()>),
    /// There is no room.
    Full,
    /// Nobody listens any more.
    Over,
}

impl Queue {
    pub(super) fn new(waiting_max: usize) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            news: Notify::new(),
            waiting_max,
        })
    }

    /// Takes an update that was posted. One that is here already is not doubled: its callers wait together.
    pub(super) fn enter(&self, update: Update) -> Entered {
        let (caller, hears) = oneshot::channel();
        let number = update.id.0;
        let mut state = self.state();
        if state.dealt.has(number) {
            return Entered::Dealt;
        }
        if state.listening == Listening::Over {
            return Entered::Over;
        }
        let room = state.waiting.len() < self.waiting_max;
        match (state.callers_of(number), room) {
            (Some(callers), _) => {
                // Those before have mostly given up.
                callers.retain(|caller| !caller.is_closed());
                callers.push(caller);
            }
            (None, true) => {
                let callers = vec![caller];
                state.waiting.insert(number, Waiting { update, callers });
            }
            (None, false) => return Entered::Full,
        }
        drop(state);
        self.news.notify_one();
        Entered::Waits(hears)
    }

    /// Begins to listen; it is over when what this returns is dropped.
    pub(super) fn open(self: &Arc<Self>) -> Open {
        self.state().listening = Listening::Open;
        Open(Arc::clone(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The listener's end.
pub(super) struct Open(Arc<Queue>);

impl Open {
    /// The one that was taken last was dealt with: whoever posted it hears so. Its number.
    pub(super) fn dealt(&self) -> Option<u32> {
        let mut state = self.0.state();
        let (number, callers) = state.taken.take()?;
        state.dealt.add(number);
        drop(state);
        for caller in callers {
            // Whoever gave up posts it again, and hears it then.
            caller.send(()).ok();
        }
        Some(number)
    }

    /// Takes an update that nobody waits for. `true` when it was dealt with before.
    pub(super) fn enter(&self, update: Update) -> bool {
        matches!(self.0.enter(update), Entered::Dealt)
    }

    /// Takes what waits with the lowest number.
    ///
    /// # Cancel safety
    /// Nothing is taken when the future is dropped.
    pub(super) async fn next(&self) -> Update {
        loop {
            if let Some(update) = self.0.state().take() {
                return update;
            }
            self.0.news.notified().await;
        }
    }
}

impl Drop for Open {
    /// What was not dealt with is given up: Telegram posts it again, to whoever listens then.
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.listening = Listening::Over;
        state.taken = None;
        state.waiting.clear();
    }
}

impl State {
    fn take(&mut self) -> Option<Update> {
        let (number, Waiting { update, callers }) = self.waiting.pop_first()?;
        self.taken = Some((number, callers));
        Some(update)
    }

    fn callers_of(&mut self, number: u32) -> Option<&mut Vec<Caller>> {
        match &mut self.taken {
            Some((taken, callers)) if *taken == number => Some(callers),
            _ => self.waiting.get_mut(&number).map(|waiting| &mut waiting.callers),
        }
    }
}

/// The numbers of what was dealt with, the oldest forgotten first.
#[derive(Default)]
struct Dealt {
    order: VecDeque<u32>,
    numbers: HashSet<u32>,
}

impl Dealt {
    fn has(&self, number: u32) -> bool {
        self.numbers.contains(&number)
    }

    fn add(&mut self, number: u32) {
        if !self.numbers.insert(number) {
            return;
        }
        self.order.push_back(number);
        if self.order.len() > DEALT_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.numbers.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use teloxide::types::{UpdateId, UpdateKind};

    use super::*;

    fn update(number: u32) -> Update {
        Update {
            id: UpdateId(number),
            kind: UpdateKind::Error(serde_json::Value::Null),
        }
    }

    fn waits(queue: &Queue, number: u32) -> oneshot::Receiver<()> {
        match queue.enter(update(number)) {
            Entered::Waits(hears) => hears,
            _ => panic!("{number} does not wait"),
        }
    }

    fn next(open: &Open) -> Option<u32> {
        open.next().now_or_never().map(|update| update.id.0)
    }

    #[test]
    fn what_waits_is_taken_by_its_number() {
        let queue = Queue::new(10);
        for number in [3, 1, 2] {
            waits(&queue, number);
        }
        let open = queue.open();
        assert_eq!(
            [next(&open), next(&open), next(&open), next(&open)],
            [Some(1), Some(2), Some(3), None]
        );
    }

    #[test]
    fn each_caller_hears_once_its_update_was_dealt_with_and_not_before() {
        let queue = Queue::new(10);
        let open = queue.open();
        let mut first = waits(&queue, 1);
        assert_eq!(next(&open), Some(1));
        let mut again = waits(&queue, 1);
        assert!(first.try_recv().is_err() && again.try_recv().is_err());
        open.dealt();
        assert!(first.try_recv().is_ok() && again.try_recv().is_ok());
        assert!(matches!(queue.enter(update(1)), Entered::Dealt));
        assert_eq!(next(&open), None);
    }

    #[test]
    fn one_that_waits_is_not_doubled_and_keeps_its_place_when_its_caller_gives_up() {
        let queue = Queue::new(1);
        drop(waits(&queue, 1));
        let mut again = waits(&queue, 1);
        assert!(matches!(queue.enter(update(2)), Entered::Full));
        let open = queue.open();
        assert_eq!(next(&open), Some(1));
        open.dealt();
        assert!(again.try_recv().is_ok());
        assert_eq!(next(&open), None);
    }

    #[test]
    fn what_was_not_dealt_with_is_given_up_at_the_end_and_taken_by_the_next_one() {
        let queue = Queue::new(10);
        let open = queue.open();
        let (mut one, mut two) = (waits(&queue, 1), waits(&queue, 2));
        assert_eq!(next(&open), Some(1));
        drop(open);
        assert!(one.try_recv().is_err() && two.try_recv().is_err());
        assert!(matches!(queue.enter(update(1)), Entered::Over));
        let open = queue.open();
        let _hears = waits(&queue, 1);
        assert_eq!(next(&open), Some(1));
    }

    #[test]
    fn what_is_remembered_has_a_limit() {
        let mut dealt = Dealt::default();
        let last = u32::try_from(DEALT_MAX).expect("it is small");
        (0..=last).for_each(|number| dealt.add(number));
        assert!(!dealt.has(0) && dealt.has(1) && dealt.has(last));
        assert_eq!(dealt.order.len(), dealt.numbers.len());
    }
}
