//! Bodies that come no faster than a rate.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::{Stream, StreamExt};

/// A body that comes no faster than the rate.
pub(crate) fn paced<E>(chunks: impl Stream<Item = Result<Bytes, E>> + Send + 'static, bytes_per_sec: u32) -> Body
where
    E: Into<axum::BoxError> + Send + 'static,
{
    let piece_len = usize::try_from(bytes_per_sec / 20).unwrap_or(1).max(1);
    let pieces = chunks.flat_map(move |chunk| futures::stream::iter(cut(chunk, piece_len)));
    Body::from_stream(pieces.then(move |piece| async move {
        if let Ok(piece) = &piece {
            let share = f64::from(u32::try_from(piece.len()).unwrap_or(u32::MAX));
            let secs = share / f64::from(bytes_per_sec.max(1));
            tokio::time::sleep(Duration::from_secs_f64(secs)).await;
        }
        piece
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
