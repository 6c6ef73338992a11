//! What the desk is told of everything that a person can do in a channel. `events.json` has the events of the gateway in the
//! order in which they come, each without what all of their kind have; read the snapshot beside it when it changes.

mod properties;

use std::{collections::BTreeSet, fmt::Write as _};

use escalator::{
    channel::Inbound,
    model::{Address, ChannelId, ConversationKey, CustomerEvent, CustomerId, FileSource},
};
use escalator_testkit::{discord::Spec, texts::told};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use serenity::model::event::Event;
use uuid::Uuid;

use crate::{deed::Deed, memory::Memory};

/// The fields of a message that say nothing of what its author says.
const BESIDE: [&str; 22] = [
    "application_id",
    "author",
    "channel_id",
    "components",
    "edited_timestamp",
    "id",
    "interaction",
    "interaction_metadata",
    "lobby_member",
    "mention_everyone",
    "mention_roles",
    "nonce",
    "pinned",
    "position",
    "reactions",
    "resolved",
    "stickers",
    "thread",
    "timestamp",
    "tts",
    "type",
    "webhook_id",
];

/// The fields of a message that is forwarded, of which the same is true.
const BESIDE_OF_FORWARDED: [&str; 5] = ["edited_timestamp", "mention_roles", "stickers", "timestamp", "type"];

#[derive(Deserialize)]
struct Case {
    case: String,
    #[serde(flatten)]
    events: Map<String, Value>,
}

impl Case {
    /// As the gateway sends them.
    fn told(&self) -> impl Iterator<Item = (&str, Value)> {
        self.events.iter().map(|(kind, fields)| {
            let mut event = common(kind);
            for (name, value) in fields.as_object().expect("an event has fields") {
                event[name] = value.clone();
            }
            (kind.as_str(), event)
        })
    }

    /// Its messages, as they are told first or after a change.
    fn messages(&self) -> impl Iterator<Item = Value> {
        self.told()
            .filter(|(kind, _)| matches!(*kind, "MESSAGE_CREATE" | "MESSAGE_UPDATE"))
            .map(|(_, message)| message)
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("events.json")).expect("the corpus is a list of cases")
}

fn ada() -> Value {
    json!({
        "id": "42", "username": "ada", "global_name": "Ada", "discriminator": "0", "avatar": null, "public_flags": 0,
        "flags": 0, "primary_guild": null
    })
}

/// What all events of a kind have.
fn common(kind: &str) -> Value {
    match kind {
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" => json!({
            "id": "1428000000000000001", "channel_id": "10", "guild_id": "5", "author": ada(), "content": "", "type": 0,
            "timestamp": "2025-10-15T08:00:00.000000+00:00", "edited_timestamp": null, "tts": false,
            "mention_everyone": false, "mentions": [], "mention_roles": [], "attachments": [], "embeds": [],
            "components": [], "pinned": false, "flags": 0
        }),
        "MESSAGE_REACTION_ADD" | "MESSAGE_REACTION_REMOVE" => json!({
            "user_id": "42", "channel_id": "10", "guild_id": "5", "message_id": "1428000000000000001", "burst": false,
            "type": 0
        }),
        _ => json!({"channel_id": "10", "guild_id": "5"}),
    }
}

fn parsed(kind: &str, told: &Value) -> Event {
    let event = json!({"t": kind, "d": told}).to_string();
    serde_json::from_str(&event).unwrap_or_else(|failed| panic!("{kind} is read: {failed} {told}"))
}

/// What an event tells of a conversation.
fn read(event: &Event, memory: &Memory) -> Vec<Option<Inbound>> {
    let conversation = ConversationKey {
        channel: ChannelId::new("discord"),
        address: Address::new("10"),
        customer: CustomerId::new("42"),
    };
    memory.see(event);
    let deeds = Deed::of_event(event);
    let read = |deed: &Deed<'_>| match deed {
        Deed::Said(message) => Some(super::message(conversation.clone(), message, memory)),
        Deed::Edited(event) => super::edit(conversation.clone(), event, memory),
        Deed::Deleted { message, .. } => Some(super::deletion(conversation.clone(), *message, 0, memory)),
        Deed::Reacted { reaction, is_added } => {
            let minted = Uuid::nil();
            Some(super::reaction(
                conversation.clone(),
                reaction,
                *is_added,
                0,
                minted,
                memory,
            ))
        }
        Deed::Interacted(_) => None,
    };
    deeds.iter().map(read).collect()
}

