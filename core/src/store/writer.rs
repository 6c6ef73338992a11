use std::sync::{Arc, atomic::Ordering};

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
    Done,
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

    /// Writes until the ledger is closed and nothing waits any more. A batch is what came while the last one was being
    /// written.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Write>, closing: CancellationToken) {
        let mut writes = Vec::new();
        loop {
            tokio::select! {
                taken = queue.recv_many(&mut writes, self.batch_max) => match taken {
                    0 => return,
                    _ => self.write(std::mem::take(&mut writes)).await,
                },
                () = closing.cancelled(), if !queue.is_closed() => queue.close(),
            }
        }
    }

    async fn write(&mut self, writes: Vec<Write>) {
        let failed = match self.commit(&writes).await {
            Ok(replies) => {
                self.healthy(true);
                return writes
                    .into_iter()
                    .zip(replies)
                    .for_each(|(write, reply)| write.answer(Ok(reply)));
            }
            Err(failed) => failed,
        };
        match failed {
            // One of them is faulty: its neighbours are written without it.
            StoreError::Invalid { .. } | StoreError::Corrupt { .. } if writes.len() > 1 => {
                for write in writes {
                    let result = self.commit(std::slice::from_ref(&write)).await;
                    write.answer(result.map(|mut replies| replies.pop().unwrap_or(Reply::Done)));
                }
            }
            failed => {
                self.healthy(!matches!(failed, StoreError::Unavailable { .. }));
                tracing::error!(writes = writes.len(), error = %failed, "the ledger could not write");
                writes.into_iter().for_each(|write| write.answer(Err(failed.clone())));
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
            replies.push(self.fold(&mut batch, write).await?);
        }
        let (changes, index_changes) = batch.finish();
        if !changes.is_empty() {
            shared.backend.commit(&changes).await?;
        }
        changes
            .conversations
            .iter()
            .for_each(|conversation| self.live.keep(conversation));
        shared.owners.publish(&changes.conversations);
        shared.index().apply(index_changes);
        if writes
            .iter()
            .any(|write| matches!(write, Write::Maintain(Maintenance::AgeOut(_), _)))
        {
            let gone = self.live.forget_before(changes.now - Mark::HOLDS_FOR);
            shared.owners.forget(&gone);
        }
        Ok(replies)
    }

    async fn fold(&self, batch: &mut Batch<'_>, write: &Write) -> Result<Reply, StoreError> {
        let shared = &self.shared;
        Ok(match write {
            Write::Accept(events, _) => Reply::Accepted(events.iter().map(|event| batch.accept(event)).collect()),
            Write::Settle(settle, _) => {
                batch.settle(settle, &shared.index());
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
            Write::Maintain(Maintenance::AgeOut(age_out), _) => {
                let removed = shared.backend.age_out(shared.clock.now(), age_out).await?;
                Reply::Maintained(Maintained::Removed(removed))
            }
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

    fn healthy(&self, healthy: bool) {
        self.shared.healthy.store(healthy, Ordering::Relaxed);
    }
}

/// Reads what the writes are about and is not known by heart: mostly nothing.
async fn load(shared: &Shared, batch: &mut Batch<'_>, writes: &[Write]) -> Result<(), StoreError> {
    let mut wanted = Wanted::default();
    for write in writes {
        match write {
            Write::Accept(events, _) => events.iter().for_each(|event| batch.want(event, &mut wanted)),
            Write::Settle(settle, _) => batch.want_lane(settle.id.lane, &mut wanted),
            Write::Maintain(Maintenance::Transcript { conversation, .. }, _) => {
                batch.want_key(conversation, &mut wanted)
            }
            Write::Maintain(..) | Write::BlobPiece(..) | Write::BlobWhole(..) | Write::BlobDropped(..) => {}
        }
    }
    if !wanted.is_empty() {
        batch.loaded(shared.backend.load(&wanted).await?);
    }
    let mut more = WantedMore {
        lines_max: shared.brain.policy.history_lines_max,
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
