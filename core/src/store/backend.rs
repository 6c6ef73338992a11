use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

use super::{AgeOut, DeadLetter, DueTimer, LettersOf, StoreError};
use crate::{
    delivery::{ChatPayload, DeliveryId, DeskPayload, Door, Lane, Payload, Receipt},
    model::{
        Address, Arrival, BlobId, ChannelId, ConversationId, ConversationKey, EventKey, FileSource, HookAddress, Line,
        Position, SessionId, Timestamp,
    },
    session::{Conversation, Mark, TimerKind},
};

/// What a ledger's storage can do. `load`, `load_more`, `commit` and `age_out` are called by the one writer, never two at
/// a time; the rest may be called at any time, beside them.
#[async_trait]
pub(crate) trait Backend: Send + Sync + 'static {
    /// Everything that the memory of a started ledger must be complete for.
    async fn recover(&self, recent_since: Timestamp) -> Result<Recovered, StoreError>;

    /// Reads what a batch is about.
    async fn load(&self, wanted: &Wanted) -> Result<Loaded, StoreError>;

    /// Reads the waiting rows of lanes (in order), and the newest lines of conversations (oldest first): an entry for
    /// each that is wanted.
    async fn load_more(&self, wanted: &WantedMore) -> Result<LoadedMore, StoreError>;

    /// Writes a batch in one transaction and returns when it is on the disk.
    async fn commit(&self, changes: &Changes) -> Result<(), StoreError>;

    /// Writes something that changes nothing, to see whether there is room and a disk.
    async fn probe(&self) -> Result<(), StoreError>;

    /// Lets go of what `load` locked, where no commit follows. Nothing to do where nothing is shared.
    async fn abandon(&self);

    /// Removes what is too old, at most `rows_max` of each kind, and tells how many rows that were.
    async fn age_out(&self, now: Timestamp, age_out: &AgeOut) -> Result<u64, StoreError>;

    /// Reads waiting rows, in any order. A row that is gone is left out.
    async fn rows(&self, ids: &[DeliveryId]) -> Result<Vec<WaitingRow>, StoreError>;

    /// The human part of a session, oldest first: those lines of its conversation that were said in it.
    async fn transcript(&self, session: SessionId) -> Result<Vec<Line>, StoreError>;

    /// The newest dead letters that are asked for.
    async fn dead_letters(&self, of: &LettersOf, max: usize) -> Result<Vec<DeadLetter>, StoreError>;

    /// One dead letter. A row that waits is none.
    async fn dead_letter(&self, id: DeliveryId) -> Result<Option<DeadLetter>, StoreError>;

    /// The conversations in which a session stands, the newest session first, then the others whose last session ended
    /// since a moment, the latest end first; at most `max`.
    async fn escalated(&self, ended_since: Timestamp, max: usize) -> Result<Vec<Conversation>, StoreError>;

    /// How many rows there are at each door that has any, in any order.
    async fn rows_at_doors(&self) -> Result<Vec<DoorRows>, StoreError>;

    /// The size of a complete file; `None` when there is none.
    async fn blob_bytes(&self, blob: BlobId) -> Result<Option<u64>, StoreError>;

    /// One piece of a file, counted from 0; `None` past its end.
    async fn blob_piece(&self, blob: BlobId, piece: u32) -> Result<Option<Bytes>, StoreError>;

    /// The hookpoint's secret.
    async fn secret(&self) -> Result<Option<String>, StoreError>;

    /// Lets go of what it is stored in. Whatever is asked later fails.
    async fn close(&self) -> Result<(), StoreError>;
}

/// What a storage can do beside that instances share. The times of leases are the storage's own clock's.
#[async_trait]
pub(crate) trait Commons: Backend {
    /// How long a call may take before its answer counts as lost.
    fn busy_max(&self) -> Duration;

    /// Makes an instance known, alive for the length of a lease.
    async fn join(&self, instance: Uuid, lease: Duration) -> Result<(), StoreError>;

    /// Keeps an instance alive for the length of a lease from now. `false` when its lease was over.
    async fn renew(&self, instance: Uuid, lease: Duration) -> Result<bool, StoreError>;

    /// Gives all back that an instance has, and forgets it.
    async fn leave(&self, instance: Uuid) -> Result<(), StoreError>;

    /// Takes back what instances have whose lease is over, and tells the doors that have something to claim by that.
    async fn sweep(&self) -> Result<Vec<Door>, StoreError>;

    /// Takes back the lanes of an instance that are out under none of these fences.
    async fn take_back(&self, instance: Uuid, known: &[u64]) -> Result<(), StoreError>;

