use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::{Arrivals, Lease, LettersOf, Owners, QueueFacts, SessionFacts, Standing, StoreError, blobs::Blobs};
use crate::{
    delivery::{DeliveryId, Door, Payload, Receipt},
    model::{Address, ChannelId, ChatLimits, ConversationKey, EventKey, HookAddress, Line, SessionId, Timestamp},
    session::{Event, TimerKind, Verdict},
};

/// Where everything that must survive is kept.
///
/// Writes are [`accept`](Self::accept), [`settle`](Self::settle) and [`maintain`](Self::maintain); the rest reads.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Commits events in one transaction, in their order, and tells what came of each. Called by `intake` alone.
    ///
    /// # Errors
    /// [`StoreError`]: none of the events was recorded; with [`StoreError::InDoubt`] that is not known.
    ///
    /// # Cancel safety
    /// When the future is dropped, the events may be committed all the same. Their keys remove the double.
    async fn accept(&self, events: Vec<Incoming>) -> Result<Vec<Accepted>, StoreError>;

    /// Records how an attempt ended, and what follows from it. Called by `intake` alone, once for each claim. Where another
    /// instance has the lane by now, nothing is changed ([`Recorded::Fenced`]): then the delivery is that one's.
    ///
    /// # Errors
    /// [`StoreError`]: the claim stands; settle it again.
    async fn settle(&self, settle: Settle) -> Result<Recorded, StoreError>;

    /// Does one of the ledger's other writes.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was changed; with [`StoreError::InDoubt`] that is not known.
    async fn maintain(&self, task: Maintenance) -> Result<Maintained, StoreError>;

    /// Hands out the heads of lanes that are due at a door, at most `max`, the longest due first. A lane that is handed
    /// out gives nothing more until its claim is settled. Where instances share the ledger, what is for a channel, and for the
    /// bot of its conversations, is handed to its holder alone, and by then [`owners`](Self::owners) knows what the bot is told.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was handed out.
    async fn claim(&self, door: &Door, max: usize) -> Result<Claims, StoreError>;

    /// Whether a delivery that was handed out is still to be made: not when it was taken back meanwhile. Asked right
    /// before the call. Where it is not wanted, the claim is settled as [`SettleAs::Retry`], which then repeats nothing.
    async fn is_wanted(&self, id: DeliveryId) -> bool;

    /// Hands out the timers that are due, and the moment of the next one. Each comes again until an event clears it; where
    /// instances share the ledger, to each of them.
    async fn due_timers(&self) -> (Vec<DueTimer>, Option<Timestamp>);

    /// Woken whenever a door may have something to claim.
    fn wake(&self, door: &Door) -> Arc<Notify>;

    /// Woken whenever a timer is set.
    fn wake_timers(&self) -> Arc<Notify>;

    /// The doors at which deliveries wait, also those of channels that are no longer connected.
    async fn doors(&self) -> Vec<Door>;

    /// How many deliveries wait or are on their way, at all doors.
    async fn outstanding(&self) -> usize;

    /// Waits until no delivery waits and none is on its way.
    async fn drained(&self);

    /// Who owns which conversation: complete for all that a human owns or owned in the last 48 hours. Where instances share
    /// the ledger, what another one changed comes a moment later, except for this: of a channel that is
    /// [held](Self::holds), no conversation is missing that a human owns.
    fn owners(&self) -> &Owners;

    /// The conversation in which a session stands, as the ledger has it now; `None` when it is over or unknown.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    async fn standing(&self, session: SessionId) -> Result<Option<(ConversationKey, Standing)>, StoreError>;

    /// Waits until a channel is this instance's: it alone receives for the channel, escalates its conversations, and
    /// delivers to it, until the lease is over. A ledger that belongs to one process answers at once, and for good.
    ///
    /// # Cancel safety
    /// When the future is dropped, the channel may be held all the same.
    async fn hold(&self, channel: &ChannelId) -> Lease;

    /// Whether a channel is certainly this instance's right now. Asked for each update and each line of the bot: it does
    /// not wait.
    fn holds(&self, channel: &ChannelId) -> bool;

    /// What keeps updates that arrive at any of the instances that share the ledger; `None` where one alone has it.
    fn arrivals(&self) -> Option<Arc<dyn Arrivals>>;

    /// The human part of a session, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    async fn transcript(&self, session: SessionId) -> Result<Vec<Line>, StoreError>;

    /// The newest dead letters, at most `max`.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    async fn dead_letters(&self, max: usize) -> Result<Vec<DeadLetter>, StoreError>;

    /// The newest dead letters of a channel or a lane, at most `max`.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    async fn dead_letters_of(&self, of: &LettersOf, max: usize) -> Result<Vec<DeadLetter>, StoreError>;

    /// One dead letter; `None` when there is none under this key.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    async fn dead_letter(&self, id: DeliveryId) -> Result<Option<DeadLetter>, StoreError>;

    /// The sessions that stand, the newest first, then those that ended since a moment, the latest first; at most `max`.
    /// Of a conversation, the last that ended is known.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    async fn sessions(&self, ended_since: Timestamp, max: usize) -> Result<Vec<SessionFacts>, StoreError>;

    /// How the queue of each door stands at which something waits or died, in the order of the doors' names. Counts every
    /// row: for people, not for a loop.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    async fn queues(&self) -> Result<Vec<QueueFacts>, StoreError>;

    /// Where file bytes are kept.
    fn blobs(&self) -> Arc<dyn Blobs>;

    /// Whether the ledger took its last write. One that did not is tried every second.
    fn is_healthy(&self) -> bool;
}

