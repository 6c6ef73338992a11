//! Reads events into our terms. Pure.
//!
//! # Invariants
//! - What a customer sends is never read as nothing: a kind that nobody knows becomes a readable placeholder.
//! - A file is read as a reference; its bytes are fetched when it is delivered.
//! - What bots and webhooks say, and what Discord itself does, belongs to no conversation.
//!
//! # Not here
//! - Which conversation an event belongs to: `places`.

mod button;
mod content;
#[cfg(test)]
mod corpus;
mod embed;
mod file;
mod markdown;
mod message_id;
mod poll;
mod position;
mod service;
mod tag;
#[cfg(test)]
mod tests;
mod words;

use escalator::{
    channel::Inbound,
    model::{Answer, ConversationKey, CustomerEvent, CustomerMessage, EventKey, Profile, RichText, SessionId, Text},
};
use serenity::model::{
    application::ComponentInteraction,
    channel::{Message, Reaction},
    event::MessageUpdateEvent,
    id::{InteractionId, MessageId},
    user::User,
};
use uuid::Uuid;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::markdown::formatted;
use self::service::Means;
pub(crate) use self::{
    button::{Asked, Button},
    file::{Drawn, Source, source as file_source},
    message_id::read_id,
    position::{moment, of_moment, position},
    tag::Named,
};
use crate::memory::Memory;

/// What ends a chat with a human when it is typed.
const END_COMMAND: &str = "/end";

/// Whether a message is one that a person wrote.
pub(crate) fn is_said(message: &Message) -> bool {
    is_persons(message) && service::means(message.kind) == Means::Words
}

/// Whether a message tells an agent of what a person wrote, or did in the conversation.
pub(crate) fn is_told(message: &Message) -> bool {
    is_persons(message) && service::means(message.kind) != Means::Nothing
}

fn is_persons(message: &Message) -> bool {
    !message.author.bot && message.webhook_id.is_none()
}

/// A message that a person wrote, or that tells what they did.
pub(crate) fn message(conversation: ConversationKey, message: &Message, memory: &Memory) -> Inbound {
    let is_end = is_said(message) && message.content.trim().eq_ignore_ascii_case(END_COMMAND);
    let event = if is_end {
        CustomerEvent::Ended
    } else {
        CustomerEvent::Message(CustomerMessage {
            id: is_said(message).then(|| message_id::of(message)),
            ..content::of(message, memory)
        })
    };
    let nickname = message.member.as_ref().and_then(|member| member.nick.as_deref());
    let key = key(&conversation, &format!("message:{}", message.id));
    let profile = known(&message.author, nickname, None);
    Inbound::new(key, conversation, position(message.id.get()), event).with_profile(profile)
}

/// An edit; `None` when it is none of a person's: Discord puts the preview of a link into a message by the same event. One
/// that comes behind an edit has the edit's moment, and so its key.
pub(crate) fn edit(conversation: ConversationKey, event: &MessageUpdateEvent, memory: &Memory) -> Option<Inbound> {
    let author = event.author.as_ref().filter(|author| !author.bot)?;
    let (moment, message) = (edit_moment(event)?, edited(event)?);
    let key = key(&conversation, &format!("edit:{}:{moment}", event.id));
    let said = CustomerEvent::Edited(content::changed(&message, memory)?);
    let update = Inbound::new(key, conversation, of_moment(moment), said);
    let update = update.editing(message_id::of(&message));
    Some(update.with_profile(known(author, None, None)).without_handler())
}

/// When a message was edited, in milliseconds; `None` when it was not.
pub(crate) fn edit_moment(event: &MessageUpdateEvent) -> Option<i64> {
    event.edited_timestamp.map(position::millis)
}

/// A message as it is after an edit; `None` when the event does not tell its words.
pub(crate) fn edited(event: &MessageUpdateEvent) -> Option<Message> {
    event.content.as_ref()?;
    let mut message = Message::default();
    event.apply_to_message(&mut message);
    Some(message)
}

/// The channels and roles that a message names.
pub(crate) fn named(message: &Message) -> Named {
    content::named(message)
}

/// How a message begins, on one line; empty when nothing can be read of it.
pub(crate) fn beginning(message: &Message, memory: &Memory) -> String {
    content::beginning(message, memory)
}

