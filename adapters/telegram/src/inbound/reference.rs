//! What a message refers to, as lines in front of it.

use escalator::model::RichText;
use teloxide::types::{
    Chat, ExternalReplyInfo, ExternalReplyInfoKind as Kind, Message, MessageCommon, MessageKind, MessageOrigin,
};

use super::{content, file, line};

/// Whose message it is, where it was forwarded, and what it answers.
pub(super) fn lines(message: &MessageCommon) -> impl Iterator<Item = RichText> {
    let forwarded = message.forward_origin.as_ref().map(|origin| {
        let name = name(origin);
        RichText::forwarded(name.as_deref())
    });
    forwarded.into_iter().chain(answered(message))
}

/// The part that was picked says best what is meant.
fn answered(message: &MessageCommon) -> Option<RichText> {
    let quote = message.quote.as_ref().map(|quote| quote.text.clone());
    if let Some(other) = &message.external_reply {
        let words = quote.unwrap_or_else(|| elsewhere(other));
        return Some(RichText::in_reply_to(&words, name(&other.origin).as_deref()));
    }
    let words = if let Some(message) = &message.reply_to_message {
        quote.or_else(|| here(message))?
    } else {
        quote.or_else(|| message.reply_to_story.as_ref().map(line::story))?
    };
    Some(RichText::in_reply_to(&words, None))
}

/// A message of the same chat; `None` for the one that a topic begins with, which all that is said in it answers.
fn here(message: &Message) -> Option<String> {
    match message.kind {
        MessageKind::ForumTopicCreated(_) => None,
        MessageKind::Empty {} => Some(String::new()),
        _ => Some(content::words(message)),
    }
}

/// A message of another chat, of which only the kind is told.
fn elsewhere(other: &ExternalReplyInfo) -> String {
    let file = match &other.kind {
        Kind::Photo(sizes) => file::photo(sizes),
        Kind::Document(media) => Some(file::document(media)),
        Kind::Video(media) => Some(file::video(media)),
        Kind::Audio(media) => Some(file::audio(media)),
        Kind::Voice(media) => Some(file::voice(media)),
        Kind::Animation(media) => Some(file::animation(media)),
        Kind::VideoNote(media) => Some(file::video_note(media)),
        Kind::Sticker(media) => return line::of_sticker(media),
        other => return line::of_external(other),
    };
    file.map_or_else(String::new, |file| file.label().into_string())
}

/// Who said it first.
pub(super) fn name(origin: &MessageOrigin) -> Option<String> {
    match origin {
        MessageOrigin::User { sender_user, .. } => Some(sender_user.full_name()),
        MessageOrigin::HiddenUser { sender_user_name, .. } => Some(sender_user_name.clone()),
        MessageOrigin::Chat { sender_chat: chat, .. } | MessageOrigin::Channel { chat, .. } => chat_name(chat),
    }
}

/// A chat as people call it.
pub(super) fn chat_name(chat: &Chat) -> Option<String> {
    let names = [chat.title(), chat.first_name(), chat.last_name()];
    let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    (!name.is_empty()).then_some(name)
}
