//! The entities of a text: read, held against it, and mended as the real server mends them.
//!
//! What is refused, and in which words, follows `Client::get_text_entity` of `tdlib/telegram-bot-api` and
//! `fix_formatted_text` of `tdlib/td` (`td/telegram/MessageEntity.cpp`). Entities that do not fit beside each other are
//! not refused there but taken away, and so is what is beyond a hundred; here it is kept aside, so that a test sees it.
//!
//! # Not here
//! Splitting bold and its kin at the borders of others, and joining what touches: neither changes what is seen.

use std::{cmp::Reverse, ops::Range};

use serde_json::{Value, json};

use super::{link, params::Params, refusal::Refusal};

/// The most entities of a message, custom emoji not counted: `MAX_USER_ENTITY_COUNT` of `MessageEntity.cpp`, "server-side
/// limit". What is beyond it is taken away without a word.
const ENTITIES_MAX: usize = 100;

/// The largest offset and length.
const PLACE_MAX: i64 = 1_000_000;

/// What the customer sees of the entities that were sent, and what was taken away.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Mended {
    pub(crate) kept: Vec<Value>,
    pub(crate) dropped: Vec<Value>,
}

/// Reads the entities that a call gives beside its text.
pub(crate) fn given(params: &Params, field: &str) -> Result<Vec<Value>, Refusal> {
    let Some(Value::Array(given)) = params.json(field) else {
        return Ok(Vec::new());
    };
    let mut entities = Vec::with_capacity(given.len());
    for entity in given {
        let known =
            check_shape(&entity).map_err(|why| Refusal::bad_request(format!("can't parse MessageEntity: {why}")))?;
        // What the server finds by itself is ignored when it is given.
        if known == Known::ByBots {
            entities.push(entity);
        }
    }
    entities.into_iter().map(with_link).collect()
}

/// Holds entities against the text, and takes away what cannot stand beside the others.
pub(crate) fn mend(entities: Vec<Value>, text: &str) -> Result<Mended, Refusal> {
    for entity in &entities {
        for field in ["offset", "length"] {
            let place = entity[field].as_i64().unwrap_or_default();
            if !(0..=PLACE_MAX).contains(&place) {
                let words = format!("receive an entity with incorrect {field} {place}");
                return Err(Refusal::bad_request(words));
            }
        }
    }
    let mut entities: Vec<_> = entities.into_iter().filter(|entity| length(entity) > 0).collect();
    entities.sort_by_key(order);
    let mut mended = fit(entities);
    check_range(&mended.kept, text)?;
    mended.keep_to_limit();
    Ok(mended)
}

