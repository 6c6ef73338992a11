//! Updates that teloxide cannot read: Telegram adds kinds of messages between its releases.

use escalator::model::{CustomerEvent, CustomerMessage, Profile, RichText};
use serde::Deserialize;
use serde_json::Value;
use teloxide::types::{CallbackQueryId, MessageEntity, MessageId, MessageOrigin, User, UserId};

use super::{Button, Press, format::formatted, id_of, known, line, moment, nothing_said, pressed, reference};

/// The fields of a message that stand beside what it says. Any other object or list is what kind of message it is.
pub(super) const BESIDE: [&str; 39] = [
    "author_signature",
    "business_connection_id",
    "caption_entities",
    "chat",
    "date",
    "direct_messages_topic",
    "edit_date",
    "effect_id",
    "entities",
    "external_reply",
    "forward_origin",
    "from",
    "guest_bot_caller_chat",
    "guest_bot_caller_user",
    "guest_query_id",
    "has_media_spoiler",
    "has_protected_content",
    "is_automatic_forward",
    "is_from_offline",
    "is_paid_post",
    "is_topic_message",
    "link_preview_options",
    "media_group_id",
    "message_id",
    "message_thread_id",
    "paid_star_count",
    "quote",
    "reply_markup",
    "reply_to_checklist_task_id",
    "reply_to_message",
    "reply_to_poll_option_id",
    "reply_to_story",
    "sender_boost_count",
    "sender_business_bot",
    "sender_chat",
    "sender_tag",
    "show_caption_above_media",
    "suggested_post_info",
    "via_bot",
];

/// What a message also has beside a kind that older programs do not know.
const DOUBLES: [&str; 3] = ["document", "location", "photo"];

/// How long a kind's name may be to be shown, in bytes.
const KIND_BYTES_MAX: usize = 64;

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

/// The number of the message that is edited.
pub(super) fn edited(raw: &Value) -> Option<i64> {
    raw.get("edited_message")?.get("message_id")?.as_i64()
}

fn message(message: &Value) -> Option<Unread> {
    let lines = refers_to(message).into_iter().chain(said(message));
    let said = CustomerMessage {
        id: message.get("message_id").and_then(Value::as_i64).map(id_of),
        ..CustomerMessage::text(RichText::joined(lines, "\n"))
    };
    Some(Unread {
        customer: private_chat(message)?,
        profile: profile(message),
        event: CustomerEvent::Message(said),
        button: None,
    })
}

fn edit(message: &Value) -> Option<Unread> {
    let moves = message.get("location").is_some();
    let event = if moves {
        nothing_said()
    } else {
        CustomerEvent::Edited(RichText::joined(said(message), " "))
    };
    Some(Unread {
        customer: private_chat(message)?,
        profile: profile(message),
        event,
        button: None,
    })
}

fn button(query: &Value) -> Option<Unread> {
    let message = query.get("message")?;
    private_chat(message)?;
    let number = message.get("message_id").and_then(Value::as_i64);
    let button = Button {
        id: CallbackQueryId(query.get("id")?.as_str()?.to_owned()),
        press: Press::read(query.get("data").and_then(Value::as_str)),
        under: number.and_then(|number| number.try_into().ok()).map(MessageId),
        // Telegram tells 0 of a message that the bot cannot see any more.
        said: message
            .get("date")
            .and_then(Value::as_i64)
            .filter(|date| *date > 0)
            .map(moment),
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

/// What a message says by itself, which is never nothing: what it is called, and its words.
fn said(message: &Value) -> Vec<RichText> {
    let kind = kind(message).map(|kind| line::unknown(kind).into());
    let mut said: Vec<_> = kind.into_iter().chain(words(message)).collect();
    if said.is_empty() {
        said.push(line::UNKNOWN.into());
    }
    said
}

fn kind(message: &Value) -> Option<&str> {
    let kinds = message.as_object()?.iter().filter(|(field, value)| {
        let has_parts = value.is_object() || value.is_array();
        has_parts && !BESIDE.contains(&field.as_str()) && field.len() <= KIND_BYTES_MAX
    });
    let kinds = kinds.map(|(kind, _)| kind.as_str());
    kinds.min_by_key(|kind| DOUBLES.contains(kind))
}

fn words(message: &Value) -> Option<RichText> {
    let fields = [("text", "entities"), ("caption", "caption_entities")];
    fields.into_iter().find_map(|(text, entities)| {
        let entities = message.get(entities).and_then(Value::as_array).into_iter().flatten();
        let known: Vec<_> = entities
            .filter_map(|entity| MessageEntity::deserialize(entity).ok())
            .collect();
        Some(formatted(message.get(text)?.as_str()?, &known))
    })
}

/// Whose message it is, and what it answers.
fn refers_to(message: &Value) -> Vec<RichText> {
    let origin = message.get("forward_origin");
    let forwarded = origin.map(|origin| {
        let name = MessageOrigin::deserialize(origin)
            .ok()
            .and_then(|origin| reference::name(&origin));
        RichText::forwarded(name.as_deref())
    });
    let quote = message.get("quote").and_then(|quote| quote.get("text")?.as_str());
    let answered = message.get("reply_to_message");
    let answered = match quote {
        Some(quote) => Some(quote.to_owned()),
        None => answered.map(|answered| words(answered).unwrap_or_default().plain().into_string()),
    };
    let answered = answered.map(|words| RichText::in_reply_to(&words, None));
    forwarded.into_iter().chain(answered).collect()
}
