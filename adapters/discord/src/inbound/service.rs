//! Messages that Discord itself puts into a channel, under the name of who did something.

use escalator::model::RichText;
use serenity::model::channel::{Message, MessageType};

use super::{poll, tag};
use crate::memory::Names;

/// That a poll is over. serenity has no name for it.
const POLL_RESULT: MessageType = MessageType::Unknown(46);
/// That a stream can be seen in a higher quality. serenity has no name for it.
const STREAM_UPGRADED: MessageType = MessageType::Unknown(55);

/// What a kind of message is in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// Somebody wrote it.
    Words,
    /// Somebody did something in the conversation.
    Deed,
    /// It is of a kind that nobody here knows.
    Unknown(u8),
    /// It is about the guild, or said elsewhere.
    Nothing,
}

/// What a kind means.
pub(super) fn means(kind: MessageType) -> Means {
    match kind {
        MessageType::Regular | MessageType::InlineReply => Means::Words,
        MessageType::GroupRecipientAddition
        | MessageType::GroupRecipientRemoval
        | MessageType::GroupCallCreation
        | MessageType::GroupNameUpdate
        | MessageType::GroupIconUpdate
        | MessageType::PinsAdd
        | POLL_RESULT => Means::Deed,
        MessageType::Unknown(kind) if MessageType::Unknown(kind) != STREAM_UPGRADED => Means::Unknown(kind),
        _ => Means::Nothing,
    }
}

/// What somebody did, as one line.
pub(super) fn line(message: &Message, names: Names<'_>) -> Option<RichText> {
    Some(match (means(message.kind), message.kind) {
        (Means::Unknown(kind), _) => format!("[a message of the kind {kind}]").into(),
        (_, MessageType::GroupRecipientAddition) => format!("[added {}]", people(message)).into(),
        (_, MessageType::GroupRecipientRemoval) if has_left(message) => "[left the conversation]".into(),
        (_, MessageType::GroupRecipientRemoval) => format!("[removed {}]", people(message)).into(),
        (_, MessageType::GroupCallCreation) => "[started a call]".into(),
        (_, MessageType::GroupNameUpdate) => RichText::about("named the conversation", &message.content, None),
        (_, MessageType::GroupIconUpdate) => "[changed the picture of the conversation]".into(),
        (_, MessageType::PinsAdd) => RichText::about("pinned", &pinned(message, names), None),
        (_, POLL_RESULT) => poll::result(&message.embeds).into(),
        _ => return None,
    })
}

fn pinned(message: &Message, names: Names<'_>) -> String {
    let pinned = message.message_reference.as_ref().and_then(|of| of.message_id);
    pinned.and_then(|pinned| names.message(pinned)).unwrap_or_default()
}

fn has_left(message: &Message) -> bool {
    message.mentions.iter().all(|person| person.id == message.author.id)
}

fn people(message: &Message) -> String {
    let people: Vec<_> = message.mentions.iter().map(tag::called).collect();
    if people.is_empty() {
        "somebody".to_owned()
    } else {
        people.join(", ")
    }
}
