//! Updates that teloxide cannot read: Telegram adds kinds of messages between its releases.

use escalator::model::{CustomerEvent, CustomerMessage, Profile};
use serde::Deserialize;
use serde_json::Value;
use teloxide::types::{User, UserId};

use super::{known, line};

/// What can be said of a message all the same.
pub(super) struct Unread {
    pub(super) customer: UserId,
    pub(super) profile: Profile,
    pub(super) event: CustomerEvent,
}

/// Reads the parts that every message has; `None` when it is none of a private chat.
pub(super) fn message(raw: &Value) -> Option<Unread> {
    let message = raw.get("message")?;
    let chat = message.get("chat")?;
    if chat.get("type")?.as_str()? != "private" {
        return None;
    }
    let customer = UserId(chat.get("id")?.as_u64()?);
    let from = message.get("from").and_then(|from| User::deserialize(from).ok());
    let text = ["text", "caption"]
        .iter()
        .find_map(|field| message.get(field)?.as_str())
        .unwrap_or(line::UNKNOWN);
    Some(Unread {
        customer,
        profile: known(from.as_ref()),
        event: CustomerEvent::Message(CustomerMessage::text(text)),
    })
}
