//! What Discord's gateway tells, as the desk is told of it.

use std::sync::LazyLock;

use arbitrary::Unstructured;
use escalator::model::{Address, ChannelId, ConversationKey, CustomerId};
use escalator_discord::fuzzing::{self, Told};
use serde_json::{Value, json};

use crate::{Target, events, stir};

pub(crate) const TARGET: Target = Target {
    name: "discord_event",
    run,
    seeds,
    bytes_max: 4_096,
};

static EVENTS: LazyLock<Vec<Value>> = LazyLock::new(corpus);

/// An input that begins as JSON does is an event; any other stirs the corpus.
fn run(input: &[u8]) {
    if input.starts_with(b"{") {
        check(input);
    } else if let Ok(event) = stir::stirred(&EVENTS, &mut Unstructured::new(input)) {
        let told = check(event.to_string().as_bytes());
        let is_message = event.get("t").and_then(Value::as_str) == Some("MESSAGE_CREATE");
        let all_said = |told: &Told| told.inbound.iter().all(events::is_said);
        assert!(
            !is_message || told.as_ref().is_none_or(all_said),
            "it is read as nothing: {event}"
        );
    }
}

/// Reads an event, and checks what is always true of what was read.
pub(crate) fn check(body: &[u8]) -> Option<Told> {
    let told = fuzzing::event(&anna(), body)?;
    told.inbound.iter().for_each(events::check);
    Some(told)
}

/// A message as the gateway tells it, with these fields.
pub(crate) fn message(fields: Value) -> Value {
    let mut message = json!({
        "id": "1428000000000000001", "channel_id": "10", "author": user(), "content": "hello",
        "timestamp": "2025-10-15T08:00:00.000000+00:00", "edited_timestamp": null, "tts": false,
        "mention_everyone": false, "mentions": [], "mention_roles": [], "attachments": [], "embeds": [],
        "pinned": false, "type": 0,
    });
    if let (Value::Object(message), Value::Object(fields)) = (&mut message, fields) {
        message.extend(fields);
    }
    message
}

/// An event of the gateway.
pub(crate) fn event(kind: &str, told: &Value) -> Value {
    json!({"op": 0, "s": 3, "t": kind, "d": told})
}

fn seeds() -> Vec<Vec<u8>> {
    EVENTS.iter().map(|event| event.to_string().into_bytes()).collect()
}

fn corpus() -> Vec<Value> {
    let messages = messages()
        .into_iter()
        .map(|fields| event("MESSAGE_CREATE", &message(fields)));
    let edit =
        message(json!({"content": "my order is **12**", "edited_timestamp": "2025-10-15T08:01:00.000000+00:00"}));
    let deleted = json!({"id": "1428000000000000001", "channel_id": "10"});
    let bulk = json!({"ids": ["1428000000000000001", "1428000000000000002"], "channel_id": "10", "guild_id": "20"});
    let reaction = json!({"user_id": "42", "channel_id": "10", "message_id": "1428000000000000001",
        "emoji": {"id": null, "name": "👍"}, "type": 0, "burst": false});
    let mut custom = reaction.clone();
    custom["emoji"] = json!({"id": "77", "name": "cat", "animated": true});
    let others = [
        ("MESSAGE_UPDATE", edit),
        ("MESSAGE_DELETE", deleted),
        ("MESSAGE_DELETE_BULK", bulk),
        ("MESSAGE_REACTION_ADD", reaction),
        ("MESSAGE_REACTION_REMOVE", custom),
    ];
    messages.chain(others.map(|(kind, told)| event(kind, &told))).collect()
}

/// The fields of the corpus' messages.
fn messages() -> Vec<Value> {
    let file = json!({"id": "99", "filename": "cat.png", "size": 17, "content_type": "image/png",
        "url": "https://cdn.example/cat.png", "proxy_url": "https://cdn.example/p/cat.png", "width": 4, "height": 3});
    let voice = json!({"id": "98", "filename": "voice-message.ogg", "size": 17, "content_type": "audio/ogg",
        "url": "https://cdn.example/v.ogg", "proxy_url": "https://cdn.example/p/v.ogg", "duration_secs": 1.5, "waveform": "AA=="});
    let snapshot = json!({"message": {"type": 0, "content": "Is it blue?", "embeds": [], "attachments": [file],
        "timestamp": "2025-10-15T08:00:00.000000+00:00", "edited_timestamp": null, "mentions": [], "mention_roles": []}});
    let poll = json!({"question": {"text": "Tea or coffee?"}, "allow_multiselect": false, "layout_type": 1,
        "expiry": "2025-10-16T08:00:00.000000+00:00",
        "answers": [{"answer_id": 1, "poll_media": {"text": "tea"}}, {"answer_id": 2, "poll_media": {"text": "coffee"}}]});
    let embed = json!({"type": "rich", "title": "Shop", "description": "a **blue** shirt", "url": "https://shop.example/",
        "fields": [{"name": "price", "value": "12", "inline": true}]});
    vec![
        json!({}),
        json!({"content": "**bold** *it* __under__ ~~gone~~ ||hid|| `code`\n> said\n```rs\nfn f() {}\n```\n# big\n-# small"}),
        json!({"content": "hi <@42>, <a:dance:77> <:cat:78> <@&3> <#10> <t:1700000000:R> </end:5>", "mentions": [user()]}),
        json!({"content": "", "attachments": [file]}),
        json!({"content": "", "attachments": [voice], "flags": 8192}),
        json!({"content": "", "sticker_items": [{"id": "5", "name": "wave", "format_type": 1}]}),
        json!({"content": "yes", "type": 19, "referenced_message": message(json!({"content": "Is it blue?"}))}),
        json!({"content": "", "message_reference": {"type": 1, "channel_id": "11", "message_id": "6"}, "message_snapshots": [snapshot]}),
        json!({"content": "", "poll": poll}),
        json!({"content": "https://shop.example/", "embeds": [embed]}),
        json!({"content": "/end", "guild_id": "20", "member": {"nick": "Ann", "roles": [], "deaf": false, "mute": false,
            "joined_at": "2025-10-15T08:00:00.000000+00:00", "flags": 0}}),
    ]
}

fn user() -> Value {
    json!({"id": "42", "username": "anna", "global_name": "Anna", "discriminator": "0", "avatar": null})
}

fn anna() -> ConversationKey {
    ConversationKey {
        channel: ChannelId::new("discord"),
        address: Address::new("10"),
        customer: CustomerId::new("42"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_is_an_event_of_a_person() {
        for event in EVENTS.iter() {
            let told = check(event.to_string().as_bytes());
            assert!(told.is_some_and(|told| !told.inbound.is_empty()), "{event}");
        }
    }
}
