//! What holds of any message, however odd: it is read, or refused by serenity, and nothing panics.

use std::sync::LazyLock;

use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};
use serenity::model::event::Event;

use super::{Case, Memory, cases, common, read};
use crate::inbound::{tag::Known, words};

/// Each event of the corpus, as it is told.
fn events() -> &'static [(String, Value)] {
    static EVENTS: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| {
        let cases = cases();
        let told = cases.iter().flat_map(Case::told);
        told.map(|(kind, told)| (kind.to_owned(), told)).collect()
    });
    &EVENTS
}

/// The names of pictures, in which serenity itself trips over any but hexadecimal digits.
const HASHES: [&str; 2] = ["/avatar", "/icon"];

/// Where the values of an event are.
fn places(value: &Value, at: &str, places: &mut Vec<String>) {
    if HASHES.iter().any(|hash| at.ends_with(hash)) {
        return;
    }
    places.push(at.to_owned());
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| self::places(value, &format!("{at}/{name}"), places)),
        Value::Array(items) => (0..)
            .zip(items)
            .for_each(|(n, value)| self::places(value, &format!("{at}/{n}"), places)),
        _ => {}
    }
}

fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_u64..80).prop_map(Value::from),
        any::<u64>().prop_map(|id| json!(id.to_string())),
        ".{0,40}".prop_map(Value::from),
        r"[<@&#:/tid>0-9*_~|`>\[\]() \\\n-]{0,60}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
    ]
}

/// Words and signs, without any code.
fn tagged() -> impl Strategy<Value = String> {
    let tag = prop_oneof![
        any::<u64>().prop_map(|id| format!("<@{id}>")),
        any::<u64>().prop_map(|id| format!("<@!{id}>")),
        any::<u64>().prop_map(|id| format!("<@&{id}>")),
        any::<u64>().prop_map(|id| format!("<#{id}>")),
        (-99_999_999_i64..99_999_999_999).prop_map(|secs| format!("<t:{secs}:R>")),
        (any::<u64>(), "[a-z_]{1,9}").prop_map(|(id, name)| format!("<a:{name}:{id}>")),
        (any::<u64>(), "[a-z]{1,9}( [a-z]{1,9})?").prop_map(|(id, name)| format!("</{name}:{id}>")),
        r"[a-z .,*_~|>\n-]{0,9}".prop_map(|words| words),
    ];
    proptest::collection::vec(tag, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn an_event_in_which_anything_is_something_else_is_read_or_refused(
        case in any::<Index>(),
        changes in proptest::collection::vec((any::<Index>(), odd()), 1..6),
    ) {
        let (kind, mut told) = case.get(events()).clone();
        for (at, value) in changes {
            let mut places = Vec::new();
            self::places(&told, "", &mut places);
            // The event itself stays one.
            let at = at.get(&places);
            if let Some(place) = told.pointer_mut(at).filter(|_| !at.is_empty()) {
                *place = value;
            }
        }
        let event = serde_json::from_str::<Event>(&json!({"t": kind, "d": told}).to_string());
        if let Ok(event) = event {
            let memory = Memory::default();
            for read in read(&event, &memory).into_iter().flatten() {
                let _shown = super::shown(Some(read));
            }
        }
    }

    #[test]
    fn a_message_of_any_words_says_something(content in "(?s).{0,200}", reply in "(?s).{0,200}") {
        let mut told = common("MESSAGE_CREATE");
        let mut answered = told.clone();
        answered["content"] = json!(reply);
        told["content"] = json!(content);
        told["referenced_message"] = answered;
        let event = super::parsed("MESSAGE_CREATE", &told);
        for read in read(&event, &Memory::default()) {
            prop_assert!(!super::shown(read).is_empty());
        }
    }

    #[test]
    fn no_number_of_discords_reaches_the_desk(content in tagged()) {
        let memory = Memory::default();
        let known = Known { people: &[], channels: &[], names: memory.names(None), bytes_max: usize::MAX };
        let read = words::readable(&content, &known);
        for text in [read.plain(), read.markdown()] {
            for sign in ["<@", "<#", "<t:", "<a:", "</"] {
                prop_assert!(!text.as_str().contains(sign), "{} reads {}", content, text.as_str());
            }
        }
    }
}
