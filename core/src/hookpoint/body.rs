use std::time::Duration;

use axum::body::{Body, BodyDataStream, HttpBody};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;

use super::refusal::Refusal;

/// A body on its way in: measured, and given up when it stands still.
pub(super) struct Inflow {
    body: BodyDataStream,
    idle_max: Duration,
    bytes_max: u64,
    /// The length that was announced.
    announced: Option<u64>,
    seen: u64,
}

impl Inflow {
    /// Takes a body of at most `bytes_max` bytes.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`] when a longer one is announced; nothing of it was read.
    pub(super) fn new(body: Body, bytes_max: u64, idle_max: Duration) -> Result<Self, Refusal> {
        let announced = body.size_hint().exact();
        if announced.is_some_and(|bytes| bytes > bytes_max) {
            return Err(too_large(bytes_max));
        }
        Ok(Self {
            body: body.into_data_stream(),
            idle_max,
            bytes_max,
            announced,
            seen: 0,
        })
    }

    /// The next part as it came; `None` at the end of a complete body.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        let next = tokio::time::timeout(self.idle_max, self.body.next());
        match next.await.map_err(|_| Refusal::TooSlow)? {
            Some(Ok(bytes)) => {
                self.seen += bytes.len() as u64;
                if self.seen > self.bytes_max {
                    return Err(too_large(self.bytes_max));
                }
                Ok(Some(bytes))
            }
            Some(Err(_)) => Err(Refusal::BrokenOff),
            // Not every server says with an error that a body was cut: what was announced tells it too.
            None if self.announced.is_some_and(|announced| announced != self.seen) => Err(Refusal::BrokenOff),
            None => Ok(None),
        }
    }

    /// The whole body. Where it came in one part, that part.
    pub(super) async fn whole(mut self) -> Result<Bytes, Refusal> {
        let Some(first) = self.next().await? else {
            return Ok(Bytes::new());
        };
        let Some(second) = self.next().await? else {
            return Ok(first);
        };
        let announced = self.announced.and_then(|bytes| usize::try_from(bytes).ok());
        let mut whole = BytesMut::with_capacity(announced.unwrap_or_default().max(first.len() + second.len()));
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&second);
        while let Some(more) = self.next().await? {
            whole.extend_from_slice(&more);
        }
        Ok(whole.freeze())
    }
}

const fn too_large(bytes_max: u64) -> Refusal {
    Refusal::TooLarge {
        what: "the body",
        bytes_max,
    }
}