/// A message that was taken back. Discord does not tell what it said, nor when: it stands behind `at`, the latest id that
/// was seen by then.
pub(crate) fn deletion(conversation: ConversationKey, message: MessageId, at: u64, memory: &Memory) -> Inbound {
    let line = done("deleted", "", message, memory);
    let key = key(&conversation, &format!("delete:{message}"));
    let said = CustomerEvent::Message(CustomerMessage::text(line));
    Inbound::new(key, conversation, position(message.get().max(at)), said).without_handler()
}

/// A reaction to a message. Discord does not tell when: it stands behind `at`, as a deletion does. Nor does it give it a
/// key, and the same one can be set again after it was taken back: its key is `minted` on its arrival.
pub(crate) fn reaction(
    conversation: ConversationKey,
    reaction: &Reaction,
    is_added: bool,
    at: u64,
    minted: Uuid,
    memory: &Memory,
) -> Inbound {
    let (emoji, message) = (words::emoji(&reaction.emoji), reaction.message_id);
    let (word, kind) = if is_added {
        ("reacted", "reaction")
    } else {
        ("took back the reaction", "no-reaction")
    };
    let line = done(&format!("{word} {emoji}"), " to", message, memory);
    let who = reaction.user_id.unwrap_or_default();
    let key = key(&conversation, &format!("{kind}:{message}:{who}:{minted}"));
    let said = CustomerEvent::Message(CustomerMessage::text(line));
    Inbound::new(key, conversation, position(message.get().max(at)), said).without_handler()
}

/// A button or a command.
pub(crate) fn interaction(
    conversation: ConversationKey,
    id: InteractionId,
    user: &User,
    language: &str,
    is_end: bool,
) -> Inbound {
    let key = key(&conversation, &format!("interaction:{id}"));
    let event = if is_end { CustomerEvent::Ended } else { nothing_said() };
    Inbound::new(key, conversation, position(id.get()), event).with_profile(known(user, None, Some(language)))
}

/// The answer to whether a session solved it. It is about what is over, so no handler of the bot's waits for it.
pub(crate) fn answered(
    conversation: ConversationKey,
    press: &ComponentInteraction,
    session: SessionId,
    answer: Answer,
) -> Inbound {
    let key = key(&conversation, &format!("interaction:{}", press.id));
    let event = CustomerEvent::Answered { session, answer };
    let update = Inbound::new(key, conversation, position(press.id.get()), event);
    let profile = known(&press.user, None, Some(&press.locale));
    update.with_profile(profile).without_handler()
}

/// Something of a person's that the bot handles, and of which the transcript has nothing.
pub(crate) fn unsaid(conversation: ConversationKey, id: u64, user: &User) -> Inbound {
    let key = key(&conversation, &format!("handled:{id}"));
    Inbound::new(key, conversation, position(id), nothing_said()).with_profile(known(user, None, None))
}

/// The message as a line of a transcript.
pub(crate) fn line(message: &Message, memory: &Memory) -> Option<Text> {
    content::of(message, memory).readable()
}

/// Whether a message shows nothing at all though somebody sent it: that is what it looks like when the intent
/// `MESSAGE_CONTENT` is missing.
pub(crate) fn is_hidden(message: &Message) -> bool {
    is_said(message) && content::is_empty(message)
}

/// What was done with a message, with its beginning, or, where nobody remembers it, its moment.
fn done(what: &str, to: &str, message: MessageId, memory: &Memory) -> RichText {
    match memory.message(message).filter(|beginning| !beginning.is_empty()) {
        Some(beginning) => RichText::about(&format!("{what}{to}"), &beginning, None),
        None => format!("[{what}{to} the message of {}]", moment(message.get())).into(),
    }
}

/// An update that a human's conversation keeps from the bot, and in which nobody says anything.
fn nothing_said() -> CustomerEvent {
    CustomerEvent::Message(CustomerMessage::default())
}

fn key(conversation: &ConversationKey, of: &str) -> EventKey {
    EventKey::new(format!("discord:{}:{of}", conversation.channel))
}

fn known(user: &User, nickname: Option<&str>, language: Option<&str>) -> Profile {
    let name = nickname.or(user.global_name.as_deref()).unwrap_or(&user.name);
    Profile {
        name: Some(Text::from(name)),
        username: Some(Text::from(user.name.as_str())),
        language: language.map(str::to_owned),
        platform: Some("Discord".to_owned()),
        link: Some(Text::new(format!("https://discord.com/users/{}", user.id))),
        contact: None,
    }
}
