mod letters;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{
    Accepted, Incoming, Maintained, Maintenance, Settle, StoreError,
    backend::{Wanted, WantedMore},
    fold::{Batch, Live},
    ledger::Shared,
};
use crate::{model::BlobId, session::Mark};

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// One thing to be written, and whom to tell.
pub(super) enum Write {
    Accept(Vec<Incoming>, Answer<Vec<Accepted>>),
    Settle(Box<Settle>, Answer<()>),
    Maintain(Maintenance, Answer<Maintained>),
    BlobPiece(BlobId, u32, Bytes, Answer<()>),
    /// The file is whole, and this many bytes.
    BlobWhole(BlobId, u64, Answer<()>),
    BlobDropped(BlobId, Answer<()>),
}

/// What a write will be answered, once it is on the disk.
enum Reply {
    Accepted(Vec<Accepted>),
    Maintained(Maintained),
    /// An operator's order was carried out: which, and on what kind of payload.
    Letter(LetterDone, &'static str),
    /// Nothing was changed, and this is why.
    Refused(StoreError),
    Done,
}

/// What was done with a dead letter.
#[derive(Clone, Copy)]
enum LetterDone {
    Redriven,
    Dropped,
}

/// The one that writes.
pub(super) struct Writer {
    shared: Arc<Shared>,
    /// As it is on the disk.
    live: Live,
    batch_max: usize,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, live: Live, batch_max: usize) -> Self {
        Self {
            shared,
            live,
            batch_max,
        }
    }

    /// How often a ledger that is away is tried, where nobody writes: who asks whether it is ready may keep them away.
    const PROBE_EVERY: Duration = Duration::from_secs(1);

    /// Writes until the ledger is closed and nothing waits any more. A batch is what came while the last one was being
    /// written.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Write>, closing: CancellationToken) {
        let mut writes = Vec::new();
        loop {
            tokio::select! {
                taken = queue.recv_many(&mut writes, self.batch_max) => if taken == 0 { return } else {
                    self.write(std::mem::take(&mut writes)).await;
                    // Who was answered and comes again at once comes in time for the next batch, not the one after.
                    tokio::task::yield_now().await;
                },
                () = closing.cancelled(), if !queue.is_closed() => queue.close(),
                () = tokio::time::sleep(Self::PROBE_EVERY), if !self.is_healthy() => self.probe().await,
            }
        }
    }

    /// Commits what came, and answers. One that is faulty is found by halves, so that its neighbours are written without
    /// it, in their order.
    async fn write(&mut self, writes: Vec<Write>) {
        let mut parts = vec![self.age_out(writes).await];
        while let Some(mut part) = parts.pop() {
            match self.commit(&part).await {
                Ok(replies) => {
                    for (write, reply) in part.into_iter().zip(replies) {
                        note(&write, &reply);
                        write.answer(Ok(reply));
                    }
                }
                Err(StoreError::Invalid { .. } | StoreError::Corrupt { .. }) if part.len() > 1 => {
                    let second = part.split_off(part.len() / 2);
                    parts.extend([second, part]);
                }
                Err(failed) => {
                    // A write that is faulty says nothing of the ledger.
                    if matches!(failed, StoreError::Unavailable { .. }) {
                        self.healthy(false);
                    }
                    tracing::error!(writes = part.len(), error = %failed, "the ledger could not write");
                    for write in part {
                        write.answer(Err(failed.clone()));
                    }
                }
            }
        }
    }

    /// Reads what the writes are about, decides, commits, and only then lets it be known.
    async fn commit(&mut self, writes: &[Write]) -> Result<Vec<Reply>, StoreError> {
        let shared = Arc::clone(&self.shared);
        let mut batch = Batch::new(&shared.brain, &self.live, shared.clock.now());
        load(&shared, &mut batch, writes).await?;
        let mut replies = Vec::with_capacity(writes.len());
        for write in writes {
            replies.push(fold(&shared, &mut batch, write).await?);
        }
        let (changes, index_changes) = batch.finish();
        if !changes.is_empty() {
            shared.backend.commit(&changes).await?;
            self.healthy(true);
        }
        shared
            .owners
            .publish(changes.conversations.iter().chain(&changes.bodies));
        shared.index().apply(index_changes);
        for conversation in changes.conversations.into_iter().chain(changes.bodies) {
            self.live.keep(conversation);
        }
        Ok(replies)
    }

    /// Removes what is too old, where a write asks for it, and answers that one. Before anything is read, so that nothing
    /// goes that was read; on the disk, in memory, and then it is let known.
    async fn age_out(&mut self, writes: Vec<Write>) -> Vec<Write> {
        let mut others = Vec::with_capacity(writes.len());
        for write in writes {
            let Write::Maintain(Maintenance::AgeOut(age_out), _) = &write else {
                others.push(write);
                continue;
            };
            let now = self.shared.clock.now();
            let removed = self.shared.backend.age_out(now, age_out).await;
            match &removed {
                Ok(_) => {
                    let gone = self.live.forget_before(now - Mark::HOLDS_FOR);
                    self.shared.owners.forget(&gone);
                }
                Err(failed) => tracing::error!(error = %failed, "the ledger could not remove what is too old"),
            }
            write.answer(removed.map(|rows| Reply::Maintained(Maintained::Removed(rows))));
        }
        others
    }

    /// Sees whether the ledger could write.
    async fn probe(&self) {
        self.healthy(self.shared.backend.probe().await.is_ok());
    }

    fn is_healthy(&self) -> bool {
        self.shared.healthy.load(Ordering::Relaxed)
    }

    fn healthy(&self, healthy: bool) {
        self.shared.healthy.store(healthy, Ordering::Relaxed);
    }
}

