//! Embeds, held against Discord's limits.

use serde_json::Value;

use super::urls;
use crate::discord::refusal::Refusal;

/// The most characters of the parts of an embed: "Embed Limits",
/// <https://discord.com/developers/docs/resources/message#embed-object-embed-limits>, and `RichEmbed` of Discord's
/// OpenAPI description.
const PARTS: [(&str, &str, usize); 4] = [
    ("", "title", 256),
    ("", "description", 4096),
    ("author", "name", 256),
    ("footer", "text", 2048),
];
/// The same of a field, and how many of them there may be.
const FIELD_PARTS: [(&str, usize); 2] = [("name", 256), ("value", 1024)];
const FIELDS_MAX: usize = 25;
/// The most characters of all embeds of a message: "the combined sum of characters in all title, description, field.name,
/// field.value, footer.text, and author.name fields across all embeds attached to a message must not exceed 6000".
const SUM_MAX: usize = 6000;
/// Where an address stands.
const URLS: [(&str, &str); 6] = [
    ("", "url"),
    ("author", "url"),
    ("author", "icon_url"),
    ("footer", "icon_url"),
    ("image", "url"),
    ("thumbnail", "url"),
];

pub(super) fn check(path: &str, embeds: &Value) -> Result<(), Refusal> {
    let mut sum = 0;
    for (place, embed) in embeds.as_array().into_iter().flatten().enumerate() {
        let path = format!("{path}.{place}");
        sum += check_words(&path, embed)?;
        sum += check_fields(&path, embed)?;
        for (of, field) in URLS {
            if let Some(url) = within(embed, of)[field].as_str() {
                urls::check(&join(&path, of, field), url)?;
            }
        }
    }
    if sum > SUM_MAX {
        let words = format!("Embed size exceeds maximum size of {SUM_MAX}");
        return Err(Refusal::form(path, "MAX_EMBED_SIZE_EXCEEDED", words));
    }
    Ok(())
}

/// Returns how many characters there are.
fn check_words(path: &str, embed: &Value) -> Result<usize, Refusal> {
    let mut sum = 0;
    for (of, field, max) in PARTS {
        let length = length(&within(embed, of)[field]);
        if length > max {
            return Err(Refusal::too_long(&join(path, of, field), max));
        }
        sum += length;
    }
    Ok(sum)
}

fn check_fields(path: &str, embed: &Value) -> Result<usize, Refusal> {
    let fields = embed["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
    if fields.len() > FIELDS_MAX {
        return Err(Refusal::too_long(&format!("{path}.fields"), FIELDS_MAX));
    }
    let mut sum = 0;
    for (place, field) in fields.iter().enumerate() {
        for (part, max) in FIELD_PARTS {
            let path = format!("{path}.fields.{place}.{part}");
            match length(&field[part]) {
                0 => return Err(Refusal::required(&path)),
                length if length > max => return Err(Refusal::too_long(&path, max)),
                length => sum += length,
            }
        }
    }
    Ok(sum)
}

fn within<'a>(embed: &'a Value, of: &str) -> &'a Value {
    if of.is_empty() { embed } else { &embed[of] }
}

fn join(path: &str, of: &str, field: &str) -> String {
    if of.is_empty() {
        format!("{path}.{field}")
    } else {
        format!("{path}.{of}.{field}")
    }
}

fn length(words: &Value) -> usize {
    words.as_str().map_or(0, |words| words.chars().count())
}