/// What a decision may know of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each says of one thing whether the platform has it, and they do not hang together"
)]
pub struct ChannelFacts {
    /// Lengths and sizes.
    pub limits: ChatLimits,
    /// Whether it can show a file.
    pub files: bool,
    /// Whether it holds a session in a place that has to be opened.
    pub places: bool,
    /// Whether it can show that a message of the customer arrived.
    pub receipts: bool,
    /// Whether it has buttons.
    pub buttons: bool,
}

/// An event to be committed.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// What makes it one of a kind.
    pub key: EventKey,
    /// What it is about.
    pub target: Target,
    /// What happened. [`Event::Settled`] does not come this way.
    pub event: Event,
    /// Whether the key was minted just now, so that nobody needs to look for it, now or later.
    pub is_new: bool,
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A conversation, made if there is none.
    Conversation(ConversationKey),
    /// The conversation that a session belongs to.
    Session(SessionId),
}

/// What came of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It was decided on.
    New(Verdict),
    /// It was accepted before.
    Duplicate,
    /// There is no such session.
    UnknownSession,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub struct Settle {
    /// Which delivery.
    pub id: DeliveryId,
    /// What it carried, as it was claimed.
    pub payload: Payload,
    /// How it ended.
    pub as_: SettleAs,
    /// The lease that came with the claim.
    pub lease: Lease,
}

/// What became of a settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is recorded.
    Done,
    /// The lane is another instance's by now, and so is the delivery: nothing was changed, and nothing is left to do. A call
    /// that was to begin must not be made.
    Fenced,
}

/// How an attempt ended, for the ledger.
#[derive(Clone, Debug)]
pub enum SettleAs {
    /// The other side has it.
    Delivered(Receipt),
    /// It is a dead letter.
    Dead {
        /// Why, without message text or secrets.
        detail: String,
        /// Whether an attempt may have arrived all the same.
        maybe_sent: bool,
    },
    /// It is tried again.
    Retry {
        /// Not before.
        due: Timestamp,
        /// Whether this attempt may have arrived.
        maybe_sent: bool,
    },
    /// An attempt begins that must not be made twice. The claim stands.
    Started,
}

