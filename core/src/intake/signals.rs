use tokio::sync::mpsc;

use crate::model::{ConversationKey, HookAddress, MessageId, SessionId, Signal};

/// Whom a signal is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignalTo {
    /// The agent in a session.
    Agent {
        /// Which session.
        session: SessionId,
        /// Where its hooks go.
        hook_address: HookAddress,
        /// What to show.
        signal: Signal,
    },
    /// The customer in a conversation.
    Customer {
        /// Which conversation.
        conversation: ConversationKey,
        /// In which session the agent shows it.
        session: SessionId,
        /// What to show.
        signal: Signal,
    },
}

/// A message that the desk has, which the customer is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Which conversation it is of.
    pub conversation: ConversationKey,
    /// Which message.
    pub message: MessageId,
}

/// The way past the ledger, for signals and for the signs of receipts alone. Bounded: what does not fit is dropped.
#[derive(Clone, Debug)]
pub struct Signals {
    typing: mpsc::Sender<SignalTo>,
    received: mpsc::Sender<Received>,
}

/// The end of that way, for `dispatch`.
#[derive(Debug)]
pub struct SignalsEnd {
    /// Typing.
    pub typing: mpsc::Receiver<SignalTo>,
    /// What the desk has received.
    pub received: mpsc::Receiver<Received>,
}

impl Signals {
    /// How many signals wait at the most.
    pub const QUEUE_MAX: usize = 256;

    /// How many signs of receipts wait at the most.
    pub const RECEIVED_MAX: usize = 256;

    /// Makes the way, and its end.
    pub fn channel() -> (Self, SignalsEnd) {
        let (typing, typing_end) = mpsc::channel(Self::QUEUE_MAX);
        let (received, received_end) = mpsc::channel(Self::RECEIVED_MAX);
        let end = SignalsEnd {
            typing: typing_end,
            received: received_end,
        };
        (Self { typing, received }, end)
    }

    pub(super) fn send(&self, signal: SignalTo) {
        if self.typing.try_send(signal).is_err() {
            tracing::debug!("a typing signal was dropped: too many wait");
        }
    }

    pub(super) fn received(&self, received: Received) {
        if self.received.try_send(received).is_err() {
            tracing::debug!("a receipt's sign was dropped: too many wait");
        }
    }
}
