use std::{collections::BTreeMap, time::Duration};

use crate::model::Address;

/// How an attempt ended, and how certain that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The other side has it.
    Delivered(Receipt),
    /// The other side does not have it: no connection, no TLS, or it asked us to wait (429).
    NotSent {
        /// What went wrong, in words without message text or secrets.
        detail: String,
        /// How long the other side asked us to wait.
        retry_after: Option<Duration>,
        /// Who has to wait.
        scope: Scope,
    },
    /// Nobody knows: a time-out, a reset, a 5xx on a call that is not idempotent.
    Unknown {
        /// What went wrong, in words without message text or secrets.
        detail: String,
        /// How long the other side asked us to wait.
        retry_after: Option<Duration>,
        /// Whether the other side removes the double when the call is made again soon: then it is, whatever
        /// [`OnUnknown`](crate::model::OnUnknown) says.
        repeatable: bool,
    },
    /// The other side will never take it: a rule is broken, the customer has blocked the bot.
    Rejected {
        /// The other side's reason, without message text or secrets.
        detail: String,
    },
    /// The other side does not take anything from us as we are: a token is refused, an account is closed.
    Refused {
        /// The other side's reason, without message text or secrets.
        detail: String,
        /// Who is refused.
        scope: Scope,
    },
}

impl Outcome {
    /// A plain success.
    pub const fn delivered() -> Self {
        Self::Delivered(Receipt::None)
    }

    /// A call that did not leave, for this lane alone.
    pub fn not_sent(detail: impl Into<String>) -> Self {
        Self::NotSent {
            detail: detail.into(),
            retry_after: None,
            scope: Scope::Lane,
        }
    }

    /// A call of which nobody knows.
    pub fn unknown(detail: impl Into<String>) -> Self {
        Self::Unknown {
            detail: detail.into(),
            retry_after: None,
            repeatable: false,
        }
    }

    /// Says that the other side removes the double of a call of which nobody knows. Changes no other outcome.
    pub fn repeatable(mut self) -> Self {
        if let Self::Unknown { repeatable, .. } = &mut self {
            *repeatable = true;
        }
        self
    }

    /// A call that will never succeed.
    pub fn rejected(detail: impl Into<String>) -> Self {
        Self::Rejected { detail: detail.into() }
    }

    /// What went wrong, in words without message text or secrets. `None` where nothing did.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Delivered(_) => None,
            Self::NotSent { detail, .. }
            | Self::Unknown { detail, .. }
            | Self::Rejected { detail }
            | Self::Refused { detail, .. } => Some(detail),
        }
    }

    /// The outcome as a fixed word, for logs and metrics.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Delivered(_) => "delivered",
            Self::NotSent { .. } => "not_sent",
            Self::Unknown { .. } => "unknown",
            Self::Rejected { .. } => "rejected",
            Self::Refused { .. } => "refused",
        }
    }
}

/// What an outcome speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One conversation or session.
    Lane,
    /// The whole account.
    Door,
}

/// What the other side gave back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Receipt {
    /// Nothing worth keeping.
    #[default]
    None,
    /// The platform's id of the message.
    Message {
        /// The id, in the platform's own terms.
        id: String,
    },
    /// Where the session is held: what is delivered from now on goes there.
    Place {
        /// The place, in the platform's own terms.
        place: Address,
    },
    /// The desk's ticket.
    Ticket {
        /// The ticket's id, where the desk gave one.
        ticket: Option<String>,
        /// The message's id in it, where the desk gave one.
        message: Option<String>,
    },
    /// What the desk says of its agents.
    Availability(Availability),
}

/// What the desk says of its agents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Availability {
    /// Whether the desk says that no agent is there. `false` proves nothing: the desk may not tell.
    pub no_agents: bool,
    /// Whether the desk asks for the customer's phone number.
    pub asks_phone: bool,
    /// Whether the desk asks for the customer's e-mail address.
    pub asks_email: bool,
    /// The texts of the desk's own configuration, by its names, that are not empty.
    pub texts: BTreeMap<String, String>,
}
