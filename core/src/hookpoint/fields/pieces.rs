use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use futures::{Stream, stream};

use crate::hookpoint::{body::Inflow, refusal::Refusal};

/// How much of a body may be held in memory. What is read counts against it; what was handed on is given back.
#[derive(Clone)]
pub(super) struct Allowance(Arc<Inner>);

struct Inner {
    bytes_left: AtomicU64,
    bytes_max: u64,
}

impl Allowance {
    /// An allowance of `bytes_max` bytes, and of the pieces that are on their way through.
    pub(super) fn new(bytes_max: usize) -> Self {
        let bytes_max = bytes_max as u64;
        Self(Arc::new(Inner {
            bytes_left: AtomicU64::new(bytes_max.saturating_add(2 * Pieces::PIECE_BYTES as u64)),
            bytes_max,
        }))
    }

    /// Gives back what is no longer held.
    pub(super) fn give_back(&self, bytes: usize) {
        self.0.bytes_left.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn take(&self, bytes: usize) -> Result<(), Refusal> {
        let bytes_left = &self.0.bytes_left;
        let taken = bytes_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(bytes as u64)
        });
        taken.map(drop).map_err(|_| Refusal::TooLarge {
            what: "the body without its file",
            bytes_max: self.0.bytes_max,
        })
    }
}

/// A body in small pieces, with a pause after each: its reader takes whatever is ready before it hands anything on, and
/// a fast caller would make it hold a whole file.
pub(super) struct Pieces {
    inflow: Inflow,
    allowance: Allowance,
    rest: Bytes,
    since_pause_bytes: usize,
}

impl Pieces {
    const PIECE_BYTES: usize = 64 << 10;

    pub(super) fn stream(inflow: Inflow, allowance: Allowance) -> impl Stream<Item = Result<Bytes, Refusal>> + Send {
        let pieces = Self {
            inflow,
            allowance,
            rest: Bytes::new(),
            since_pause_bytes: 0,
        };
        stream::try_unfold(pieces, |mut pieces| async move {
            Ok(pieces.next().await?.map(|piece| (piece, pieces)))
        })
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        if self.since_pause_bytes >= Self::PIECE_BYTES {
            self.since_pause_bytes = 0;
            tokio::task::yield_now().await;
        }
        while self.rest.is_empty() {
            match self.inflow.next().await? {
                Some(bytes) => self.rest = bytes,
                None => return Ok(None),
            }
        }
        let room = Self::PIECE_BYTES - self.since_pause_bytes;
        let piece = self.rest.split_to(self.rest.len().min(room));
        self.since_pause_bytes += piece.len();
        self.allowance.take(piece.len())?;
        Ok(Some(piece))
    }
}
