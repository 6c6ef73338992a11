//! What Telegram posts, as the desk is told of it: also where teloxide cannot read it, or not all of it.

use std::sync::LazyLock;

use arbitrary::Unstructured;
use escalator::model::ChannelId;
use escalator_telegram::fuzzing;
use serde_json::{Map, Value, json};

use crate::{Target, events, stir};

pub(crate) const TARGET: Target = Target {
    name: "telegram_update",
    run,
    seeds,
    bytes_max: 4_096,
};

/// What stays the bot's.
const OF_PAYMENTS: [&str; 2] = ["refunded_payment", "successful_payment"];

static UPDATES: LazyLock<Vec<Value>> = LazyLock::new(updates);

/// An input that begins as JSON does is a body; any other stirs the corpus.
fn run(input: &[u8]) {
    if input.starts_with(b"{") {
        check(input);
    } else if let Ok(update) = stir::stirred(&UPDATES, &mut Unstructured::new(input)) {
        let body = update.to_string();
        check(body.as_bytes());
        is_not_read_as_nothing(&update, body.as_bytes());
    }
}

fn check(body: &[u8]) {
    let channel = ChannelId::new("telegram");
    let posted = fuzzing::posted(&channel, body);
    assert_eq!(
        posted,
        fuzzing::posted(&channel, body),
        "the same update is the same event"
    );
    posted.iter().for_each(events::check);
    fuzzing::unreadable(&channel, body).iter().for_each(events::check);
}

/// What is said in a private chat becomes words or files.
fn is_not_read_as_nothing(update: &Value, body: &[u8]) {
    let Some(message) = said(update) else { return };
    let channel = ChannelId::new("telegram");
    for read in [fuzzing::posted(&channel, body), fuzzing::unreadable(&channel, body)] {
        assert!(
            read.is_some_and(|inbound| events::is_said(&inbound)),
            "it is read as nothing: {}",
            Value::from(message.clone())
        );
    }
}

/// The message, where an update is one of a private chat and no payment.
fn said(update: &Value) -> Option<&Map<String, Value>> {
    let fields = update.as_object().filter(|fields| fields.len() == 2)?;
    fields.get("update_id")?.as_u64().filter(|id| *id < 1 << 31)?;
    let message = fields.get("message")?.as_object()?;
    let chat = message.get("chat")?;
    chat.get("id")?.as_u64().filter(|id| (1..1 << 52).contains(id))?;
    let is_private = chat.get("type")?.as_str()? == "private";
    let is_payment = OF_PAYMENTS.iter().any(|kind| message.contains_key(*kind));
    (is_private && !is_payment).then_some(message)
}

fn seeds() -> Vec<Vec<u8>> {
    UPDATES.iter().map(|update| update.to_string().into_bytes()).collect()
}

/// The adapter's corpus, as Telegram sends it.
fn updates() -> Vec<Value> {
    let corpus = include_str!("../../../../adapters/telegram/src/inbound/corpus/updates.json");
    let cases: Vec<Map<String, Value>> = serde_json::from_str(corpus).expect("the corpus is a list of cases");
    let told = cases.into_iter().map(|mut case| {
        case.remove("case");
        let mut update = json!({"update_id": 7});
        for (kind, fields) in case {
            update[kind] = message(fields);
        }
        update
    });
    let button = json!({"update_id": 8, "callback_query": {
        "id": "9", "from": ada(), "chat_instance": "1", "data": "escalator:end",
        "message": message(json!({"text": "wait"})),
    }});
    told.chain([button]).collect()
}

/// A message of a private chat, with these fields.
pub(crate) fn message(fields: Value) -> Value {
    let mut message = json!({
        "message_id": 5, "date": 1_700_000_000, "from": ada(),
        "chat": {"id": 42, "type": "private", "first_name": "Ada"},
    });
    if let (Value::Object(message), Value::Object(fields)) = (&mut message, fields) {
        message.extend(fields);
    }
    message
}

fn ada() -> Value {
    json!({"id": 42, "is_bot": false, "first_name": "Ada"})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_is_an_update_of_a_conversation() {
        for update in UPDATES.iter() {
            let body = update.to_string();
            let posted = fuzzing::posted(&ChannelId::new("telegram"), body.as_bytes());
            assert!(posted.is_some(), "{body}");
        }
    }
}