impl Mended {
    /// Bold and its kin are counted last, so they are the first to go.
    fn keep_to_limit(&mut self) {
        let (free, counted): (Vec<_>, Vec<_>) = std::mem::take(&mut self.kept)
            .into_iter()
            .partition(|entity| entity["type"] == "custom_emoji");
        let (soft, solid): (Vec<_>, Vec<_>) = counted.into_iter().partition(is_soft);
        let mut kept = solid;
        kept.extend(soft);
        self.dropped.extend(kept.split_off(kept.len().min(ENTITIES_MAX)));
        kept.extend(free);
        kept.sort_by_key(order);
        self.kept = kept;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    ByBots,
    FoundByTheServer,
}

fn check_shape(entity: &Value) -> Result<Known, String> {
    let missing = |field: &str| format!("Can't find field \"{field}\"");
    if !entity.is_object() {
        return Err("expected an Object".to_owned());
    }
    for field in ["offset", "length"] {
        match entity.get(field) {
            Some(Value::Number(number)) if number.is_i64() || number.is_u64() => {}
            Some(Value::String(digits)) if digits.parse::<i32>().is_ok() => {}
            Some(_) => return Err(format!("Field \"{field}\" must be of type Number")),
            None => return Err(missing(field)),
        }
    }
    let kind = entity["type"].as_str().ok_or_else(|| missing("type"))?;
    let needs = match kind {
        "bold"
        | "italic"
        | "underline"
        | "strikethrough"
        | "spoiler"
        | "code"
        | "pre"
        | "blockquote"
        | "expandable_blockquote" => return Ok(Known::ByBots),
        "mention" | "hashtag" | "cashtag" | "bot_command" | "url" | "email" | "phone_number" | "bank_card_number" => {
            return Ok(Known::FoundByTheServer);
        }
        "text_link" => "url",
        "text_mention" => "user",
        "custom_emoji" => "custom_emoji_id",
        "date_time" => "unix_time",
        _ => return Err("Unsupported type specified".to_owned()),
    };
    match entity.get(needs) {
        Some(_) => Ok(Known::ByBots),
        None => Err(missing(needs)),
    }
}

/// A link must be one; that to a person mentions them. Places come as numbers.
fn with_link(mut entity: Value) -> Result<Value, Refusal> {
    for field in ["offset", "length"] {
        if let Some(number) = entity[field].as_str().and_then(|digits| digits.parse::<i64>().ok()) {
            entity[field] = json!(number);
        }
    }
    if entity["type"] != "text_link" {
        return Ok(entity);
    }
    let url = entity["url"].as_str().unwrap_or_default().to_owned();
    if let Some(id) = link::mentioned(&url) {
        let user = json!({ "id": id, "is_bot": false, "first_name": "" });
        return Ok(json!({
            "type": "text_mention", "offset": entity["offset"], "length": entity["length"], "user": user,
        }));
    }
    let checked =
        link::checked(&url).map_err(|why| Refusal::bad_request(format!("entity URL '{url}' is invalid: {why}")))?;
    entity["url"] = json!(checked);
    Ok(entity)
}

/// Takes away what cannot stand beside the others: `fix_entities` of `MessageEntity.cpp`.
fn fit(entities: Vec<Value>) -> Mended {
    let mut mended = Mended::default();
    let (soft, hard): (Vec<_>, Vec<_>) = entities.into_iter().partition(is_soft);
    let (quotes, solid): (Vec<_>, Vec<_>) = hard.into_iter().partition(is_quote);
    let quotes = mended.apart(quotes);
    let solid = mended.apart(solid);
    for entity in solid {
        let cut = |quote: &Value| meets(&range(quote), &range(&entity)) && !holds(&range(quote), &range(&entity));
        if quotes.iter().any(cut) {
            mended.dropped.push(entity);
        } else {
            mended.kept.push(entity);
        }
    }
    let code: Vec<_> = mended.kept.iter().filter(|entity| is_code(entity)).map(range).collect();
    mended.kept.extend(quotes);
    for entity in soft {
        mended.beside_code(&entity, &code);
    }
    mended.kept.sort_by_key(order);
    mended
}

impl Mended {
    /// Of those that meet, the first stays.
    fn apart(&mut self, entities: Vec<Value>) -> Vec<Value> {
        let mut end = 0;
        let mut apart = Vec::with_capacity(entities.len());
        for entity in entities {
            let place = range(&entity);
            if place.start >= end {
                end = place.end;
                apart.push(entity);
            } else {
                self.dropped.push(entity);
            }
        }
        apart
    }

