//! The ledger in one SQLite file.
//!
//! # Invariants
//! - The database belongs to one process: a lock on a file beside it says so, and a second process is refused.
//! - One connection writes, one transaction a batch, one statement a table; what was committed is on the disk
//!   (`synchronous = FULL`). Others read beside it.
//! - What fails leaves no trace: a transaction that was not seen to end is rolled back before the next one.
//!
//! # Not here
//! - What a batch is, and when it is written: `ledger`. How a value is stored: `stored`.

mod age_out;
mod columns;
mod commit;
mod failure;
mod load;
mod lock;
mod open;
mod read;
mod schema;
mod settle;
mod statement;
#[cfg(test)]
mod tests;
mod writer;

use async_trait::async_trait;
use bytes::Bytes;
use sqlx::{Sqlite, SqlitePool, pool::PoolConnection};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use self::{
    failure::{closed, failed},
    writer::Writer,
};
use super::{
    AgeOut, DeadLetter, Ledger, LedgerSettings, SqliteSettings, StoreError,
    backend::{Backend, Changes, Loaded, LoadedMore, Recovered, WaitingRow, Wanted, WantedMore},
};
use crate::{
    delivery::DeliveryId,
    model::{BlobId, Line, SessionId, Timestamp},
};

impl Ledger {
    /// Opens the ledger in an SQLite file (`sqlite:path`), made if it is not there. The file belongs to one process.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be opened, belongs to another process, or holds what cannot be read.
    pub async fn sqlite(address: &str, sqlite: SqliteSettings, settings: LedgerSettings) -> Result<Self, StoreError> {
        Self::open(Box::new(SqliteBackend::open(address, sqlite).await?), settings).await
    }
}

/// A ledger's storage in an SQLite file.
pub(crate) struct SqliteBackend {
    /// `None` once it was closed.
    writer: Mutex<Option<Writer>>,
    readers: SqlitePool,
}

impl SqliteBackend {
    /// Opens the database that an address names, made if it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`] when the address is none of SQLite, the database belongs to another process, or it cannot be opened.
    pub(crate) async fn open(address: &str, settings: SqliteSettings) -> Result<Self, StoreError> {
        let (writer, readers) = open::open(address, &settings).await?;
        Ok(Self {
            writer: Mutex::new(Some(writer)),
            readers,
        })
    }

    async fn writer(&self) -> Result<MappedMutexGuard<'_, Writer>, StoreError> {
        MutexGuard::try_map(self.writer.lock().await, Option::as_mut).map_err(|_| closed())
    }

    async fn reader(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        self.readers.acquire().await.map_err(failed)
    }
}

#[async_trait]
impl Backend for SqliteBackend {
    async fn recover(&self, recent_since: Timestamp) -> Result<Recovered, StoreError> {
        load::recover(self.writer().await?.idle().await?, recent_since).await
    }

    async fn load(&self, wanted: &Wanted) -> Result<Loaded, StoreError> {
        load::load(self.writer().await?.idle().await?, wanted).await
    }

    async fn load_more(&self, wanted: &WantedMore) -> Result<LoadedMore, StoreError> {
        load::load_more(self.writer().await?.idle().await?, wanted).await
    }

    async fn commit(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut writer = self.writer().await?;
        let written = commit::write(writer.begin().await?, changes).await;
        writer.end(written).await
    }

    async fn probe(&self) -> Result<(), StoreError> {
        let mut writer = self.writer().await?;
        let written = commit::probe(writer.begin().await?).await;
        writer.end(written).await
    }

    async fn abandon(&self) {}

    async fn age_out(&self, now: Timestamp, age_out: &AgeOut) -> Result<u64, StoreError> {
        let mut writer = self.writer().await?;
        let removed = age_out::age_out(writer.begin().await?, now, age_out).await;
        writer.end(removed).await
    }

    async fn rows(&self, ids: &[DeliveryId]) -> Result<Vec<WaitingRow>, StoreError> {
        read::rows(&mut *self.reader().await?, ids).await
    }

    async fn transcript(&self, session: SessionId) -> Result<Vec<Line>, StoreError> {
        read::transcript(&mut *self.reader().await?, session).await
    }

    async fn dead_letters(&self, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        read::dead_letters(&mut *self.reader().await?, max).await
    }

    async fn blob_bytes(&self, blob: BlobId) -> Result<Option<u64>, StoreError> {
        read::blob_bytes(&mut *self.reader().await?, blob).await
    }

    async fn blob_piece(&self, blob: BlobId, piece: u32) -> Result<Option<Bytes>, StoreError> {
        read::blob_piece(&mut *self.reader().await?, blob, piece).await
    }

    async fn secret(&self) -> Result<Option<String>, StoreError> {
        read::secret(&mut *self.reader().await?).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        let Some(writer) = self.writer.lock().await.take() else {
            return Ok(());
        };
        self.readers.close().await;
        writer.close().await
    }
}
