//! What can happen on the customers' side.

use serde_json::Value;

use super::{Content, User};

/// Something that a customer does. A [`Chat`](super::Chat) makes them; nothing happens before it
/// is pushed.
#[derive(Debug, Clone)]
#[must_use = "an event happens when it is pushed"]
pub struct Event {
    pub(crate) chat: i64,
    pub(crate) by: Option<i64>,
    pub(crate) what: What,
    pub(crate) reply_to: Option<i64>,
    pub(crate) album: Option<String>,
    pub(crate) forwarded_from: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Message(Box<Content>),
    Edit { message_id: i64, text: String },
    Press { message_id: i64, data: String },
    Share { message_id: i64, phone_number: String },
    React { message_id: i64, emoji: Option<String> },
    Block(bool),
    Raw(Value),
}

/// What came of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pushed {
    /// The id of the update.
    pub update_id: i64,
    /// The message that was made or edited, or whose button was pressed.
    pub message_id: Option<i64>,
    /// The id of the callback query.
    pub callback_query_id: Option<String>,
    /// Whether the bot will get it; not when it did not allow updates of this kind.
    pub queued: bool,
}

/// An event that cannot happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotPush {
    /// There is no such chat.
    #[error("there is no chat {0}")]
    NoChat(i64),
    /// The customer blocked the bot, was deactivated, or the bot is not in the group any more.
    #[error("nothing can be said to the bot in chat {0} any more")]
    Closed(i64),
    /// There is no such message, or it was deleted.
    #[error("there is no message {0}")]
    NoMessage(i64),
    /// The message has no such button.
    #[error("message {0} has no such button")]
    NoButton(i64),
    /// The HTML of a customer's message is not right.
    #[error("the HTML is not right: {0}")]
    Html(String),
}

impl Event {
    pub(crate) fn new(chat: i64, what: What) -> Self {
        Self {
            chat,
            by: None,
            what,
            reply_to: None,
            album: None,
            forwarded_from: None,
        }
    }

    /// An update as it is.
    pub fn raw(update: Value) -> Self {
        Self::new(0, What::Raw(update))
    }

    /// Who does it, in a group.
    pub fn by(mut self, user: &User) -> Self {
        self.by = Some(user.id());
        self
    }

    /// The message that this one answers.
    pub fn reply_to(mut self, message_id: i64) -> Self {
        self.reply_to = Some(message_id);
        self
    }

    /// The person who wrote the message, which is forwarded; they hide their account, as many do, and show their name.
    pub fn forwarded_from(mut self, name: &str) -> Self {
        self.forwarded_from = Some(name.to_owned());
        self
    }

    /// The album that this message belongs to.
    pub fn in_album(mut self, media_group_id: &str) -> Self {
        self.album = Some(media_group_id.to_owned());
        self
    }
}
