//! Editing and deleting.

use serde_json::{Value, json};

use super::{Ask, markup};
use crate::telegram::{
    formatted::{self, Formatted},
    message::Message,
    refusal::Refusal,
    world::{World, unix_now},
};

const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply \
markup are exactly the same as a current content and reply markup of the message";

pub(crate) fn text(world: &mut World, ask: &Ask<'_>) -> Result<Value, Refusal> {
    let new = formatted::text(ask.params)?;
    let markup = markup::read_inline(ask.params)?;
    edit(world, ask, |message| {
        if message.text.is_none() {
            return Err(Refusal::bad_request("there is no text in the message to edit"));
        }
        Ok(with_words(message, Some(new)).with_markup(markup))
    })
}

pub(crate) fn caption(world: &mut World, ask: &Ask<'_>) -> Result<Value, Refusal> {
    let new = formatted::caption(ask.params)?;
    let markup = markup::read_inline(ask.params)?;
    edit(world, ask, |message| {
        if message.file.is_none() {
            return Err(Refusal::bad_request("there is no caption in the message to edit"));
        }
        Ok(with_words(message, new).with_markup(markup))
    })
}

pub(crate) fn markup(world: &mut World, ask: &Ask<'_>) -> Result<Value, Refusal> {
    let markup = markup::read_inline(ask.params)?;
    edit(world, ask, |message| Ok(message.clone().with_markup(markup)))
}

pub(crate) fn delete(world: &mut World, ask: &Ask<'_>) -> Result<Value, Refusal> {
    let id = message_id(ask)?;
    let chat = world.open_chat(ask.chat_name().as_deref())?;
    let message = chat.transcript.message_mut(id);
    let message = message
        .filter(|message| !message.deleted)
        .ok_or_else(|| Refusal::bad_request("message to delete not found"))?;
    message.deleted = true;
    Ok(json!(true))
}

fn edit(
    world: &mut World,
    ask: &Ask<'_>,
    change: impl FnOnce(&Message) -> Result<Message, Refusal>,
) -> Result<Value, Refusal> {
    let id = message_id(ask)?;
    let chat = world.open_chat(ask.chat_name().as_deref())?;
    let chat_id = chat.id;
    let message = chat.transcript.message_mut(id);
    let message = message
        .filter(|message| !message.deleted)
        .ok_or_else(|| Refusal::bad_request("message to edit not found"))?;
    if !message.from_bot {
        return Err(Refusal::bad_request("message can't be edited"));
    }
    let mut changed = change(message)?;
    if same(message, &changed) {
        return Err(Refusal::bad_request(NOT_MODIFIED));
    }
    changed.edited_at = Some(unix_now());
    *message = changed;
    let chat = &world.chats[&chat_id];
    let message = chat.transcript.message(id);
    Ok(message
        .map(|message| world.message_json(chat, message))
        .unwrap_or_default())
}

fn message_id(ask: &Ask<'_>) -> Result<i64, Refusal> {
    let id = ask.params.integer("message_id");
    id.ok_or_else(|| Refusal::bad_request("message identifier is not specified"))
}

fn with_words(message: &Message, new: Option<Formatted>) -> Message {
    let mut changed = message.clone();
    changed.earlier.extend(message.words().map(str::to_owned));
    changed.caption = None;
    changed.entities = Vec::new();
    changed.dropped_entities = Vec::new();
    match new {
        Some(new) if message.text.is_some() => changed.with_text(new),
        new => changed.with_caption(new),
    }
}

fn same(old: &Message, new: &Message) -> bool {
    old.words() == new.words() && old.entities == new.entities && old.buttons == new.buttons
}
