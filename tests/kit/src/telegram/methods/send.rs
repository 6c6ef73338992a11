//! Sending text, and what every kind of sending shares.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::{Ask, markup};
use crate::telegram::{
    formatted,
    message::{Message, SeenAction},
    refusal::Refusal,
    world::{World, unix_now},
};

/// The actions of `sendChatAction`.
const ACTIONS: [&str; 11] = [
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
];

pub(crate) fn message(world: &mut World, ask: &Ask<'_>) -> Result<Value, Refusal> {
    let formatted = formatted::text(ask.params)?;
    let markup = markup::read(ask.params)?;
    let chat = world.open_chat(ask.chat_name().as_deref())?;
    markup::check_place(markup.as_ref(), chat.kind)?;
    let chat_id = chat.id;
    let message = Message::default().with_text(formatted).with_markup(markup);
    post(world, ask, chat_id, message)
}

pub(crate) fn chat_action(world: &mut World, ask: &Ask<'_>) -> Result<Value, Refusal> {
    let action = ask.params.text("action").unwrap_or_default();
    if !ACTIONS.contains(&action.as_str()) {
        return Err(Refusal::bad_request("wrong parameter action in request"));
    }
    let chat = world.open_chat(ask.chat_name().as_deref())?;
    chat.transcript.actions.push(SeenAction {
        action,
        at: SystemTime::now(),
        call: ask.number,
    });
    Ok(json!(true))
}

/// Puts a message of the bot into a chat and shows it.
pub(crate) fn post(world: &mut World, ask: &Ask<'_>, chat_id: i64, message: Message) -> Result<Value, Refusal> {
    let reply_to = replied(world, ask, chat_id)?;
    let message = Message {
        id: world.next_message_id(chat_id),
        from_bot: true,
        date: unix_now(),
        reply_to,
        call: Some(ask.number),
        sender: world.bot.id,
        ..message
    };
    let json = world
        .chats
        .get(&chat_id)
        .map(|chat| world.message_json(chat, &message))
        .unwrap_or_default();
    if let Some(chat) = world.chats.get_mut(&chat_id) {
        chat.transcript.add(message);
    }
    Ok(json)
}

/// The message that is answered; one that is gone is refused unless the call says otherwise.
fn replied(world: &World, ask: &Ask<'_>, chat_id: i64) -> Result<Option<i64>, Refusal> {
    let reply = ask.params.json("reply_parameters").unwrap_or_default();
    let Some(id) = reply["message_id"].as_i64() else {
        return Ok(None);
    };
    let there = world
        .chat(chat_id)
        .and_then(|transcript| transcript.message(id))
        .is_some_and(|message| !message.deleted);
    match (there, reply["allow_sending_without_reply"] == true) {
        (true, _) => Ok(Some(id)),
        (false, true) => Ok(None),
        (false, false) => Err(Refusal::bad_request("message to be replied not found")),
    }
}
