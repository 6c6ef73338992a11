//! What the desk is told of everything that a private chat can hold. `updates.json` has the updates, each without what all
//! of them have; read the snapshots beside it when they change.

use std::{collections::BTreeSet, fmt::Write as _};

use escalator::model::ChannelId;
use escalator_testkit::{telegram::Spec, texts::told};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use teloxide::types::{Update, UpdateId, UpdateKind};

use super::{Read, parse, read, unread};

/// The fields of a message that only chats of several people have, or that only they are told of.
const OF_GROUPS: [&str; 30] = [
    "boost_added",
    "channel_chat_created",
    "chat_owner_changed",
    "chat_owner_left",
    "delete_chat_photo",
    "direct_message_price_changed",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "giveaway_completed",
    "giveaway_created",
    "group_chat_created",
    "left_chat_member",
    "managed_bot_created",
    "migrate_from_chat_id",
    "migrate_to_chat_id",
    "new_chat_members",
    "new_chat_photo",
    "new_chat_title",
    "paid_message_price_changed",
    "proximity_alert_triggered",
    "suggested_post_approval_failed",
    "suggested_post_approved",
    "suggested_post_declined",
    "suggested_post_paid",
    "suggested_post_refunded",
    "supergroup_chat_created",
    "video_chat_ended",
    "video_chat_participants_invited",
    "video_chat_scheduled",
    "video_chat_started",
];

/// What stays the bot's, where teloxide can read it.
const OF_PAYMENTS: [&str; 2] = ["refunded_payment", "successful_payment"];

#[derive(Deserialize)]
struct Case {
    case: String,
    #[serde(flatten)]
    update: Map<String, Value>,
}

impl Case {
    /// As Telegram sends it.
    fn told(&self) -> Value {
        let mut update = json!({"update_id": 7});
        for (kind, fields) in &self.update {
            let mut message = json!({
                "message_id": 5, "date": 1_700_000_000,
                "from": {"id": 42, "is_bot": false, "first_name": "Ada"},
                "chat": {"id": 42, "type": "private", "first_name": "Ada"},
            });
            for (name, value) in fields.as_object().expect("a message has fields") {
                message[name] = value.clone();
            }
            update[kind] = message;
        }
        update
    }

    fn fields(&self) -> impl Iterator<Item = &str> {
        let messages = self.update.values().filter_map(Value::as_object);
        messages.flat_map(|fields| fields.keys().map(String::as_str))
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("updates.json")).expect("the corpus is a list of cases")
}

/// What the desk is told, as a page to read.
fn page(update_of: impl Fn(&Value) -> Update) -> String {
    let mut page = String::new();
    for case in cases() {
        let read = read(&ChannelId::new("support"), &update_of(&case.told()));
        write!(page, "{}\n{}\n", case.case, shown(read)).expect("a string takes all");
    }
    page
}

fn shown(read: Option<Read>) -> String {
    read.map_or_else(|| "  (left to the bot)\n".to_owned(), |read| told(&read.inbound.event))
}

/// As it is read from Telegram, whether it is polled or posts.
fn parsed(told: &Value) -> Update {
    parse(told.to_string().as_bytes()).expect("an update is read")
}

#[test]
fn the_desk_is_told_of_each_kind_in_readable_words() {
    insta::assert_snapshot!("updates", page(parsed));
}

#[test]
fn what_teloxide_cannot_read_is_told_by_its_name_and_words() {
    let unreadable = |told: &Value| Update {
        id: UpdateId(7),
        kind: UpdateKind::Error(told.clone()),
    };
    insta::assert_snapshot!("unreadable_updates", page(unreadable));
}

#[test]
fn the_corpus_is_what_the_bot_api_sends_and_has_each_kind_of_it() {
    let Some(path) = Spec::find() else {
        eprintln!("skipped: the specification of the Bot API is not on this machine");
        return;
    };
    let spec = Spec::load(&path).expect("it is the specification");
    let cases = cases();
    for case in &cases {
        assert_eq!(
            spec.check_type("Update", &case.told()),
            Vec::<String>::new(),
            "{}",
            case.case
        );
    }
    let shown: BTreeSet<_> = cases.iter().flat_map(Case::fields).collect();
    let aside = unread::BESIDE.iter().chain(&OF_GROUPS).chain(&OF_PAYMENTS);
    let aside: BTreeSet<_> = aside.copied().collect();
    let all: BTreeSet<_> = spec.fields_of("Message").collect();
    let missing: Vec<_> = all
        .iter()
        .filter(|field| !shown.contains(*field) && !aside.contains(*field))
        .collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
    let gone: Vec<_> = aside.difference(&all).collect();
    assert!(gone.is_empty(), "a message has no {gone:?}");
}
