use std::fmt;

/// Why an update or a call was not accepted. Nothing was recorded, but where it is [`InDoubt`](Self::InDoubt); but for
/// [`Refused`](Self::Refused) and [`Invalid`](Self::Invalid), the same call can be made again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngressError {
    /// The ledger is away.
    #[error("the ledger is away: {detail}")]
    Unavailable {
        /// What went wrong.
        detail: String,
    },
    /// The ledger's answer was lost, and it could not be asked again: it is recorded, or will be, or never. An update can be
    /// offered again. Of a conversation that was to change hands, [`Ingress::owner`](super::Ingress::owner) tells whose it
    /// is, and until that is known the bot says nothing in it.
    #[error("it is not known whether it was recorded: {detail}")]
    InDoubt {
        /// What went wrong.
        detail: String,
    },
    /// The ledger's queue is full.
    #[error("the ledger's queue is full; try again")]
    Overloaded,
    /// The ledger will not take it, however often it is offered: what it holds of the conversation cannot be read, or the
    /// update itself is faulty. Log it and go on with the next: no other conversation is concerned.
    #[error("the ledger refuses it for good: {detail}")]
    Refused {
        /// What is wrong.
        detail: String,
    },
    /// The bot no longer owns the conversation.
    #[error(transparent)]
    TakenOver(#[from] TakenOver),
    /// The call asked for something that cannot be.
    #[error("{0}")]
    Invalid(&'static str),
}

/// Why a conversation was not handed to a human. The bot owns it, but where the opening is in doubt
/// ([`IngressError::InDoubt`]): then it may be a human's, and the bot is silent until that is known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EscalateError {
    /// The opening could not be committed.
    #[error(transparent)]
    Ingress(#[from] IngressError),
    /// The turn is of an older epoch, and the session that followed it is over.
    #[error("the turn is over: the conversation changed hands since, and came back")]
    TurnOver,
}

/// The bot spoke through a turn of an older epoch, or in a process that no longer receives for the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a human has taken the conversation over: nothing was sent")]
pub struct TakenOver;

/// Why a line of the bot did not go out.
#[derive(Debug, thiserror::Error)]
pub enum SayError<E> {
    /// A human has taken the conversation over. When that happened while the line was on its way, it may have arrived.
    #[error(transparent)]
    TakenOver(#[from] TakenOver),
    /// The platform's own error.
    #[error("{0}")]
    Send(E),
}

/// Why a channel cannot go on, in words for a log.
#[derive(Debug)]
pub struct ChannelError {
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ChannelError {
    /// States what went wrong and what would be right.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    /// Keeps the cause.
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ChannelError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