    /// Gives an instance a channel that nobody alive has. `false` when somebody has.
    async fn take_channel(&self, instance: Uuid, channel: &ChannelId) -> Result<bool, StoreError>;

    /// The channels that an instance has.
    async fn channels_of(&self, instance: Uuid) -> Result<HashSet<ChannelId>, StoreError>;

    /// Hands out the heads of due lanes, the longest due first. Nothing when the instance is not alive. Where channels are
    /// given, lanes of their conversations alone, of those that the instance has.
    async fn claim(
        &self,
        instance: Uuid,
        door: &Door,
        channels: Option<&[ChannelId]>,
        now: Timestamp,
        max: usize,
    ) -> Result<Vec<ClaimedRow>, StoreError>;

    /// When the next lane of a door is due that is not out; where channels are given, of their conversations alone.
    async fn next_due(&self, door: &Door, channels: Option<&[ChannelId]>) -> Result<Option<Timestamp>, StoreError>;

    /// Whether a row still waits, and is not on its way at another instance.
    async fn is_wanted(&self, id: DeliveryId, instance: Uuid) -> Result<bool, StoreError>;

    /// The timers that are due, at most `max`, and when the next one is.
    async fn due_timers(&self, now: Timestamp, max: usize) -> Result<(Vec<DueTimer>, Option<Timestamp>), StoreError>;

    /// Sets timers that are set for later, or not at all. One that is due earlier stays.
    async fn hasten(&self, timers: &[(SessionId, TimerKind, Timestamp)]) -> Result<(), StoreError>;

    /// The instances that are alive.
    async fn instances(&self) -> Result<HashSet<Uuid>, StoreError>;

    /// The doors of all waiting rows.
    async fn doors(&self) -> Result<Vec<Door>, StoreError>;

    /// How many rows wait or are out.
    async fn outstanding(&self) -> Result<usize, StoreError>;

    /// How many rows wait in lanes or are on their way.
    async fn rows_in(&self, lanes: &[Lane]) -> Result<HashMap<Lane, usize>, StoreError>;

    /// How many lanes of each door are out, and when the next one is due that is not.
    async fn lanes_at_doors(&self) -> Result<HashMap<Door, (usize, Option<Timestamp>)>, StoreError>;

    /// Conversations as they were committed last.
    async fn conversations(&self, ids: &[ConversationId]) -> Result<Vec<Conversation>, StoreError>;

    /// The conversation of a session, as it was committed last.
    async fn of_session(&self, session: SessionId) -> Result<Option<Conversation>, StoreError>;

    /// Keeps an update that was posted to this instance.
    async fn keep_arrival(&self, channel: &ChannelId, arrival: &Arrival) -> Result<(), StoreError>;

    /// The first updates of a channel that are kept, in order.
    async fn first_arrivals(&self, channel: &ChannelId, max: usize) -> Result<Vec<Arrival>, StoreError>;

    /// Removes an update that was dealt with.
    async fn forget_arrival(&self, channel: &ChannelId, position: Position) -> Result<(), StoreError>;

    /// Begins to hear what other instances tell.
    async fn listen(&self) -> Result<Box<dyn Listening>, StoreError>;
}

/// Hears what instances tell, its own included.
#[async_trait]
pub(crate) trait Listening: Send {
    /// The next; `None` when some may have been missed.
    async fn hear(&mut self) -> Result<Option<News>, StoreError>;
}

/// A row that is handed out to an instance.
#[derive(Debug)]
pub(crate) struct ClaimedRow {
    pub(crate) row: WaitingRow,
    pub(crate) place: Option<Address>,
    pub(crate) fence: u64,
}

/// What a started ledger knows by heart.
#[derive(Debug, Default)]
pub(crate) struct Recovered {
    /// Each conversation that a human owns, or whose last session ended since the moment given.
    pub(crate) conversations: Vec<Conversation>,
    /// Each waiting row, without what it carries.
    pub(crate) waiting: Vec<WaitingMark>,
    /// Each timer.
    pub(crate) timers: Vec<(SessionId, TimerKind, Timestamp)>,
    /// Where the hooks of the sessions went that ended since the moment given: each address once, and when the last of
    /// its sessions ended. In no order.
    pub(crate) hook_addresses: Vec<(HookAddress, Timestamp)>,
}

/// A waiting row as the index knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WaitingMark {
    pub(crate) id: DeliveryId,
    pub(crate) door: Door,
    pub(crate) due: Timestamp,
}