/// One of the ledger's other writes. Its `Debug` names the kind alone: a secret is not shown.
#[derive(Clone)]
#[non_exhaustive]
pub enum Maintenance {
    /// Adds lines to the bot's part of a transcript.
    Transcript {
        /// Of which conversation; made if there is none.
        conversation: ConversationKey,
        /// The lines, oldest first.
        lines: Vec<Line>,
    },
    /// Keeps this secret, unless one is kept already. Answers with the one that is.
    Secret(String),
    /// Removes what is too old, in one small step.
    AgeOut(AgeOut),
    /// Puts a dead letter back into its lane, as if it were new: no attempt was made yet, and its age begins now. Its number
    /// stays, so it stands in front of whatever was numbered after it: the one way in which something old appears late.
    ///
    /// Refused with [`StoreError::NotAgain`] where it would open a ticket that nobody asked for. A call that must not be
    /// made twice is made again: who asks for that decides on it.
    Redrive(DeliveryId),
    /// Removes a dead letter, and with it what keeps its file. A line of the log says which, and no more.
    Drop(DeliveryId),
}

impl std::fmt::Debug for Maintenance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Transcript { lines, .. } => write!(f, "Transcript({} lines)", lines.len()),
            Self::Secret(_) => f.write_str("Secret(redacted)"),
            Self::AgeOut(age_out) => age_out.fmt(f),
            Self::Redrive(id) => write!(f, "Redrive({id})"),
            Self::Drop(id) => write!(f, "Drop({id})"),
        }
    }
}

/// What is too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeOut {
    /// How long an inbox key is kept: longer than any platform delivers again. 48 hours.
    pub inbox_for: Duration,
    /// How long transcripts, receipts and ended sessions are kept. 90 days.
    pub history_for: Duration,
    /// How long a file that no delivery needs is kept. 1 hour.
    pub blobs_for: Duration,
    /// How many rows of each kind one step removes at the most; of the pieces of files, at most 64. 200: nothing else is
    /// written meanwhile.
    pub rows_max: usize,
}

impl Default for AgeOut {
    fn default() -> Self {
        const HOUR: u64 = 60 * 60;
        Self {
            inbox_for: Duration::from_secs(48 * HOUR),
            history_for: Duration::from_secs(90 * 24 * HOUR),
            blobs_for: Duration::from_secs(HOUR),
            rows_max: 200,
        }
    }
}

/// What a maintenance write answers.
#[derive(Clone, PartialEq, Eq)]
pub enum Maintained {
    /// It is done.
    Done,
    /// The secret that is kept.
    Secret(String),
    /// How many rows were removed.
    Removed(u64),
}

impl std::fmt::Debug for Maintained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done => f.write_str("Done"),
            Self::Secret(_) => f.write_str("Secret(redacted)"),
            Self::Removed(rows) => write!(f, "Removed({rows})"),
        }
    }
}

/// Deliveries that were handed out.
#[derive(Debug, Default)]
pub struct Claims {
    /// The deliveries, each the head of its lane.
    pub claimed: Vec<Claimed>,
    /// When the next lane of this door is due, if one waits for a moment yet to come.
    pub next_due: Option<Timestamp>,
}

/// A delivery that was handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Its key.
    pub id: DeliveryId,
    /// What it carries.
    pub payload: Payload,
    /// The conversation that it belongs to.
    pub conversation: ConversationKey,
    /// Where the desk's hooks for its session go; empty where it belongs to none.
    pub hook_address: HookAddress,
    /// The number of this attempt, from 1.
    pub attempt: u32,
    /// When it joined its lane.
    pub created_at: Timestamp,
    /// Whether an earlier attempt may have arrived.
    pub maybe_sent: bool,
    /// Whether an attempt that must not be made twice was begun before.
    pub started: bool,
    /// Where the conversation is held, when that is not its own address.
    pub place: Option<Address>,
    /// For how long it is ours. It goes back with the [`Settle`].
    pub lease: Lease,
}

/// A timer that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueTimer {
    /// Of which session.
    pub session: SessionId,
    /// Which timer.
    pub kind: TimerKind,
    /// Since when.
    pub due: Timestamp,
}

/// A delivery that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its key.
    pub id: DeliveryId,
    /// What it carried.
    pub payload: Payload,
    /// The conversation that it belongs to.
    pub conversation: ConversationKey,
    /// Why it was given up.
    pub detail: String,
    /// When.
    pub at: Timestamp,
    /// When it joined its lane.
    pub created_at: Timestamp,
    /// How many attempts were followed by another.
    pub retries: u32,
    /// Whether an attempt may have arrived.
    pub maybe_sent: bool,
}
