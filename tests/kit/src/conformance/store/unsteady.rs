//! A store whose calls fail, or whose answers are lost.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use escalator::{
    delivery::{DeliveryId, Door},
    model::{ChannelId, ConversationKey, Line, SessionId, Timestamp},
    store::{
        Accepted, Arrivals, Claims, DeadLetter, DueTimer, Incoming, Lease, LettersOf, Maintained, Maintenance, Owners,
        QueueFacts, Recorded, SessionFacts, Settle, Standing, Store, StoreError, blobs::Blobs,
    },
};
use tokio::sync::Notify;

use super::{Place, Setup, StoreHarness};
use crate::conformance::Patience;

/// How a call goes wrong. Both are told as [`StoreError::Unavailable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upset {
    /// Nothing is done.
    Fails,
    /// It is done, and the caller is told that it failed: what a caller sees who went away before the answer.
    LosesAnswer,
}

/// Which calls go wrong: one entry a call, over and over. Shared by all stores that it is given to.
#[derive(Debug, Default)]
pub struct Upsets {
    writes: Vec<Option<Upset>>,
    reads: Vec<bool>,
    written: AtomicUsize,
    read: AtomicUsize,
}

impl Upsets {
    /// What happens to each `accept`, `settle` and `maintain`, and whether each `claim` and each other read fails. An
    /// empty list lets all calls pass.
    pub fn cycle(writes: Vec<Option<Upset>>, reads: Vec<bool>) -> Arc<Self> {
        Arc::new(Self {
            writes,
            reads,
            ..Self::default()
        })
    }

    fn next_write(&self) -> Option<Upset> {
        let call = self.written.fetch_add(1, Ordering::SeqCst);
        *self.writes.get(call % self.writes.len().max(1))?
    }

    fn next_read(&self) -> Result<(), StoreError> {
        let call = self.read.fetch_add(1, Ordering::SeqCst);
        match self.reads.get(call % self.reads.len().max(1)) {
            Some(true) => Err(failed()),
            _ => Ok(()),
        }
    }
}

/// A store that passes every call on to another, but for those that go wrong.
pub struct UnsteadyStore {
    inner: Arc<dyn Store>,
    upsets: Arc<Upsets>,
}

impl UnsteadyStore {
    /// Puts upsets in front of a store.
    pub fn new(inner: Arc<dyn Store>, upsets: Arc<Upsets>) -> Self {
        Self { inner, upsets }
    }

    async fn upset<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        match self.upsets.next_write() {
            None => call.await,
            Some(Upset::Fails) => Err(failed()),
            Some(Upset::LosesAnswer) => call.await.and_then(|_lost| Err(failed())),
        }
    }
}

fn failed() -> StoreError {
    StoreError::Unavailable {
        detail: "as the trial wants it".to_owned(),
    }
}

#[async_trait]
impl Store for UnsteadyStore {
    async fn accept(&self, events: Vec<Incoming>) -> Result<Vec<Accepted>, StoreError> {
        self.upset(self.inner.accept(events)).await
    }

    async fn settle(&self, settle: Settle) -> Result<Recorded, StoreError> {
        self.upset(self.inner.settle(settle)).await
    }

    async fn maintain(&self, task: Maintenance) -> Result<Maintained, StoreError> {
        self.upset(self.inner.maintain(task)).await
    }

    /// Fails before anything is handed out, or not at all: a claim whose answer is lost stands until a restart.
    async fn claim(&self, door: &Door, max: usize) -> Result<Claims, StoreError> {
        self.upsets.next_read()?;
        self.inner.claim(door, max).await
    }

    async fn is_wanted(&self, id: DeliveryId) -> bool {
        self.inner.is_wanted(id).await
    }

    async fn due_timers(&self) -> (Vec<DueTimer>, Option<Timestamp>) {
        self.inner.due_timers().await
    }

    fn wake(&self, door: &Door) -> Arc<Notify> {
        self.inner.wake(door)
    }