    /// Nothing is bold within code.
    fn beside_code(&mut self, entity: &Value, code: &[Range<usize>]) {
        let place = range(entity);
        let mut start = place.start;
        for code in code.iter().filter(|code| meets(code, &place)) {
            if start < code.start {
                self.kept.push(placed(entity, start..code.start));
            }
            self.dropped
                .push(placed(entity, code.start.max(place.start)..code.end.min(place.end)));
            start = code.end;
        }
        if start < place.end {
            self.kept.push(placed(entity, start..place.end));
        }
    }
}

/// Refuses what begins or ends beyond the text or inside of a character of two units.
fn check_range(entities: &[Value], text: &str) -> Result<(), Refusal> {
    let refuse = |words: String| Err(Refusal::bad_request(format!("entity {words}")));
    for entity in entities {
        let Range { start, end } = range(entity);
        match at(text, start) {
            At::Border => {}
            At::Inside { next } => {
                return refuse(format!("begins in a middle of a UTF-16 symbol at byte offset {next}"));
            }
            At::Beyond => return refuse(format!("begins after the end of the text at UTF-16 offset {start}")),
        }
        match at(text, end) {
            At::Border => {}
            At::Inside { next } => {
                return refuse(format!(
                    "beginning at UTF-16 offset {start} ends in a middle of a UTF-16 symbol at byte offset {next}"
                ));
            }
            At::Beyond => {
                return refuse(format!(
                    "beginning at UTF-16 offset {start} ends after the end of the text at UTF-16 offset {end}"
                ));
            }
        }
    }
    Ok(())
}

/// Where in a text a UTF-16 offset lies.
enum At {
    Border,
    Inside { next: usize },
    Beyond,
}

fn at(text: &str, offset: usize) -> At {
    let mut units = 0;
    for (byte, c) in text.char_indices() {
        match units {
            _ if units == offset => return At::Border,
            _ if units > offset => return At::Inside { next: byte },
            _ => units += c.len_utf16(),
        }
    }
    match units.cmp(&offset) {
        std::cmp::Ordering::Equal => At::Border,
        std::cmp::Ordering::Greater => At::Inside { next: text.len() },
        std::cmp::Ordering::Less => At::Beyond,
    }
}

fn order(entity: &Value) -> (usize, Reverse<usize>, u8) {
    let place = range(entity);
    (place.start, Reverse(place.len()), priority(entity))
}

/// Which of two at the same place is the outer one: `MessageEntity::get_type_priority`.
fn priority(entity: &Value) -> u8 {
    match entity["type"].as_str().unwrap_or_default() {
        "blockquote" | "expandable_blockquote" => 0,
        "pre" => 11,
        "code" => 20,
        "date_time" => 30,
        "text_link" | "text_mention" => 49,
        "bold" => 90,
        "italic" => 91,
        "underline" => 92,
        "strikethrough" => 93,
        "spoiler" => 94,
        "custom_emoji" => 99,
        _ => 50,
    }
}

fn is_soft(entity: &Value) -> bool {
    (90..=94).contains(&priority(entity))
}

fn is_quote(entity: &Value) -> bool {
    priority(entity) == 0
}

fn is_code(entity: &Value) -> bool {
    (11..=30).contains(&priority(entity))
}

fn range(entity: &Value) -> Range<usize> {
    let start = place(entity, "offset");
    start..start + length(entity)
}

fn length(entity: &Value) -> usize {
    place(entity, "length")
}

fn place(entity: &Value, field: &str) -> usize {
    let place = entity[field].as_u64().unwrap_or_default();
    usize::try_from(place).unwrap_or(usize::MAX)
}

fn placed(entity: &Value, place: Range<usize>) -> Value {
    let mut entity = entity.clone();
    entity["offset"] = json!(place.start);
    entity["length"] = json!(place.len());
    entity
}

fn meets(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

fn holds(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(kind: &str, offset: usize, length: usize) -> Value {
        json!({ "type": kind, "offset": offset, "length": length })
    }

    #[test]
    fn nothing_is_bold_within_code() {
        let sent = vec![entity("bold", 0, 6), entity("code", 2, 2)];
        let mended = mend(sent, "abcdef").expect("it is in range");
        assert_eq!(
            mended.kept,
            [entity("bold", 0, 2), entity("code", 2, 2), entity("bold", 4, 2)]
        );
        assert_eq!(mended.dropped, [entity("bold", 2, 2)]);
    }

    #[test]
    fn of_code_and_a_link_that_meet_the_first_stays() {
        let link = json!({ "type": "text_link", "url": "https://example.org/", "offset": 1, "length": 3 });
        let mended = mend(vec![link.clone(), entity("pre", 0, 3)], "abcdef").expect("it is in range");
        assert_eq!((mended.kept, mended.dropped), (vec![entity("pre", 0, 3)], vec![link]));
    }

    #[test]
    fn a_quote_holds_others_whole_or_not_at_all() {
        let sent = vec![entity("blockquote", 0, 4), entity("code", 1, 2), entity("pre", 3, 3)];
        let mended = mend(sent, "abcdef").expect("it is in range");
        assert_eq!(mended.kept, [entity("blockquote", 0, 4), entity("code", 1, 2)]);
        assert_eq!(mended.dropped, [entity("pre", 3, 3)]);
    }

    #[test]
    fn bold_is_the_first_to_go_beyond_a_hundred() {
        let mut sent: Vec<_> = (0..60).map(|at| entity("bold", at, 1)).collect();
        sent.extend((60..120).map(|at| entity("code", at, 1)));
        let mended = mend(sent, &"x".repeat(120)).expect("it is in range");
        assert_eq!((mended.kept.len(), mended.dropped.len()), (100, 20));
        assert!(mended.dropped.iter().all(|entity| entity["type"] == "bold"));
    }
}
