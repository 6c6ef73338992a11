//! The bytes of files, in the ledger itself: one file, or one database, is the whole state.
//!
//! # Invariants
//! - What [`Blobs::put`] answered `Ok` for is whole and on the disk.
//! - A file that no delivery needs is removed after a while.

mod ledger_blobs;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use super::StoreError;
use crate::{delivery::OpenedFile, model::BlobId};

pub(super) use self::ledger_blobs::LedgerBlobs;

/// Where file bytes are kept.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Keeps a file of at most `bytes_max` bytes, piece by piece, and returns when it is on the disk.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] past the cap, [`StoreError::BrokenOff`] when the stream fails; nothing is kept.
    async fn put(
        &self,
        stream: BoxStream<'_, Result<Bytes, std::io::Error>>,
        bytes_max: u64,
    ) -> Result<(BlobId, u64), StoreError>;

    /// Opens a file; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    async fn open(&self, blob: BlobId) -> Result<Option<OpenedFile>, StoreError>;

    /// Removes a file that is not wanted after all. A file that is not there is no error.
    ///
    /// # Errors
    /// [`StoreError`]: it is still there, and will be removed when it is old.
    async fn discard(&self, blob: BlobId) -> Result<(), StoreError>;
}
