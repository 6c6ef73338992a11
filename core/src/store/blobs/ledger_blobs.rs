use std::{io, sync::Arc};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use tokio::sync::{mpsc, oneshot};

use super::Blobs;
use crate::{
    delivery::OpenedFile,
    model::BlobId,
    store::{StoreError, ledger::Shared, writer::Write},
};

/// Files in the ledger, in pieces that share their commits with everything else.
pub(crate) struct LedgerBlobs {
    writes: mpsc::Sender<Write>,
    shared: Arc<Shared>,
}

impl LedgerBlobs {
    /// How long a piece is. Small enough that a file delays no other commit for long.
    const PIECE_BYTES: usize = 128 << 10;

    pub(crate) fn new(writes: mpsc::Sender<Write>, shared: Arc<Shared>) -> Self {
        Self { writes, shared }
    }

    /// A file's sender can wait, so a full queue is waited for.
    async fn write(
        &self,
        write: impl FnOnce(oneshot::Sender<Result<(), StoreError>>) -> Write,
    ) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        let closed = || StoreError::unavailable("it was closed");
        self.writes.send(write(answer)).await.map_err(|_| closed())?;
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    async fn pieces(
        &self,
        blob: BlobId,
        mut stream: BoxStream<'_, Result<Bytes, io::Error>>,
        bytes_max: u64,
    ) -> Result<u64, StoreError> {
        let (mut total, mut count) = (0_u64, 0_u32);
        let mut piece = BytesMut::with_capacity(Self::PIECE_BYTES);
        while let Some(bytes) = stream.next().await {
            let mut bytes = bytes.map_err(|broken| StoreError::BrokenOff {
                detail: broken.to_string(),
            })?;
            total += bytes.len() as u64;
            if total > bytes_max {
                return Err(StoreError::TooLarge { bytes_max });
            }
            while !bytes.is_empty() {
                let room = Self::PIECE_BYTES - piece.len();
                piece.extend_from_slice(&bytes.split_to(room.min(bytes.len())));
                if piece.len() == Self::PIECE_BYTES {
                    self.write(|answer| Write::BlobPiece(blob, count, piece.split().freeze(), answer))
                        .await?;
                    count += 1;
                }
            }
        }
        if !piece.is_empty() {
            self.write(|answer| Write::BlobPiece(blob, count, piece.freeze(), answer))
                .await?;
        }
        Ok(total)
    }
}

#[async_trait]
impl Blobs for LedgerBlobs {
    async fn put(
        &self,
        stream: BoxStream<'_, Result<Bytes, io::Error>>,
        bytes_max: u64,
    ) -> Result<(BlobId, u64), StoreError> {
        let blob = BlobId::mint();
        let whole = match self.pieces(blob, stream, bytes_max).await {
            Ok(total) => self
                .write(|answer| Write::BlobWhole(blob, total, answer))
                .await
                .map(|()| total),
            Err(failed) => Err(failed),
        };
        if whole.is_err()
            && let Err(failed) = self.discard(blob).await
        {
            // Its pieces are removed when they are old.
            tracing::debug!(error = %failed, "the pieces of a broken file are left for the sweep");
        }
        whole.map(|total| (blob, total))
    }

    async fn open(&self, blob: BlobId) -> Result<Option<OpenedFile>, StoreError> {
        let Some(bytes) = self.shared.backend.blob_bytes(blob).await? else {
            return Ok(None);
        };
        let shared = Arc::clone(&self.shared);
        let pieces = stream::try_unfold((0_u32, bytes), move |(piece, left)| {
            let shared = Arc::clone(&shared);
            async move {
                let read = shared.backend.blob_piece(blob, piece).await;
                match read.map_err(io::Error::other)? {
                    Some(bytes) => {
                        let left = left.saturating_sub(bytes.len() as u64);
                        Ok(Some((bytes, (piece + 1, left))))
                    }
                    None if left == 0 => Ok(None),
                    // It was removed while it was read: its end is missing.
                    None => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                }
            }
        });
        Ok(Some(OpenedFile {
            bytes: Some(bytes),
            stream: pieces.into_stream().boxed(),
        }))
    }

    async fn discard(&self, blob: BlobId) -> Result<(), StoreError> {
        self.write(|answer| Write::BlobDropped(blob, answer)).await
    }
}