/// What a batch is about.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) keys: Vec<ConversationKey>,
    pub(crate) sessions: Vec<SessionId>,
    pub(crate) conversations: Vec<ConversationId>,
    pub(crate) inbox: Vec<EventKey>,
    /// Which of these still wait, for a storage that instances share.
    pub(crate) rows: Vec<DeliveryId>,
    /// Who has these, for a storage that instances share.
    pub(crate) channels: Vec<ChannelId>,
}

/// What there is of it.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// The conversations found, by whichever of the three ways.
    pub(crate) conversations: Vec<Conversation>,
    /// The conversation of each session found.
    pub(crate) sessions: HashMap<SessionId, ConversationId>,
    /// The keys found.
    pub(crate) inbox: HashSet<EventKey>,
    /// What is locked with it, in a storage that instances share.
    pub(crate) locked: Locked,
}

/// What a batch has to itself until it is committed or abandoned.
#[derive(Debug, Default)]
pub(crate) struct Locked {
    /// Each lane of the conversations found that has waiting rows or is handed out.
    pub(crate) lanes: HashMap<Lane, LockedLane>,
    /// Those rows wanted that wait.
    pub(crate) rows: HashSet<DeliveryId>,
    /// Who has which of the channels wanted.
    pub(crate) holders: HashMap<ChannelId, Uuid>,
}

/// A lane that instances share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LockedLane {
    /// How many rows wait or are on their way; of many, as many as the storage counts.
    pub(crate) rows: usize,
    /// The row that is handed out, and under which fence.
    pub(crate) out: Option<(u64, u64)>,
}

/// What some events need beside their conversation.
#[derive(Debug, Default)]
pub(crate) struct WantedMore {
    pub(crate) lanes: Vec<Lane>,
    pub(crate) histories: Vec<ConversationId>,
    /// How many of the newest lines of each history.
    pub(crate) lines_max: usize,
}

/// What there is of it.
#[derive(Debug, Default)]
pub(crate) struct LoadedMore {
    pub(crate) lanes: HashMap<Lane, Vec<WaitingRow>>,
    pub(crate) histories: HashMap<ConversationId, Vec<Line>>,
}

/// A waiting row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WaitingRow {
    pub(crate) id: DeliveryId,
    pub(crate) payload: Payload,
    pub(crate) conversation: ConversationKey,
    /// Empty where the lane belongs to no session.
    pub(crate) hook_address: HookAddress,
    /// How many attempts were settled as a retry.
    pub(crate) attempts: u32,
    pub(crate) created_at: Timestamp,
    pub(crate) maybe_sent: bool,
    pub(crate) started: bool,
}

/// The rows at a door.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DoorRows {
    pub(crate) door: Door,
    /// Those that wait or are on their way.
    pub(crate) waiting: usize,
    /// When the oldest of them was written.
    pub(crate) oldest: Option<Timestamp>,
    pub(crate) dead: usize,
}

/// A batch to be written, in the order of the fields. It holds secrets, and so no `Debug` but in tests.
#[cfg_attr(test, derive(Debug))]
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) now: Timestamp,
    pub(crate) inbox: Vec<EventKey>,
    /// Those that are new, or are looked up by something that changed: their key, their session, their last end.
    pub(crate) conversations: Vec<Conversation>,
    /// Those that stand already and changed in anything else.
    pub(crate) bodies: Vec<Conversation>,
    /// New sessions: which conversation each belongs to, and where its hooks go.
    pub(crate) sessions: Vec<(SessionId, ConversationId, HookAddress)>,
    pub(crate) deliveries: Vec<NewRow>,
    /// Dead letters that wait again, due and made now: no attempt, nothing begun. What may have arrived may have all the
    /// same. A row that is gone or waits stays as it is.
    pub(crate) redriven: Vec<DeliveryId>,
    /// Dead letters that go. A row that is gone or waits stays as it is.
    pub(crate) dropped: Vec<DeliveryId>,
    pub(crate) settled: Vec<(DeliveryId, RowChange)>,
    pub(crate) lines: Vec<(ConversationId, Option<SessionId>, Line)>,
    pub(crate) timers_set: Vec<(SessionId, TimerKind, Timestamp)>,
    pub(crate) timers_cleared: Vec<(SessionId, TimerKind)>,
    pub(crate) blob_pieces: Vec<(BlobId, u32, Bytes)>,
    /// Files that are complete: their size in bytes.
    pub(crate) blobs: Vec<(BlobId, u64)>,
    /// Files that are not wanted after all.
    pub(crate) blobs_dropped: Vec<BlobId>,
    pub(crate) secret: Option<String>,
    /// Lanes that come back, for a storage that instances share.
    pub(crate) released: Vec<Lane>,
    /// What other instances are told with the commit.
    pub(crate) news: News,
}

