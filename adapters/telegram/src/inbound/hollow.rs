//! Updates as Telegram writes them. teloxide reads a message with a part that it does not know as an empty one: its words
//! are had by leaving out what stands beside them, and one of a kind newer than teloxide is kept raw, so that its name and
//! its caption can be told.

use serde::Deserialize;
use serde_json::Value;
use teloxide::types::{MessageEntity, MessageKind, Update, UpdateKind};

/// What is left out of such a message, one after the other, until it can be read. The first is in each reply to words of
/// another chat: teloxide knows replies to files alone.
const PARTS: [&str; 5] = [
    "external_reply",
    "reply_markup",
    "forward_origin",
    "reply_to_story",
    "link_preview_options",
];

/// Reads an update. `from_value` and `from_reader` would read every one as unknown, and of one that is unknown `from_slice`
/// loses the content.
///
/// # Errors
/// It is no update: not even its number can be read.
pub(crate) fn parse(body: &[u8]) -> serde_json::Result<Update> {
    let mut update: Update = serde_json::from_slice(body)?;
    if let UpdateKind::Error(raw) = &mut update.kind {
        *raw = serde_json::from_slice(body)?;
    }
    Ok(filled(update, body))
}

/// The same as teloxide reads it: handlers get a message of a kind that it does not know as an empty one.
pub(crate) fn for_handlers(update: Update) -> Update {
    match &update.kind {
        UpdateKind::Error(raw) => emptied(raw).unwrap_or(update),
        _ => update,
    }
}

/// Whether teloxide could not read an update at all. It then logs the whole of it and hands it to nobody.
pub(crate) fn is_unreadable(update: &Update) -> bool {
    matches!(&update.kind, UpdateKind::Error(raw) if emptied(raw).is_none())
}

fn emptied(raw: &Value) -> Option<Update> {
    read_again(raw).filter(is_hollow)
}

/// The same update with what the message says, where it was read as empty: without the parts beside it, else raw.
fn filled(update: Update, body: &[u8]) -> Update {
    if !is_hollow(&update) {
        return update;
    }
    let raw = || serde_json::from_slice(body).map(UpdateKind::Error).ok();
    let with_words = read_without_parts(body);
    with_words.unwrap_or_else(|| match raw() {
        Some(kind) => Update { kind, ..update },
        None => update,
    })
}

fn is_hollow(update: &Update) -> bool {
    match &update.kind {
        UpdateKind::Message(message) | UpdateKind::EditedMessage(message) => {
            matches!(message.kind, MessageKind::Empty {})
        }
        _ => false,
    }
}

/// Reads what can be read when the formatting that nobody knows is left out, and then one part after the other.
fn read_without_parts(body: &[u8]) -> Option<Update> {
    let mut raw: Value = serde_json::from_slice(body).ok()?;
    if drop_unknown_entities(&mut raw)
        && let Some(update) = read_whole(&raw)
    {
        return Some(update);
    }
    PARTS.into_iter().find_map(|part| {
        let messages = raw.as_object_mut()?.values_mut().filter_map(Value::as_object_mut);
        let gone = messages.filter_map(|message| message.remove(part)).count();
        (gone > 0).then(|| read_whole(&raw))?
    })
}

fn read_whole(raw: &Value) -> Option<Update> {
    read_again(raw).filter(|update| !is_hollow(update))
}

/// teloxide reads an update from text alone.
fn read_again(raw: &Value) -> Option<Update> {
    serde_json::from_str(&raw.to_string()).ok()
}

/// Leaves out each entity that teloxide does not know, of a text, a caption, a quote. Tells whether there was one.
fn drop_unknown_entities(value: &mut Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter_mut().fold(false, |dropped, (name, value)| {
            let here = match value {
                Value::Array(entities) if name == "entities" || name.ends_with("_entities") => keep_known(entities),
                _ => false,
            };
            drop_unknown_entities(value) | here | dropped
        }),
        Value::Array(values) => values
            .iter_mut()
            .fold(false, |dropped, value| drop_unknown_entities(value) | dropped),
        _ => false,
    }
}

