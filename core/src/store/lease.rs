use std::{fmt, sync::Arc, time::Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The right to a lane or a channel, for as long as no other instance can have been given it.
///
/// A ledger that belongs to one process gives it for good. In one that instances share it ends when the instance could not
/// renew its own lease in time: what it was given is then another's, and what it still says of it is refused (fenced).
#[derive(Clone, Default)]
pub struct Lease {
    /// Which grant this is; a later one of the same lane has another.
    fence: u64,
    /// None where it is for good.
    term: Option<Arc<Term>>,
}

impl Lease {
    /// A right that nobody else can be given.
    pub fn for_good() -> Self {
        Self::default()
    }

    pub(crate) fn new(fence: u64, term: Arc<Term>) -> Self {
        Self {
            fence,
            term: Some(term),
        }
    }

    pub(crate) fn fence(&self) -> u64 {
        self.fence
    }

    /// Whether it is certain that nobody else has it now. Reads the machine's clock and nothing else.
    pub fn is_held(&self) -> bool {
        self.term.as_ref().is_none_or(|term| term.is_on())
    }

    /// Waits until that is no longer certain. What is done under the lease must be cut off then.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn over(&self) {
        match &self.term {
            Some(term) => term.over().await,
            None => std::future::pending().await,
        }
    }
}

/// The same grant.
impl PartialEq for Lease {
    fn eq(&self, other: &Self) -> bool {
        self.fence == other.fence
    }
}

impl Eq for Lease {}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("fence", &self.fence)
            .field("is_held", &self.is_held())
            .finish()
    }
}

/// The time that an instance is certain of. One that is over stays over.
pub(crate) struct Term {
    /// Up to when.
    until: watch::Sender<Instant>,
    ended: CancellationToken,
}

impl Term {
    pub(crate) fn new(until: Instant) -> Arc<Self> {
        Arc::new(Self {
            until: watch::Sender::new(until),
            ended: CancellationToken::new(),
        })
    }

    /// Makes it longer. `false` when it was over already.
    pub(crate) fn extend(&self, until: Instant) -> bool {
        if !self.is_on() {
            return false;
        }
        // Looked at again under the lock: who saw it end must not see it go on.
        self.until.send_if_modified(|at| {
            let is_on = Instant::now() < *at;
            if is_on {
                *at = until.max(*at);
            }
            is_on
        })
    }

    pub(crate) fn end(&self) {
        self.ended.cancel();
    }

    pub(crate) fn is_on(&self) -> bool {
        !self.ended.is_cancelled() && Instant::now() < *self.until.borrow()
    }

    pub(crate) fn ends_at(&self) -> Instant {
        *self.until.borrow()
    }

    pub(crate) async fn over(&self) {
        let mut until = self.until.subscribe();
        while self.is_on() {
            let at = *until.borrow_and_update();
            tokio::select! {
                () = tokio::time::sleep_until(at.into()) => {}
                moved = until.changed() => moved.expect("the term has the sender"),
                () = self.ended.cancelled() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_lease_that_is_over_stays_over() {
        let term = Term::new(Instant::now() + Duration::from_millis(20));
        let lease = Lease::new(7, Arc::clone(&term));
        assert!(lease.is_held());
        assert!(term.extend(Instant::now() + Duration::from_millis(40)), "it is on");
        lease.over().await;
        assert!(!lease.is_held());
        assert!(!term.extend(Instant::now() + Duration::from_mins(1)), "it was over");
        assert!(!lease.is_held());
    }

    #[tokio::test]
    async fn a_lease_ends_with_its_term_at_once() {
        let term = Term::new(Instant::now() + Duration::from_mins(1));
        let lease = Lease::new(7, Arc::clone(&term));
        term.end();
        lease.over().await;
        assert!(!lease.is_held());
        assert!(Lease::for_good().is_held());
    }
}
