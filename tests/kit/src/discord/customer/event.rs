//! What can happen on the customers' side.

use serde_json::Value;

use super::Content;

/// Something that a customer does. A [`Customer`](super::Customer) makes them; nothing happens
/// before it is let happen.
#[derive(Debug, Clone)]
#[must_use = "an event happens when it is let happen"]
pub struct Event {
    pub(crate) user: u64,
    pub(crate) channel: u64,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Message(Box<Content>),
    Edit { message: u64, text: String },
    Delete { message: u64 },
    React { message: u64, emoji: String },
    Unreact { message: u64, emoji: String },
    Type,
    Command { name: String, options: Vec<Value> },
    Press { message: u64, custom_id: String },
}

/// What came of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Happened {
    /// The message that was made, changed or pressed.
    pub message: Option<u64>,
    /// The interaction that a command or a button made.
    pub interaction: Option<u64>,
}

/// An event that cannot happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotHappen {
    /// There is no such channel, or it was deleted.
    #[error("there is no channel {0}")]
    NoChannel(u64),
    /// The person cannot see the channel.
    #[error("the user cannot see channel {0}")]
    NotThere(u64),
    /// There is no such message, or it was deleted.
    #[error("there is no message {0}")]
    NoMessage(u64),
    /// The message is somebody else's.
    #[error("message {0} is somebody else's")]
    NotTheirs(u64),
    /// The message has no such button, or it cannot be pressed.
    #[error("message {0} has no such button")]
    NoButton(u64),
    /// The bot has made no such slash command that can be used there.
    #[error("there is no slash command {0} here")]
    NoCommand(String),
}

impl Event {
    pub(crate) fn new(user: u64, channel: u64, what: What) -> Self {
        Self { user, channel, what }
    }
}
