//! Lets a file stream through: never more of it in memory than the piece on its way.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use reqwest::{Body, multipart::Part};
use tokio::time::{Instant, sleep_until};

use super::FileName;
use crate::delivery::{ByteStream, OpenedFile};

/// How much is handed on at once, in bytes: over a slow line each step must be seen before `idle_max` is over.
const STEP_BYTES_MAX: usize = 32 * 1024;

/// A file on its way to the desk.
pub(super) struct File {
    pub(super) name: FileName,
    pub(super) media_type: Option<String>,
    pub(super) opened: OpenedFile,
}

impl File {
    /// The file as a part of a form, watched over by `progress`.
    pub(super) fn part(self, progress: &Progress, bytes_max: u64) -> Part {
        let bytes = self.opened.bytes;
        let watched = Watched {
            stream: self.opened.stream,
            rest: Bytes::new(),
            progress: progress.clone(),
            sent: 0,
            bytes,
            bytes_max,
        };
        let body = Body::wrap_stream(watched);
        let part = match bytes {
            Some(bytes) => Part::stream_with_length(body, bytes),
            None => Part::stream(body),
        };
        typed(part, self.media_type.as_deref()).file_name(self.name.as_str().to_owned())
    }
}

/// Why a file's stream was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Its source failed.
    Unreadable(io::ErrorKind),
    /// It has more or fewer bytes than were announced.
    WrongLength,
    /// It has more bytes than may be sent.
    TooBig {
        /// How many may be.
        bytes_max: u64,
    },
}

/// How far a file has got. Written by the stream, read by the call that sends it.
#[derive(Clone)]
pub(super) struct Progress(Arc<Mutex<State>>);

struct State {
    moved_at: Instant,
    waits_for_source: bool,
    ended: bool,
    stop: Option<Stop>,
}

impl Progress {
    pub(super) fn start() -> Self {
        Self(Arc::new(Mutex::new(State {
            moved_at: Instant::now(),
            waits_for_source: false,
            ended: false,
            stop: None,
        })))
    }

    /// Waits until nothing has moved for `idle_max`.
    pub(super) async fn stalled(&self, idle_max: Duration) {
        loop {
            let moved_at = self.state().moved_at;
            sleep_until(moved_at + idle_max).await;
            if self.state().moved_at == moved_at {
                return;
            }
        }
    }

    /// Whether the last byte of the file was handed over. Only then can the form have been closed.
    pub(super) fn ended(&self) -> bool {
        self.state().ended
    }

    /// Whether the file's source is what keeps the desk waiting.
    pub(super) fn waits_for_source(&self) -> bool {
        self.state().waits_for_source
    }

    /// Why the stream was stopped, if it was.
    pub(super) fn stop(&self) -> Option<Stop> {
        self.state().stop
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nothing panics while it holds the lock")
    }

    fn moved(&self) {
        let mut state = self.state();
        state.moved_at = Instant::now();
        state.waits_for_source = false;
    }
}

/// A file's stream that tells how far it has got, and stops where the file is not what it was said to be.
struct Watched {
    stream: ByteStream,
    /// What is left of the piece that came last.
    rest: Bytes,
    progress: Progress,
    /// How many bytes came, with the rest.
    sent: u64,
    bytes: Option<u64>,
    bytes_max: u64,
}

impl Stream for Watched {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if !self.rest.is_empty() {
            self.progress.moved();
            return Poll::Ready(Some(Ok(self.step())));
        }
        let Poll::Ready(next) = self.stream.poll_next_unpin(context) else {
            self.progress.state().waits_for_source = true;
            return Poll::Pending;
        };
        self.progress.moved();
        Poll::Ready(match next {
            Some(Ok(piece)) => Some(self.pass(piece)),
            Some(Err(error)) => Some(self.stopped(Stop::Unreadable(error.kind()))),
            None => self.end(),
        })
    }
}

impl Watched {
    fn pass(&mut self, piece: Bytes) -> io::Result<Bytes> {
        self.sent = self.sent.saturating_add(piece.len() as u64);
        if self.sent > self.bytes_max {
            let bytes_max = self.bytes_max;
            return self.stopped(Stop::TooBig { bytes_max });
        }
        if self.bytes.is_some_and(|bytes| self.sent > bytes) {
            return self.stopped(Stop::WrongLength);
        }
        self.rest = piece;
        Ok(self.step())
    }

    fn step(&mut self) -> Bytes {
        let bytes = self.rest.len().min(STEP_BYTES_MAX);
        self.rest.split_to(bytes)
    }

    fn end(&mut self) -> Option<io::Result<Bytes>> {
        if self.bytes.is_some_and(|bytes| self.sent < bytes) {
            return Some(self.stopped(Stop::WrongLength));
        }
        self.progress.state().ended = true;
        None
    }

    /// Breaks the request off. The reason is kept apart: the source's own words may hold an address with a token.
    fn stopped(&mut self, stop: Stop) -> io::Result<Bytes> {
        self.progress.state().stop = Some(stop);
        Err(io::Error::other("the file was stopped"))
    }
}

/// States the media type, or the one for any bytes where it cannot be read.
fn typed(part: Part, media_type: Option<&str>) -> Part {
    const ANY: &str = "application/octet-stream";
    let readable = |media_type: &&str| Part::text("").mime_str(media_type).is_ok();
    part.mime_str(media_type.filter(readable).unwrap_or(ANY))
        .expect("it was read before, or is the one for any bytes")
}
