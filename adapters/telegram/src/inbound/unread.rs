//! Updates that teloxide cannot read: Telegram adds kinds of messages between its releases.

use escalator::model::{CustomerEvent, CustomerMessage, Profile, RichText};
use serde::Deserialize;
use serde_json::Value;
use teloxide::types::{CallbackQueryId, User, UserId};

use super::{Button, END_BUTTON, known, line, nothing_said, pressed};

/// What can be said of an update all the same.
pub(super) struct Unread {
    pub(super) customer: UserId,
    pub(super) profile: Profile,
    pub(super) event: CustomerEvent,
    pub(super) button: Option<Button>,
}

/// Reads the parts that every message, edit or pressed button has; `None` when it is none of a private chat.
pub(super) fn update(raw: &Value) -> Option<Unread> {
    let of = |kind: &str, read: fn(&Value) -> Option<Unread>| raw.get(kind).and_then(read);
    of("message", message)
        .or_else(|| of("edited_message", edit))
        .or_else(|| of("callback_query", button))
}

fn message(message: &Value) -> Option<Unread> {
    let text = words(message).unwrap_or(line::UNKNOWN);
    let event = CustomerEvent::Message(CustomerMessage::text(text));
    Some(Unread {
        customer: private_chat(message)?,
        profile: profile(message),
        event,
        button: None,
    })
}

fn edit(message: &Value) -> Option<Unread> {
    let moves = message.get("location").is_some();
    let text = words(message).unwrap_or(line::UNKNOWN);
    let event = if moves {
        nothing_said()
    } else {
        CustomerEvent::Edited(RichText::from(text))
    };
    Some(Unread {
        customer: private_chat(message)?,
        profile: profile(message),
        event,
        button: None,
    })
}

fn button(query: &Value) -> Option<Unread> {
    private_chat(query.get("message")?)?;
    let button = Button {
        id: CallbackQueryId(query.get("id")?.as_str()?.to_owned()),
        is_end: query.get("data").and_then(Value::as_str) == Some(END_BUTTON),
    };
    Some(Unread {
        customer: UserId(query.get("from")?.get("id")?.as_u64()?),
        profile: profile(query),
        event: pressed(&button),
        button: Some(button),
    })
}

/// The customer of a message's chat, where it is a private one.
fn private_chat(message: &Value) -> Option<UserId> {
    let chat = message.get("chat")?;
    if chat.get("type")?.as_str()? != "private" {
        return None;
    }
    chat.get("id")?.as_u64().map(UserId)
}

fn profile(said: &Value) -> Profile {
    let from = said.get("from").and_then(|from| User::deserialize(from).ok());
    known(from.as_ref())
}

fn words(message: &Value) -> Option<&str> {
    ["text", "caption"]
        .iter()
        .find_map(|field| message.get(field)?.as_str())
}
