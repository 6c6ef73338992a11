use std::{fmt, str::FromStr};

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

/// A text that names no lane or no delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdError {
    /// It should be a lane.
    Lane,
    /// It should be a delivery.
    Delivery,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lane => {
                "this is no lane: right would be `desk/`, `chat/` or `bot/` and a UUID, as in \
                 `chat/0199f2a4-7c1e-7b60-9f3a-2d5e8c4b1a07`"
            }
            Self::Delivery => {
                "this is no delivery: right would be `desk/`, `chat/` or `bot/`, a UUID, `/` and a number, as in \
                 `chat/0199f2a4-7c1e-7b60-9f3a-2d5e8c4b1a07/12`"
            }
        })
    }
}

impl std::error::Error for IdError {}

/// Reads what [`Display`](fmt::Display) writes.
impl FromStr for Lane {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (kind, id) = text.trim().split_once('/').ok_or(IdError::Lane)?;
        match kind {
            "desk" => SessionId::parse(id).map(Self::Desk),
            "chat" => ConversationId::parse(id).map(Self::Chat),
            "bot" => ConversationId::parse(id).map(Self::Bot),
            _ => None,
        }
        .ok_or(IdError::Lane)
    }
}

/// Reads what [`Display`](fmt::Display) writes.
impl FromStr for DeliveryId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (lane, seq) = text.trim().rsplit_once('/').ok_or(IdError::Delivery)?;
        let lane = lane.parse().map_err(|_| IdError::Delivery)?;
        let seq = seq.parse().map_err(|_| IdError::Delivery)?;
        Ok(Self { lane, seq })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let lanes = [
            Lane::Desk(SessionId::mint()),
            Lane::Chat(ConversationId::mint()),
            Lane::Bot(ConversationId::mint()),
        ];
        for lane in lanes {
            let id = DeliveryId { lane, seq: 12 };
            assert_eq!(lane.to_string().parse(), Ok(lane));
            assert_eq!(format!(" {id}\n").parse(), Ok(id));
        }
    }

    #[test]
    fn what_names_nothing_is_refused() {
        let id = SessionId::mint();
        for wrong in [
            String::new(),
            "12".to_owned(),
            format!("{id}/12"),
            format!("desk/{id}"),
            format!("desk/{id}/"),
            format!("desk/{id}/-1"),
            format!("room/{id}/12"),
            "desk/12/12".to_owned(),
        ] {
            assert_eq!(wrong.parse::<DeliveryId>(), Err(IdError::Delivery), "{wrong}");
        }
        assert_eq!(format!("desk/{id}/12").parse::<Lane>(), Err(IdError::Lane));
        assert_eq!("desk".parse::<Lane>(), Err(IdError::Lane));
    }
}