    fn wake_timers(&self) -> Arc<Notify> {
        self.inner.wake_timers()
    }

    async fn doors(&self) -> Vec<Door> {
        self.inner.doors().await
    }

    async fn outstanding(&self) -> usize {
        self.inner.outstanding().await
    }

    async fn drained(&self) {
        self.inner.drained().await;
    }

    fn owners(&self) -> &Owners {
        self.inner.owners()
    }

    async fn standing(&self, session: SessionId) -> Result<Option<(ConversationKey, Standing)>, StoreError> {
        self.upsets.next_read()?;
        self.inner.standing(session).await
    }

    async fn hold(&self, channel: &ChannelId) -> Lease {
        self.inner.hold(channel).await
    }

    fn holds(&self, channel: &ChannelId) -> bool {
        self.inner.holds(channel)
    }

    fn arrivals(&self) -> Option<Arc<dyn Arrivals>> {
        self.inner.arrivals()
    }

    async fn transcript(&self, session: SessionId) -> Result<Vec<Line>, StoreError> {
        self.upsets.next_read()?;
        self.inner.transcript(session).await
    }

    async fn dead_letters(&self, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        self.upsets.next_read()?;
        self.inner.dead_letters(max).await
    }

    async fn dead_letters_of(&self, of: &LettersOf, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        self.upsets.next_read()?;
        self.inner.dead_letters_of(of, max).await
    }

    async fn dead_letter(&self, id: DeliveryId) -> Result<Option<DeadLetter>, StoreError> {
        self.upsets.next_read()?;
        self.inner.dead_letter(id).await
    }

    async fn sessions(&self, ended_since: Timestamp, max: usize) -> Result<Vec<SessionFacts>, StoreError> {
        self.upsets.next_read()?;
        self.inner.sessions(ended_since, max).await
    }

    async fn queues(&self) -> Result<Vec<QueueFacts>, StoreError> {
        self.upsets.next_read()?;
        self.inner.queues().await
    }

    fn blobs(&self) -> Arc<dyn Blobs> {
        self.inner.blobs()
    }

    fn is_healthy(&self) -> bool {
        self.inner.is_healthy()
    }
}

/// Opens every store of another harness as an unsteady one.
pub(super) struct UnsteadyHarness(Arc<dyn StoreHarness>);

impl UnsteadyHarness {
    pub(super) fn new(inner: Arc<dyn StoreHarness>) -> Self {
        Self(inner)
    }
}

#[async_trait]
impl StoreHarness for UnsteadyHarness {
    async fn place(&self) -> Arc<dyn Place> {
        let (fails, loses) = (Some(Upset::Fails), Some(Upset::LosesAnswer));
        // Odd lengths, so that each call of a trial meets each upset at one time or another.
        let upsets = Upsets::cycle(vec![loses, None, fails, fails, None], vec![true, false, false]);
        Arc::new(UnsteadyPlace {
            inner: self.0.place().await,
            upsets,
        })
    }

    fn patience(&self) -> Patience {
        self.0.patience()
    }
}

struct UnsteadyPlace {
    inner: Arc<dyn Place>,
    upsets: Arc<Upsets>,
}

#[async_trait]
impl Place for UnsteadyPlace {
    async fn open(&self, setup: Setup) -> Arc<dyn Store> {
        let inner = self.inner.open(setup).await;
        Arc::new(UnsteadyStore::new(inner, Arc::clone(&self.upsets)))
    }

    async fn close(&self) {
        self.inner.close().await;
    }

    async fn kill(&self) {
        self.inner.kill().await;
    }

    async fn open_beside(&self, setup: Setup) -> Option<Arc<dyn Store>> {
        let inner = self.inner.open_beside(setup).await?;
        Some(Arc::new(UnsteadyStore::new(inner, Arc::clone(&self.upsets))))
    }

    fn pause(&self) {
        self.inner.pause();
    }

    fn keeps(&self) -> bool {
        self.inner.keeps()
    }
}