/// What one instance tells the others. Whoever misses it finds out by itself, later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// Doors at which there may be something to claim.
    pub(crate) doors: Vec<Door>,
    /// Conversations that changed hands, or in anything else that is known by heart.
    pub(crate) conversations: Vec<ConversationId>,
    /// Channels that nobody has any more.
    pub(crate) channels: Vec<ChannelId>,
    /// Channels of which an update was kept.
    pub(crate) arrivals: Vec<ChannelId>,
}

/// A delivery to be written. Each `settled` of the same batch comes after it.
#[derive(Clone, Debug)]
pub(crate) struct NewRow {
    pub(crate) id: DeliveryId,
    pub(crate) conversation: ConversationId,
    pub(crate) door: Door,
    pub(crate) payload: Payload,
    /// Why it is a dead letter from the start.
    pub(crate) dead: Option<String>,
}

/// What becomes of a waiting row. A row that is gone or a dead letter stays so.
#[derive(Clone, Debug)]
pub(crate) enum RowChange {
    /// It arrived; the receipt stays.
    Delivered(Receipt),
    /// It was taken back.
    TakenBack,
    /// It is a dead letter: why, and whether its last attempt may have arrived.
    Dead { detail: String, maybe_sent: bool },
    /// It is tried again: an attempt that began is over.
    Retry { due: Timestamp, maybe_sent: bool },
    /// An attempt that must not be made twice begins.
    Started,
}

impl NewRow {
    /// The file that it cannot be delivered without.
    pub(crate) fn blob(&self) -> Option<BlobId> {
        blob_of(&self.payload)
    }
}

/// The file of ours that a payload cannot be delivered without.
pub(crate) fn blob_of(payload: &Payload) -> Option<BlobId> {
    let file = match payload {
        Payload::Desk(DeskPayload::File { file, .. }) | Payload::Chat(ChatPayload::File { file, .. }) => file,
        Payload::Desk(_) | Payload::Chat(_) | Payload::Bot(_) => return None,
    };
    match file.source {
        FileSource::Blob(blob) => Some(blob),
        FileSource::Platform(_) => None,
    }
}

/// Whether a receipt is worth a row: it names what a person has seen, so that an edit or a reply can name it too.
pub(crate) fn keeps_receipt(lane: Lane, receipt: &Receipt) -> bool {
    match (lane, receipt) {
        (Lane::Bot(_), _) | (_, Receipt::None | Receipt::Availability(_)) => false,
        (Lane::Desk(_) | Lane::Chat(_), Receipt::Message { .. } | Receipt::Place { .. } | Receipt::Ticket { .. }) => {
            true
        }
    }
}

/// Up to when what is removed as too old.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cutoffs {
    pub(crate) inbox: Timestamp,
    pub(crate) history: Timestamp,
    /// Of conversations and sessions. A ledger knows those by heart for as long as a mark holds, however short a
    /// history is kept.
    pub(crate) conversations: Timestamp,
    pub(crate) blobs: Timestamp,
}

impl Cutoffs {
    pub(crate) fn new(now: Timestamp, age_out: &AgeOut) -> Self {
        Self {
            inbox: now - age_out.inbox_for,
            history: now - age_out.history_for,
            conversations: now - age_out.history_for.max(Mark::HOLDS_FOR),
            blobs: now - age_out.blobs_for,
        }
    }
}

impl Wanted {
    pub(crate) fn is_empty(&self) -> bool {
        let Self {
            keys,
            sessions,
            conversations,
            inbox,
            rows,
            channels,
        } = self;
        let found = keys.is_empty() && sessions.is_empty() && conversations.is_empty();
        found && inbox.is_empty() && rows.is_empty() && channels.is_empty()
    }
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        let Self {
            now: _,
            inbox,
            conversations,
            bodies,
            sessions,
            deliveries,
            redriven,
            dropped,
            settled,
            lines,
            timers_set,
            timers_cleared,
            blob_pieces,
            blobs,
            blobs_dropped,
            secret,
            released,
            news: _,
        } = self;
        let rows = inbox.is_empty() && conversations.is_empty() && bodies.is_empty();
        let rows = rows && sessions.is_empty() && deliveries.is_empty();
        let rows = rows && redriven.is_empty() && dropped.is_empty();
        let rows = rows && settled.is_empty() && lines.is_empty();
        let timers = timers_set.is_empty() && timers_cleared.is_empty();
        rows && released.is_empty()
            && timers
            && blob_pieces.is_empty()
            && blobs.is_empty()
            && blobs_dropped.is_empty()
            && secret.is_none()
    }
}