/// What the desk is told, as a page to read.
fn page() -> String {
    let memory = Memory::default();
    let mut page = String::new();
    for case in cases() {
        writeln!(page, "{}", case.case).expect("a string takes all");
        for (kind, told) in case.told() {
            let read = read(&parsed(kind, &told), &memory);
            let shown: String = read.into_iter().map(shown).collect();
            page += if shown.is_empty() {
                "  (left to the bot)\n"
            } else {
                &shown
            };
        }
        page.push('\n');
    }
    page
}

fn shown(read: Option<Inbound>) -> String {
    let Some(Inbound { event, .. }) = read else {
        return "  (left to the bot)\n".to_owned();
    };
    if let CustomerEvent::Message(message) = &event {
        for file in &message.files {
            let FileSource::Platform(handle) = &file.source else {
                panic!("it is Discord's")
            };
            assert!(super::file_source(handle).is_some(), "it is found again");
        }
    }
    told(&event)
}

#[test]
fn the_desk_is_told_of_each_kind_in_readable_words() {
    insta::assert_snapshot!("events", page());
}

#[test]
fn the_corpus_is_what_discord_sends_and_has_each_kind_of_it() {
    let Some(path) = Spec::find() else {
        eprintln!("skipped: the specification of Discord's API is not on this machine");
        return;
    };
    let spec = Spec::load(&path).expect("it is the specification");
    let cases = cases();
    let kinds: BTreeSet<u64> = spec.numbers_of("MessageType").collect();
    for case in &cases {
        for message in case.messages() {
            let message = documented(message, &kinds);
            let problems = spec.check_type("MessageResponse", &message);
            assert_eq!(problems, Vec::<String>::new(), "{}", case.case);
        }
    }
    let messages: Vec<_> = cases.iter().flat_map(Case::messages).collect();
    let number = |of: &Value, name: &str| of[name].as_u64();
    let shown: BTreeSet<_> = messages.iter().filter_map(|message| number(message, "type")).collect();
    assert!(
        shown.is_superset(&kinds),
        "no case shows {:?}",
        kinds.difference(&shown)
    );

    let stickers = messages
        .iter()
        .filter_map(|message| message["sticker_items"].as_array());
    let stickers = stickers.flatten().filter_map(|sticker| number(sticker, "format_type"));
    let stickers: BTreeSet<_> = stickers.collect();
    assert!(
        spec.numbers_of("StickerFormatTypes")
            .all(|kind| stickers.contains(&kind))
    );

    let own = cases.iter().flat_map(|case| case.events.values());
    assert_shown(&spec, "MessageResponse", own, &BESIDE);
    let forwarded = messages
        .iter()
        .filter_map(|message| message["message_snapshots"].as_array());
    let forwarded = forwarded.flatten().map(|snapshot| &snapshot["message"]);
    assert_shown(&spec, "MinimalContentMessageResponse", forwarded, &BESIDE_OF_FORWARDED);
}

fn assert_shown<'v>(spec: &Spec, kind: &str, shown: impl Iterator<Item = &'v Value>, beside: &[&str]) {
    let shown: BTreeSet<&str> = shown
        .filter_map(Value::as_object)
        .flat_map(|fields| fields.keys().map(String::as_str))
        .collect();
    let all: BTreeSet<_> = spec.fields_of(kind).collect();
    let missing = all
        .iter()
        .filter(|field| !shown.contains(*field) && !beside.contains(field));
    let missing: Vec<_> = missing.collect();
    assert!(missing.is_empty(), "no case shows {missing:?} of {kind}");
    let gone: Vec<_> = beside.iter().filter(|field| !all.contains(*field)).collect();
    assert!(gone.is_empty(), "{kind} has no {gone:?}");
}

/// A message without what only the gateway tells, and without the numbers that Discord sends and its specification does not
/// name: that of a forward, and those of kinds to come.
fn documented(mut message: Value, kinds: &BTreeSet<u64>) -> Value {
    let fields = message.as_object_mut().expect("it is an object");
    for field in ["guild_id", "member"] {
        fields.remove(field);
    }
    let mentions = message["mentions"].as_array_mut().into_iter().flatten();
    for person in mentions.filter_map(Value::as_object_mut) {
        person.remove("member");
    }
    if message["message_reference"]["type"] == 1 {
        message["message_reference"]["type"] = json!(0);
    }
    if !message["type"].as_u64().is_some_and(|kind| kinds.contains(&kind)) {
        message["type"] = json!(0);
    }
    message
}
