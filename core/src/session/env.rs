use std::{collections::BTreeMap, fmt};

use crate::{
    delivery::Payload,
    model::{ChatLimits, DeskLimits, HookAddress, Line, Policy, SessionId, Texts, Timestamp},
};

/// All that [`decide`](super::decide) may know beside the conversation and the event. Plain data.
#[derive(Clone, Copy)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each says of one thing how it stands, and they do not hang together"
)]
pub struct Env<'a> {
    /// The present moment.
    pub now: Timestamp,
    /// An id for a session, if one is opened. Never used before.
    pub fresh: SessionId,
    /// The rules.
    pub policy: &'a Policy,
    /// The texts to the customer, as set.
    pub texts: &'a Texts,
    /// The texts of the desk's own configuration, by its names.
    pub desk_texts: &'a BTreeMap<String, String>,
    /// What the conversation's channel takes.
    pub chat: ChatLimits,
    /// Whether the channel can show a file.
    pub files: bool,
    /// Whether the channel holds a session in a place that has to be opened.
    pub places: bool,
    /// Whether the channel can show that a message of the customer arrived.
    pub receipts: bool,
    /// Whether the channel has buttons.
    pub buttons: bool,
    /// Who gets what no agent got.
    pub unsent_to: UnsentTo,
    /// What the desk takes.
    pub desk: DeskLimits,
    /// Where the desk's hooks for a new session go.
    pub hook_address: &'a HookAddress,
    /// The rows that wait in the desk lane of the session that stands, in order. Where none stands and an agent ends one that
    /// is over, those of that one.
    pub queued: &'a [Queued],
    /// Whether that lane was not read: then rows may wait in it that do not stand in `queued`.
    pub unread: bool,
    /// The newest of the conversation's stored history, oldest first. Where more than `history_lines_max` lines are
    /// stored, more than that stand here: so it is known that some were left out.
    pub history: &'a [Line],
}

/// Who gets what a customer wrote and no agent got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnsentTo {
    /// The bot, with its event.
    Bot,
    /// Nobody: the bot hears no events, so the customer is told.
    Nobody,
}

/// The address holds the secret: it is not shown.
impl fmt::Debug for Env<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env")
            .field("now", &self.now)
            .field("queued", &self.queued)
            .finish_non_exhaustive()
    }
}

/// A row that waits in a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its number.
    pub seq: u64,
    /// Since when it waits.
    pub since: Timestamp,
    /// What it carries.
    pub payload: Payload,
    /// Whether an attempt is under way now.
    pub in_flight: bool,
    /// Whether an earlier attempt may have arrived.
    pub maybe_sent: bool,
}
