//! The forms of the answers. Moments are in UTC, as in `2026-11-22T10:05:00Z`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Dead letters, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letters {
    /// As many as were asked for.
    pub letters: Vec<LetterRow>,
    /// Whether there are more.
    pub more: bool,
}

/// A dead letter, without what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterRow {
    /// Its key, as in `chat/0199f2a4-7c1e-7b60-9f3a-2d5e8c4b1a07/12`.
    pub id: String,
    /// What kind of delivery it is, as in `chat.message`.
    pub payload: String,
    /// The channel of its conversation.
    pub channel: String,
    /// Where its conversation takes place on that channel.
    pub address: String,
    /// The customer, in the platform's own terms.
    pub customer: String,
    /// How long its text is, in characters, where it has one.
    pub chars: Option<usize>,
    /// How large its file is, in bytes, where it has one and that is known.
    pub bytes: Option<u64>,
    /// Why it was given up.
    pub reason: String,
    /// When.
    pub died_at: jiff::Timestamp,
}

/// A dead letter with all that is known of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// What the list shows.
    #[serde(flatten)]
    pub row: LetterRow,
    /// When it joined its lane.
    pub created_at: jiff::Timestamp,
    /// How many attempts were followed by another.
    pub retries: u32,
    /// Whether an attempt may have arrived.
    pub maybe_sent: bool,
    /// What it says. A file stands as `[image: cat.png]`, an event for the bot as its kind.
    pub text: Option<String>,
}

/// What was said is not shown.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("row", &self.row).finish_non_exhaustive()
    }
}

/// What was done with a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// It waits in its lane again.
    SentAgain,
    /// It is gone.
    Dropped,
}

/// Sessions: those that stand, the newest first, then those that ended lately, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sessions {
    /// As many as were asked for.
    pub sessions: Vec<SessionRow>,
    /// Whether there are more.
    pub more: bool,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// Its id, which the desk knows too.
    pub session: String,
    /// The channel of its conversation.
    pub channel: String,
    /// Where its conversation takes place on that channel.
    pub address: String,
    /// The customer, in the platform's own terms.
    pub customer: String,
    /// `opening`, `waiting`, `with_agent`, `leaving` or `ended`.
    pub state: String,
    /// Why it ended, where it did.
    pub ended: Option<String>,
    /// When it was asked for; of one that is over, when it ended.
    pub since: jiff::Timestamp,
    /// How many deliveries wait in its lanes or are on their way.
    pub waiting: usize,
    /// What went wrong last, where something waits for its next attempt.
    pub trouble: Option<Trouble>,
}

/// What went wrong with an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// When.
    pub at: jiff::Timestamp,
    /// `not_sent`, `unknown` or `refused`.
    pub outcome: String,
    /// What went wrong.
    pub detail: String,
}

/// The queues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queues {
    /// Each door at which something waits or died, or this process delivers.
    pub queues: Vec<QueueRow>,
    /// All of them together.
    pub total: QueueRow,
    /// Whether the ledger takes writes.
    pub ledger_ready: bool,
}

/// A door's queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueRow {
    /// The door: `desk`, `bot`, or `channel/` and a name; `all` for all of them together.
    pub door: String,
    /// How many deliveries wait.
    pub waiting: usize,
    /// How many are on their way.
    pub in_flight: usize,
    /// How many are dead letters.
    pub dead: usize,
    /// When the oldest that waits or is on its way joined its lane.
    pub oldest: Option<jiff::Timestamp>,
    /// When the next is due.
    pub next_due: Option<jiff::Timestamp>,
    /// How the door's gate stands, where the process delivers.
    pub gate: Option<Gate>,
}

/// How a door's gate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Deliveries pass.
    Open,
    /// The whole account was refused or told to wait.
    Closed {
        /// In how many seconds it is probed.
        probe_in_secs: u64,
    },
}

/// Why something was not done, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// In words.
    pub error: String,
}
