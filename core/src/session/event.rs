use crate::{
    delivery::{DeliveryId, Payload, Receipt},
    model::{CustomerEvent, DeskEvent, Position, SessionId},
};

/// What happens to a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something came from the customer's side.
    Customer {
        /// Where it stands in its channel's order; `None` for what the bot does of its own accord. For an escalation:
        /// up to where the bot has handled the conversation.
        position: Option<Position>,
        /// What it is.
        event: CustomerEvent,
    },
    /// Something came from the desk.
    Desk {
        /// For which session.
        session: SessionId,
        /// What it is.
        event: DeskEvent,
    },
    /// A delivery is over.
    Settled(Settled),
    /// A timer is due.
    Due {
        /// Of which session.
        session: SessionId,
        /// Which timer.
        kind: TimerKind,
    },
}

/// A delivery that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Which.
    pub id: DeliveryId,
    /// What it carried.
    pub payload: Payload,
    /// How it ended.
    pub settlement: Settlement,
}

/// How a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The other side has it.
    Delivered(Receipt),
    /// It is a dead letter.
    Dead {
        /// Why, in words for an agent or a log.
        detail: String,
        /// Whether an attempt may have arrived all the same.
        maybe_sent: bool,
    },
}

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TimerKind {
    /// The desk has not accepted the opening in time.
    Opening,
    /// The customer who was asked for a contact has not given one in time.
    Leaving,
    /// No agent has taken the session in time.
    Waiting,
    /// Nobody has said anything for long, or since the warning.
    Silence,
    /// What the customer wrote has waited for the desk for long.
    DeskAway,
    /// No part of an album has come for long.
    Album,
}

impl TimerKind {
    /// All of them.
    pub(crate) const ALL: [Self; 6] = [
        Self::Opening,
        Self::Leaving,
        Self::Waiting,
        Self::Silence,
        Self::DeskAway,
        Self::Album,
    ];

    /// The kind as a fixed word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Leaving => "leaving",
            Self::Waiting => "waiting",
            Self::Silence => "silence",
            Self::DeskAway => "desk_away",
            Self::Album => "album",
        }
    }

    /// Reads the fixed word back.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}