fn keep_known(entities: &mut Vec<Value>) -> bool {
    let before = entities.len();
    entities.retain(|entity| MessageEntity::deserialize(entity).is_ok());
    entities.len() < before
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(fields: Value) -> Update {
        let mut message = json!({
            "message_id": 5, "date": 1_700_000_000, "from": {"id": 42, "is_bot": false, "first_name": "Ada"},
            "chat": {"id": 42, "type": "private", "first_name": "Ada"},
        });
        let Value::Object(fields) = fields else {
            panic!("fields are an object")
        };
        message.as_object_mut().expect("it is one").extend(fields);
        let body = json!({"update_id": 7, "message": message}).to_string();
        parse(body.as_bytes()).expect("an update is read")
    }

    fn text(update: &Update) -> Option<&str> {
        match &update.kind {
            UpdateKind::Message(message) => message.text(),
            _ => None,
        }
    }

    #[test]
    fn words_are_read_whatever_stands_beside_them() {
        let odd = json!({"type": "new_tomorrow", "date": 1});
        for fields in [
            json!({"text": "hello"}),
            json!({"text": "hello", "external_reply": {"origin": {"type": "hidden_user", "date": 1, "sender_user_name": "Bea"}}}),
            json!({"text": "hello", "forward_origin": odd}),
            json!({"text": "hello", "forward_origin": odd, "external_reply": {"origin": odd}}),
            json!({"text": "hello", "reply_to_story": odd, "reply_markup": odd, "link_preview_options": 5}),
        ] {
            assert_eq!(text(&read(fields.clone())), Some("hello"), "{fields}");
        }
    }

    #[test]
    fn formatting_that_nobody_knows_takes_no_words_and_no_file_along() {
        let odd = json!({"type": "new_tomorrow", "offset": 0, "length": 5, "unix_time": 1});
        let bold = json!({"type": "bold", "offset": 0, "length": 5});
        let known = |update: &Update| match &update.kind {
            UpdateKind::Message(message) => {
                let entities = message.entities().or_else(|| message.caption_entities());
                entities.map(<[MessageEntity]>::len)
            }
            _ => None,
        };
        let said = json!({"text": "hello", "entities": [odd, bold], "external_reply": {"origin": odd}});
        let update = read(said);
        assert_eq!((text(&update), known(&update)), (Some("hello"), Some(1)));
        let quoted = read(json!({"text": "hello", "quote": {"text": "Is it?", "position": 0, "entities": [odd]}}));
        assert_eq!(text(&quoted), Some("hello"));
        let file = json!({"file_id": "F", "file_unique_id": "U", "file_size": 9});
        let update = read(json!({"document": file, "caption": "hello", "caption_entities": [bold, odd]}));
        assert_eq!(known(&update), Some(1));
        let UpdateKind::Message(message) = &update.kind else {
            panic!("it is a message")
        };
        assert!(message.document().is_some());
    }

    #[test]
    fn what_says_nothing_that_is_known_is_kept_whole_and_handlers_get_it_empty() {
        let update = read(json!({"something_new": {}, "external_reply": {}, "caption": "hello"}));
        let UpdateKind::Error(raw) = &update.kind else {
            panic!("it is raw")
        };
        assert_eq!(raw["message"]["caption"], "hello");
        assert!(!is_unreadable(&update));
        assert!(is_hollow(&for_handlers(update)));
    }

    #[test]
    fn what_is_no_message_is_nothing_for_handlers() {
        let body = br#"{"update_id": 7, "message": 5}"#;
        let update = parse(body).expect("its number is read");
        assert!(is_unreadable(&update));
        assert!(matches!(for_handlers(update).kind, UpdateKind::Error(_)));
    }
}
