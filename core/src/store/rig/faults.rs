use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;

use super::Gate;
use crate::{
    delivery::DeliveryId,
    model::{BlobId, EventKey, Line, SessionId, Timestamp},
    store::{
        AgeOut, DeadLetter, StoreError,
        backend::{Backend, Changes, Loaded, LoadedMore, Recovered, WaitingRow, Wanted, WantedMore},
    },
};

/// What goes wrong with the storage of a ledger, as the test sets it.
#[derive(Default)]
pub(crate) struct Faults {
    /// Holds each commit.
    pub(crate) commits: Gate,
    /// Holds each read of rows.
    pub(crate) reads: Gate,
    is_away: AtomicBool,
    refused: Mutex<HashSet<EventKey>>,
    unreadable: Mutex<HashSet<DeliveryId>>,
    /// How many events stood in each batch that was committed.
    batches: Mutex<Vec<usize>>,
    /// How often rows were read.
    rows_read: AtomicUsize,
}

impl Faults {
    /// Nothing can be read or written any more, or can again.
    pub(crate) fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }

    /// A batch with an event of this key is refused for good.
    pub(crate) fn refuse(&self, key: EventKey) {
        locked(&self.refused).insert(key);
    }

    /// A row is not what was written.
    pub(crate) fn spoil(&self, row: DeliveryId) {
        locked(&self.unreadable).insert(row);
    }

    pub(crate) fn mend(&self, row: DeliveryId) {
        locked(&self.unreadable).remove(&row);
    }

    /// How many events stood in each batch that was committed since it was asked last.
    pub(crate) fn batches(&self) -> Vec<usize> {
        std::mem::take(&mut *locked(&self.batches))
    }

    /// How often rows were read since it was asked last.
    pub(crate) fn rows_read(&self) -> usize {
        self.rows_read.swap(0, Ordering::SeqCst)
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(StoreError::unavailable("as the test wants it"));
        }
        Ok(())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A storage with faults.
pub(super) struct Faulty {
    inner: Arc<dyn Backend>,
    faults: Arc<Faults>,
}

impl Faulty {
    pub(super) fn new(inner: Arc<dyn Backend>, faults: Arc<Faults>) -> Self {
        Self { inner, faults }
    }
}

#[async_trait]
impl Backend for Faulty {
    async fn recover(&self, recent_since: Timestamp) -> Result<Recovered, StoreError> {
        self.faults.check()?;
        self.inner.recover(recent_since).await
    }

    async fn load(&self, wanted: &Wanted) -> Result<Loaded, StoreError> {
        self.faults.check()?;
        self.inner.load(wanted).await
    }

    async fn load_more(&self, wanted: &WantedMore) -> Result<LoadedMore, StoreError> {
        self.faults.check()?;
        self.inner.load_more(wanted).await
    }

    async fn commit(&self, changes: &Changes) -> Result<(), StoreError> {
        self.faults.commits.pass().await;
        self.faults.check()?;
        if changes
            .inbox
            .iter()
            .any(|key| locked(&self.faults.refused).contains(key))
        {
            return Err(StoreError::Invalid {
                detail: "as the test wants it".to_owned(),
            });
        }
        self.inner.commit(changes).await?;
        locked(&self.faults.batches).push(changes.inbox.len());
        Ok(())
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.faults.check()?;
        self.inner.probe().await
    }

    async fn abandon(&self) {
        self.inner.abandon().await;
    }

    async fn age_out(&self, now: Timestamp, age_out: &AgeOut) -> Result<u64, StoreError> {
        self.faults.check()?;
        self.inner.age_out(now, age_out).await
    }

    async fn rows(&self, ids: &[DeliveryId]) -> Result<Vec<WaitingRow>, StoreError> {
        self.faults.rows_read.fetch_add(1, Ordering::SeqCst);
        self.faults.reads.pass().await;
        self.faults.check()?;
        if ids.iter().any(|id| locked(&self.faults.unreadable).contains(id)) {
            return Err(StoreError::corrupt("as the test wants it"));
        }
        self.inner.rows(ids).await
    }

    async fn transcript(&self, session: SessionId) -> Result<Vec<Line>, StoreError> {
        self.faults.check()?;
        self.inner.transcript(session).await
    }

    async fn dead_letters(&self, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        self.faults.check()?;
        self.inner.dead_letters(max).await
    }

    async fn blob_bytes(&self, blob: BlobId) -> Result<Option<u64>, StoreError> {
        self.faults.check()?;
        self.inner.blob_bytes(blob).await
    }

    async fn blob_piece(&self, blob: BlobId, piece: u32) -> Result<Option<Bytes>, StoreError> {
        self.faults.check()?;
        self.inner.blob_piece(blob, piece).await
    }

    async fn secret(&self) -> Result<Option<String>, StoreError> {
        self.faults.check()?;
        self.inner.secret().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.inner.close().await
    }
}
