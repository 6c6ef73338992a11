use super::Turn;
use crate::model::{
    Address, ConversationKey, CustomerEvent, CustomerMessage, EventKey, MessageId, Position, Profile, Text, Timestamp,
};

/// An update of a platform, read into our terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// The same for the same update, for ever, and no other update's: also none of another channel's, so the channel's name
    /// stands in it (`support-bot:update:123`).
    pub key: EventKey,
    /// The conversation.
    pub conversation: ConversationKey,
    /// Where the update stands in the order of its conversation.
    pub position: Position,
    /// What is known of the customer.
    pub profile: Profile,
    /// What happened.
    pub event: CustomerEvent,
    /// Whether a handler of the bot will be [asked about](super::Ingress::start) it, should the bot own the conversation.
    /// What has none is dealt with as soon as nothing stands before it.
    pub has_handler: bool,
    /// The message that an edit changes, by the platform's id, where there is one. The agent is then told how it began.
    pub edits: Option<MessageId>,
}

/// Whose update it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// It is committed for the human, or was dealt with before: acknowledge it, and keep it from the bot.
    Kept,
    /// It is the bot's: pass it on. Nothing of it is recorded, so the same update, brought again by the platform, is passed
    /// again.
    Pass,
}

/// What the bot's handlers may do with an update.
#[derive(Debug)]
pub enum Started {
    /// Handle it, and speak through this.
    Turn(Turn),
    /// Nothing: an escalation took it, and it is on its way to the agent.
    Taken,
}

/// A conversation that a human owns, for a channel that has to find out what it missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which.
    pub conversation: ConversationKey,
    /// Where it is held, when that is not its own address.
    pub place: Option<Address>,
    /// The highest position that is dealt with, at first that of the update with which a human was asked for. `None` when
    /// the bot asked of its own accord, and nothing has come since.
    pub accepted: Option<Position>,
    /// When a human was asked for.
    pub since: Timestamp,
}

/// Who owns a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The bot.
    Bot,
    /// A human: from the commit of an opening to the commit of its end.
    Human,
}

impl Inbound {
    /// An update that a handler of the bot is for, of a customer of whom nothing is known.
    pub fn new(key: EventKey, conversation: ConversationKey, position: Position, event: CustomerEvent) -> Self {
        Self {
            key,
            conversation,
            position,
            profile: Profile::default(),
            event,
            has_handler: true,
            edits: None,
        }
    }

    /// The same, as one that changes this message.
    #[must_use]
    pub fn editing(self, message: MessageId) -> Self {
        Self {
            edits: Some(message),
            ..self
        }
    }

    /// The same, with what is known of the customer.
    #[must_use]
    pub fn with_profile(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    /// The same, as one that no handler of the bot will be asked about: of a kind that only a human's conversation needs,
    /// or answered by the channel itself.
    #[must_use]
    pub fn without_handler(self) -> Self {
        Self {
            has_handler: false,
            ..self
        }
    }
}

impl CustomerEvent {
    /// What the customer said, as a line of a transcript reads; `None` when nothing was said.
    pub fn readable(&self) -> Option<Text> {
        match self {
            Self::Message(message) => message.readable(),
            Self::Edited(text) => Some(Text::new(format!("Edited: {}", text.plain().as_str()))),
            Self::Ended | Self::Answered { .. } | Self::Escalate(_) | Self::BotEnded | Self::PushLog { .. } => None,
        }
    }
}

impl CustomerMessage {
    /// The message as a line of a transcript reads: the text, then files as labels, as they go to the desk.
    pub fn readable(&self) -> Option<Text> {
        let words = self.text.iter().map(|text| text.plain().into_string());
        let words = words.chain(self.files.iter().map(|file| file.label().into_string()));
        let line = words.collect::<Vec<_>>().join(" ");
        (!line.is_empty()).then(|| Text::new(line))
    }
}
