use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::model::{ConversationKey, SessionId};

/// How many customers are shown typing again and again at once. The signs of more are shown once each.
const SHOWN_MAX: usize = 1_024;

/// The customers who are shown that an agent types, for as long as that holds: a platform takes the sign back by itself.
/// In memory alone, and only where the desk's sign came in and the channel is held.
#[derive(Default)]
pub(super) struct Typing {
    shown: Mutex<HashMap<ConversationKey, Shown>>,
}

#[derive(Clone, Copy)]
struct Shown {
    session: SessionId,
    every: Duration,
    next: Instant,
    until: Instant,
}

impl Typing {
    /// The agent types, and the sign was shown just now. It lasts for `lasts`, and is shown again a fifth of that earlier,
    /// for `max` at the most.
    pub(super) fn begins(&self, customer: &ConversationKey, session: SessionId, lasts: Duration, max: Duration) {
        let (every, now) = (lasts * 4 / 5, Instant::now());
        let mut shown = self.shown();
        if every.is_zero() || (shown.len() >= SHOWN_MAX && !shown.contains_key(customer)) {
            return;
        }
        let (next, until) = (now + every, now + max);
        shown.insert(
            customer.clone(),
            Shown {
                session,
                every,
                next,
                until,
            },
        );
    }

    /// The agent no longer types.
    pub(super) fn ends(&self, customer: &ConversationKey) {
        self.shown().remove(customer);
    }

    /// When a sign is to be shown next.
    pub(super) fn next(&self) -> Option<Instant> {
        self.shown().values().map(|shown| shown.next).min()
    }

    /// Who is to be shown the sign now. Of whom the desk has said nothing for long is left out from now on.
    pub(super) fn due(&self) -> Vec<(ConversationKey, SessionId)> {
        let now = Instant::now();
        let mut shown = self.shown();
        shown.retain(|_, shown| shown.next > now || shown.next < shown.until);
        let due = shown.iter_mut().filter(|(_, shown)| shown.next <= now);
        let due = due.map(|(customer, shown)| {
            shown.next = now + shown.every;
            (customer.clone(), shown.session)
        });
        due.collect()
    }

    fn shown(&self) -> MutexGuard<'_, HashMap<ConversationKey, Shown>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
