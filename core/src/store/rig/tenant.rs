use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use tokio::{
    sync::Notify,
    time::{Duration, Instant},
};

use crate::{
    delivery::{DeliveryId, Door},
    model::{ChannelId, ConversationKey, Line, SessionId, Timestamp},
    store::{
        Accepted, Arrivals, Claims, DeadLetter, DueTimer, Incoming, Lease, Ledger, LettersOf, Maintained, Maintenance,
        Owners, QueueFacts, Recorded, SessionFacts, Settle, Standing, Store, StoreError, blobs::Blobs, lease::Term,
    },
};

/// A ledger as one of several instances has it: the test ends its leases, gives it new ones, and fences what it settles.
pub(crate) struct Tenant {
    ledger: Arc<Ledger>,
    term: Mutex<Arc<Term>>,
    is_fenced: AtomicBool,
    /// What becomes of what is accepted next.
    lost: Mutex<Option<Lost>>,
    /// Whether the ledger is away once something was lost.
    goes_away: AtomicBool,
    is_away: AtomicBool,
    /// Woken by each settle that is fenced.
    fenced: Notify,
}

/// What becomes of a write whose answer is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It is committed.
    Answer,
    /// It never is.
    Request,
}

impl Tenant {
    pub(crate) fn new(ledger: Arc<Ledger>) -> Arc<Self> {
        Arc::new(Self {
            ledger,
            term: Mutex::new(long()),
            is_fenced: AtomicBool::new(false),
            lost: Mutex::default(),
            goes_away: AtomicBool::new(false),
            is_away: AtomicBool::new(false),
            fenced: Notify::new(),
        })
    }

    /// Every lease is over.
    pub(crate) fn evict(&self) {
        self.term().end();
    }

    /// It holds its channels again, under a new lease.
    pub(crate) fn come_back(&self) {
        *self.term.lock().unwrap_or_else(PoisonError::into_inner) = long();
    }

    /// Another instance has its lanes.
    pub(crate) fn fence(&self) {
        self.is_fenced.store(true, Ordering::SeqCst);
    }

    /// The answer to what is accepted next is lost.
    pub(crate) fn lose(&self, lost: Lost) {
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(lost);
    }

    /// The same, and then the ledger is away, until it is [`reached`](Self::reach) again.
    pub(crate) fn lose_all(&self, lost: Lost) {
        self.goes_away.store(true, Ordering::SeqCst);
        self.lose(lost);
    }

    pub(crate) fn is_away(&self) -> bool {
        self.is_away.load(Ordering::SeqCst)
    }

    pub(crate) fn reach(&self) {
        self.goes_away.store(false, Ordering::SeqCst);
        self.is_away.store(false, Ordering::SeqCst);
    }

    /// Waits until something was settled in vain.
    pub(crate) async fn was_fenced(&self) {
        self.fenced.notified().await;
    }

    fn term(&self) -> Arc<Term> {
        Arc::clone(&self.term.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn long() -> Arc<Term> {
    Term::new((Instant::now() + Duration::from_hours(1)).into_std())
}

#[async_trait]
impl Store for Tenant {
    async fn accept(&self, events: Vec<Incoming>) -> Result<Vec<Accepted>, StoreError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(StoreError::unavailable("as the test wants it"));
        }
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(lost) = lost else {
            return self.ledger.accept(events).await;
        };
        if lost == Lost::Answer {
            self.ledger.accept(events).await?;
        }
        self.is_away
            .store(self.goes_away.load(Ordering::SeqCst), Ordering::SeqCst);
        Err(StoreError::InDoubt {
            detail: "as the test wants it".to_owned(),
        })
    }

    async fn settle(&self, settle: Settle) -> Result<Recorded, StoreError> {
        if self.is_fenced.load(Ordering::SeqCst) {
            self.fenced.notify_one();
            return Ok(Recorded::Fenced);
        }
        self.ledger.settle(settle).await
    }

    async fn maintain(&self, task: Maintenance) -> Result<Maintained, StoreError> {
        self.ledger.maintain(task).await
    }

    async fn claim(&self, door: &Door, max: usize) -> Result<Claims, StoreError> {
        let mut claims = self.ledger.claim(door, max).await?;
        for claimed in &mut claims.claimed {
            claimed.lease = Lease::new(1, self.term());
        }
        Ok(claims)
    }

    async fn is_wanted(&self, id: DeliveryId) -> bool {
        self.ledger.is_wanted(id).await
    }

    async fn due_timers(&self) -> (Vec<DueTimer>, Option<Timestamp>) {
        self.ledger.due_timers().await
    }

    fn wake(&self, door: &Door) -> Arc<Notify> {
        self.ledger.wake(door)
    }

    fn wake_timers(&self) -> Arc<Notify> {
        self.ledger.wake_timers()
    }

    async fn doors(&self) -> Vec<Door> {
        self.ledger.doors().await
    }

    async fn outstanding(&self) -> usize {
        self.ledger.outstanding().await
    }

    async fn drained(&self) {
        self.ledger.drained().await;
    }

    fn owners(&self) -> &Owners {
        self.ledger.owners()
    }

    async fn standing(&self, session: SessionId) -> Result<Option<(ConversationKey, Standing)>, StoreError> {
        self.ledger.standing(session).await
    }

    async fn hold(&self, _: &ChannelId) -> Lease {
        Lease::new(0, self.term())
    }

    fn holds(&self, _: &ChannelId) -> bool {
        self.term().is_on()
    }

    async fn transcript(&self, session: SessionId) -> Result<Vec<Line>, StoreError> {
        self.ledger.transcript(session).await
    }

    async fn dead_letters(&self, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        self.ledger.dead_letters(max).await
    }

    async fn dead_letters_of(&self, of: &LettersOf, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        self.ledger.dead_letters_of(of, max).await
    }

    async fn dead_letter(&self, id: DeliveryId) -> Result<Option<DeadLetter>, StoreError> {
        self.ledger.dead_letter(id).await
    }

    async fn sessions(&self, ended_since: Timestamp, max: usize) -> Result<Vec<SessionFacts>, StoreError> {
        self.ledger.sessions(ended_since, max).await
    }

    async fn queues(&self) -> Result<Vec<QueueFacts>, StoreError> {
        self.ledger.queues().await
    }

    fn arrivals(&self) -> Option<Arc<dyn Arrivals>> {
        self.ledger.arrivals()
    }

    fn blobs(&self) -> Arc<dyn Blobs> {
        self.ledger.blobs()
    }

    fn is_healthy(&self) -> bool {
        self.ledger.is_healthy()
    }
}
