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
    /// The customer, about a message that the desk has.
    Receipt {
        /// Which conversation.
        conversation: ConversationKey,
        /// Which message.
        message: MessageId,
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

/// The way past the ledger, for signals alone. Bounded: what does not fit is dropped.
#[derive(Clone, Debug)]
pub struct Signals {
    queue: mpsc::Sender<SignalTo>,
}

impl Signals {
    /// How many signals wait at the most.
    pub const QUEUE_MAX: usize = 256;

    /// Makes the way, and its end for `dispatch`.
    pub fn channel() -> (Self, mpsc::Receiver<SignalTo>) {
        let (queue, receiver) = mpsc::channel(Self::QUEUE_MAX);
        (Self { queue }, receiver)
    }

    pub(super) fn send(&self, signal: SignalTo) {
        if self.queue.try_send(signal).is_err() {
            tracing::debug!("a typing signal was dropped: too many wait");
        }
    }
}