impl Drop for Writer {
    /// Nothing is written any more.
    fn drop(&mut self) {
        self.healthy(false);
    }
}

/// Decides on one write.
async fn fold(shared: &Shared, batch: &mut Batch<'_>, write: &Write) -> Result<Reply, StoreError> {
    Ok(match write {
        Write::Accept(events, _) => {
            let accepted = deciding(|| events.iter().map(|event| batch.accept(event)).collect())?;
            Reply::Accepted(accepted)
        }
        Write::Settle(settle, _) => {
            deciding(|| batch.settle(settle, &shared.index()))?;
            Reply::Done
        }
        Write::Maintain(Maintenance::Transcript { conversation, lines }, _) => {
            batch.transcribe(conversation, lines);
            Reply::Maintained(Maintained::Done)
        }
        Write::Maintain(Maintenance::Secret(fresh), _) => {
            let stored = shared.backend.secret().await?;
            let kept = stored
                .or_else(|| batch.changes.secret.clone())
                .unwrap_or_else(|| fresh.clone());
            batch.changes.secret = Some(kept.clone());
            Reply::Maintained(Maintained::Secret(kept))
        }
        Write::Maintain(Maintenance::AgeOut(_), _) => unreachable!("what is too old was removed before"),
        Write::Maintain(Maintenance::Redrive(id), _) => letters::redrive(shared, batch, *id).await?,
        Write::Maintain(Maintenance::Drop(id), _) => letters::drop(shared, batch, *id).await?,
        Write::BlobPiece(blob, piece, bytes, _) => {
            batch.changes.blob_pieces.push((*blob, *piece, bytes.clone()));
            Reply::Done
        }
        Write::BlobWhole(blob, bytes, _) => {
            batch.changes.blobs.push((*blob, *bytes));
            Reply::Done
        }
        Write::BlobDropped(blob, _) => {
            batch.changes.blobs_dropped.push(*blob);
            Reply::Done
        }
    })
}

/// What an operator had done stands in the log, and nothing of what was said.
fn note(write: &Write, reply: &Reply) {
    let (Write::Maintain(Maintenance::Redrive(id) | Maintenance::Drop(id), _), Reply::Letter(done, payload)) =
        (write, reply)
    else {
        return;
    };
    match done {
        LetterDone::Redriven => tracing::info!(delivery = %id, payload, "a dead letter is sent again"),
        LetterDone::Dropped => tracing::info!(delivery = %id, payload, "a dead letter was dropped"),
    }
}

