mod letters;

use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{
    Accepted, AgeOut, Incoming, Lease, Maintained, Maintenance, Recorded, Settle, SettleAs, StoreError, Target,
    backend::{Locked, Wanted, WantedMore},
    fold::{Batch, Live},
    index::{IndexChange, Lanes},
    ledger::Shared,
    sharing::Sharing,
};
use crate::{
    delivery::{DeliveryId, Door, Lane},
    model::{BlobId, ChannelId, ConversationId, CustomerEvent},
    session::{Event, Mark},
};

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// One thing to be written, and whom to tell.
pub(super) enum Write {
    Accept(Vec<Incoming>, Answer<Vec<Accepted>>),
    Settle(Box<Settle>, Answer<Recorded>),
    Maintain(Maintenance, Answer<Maintained>),
    BlobPiece(BlobId, u32, Bytes, Answer<()>),
    /// The file is whole, and this many bytes.
    BlobWhole(BlobId, u64, Answer<()>),
    BlobDropped(BlobId, Answer<()>),
    /// Nothing to write: who owns what is read anew, in its order among the writes.
    Reload(Reload, Answer<()>),
}

/// What is read anew.
pub(super) enum Reload {
    All,
    These(Vec<ConversationId>),
}

/// What a write will be answered, once it is on the disk.
enum Reply {
    Accepted(Vec<Accepted>),
    Maintained(Maintained),
    Recorded(Recorded),
    /// An operator's order was carried out: which, and on what kind of payload.
    Letter(LetterDone, &'static str),
    Done,
    /// It is no part of the batch.
    Refused(StoreError),
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
        let mut parts = vec![self.asides(writes).await];
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
                    if matches!(failed, StoreError::Unavailable { .. } | StoreError::InDoubt { .. }) {
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

    /// How often a batch is decided afresh because another instance wrote the same at the same time.
    const CONTENDED_MAX: usize = 16;

    async fn commit(&mut self, writes: &[Write]) -> Result<Vec<Reply>, StoreError> {
        let shared = Arc::clone(&self.shared);
        let Some(sharing) = &shared.sharing else {
            return self.commit_own(writes).await;
        };
        for _ in 1..Self::CONTENDED_MAX {
            match self.commit_shared(sharing, writes).await {
                Err(StoreError::Contended { detail }) => tracing::debug!(detail, "a batch is decided afresh"),
                committed => return committed,
            }
        }
        self.commit_shared(sharing, writes).await
    }

    /// Reads what the writes are about, decides, commits, and only then lets it be known.
    async fn commit_own(&mut self, writes: &[Write]) -> Result<Vec<Reply>, StoreError> {
        let shared = Arc::clone(&self.shared);
        let mut batch = Batch::new(&shared.brain, &self.live, shared.clock.now());
        load(&shared, &mut batch, writes).await?;
        let mut replies = Vec::with_capacity(writes.len());
        for write in writes {
            replies.push(fold(&shared, &mut batch, write, &*shared).await?);
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

    /// The same where instances share the ledger: all that the decision stands on is locked from the read to the commit, and
    /// nothing of it is known by heart.
    async fn commit_shared(&self, sharing: &Sharing, writes: &[Write]) -> Result<Vec<Reply>, StoreError> {
        let shared = &*self.shared;
        let mut batch = Batch::new(&shared.brain, &self.live, shared.clock.now());
        let decided = decide_shared(shared, sharing, &mut batch, writes).await;
        let touched = touched(&batch);
        let (mut changes, index_changes) = batch.finish();
        changes.released = index_changes.iter().filter_map(released).collect();
        if decided.is_err() || changes.is_empty() {
            shared.backend.abandon().await;
            return decided;
        }
        let written = changes.conversations.iter().chain(&changes.bodies);
        let news = written.filter(|conversation| shared.owners.is_news(conversation));
        changes.news.conversations = news.map(|conversation| conversation.id).collect();
        let elsewhere = touched.iter().filter(|door| match door {
            Door::Channel(channel) => !sharing.holds(channel),
            Door::Desk | Door::Bot => false,
        });
        changes.news.doors = elsewhere.cloned().collect();
        shared.backend.commit(&changes).await?;
        self.healthy(true);
        shared
            .owners
            .publish(changes.conversations.iter().chain(&changes.bodies));
        came_back(sharing, writes);
        shared.index().rouse_these(&touched, &index_changes);
        decided
    }

    /// Does what no batch does, and answers it: before anything is read for a batch.
    async fn asides(&mut self, writes: Vec<Write>) -> Vec<Write> {
        let mut others = Vec::with_capacity(writes.len());
        for write in writes {
            let reply = match &write {
                Write::Maintain(Maintenance::AgeOut(age_out), _) => self.age_out(*age_out).await,
                Write::Reload(what, _) => self.reload(what).await,
                _ => {
                    others.push(write);
                    continue;
                }
            };
            write.answer(reply);
        }
        others
    }

    /// Removes what is too old: on the disk, in memory, and then it is let known.
    async fn age_out(&mut self, age_out: AgeOut) -> Result<Reply, StoreError> {
        let now = self.shared.clock.now();
        match self.shared.backend.age_out(now, &age_out).await {
            Ok(rows) => {
                let since = now - Mark::HOLDS_FOR;
                if self.shared.sharing.is_some() {
                    self.shared.owners.forget_before(since);
                } else {
                    let gone = self.live.forget_before(since);
                    self.shared.owners.forget(&gone);
                }
                Ok(Reply::Maintained(Maintained::Removed(rows)))
            }
            Err(failed) => {
                tracing::error!(error = %failed, "the ledger could not remove what is too old");
                Err(failed)
            }
        }
    }

    /// Reads who owns what. Here, so that what is read is no older than what was committed before.
    async fn reload(&self, what: &Reload) -> Result<Reply, StoreError> {
        let shared = &*self.shared;
        match (what, &shared.sharing) {
            (Reload::All, _) => {
                let recovered = shared.backend.recover(shared.clock.now() - Mark::HOLDS_FOR).await?;
                shared.owners.replace(&recovered.conversations);
            }
            (Reload::These(ids), Some(sharing)) => {
                shared.owners.publish(&sharing.commons.conversations(ids).await?);
            }
            // Nobody else changes anything.
            (Reload::These(_), None) => {}
        }
        Ok(Reply::Done)
    }

    /// Sees whether the ledger could write.
    async fn probe(&self) {
        self.healthy(self.shared.backend.probe().await.is_ok());
    }

    fn is_healthy(&self) -> bool {
        self.shared.reach.is_reached()
    }

    fn healthy(&self, healthy: bool) {
        if healthy {
            self.shared.reach.reached(self.shared.clock.now());
        } else {
            self.shared.reach.lost();
        }
    }
}

impl Drop for Writer {
    /// Nothing is written any more.
    fn drop(&mut self) {
        self.healthy(false);
    }
}

/// Decides on one write.
async fn fold(shared: &Shared, batch: &mut Batch<'_>, write: &Write, lanes: &impl Lanes) -> Result<Reply, StoreError> {
    Ok(match write {
        Write::Accept(events, _) => {
            let accepted = deciding(|| events.iter().map(|event| batch.accept(event)).collect())?;
            Reply::Accepted(accepted)
        }
        Write::Settle(settle, _) => {
            let recorded = deciding(|| batch.settle(settle, lanes))?;
            Reply::Recorded(recorded)
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
        Write::Maintain(Maintenance::AgeOut(_), _) | Write::Reload(..) => {
            unreachable!("what no batch does was done before")
        }
        Write::Maintain(Maintenance::Redrive(id), _) => letters::redrive(shared, batch, lanes, *id).await?,
        Write::Maintain(Maintenance::Drop(id), _) => letters::drop(shared, batch, lanes, *id).await?,
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

/// Reads what the writes are about, locks it, and decides on each.
async fn decide_shared(
    shared: &Shared,
    sharing: &Sharing,
    batch: &mut Batch<'_>,
    writes: &[Write],
) -> Result<Vec<Reply>, StoreError> {
    let locked = load(shared, batch, writes).await?;
    let instance = sharing.instance();
    let mut replies = Vec::with_capacity(writes.len());
    for write in writes {
        let elsewhere = escalates(write).find(|channel| locked.holders.get(*channel) != Some(&instance));
        replies.push(match elsewhere {
            Some(channel) => Reply::Refused(StoreError::unavailable(format_args!(
                "the channel {channel} is another instance's"
            ))),
            None => fold(shared, batch, write, &locked).await?,
        });
    }
    Ok(replies)
}

/// The channels in which a write hands a conversation over: only who holds one may, since the others do not ask the ledger
/// who owns its conversations.
fn escalates(write: &Write) -> impl Iterator<Item = &ChannelId> {
    let events = match write {
        Write::Accept(events, _) => events.as_slice(),
        _ => &[],
    };
    events
        .iter()
        .filter_map(|incoming| match (&incoming.target, &incoming.event) {
            (
                Target::Conversation(key),
                Event::Customer {
                    event: CustomerEvent::Escalate(_),
                    ..
                },
            ) => Some(&key.channel),
            _ => None,
        })
}

/// The doors at which a batch changes what there is to claim.
fn touched(batch: &Batch<'_>) -> HashSet<Door> {
    let doors = batch.index.iter().filter_map(|change| match change {
        IndexChange::Wait(mark) => Some(mark.door.clone()),
        IndexChange::Settled(id) | IndexChange::Again(id, _) | IndexChange::TakenBack(id) => batch.door_of(id.lane),
        IndexChange::SetTimer(..) | IndexChange::ClearTimer(..) => None,
    });
    doors.collect()
}

/// The lane that comes back with a change.
fn released(change: &IndexChange) -> Option<Lane> {
    match change {
        IndexChange::Settled(id) | IndexChange::Again(id, _) => Some(id.lane),
        IndexChange::Wait(_) | IndexChange::TakenBack(_) | IndexChange::SetTimer(..) | IndexChange::ClearTimer(..) => {
            None
        }
    }
}

/// Notes which claims are settled.
fn came_back(sharing: &Sharing, writes: &[Write]) {
    for write in writes {
        if let Write::Settle(settle, _) = write
            && !matches!(settle.as_, SettleAs::Started)
        {
            sharing.came_back(&settle.lease);
        }
    }
}

/// Reads what the writes are about and is not known by heart: mostly nothing, where the ledger belongs to one process.
async fn load(shared: &Shared, batch: &mut Batch<'_>, writes: &[Write]) -> Result<Locked, StoreError> {
    let mut wanted = Wanted::default();
    for write in writes {
        match write {
            Write::Accept(events, _) => events.iter().for_each(|event| batch.want(event, &mut wanted)),
            Write::Settle(settle, _) => batch.want_lane(settle.id.lane, &mut wanted),
            Write::Maintain(Maintenance::Redrive(id), _) => batch.want_lane(id.lane, &mut wanted),
            Write::Maintain(Maintenance::Transcript { conversation, .. }, _) => {
                batch.want_key(conversation, &mut wanted);
            }
            Write::Maintain(..)
            | Write::BlobPiece(..)
            | Write::BlobWhole(..)
            | Write::BlobDropped(..)
            | Write::Reload(..) => {}
        }
    }
    let is_shared = shared.sharing.is_some();
    if is_shared {
        for write in writes {
            if let Write::Maintain(Maintenance::Drop(id), _) = write {
                batch.want_lane(id.lane, &mut wanted);
            }
        }
        wanted.rows = writes.iter().filter_map(row_of).collect();
        wanted.channels = writes.iter().flat_map(escalates).cloned().collect();
    }
    let mut locked = Locked::default();
    if !wanted.is_empty() {
        let mut loaded = shared.backend.load(&wanted).await?;
        locked = std::mem::take(&mut loaded.locked);
        if is_shared {
            shared.owners.publish(&loaded.conversations);
        }
        batch.loaded(loaded);
    }
    let mut more = WantedMore {
        // One more than are told, so that it is known when some are left out.
        lines_max: shared.brain.policy.history_lines_max.saturating_add(1),
        ..WantedMore::default()
    };
    if is_shared {
        want_more(batch, writes, &locked, &mut more);
    } else {
        want_more(batch, writes, shared, &mut more);
    }
    if !more.lanes.is_empty() || !more.histories.is_empty() {
        let loaded = shared.backend.load_more(&more).await?;
        if is_shared {
            locked.rows.extend(loaded.lanes.values().flatten().map(|row| row.id));
            batch.loaded_more(loaded, &locked);
        } else {
            batch.loaded_more(loaded, shared);
        }
    }
    Ok(locked)
}

/// The row that a write is about.
fn row_of(write: &Write) -> Option<DeliveryId> {
    match write {
        Write::Settle(settle, _) => Some(settle.id),
        Write::Maintain(Maintenance::Redrive(id) | Maintenance::Drop(id), _) => Some(*id),
        _ => None,
    }
}

fn want_more(batch: &mut Batch<'_>, writes: &[Write], lanes: &impl Lanes, more: &mut WantedMore) {
    for write in writes {
        match write {
            Write::Accept(events, _) => events.iter().for_each(|event| batch.want_more(event, lanes, more)),
            Write::Settle(settle, _) => batch.want_more_of_settle(settle, lanes, more),
            Write::Maintain(..)
            | Write::BlobPiece(..)
            | Write::BlobWhole(..)
            | Write::BlobDropped(..)
            | Write::Reload(..) => {}
        }
    }
}

/// The index of a ledger that belongs to one process, as of the last commit.
impl Lanes for Shared {
    fn has_rows(&self, lane: Lane) -> bool {
        self.index().has_rows(lane)
    }

    fn rows_in(&self, lane: Lane) -> usize {
        self.index().rows_in(lane)
    }

    fn is_leased(&self, id: DeliveryId) -> bool {
        self.index().is_leased(id)
    }

    fn has_row(&self, id: DeliveryId) -> bool {
        self.index().has_row(id)
    }

    fn is_out(&self, lane: Lane, lease: &Lease) -> bool {
        self.index().is_out(lane, lease)
    }
}

impl Write {
    /// Tells whoever waits; who no longer does has dropped the call, and needs no answer.
    fn answer(self, result: Result<Reply, StoreError>) {
        let result = match result {
            Ok(Reply::Refused(refused)) => Err(refused),
            result => result,
        };
        let heard = match (self, result) {
            (Self::Accept(_, answer), Ok(Reply::Accepted(accepted))) => answer.send(Ok(accepted)).is_ok(),
            (Self::Maintain(_, answer), Ok(Reply::Maintained(maintained))) => answer.send(Ok(maintained)).is_ok(),
            (Self::Settle(_, answer), Ok(Reply::Recorded(recorded))) => answer.send(Ok(recorded)).is_ok(),
            (Self::Maintain(_, answer), Ok(Reply::Letter(..))) => answer.send(Ok(Maintained::Done)).is_ok(),
            (
                Self::BlobPiece(_, _, _, answer)
                | Self::BlobWhole(_, _, answer)
                | Self::BlobDropped(_, answer)
                | Self::Reload(_, answer),
                Ok(_),
            ) => answer.send(Ok(())).is_ok(),
            (Self::Accept(_, answer), Err(failed)) => answer.send(Err(failed)).is_ok(),
            (Self::Maintain(_, answer), Err(failed)) => answer.send(Err(failed)).is_ok(),
            (Self::Settle(_, answer), Err(failed)) => answer.send(Err(failed)).is_ok(),
            (
                Self::BlobPiece(_, _, _, answer)
                | Self::BlobWhole(_, _, answer)
                | Self::BlobDropped(_, answer)
                | Self::Reload(_, answer),
                Err(failed),
            ) => answer.send(Err(failed)).is_ok(),
            (Self::Accept(..) | Self::Maintain(..) | Self::Settle(..), Ok(_)) => {
                unreachable!("`fold` answers each write with its own kind of reply")
            }
        };
        if !heard {
            tracing::debug!("a write was committed after its caller had gone");
        }
    }
}
