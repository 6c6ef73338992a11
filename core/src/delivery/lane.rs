use std::fmt;

use crate::model::{ChannelId, ConversationId, SessionId};

/// An ordered queue of deliveries. A lane waits for its head, and for no other lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// To the desk, one session.
    Desk(SessionId),
    /// To the customer, one conversation.
    Chat(ConversationId),
    /// To the bot, one conversation.
    Bot(ConversationId),
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Desk(session) => write!(f, "desk/{session}"),
            Self::Chat(conversation) => write!(f, "chat/{conversation}"),
            Self::Bot(conversation) => write!(f, "bot/{conversation}"),
        }
    }
}

/// One delivery: its lane, and its number in that lane. It is the key by which a door can remove doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryId {
    /// The queue that it stands in.
    pub lane: Lane,
    /// Its place there. Rises, with gaps where deliveries were taken back.
    pub seq: u64,
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.lane, self.seq)
    }
}

/// A door that deliveries leave through: what is paced, paused and probed as one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Door {
    /// The desk account.
    Desk,
    /// A connected bot.
    Channel(ChannelId),
    /// The bot author's own handler of events.
    Bot,
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Desk => f.write_str("desk"),
            Self::Channel(channel) => write!(f, "channel/{channel}"),
            Self::Bot => f.write_str("bot"),
        }
    }
}