/// An event on which a decision panics is faulty like any other: nothing of its batch was written, and the next one is
/// decided afresh.
pub(super) fn deciding<T>(decide: impl FnOnce() -> T) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(decide)).map_err(|_panic| StoreError::Invalid {
        detail: "the decision on it panicked".to_owned(),
    })
}

/// Reads what the writes are about and is not known by heart: mostly nothing.
async fn load(shared: &Shared, batch: &mut Batch<'_>, writes: &[Write]) -> Result<(), StoreError> {
    let mut wanted = Wanted::default();
    for write in writes {
        match write {
            Write::Accept(events, _) => events.iter().for_each(|event| batch.want(event, &mut wanted)),
            Write::Settle(settle, _) => batch.want_lane(settle.id.lane, &mut wanted),
            Write::Maintain(Maintenance::Redrive(id), _) => batch.want_lane(id.lane, &mut wanted),
            Write::Maintain(Maintenance::Transcript { conversation, .. }, _) => {
                batch.want_key(conversation, &mut wanted);
            }
            Write::Maintain(..) | Write::BlobPiece(..) | Write::BlobWhole(..) | Write::BlobDropped(..) => {}
        }
    }
    if !wanted.is_empty() {
        batch.loaded(shared.backend.load(&wanted).await?);
    }
    let mut more = WantedMore {
        // One more than are told, so that it is known when some are left out.
        lines_max: shared.brain.policy.history_lines_max.saturating_add(1),
        ..WantedMore::default()
    };
    {
        let index = shared.index();
        for write in writes {
            match write {
                Write::Accept(events, _) => events
                    .iter()
                    .for_each(|event| batch.want_more(event, &index, &mut more)),
                Write::Settle(settle, _) => batch.want_more_of_settle(settle, &index, &mut more),
                Write::Maintain(..) | Write::BlobPiece(..) | Write::BlobWhole(..) | Write::BlobDropped(..) => {}
            }
        }
    }
    if !more.lanes.is_empty() || !more.histories.is_empty() {
        let loaded = shared.backend.load_more(&more).await?;
        batch.loaded_more(loaded, &shared.index());
    }
    Ok(())
}

impl Write {
    /// Tells whoever waits; who no longer does has dropped the call, and needs no answer.
    fn answer(self, result: Result<Reply, StoreError>) {
        let heard = match (self, result) {
            (Self::Accept(_, answer), Ok(Reply::Accepted(accepted))) => answer.send(Ok(accepted)).is_ok(),
            (Self::Maintain(_, answer), Ok(Reply::Maintained(maintained))) => answer.send(Ok(maintained)).is_ok(),
            (Self::Maintain(_, answer), Ok(Reply::Letter(..))) => answer.send(Ok(Maintained::Done)).is_ok(),
            (Self::Maintain(_, answer), Ok(Reply::Refused(why))) => answer.send(Err(why)).is_ok(),
            (
                Self::Settle(_, answer)
                | Self::BlobPiece(_, _, _, answer)
                | Self::BlobWhole(_, _, answer)
                | Self::BlobDropped(_, answer),
                Ok(_),
            ) => answer.send(Ok(())).is_ok(),
            (Self::Accept(_, answer), Err(failed)) => answer.send(Err(failed)).is_ok(),
            (Self::Maintain(_, answer), Err(failed)) => answer.send(Err(failed)).is_ok(),
            (
                Self::Settle(_, answer)
                | Self::BlobPiece(_, _, _, answer)
                | Self::BlobWhole(_, _, answer)
                | Self::BlobDropped(_, answer),
                Err(failed),
            ) => answer.send(Err(failed)).is_ok(),
            (Self::Accept(..) | Self::Maintain(..), Ok(_)) => {
                unreachable!("`fold` answers each write with its own kind of reply")
            }
        };
        if !heard {
            tracing::debug!("a write was committed after its caller had gone");
        }
    }
}
