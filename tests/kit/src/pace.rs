//! Bodies that come no faster than a rate.

use std::{sync::Arc, time::Duration};

use axum::body::{Body, Bytes};
use futures::{Stream, StreamExt};

/// A rate that holds until it is over.
#[derive(Clone)]
pub(crate) struct Pace {
    bytes_per_sec: u32,
    is_over: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Pace {
    pub(crate) fn until(is_over: impl Fn() -> bool + Send + Sync + 'static, bytes_per_sec: u32) -> Self {
        Self {
            bytes_per_sec: bytes_per_sec.max(1),
            is_over: Arc::new(is_over),
        }
    }

    pub(crate) fn steady(bytes_per_sec: u32) -> Self {
        Self::until(|| false, bytes_per_sec)
    }

    fn piece_len(&self) -> usize {
        usize::try_from(self.bytes_per_sec / 20).unwrap_or(1).max(1)
    }

    async fn wait_for(&self, bytes: usize) {
        if !(self.is_over)() {
            let share = f64::from(u32::try_from(bytes).unwrap_or(u32::MAX));
            tokio::time::sleep(Duration::from_secs_f64(share / f64::from(self.bytes_per_sec))).await;
        }
    }
}

/// A body that comes no faster than the pace.
pub(crate) fn paced<E>(chunks: impl Stream<Item = Result<Bytes, E>> + Send + 'static, pace: Pace) -> Body
where
    E: Into<axum::BoxError> + Send + 'static,
{
    let piece_len = pace.piece_len();
    let pieces = chunks.flat_map(move |chunk| futures::stream::iter(cut(chunk, piece_len)));
    Body::from_stream(pieces.then(move |piece| {
        let pace = pace.clone();
        async move {
            if let Ok(piece) = &piece {
                pace.wait_for(piece.len()).await;
            }
            piece
        }
    }))
}

fn cut<E>(chunk: Result<Bytes, E>, piece_len: usize) -> Vec<Result<Bytes, E>> {
    let mut rest = match chunk {
        Ok(bytes) => bytes,
        Err(error) => return vec![Err(error)],
    };
    let mut pieces = Vec::new();
    while rest.len() > piece_len {
        pieces.push(Ok(rest.split_to(piece_len)));
    }
    pieces.push(Ok(rest));
    pieces
}
