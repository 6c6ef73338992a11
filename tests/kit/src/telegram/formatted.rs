//! Text and captions as the customer sees them, or the refusal.

use serde_json::Value;

use super::{entities, html, params::Params, refusal::Refusal};

/// The longest text of a message, in UTF-16 units after the tags are gone: "1-4096 characters after entities parsing",
/// <https://core.telegram.org/bots/api#sendmessage>.
pub(crate) const TEXT_UTF16_MAX: usize = 4096;
/// The longest caption, counted the same way: "0-1024 characters after entities parsing",
/// <https://core.telegram.org/bots/api#sendphoto>.
pub(crate) const CAPTION_UTF16_MAX: usize = 1024;
/// The longest text before it is read, in bytes: `Client::get_formatted_text` of `tdlib/telegram-bot-api`.
const SOURCE_BYTES_MAX: usize = 1 << 15;

/// A text with its formatting.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Formatted {
    pub(crate) text: String,
    pub(crate) entities: Vec<Value>,
    /// What was sent beside these and is not shown.
    pub(crate) dropped: Vec<Value>,
    pub(crate) parse_mode: Option<String>,
    pub(crate) source: String,
}

/// The text of a message; empty and too long are refused.
pub(crate) fn text(params: &Params) -> Result<Formatted, Refusal> {
    let formatted = read(params, "text", "entities")?;
    if formatted.text.is_empty() {
        return Err(Refusal::bad_request("message text is empty"));
    }
    if utf16_len(&formatted.text) > TEXT_UTF16_MAX {
        return Err(Refusal::bad_request("message is too long"));
    }
    Ok(formatted)
}

/// The caption of a file, if there is one; too long is refused.
pub(crate) fn caption(params: &Params) -> Result<Option<Formatted>, Refusal> {
    let formatted = read(params, "caption", "caption_entities")?;
    if utf16_len(&formatted.text) > CAPTION_UTF16_MAX {
        return Err(Refusal::bad_request("message caption is too long"));
    }
    Ok((!formatted.text.is_empty()).then_some(formatted))
}

pub(crate) fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}

fn read(params: &Params, field: &str, entities: &str) -> Result<Formatted, Refusal> {
    let source = params.text(field).unwrap_or_default();
    if source.len() > SOURCE_BYTES_MAX {
        return Err(Refusal::bad_request("text is too long"));
    }
    let parse_mode = params.text("parse_mode").filter(|mode| !mode.is_empty());
    let (text, entities) = match parse_mode.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("html") => {
            let rendered = html::parse(&source)
                .map_err(|reason| Refusal::bad_request(format!("can't parse entities: {reason}")))?;
            (rendered.text, rendered.entities)
        }
        // Markdown is kept as it was sent: the tests of this kit send HTML or entities.
        Some("markdown" | "markdownv2") => (source.clone(), Vec::new()),
        Some(_) => return Err(Refusal::bad_request("unsupported parse_mode")),
        None => (source.clone(), entities::given(params, entities)?),
    };
    let mended = entities::mend(entities, &text)?;
    let (text, entities) = trim(&text, mended.kept);
    Ok(Formatted {
        text,
        entities,
        dropped: mended.dropped,
        parse_mode,
        source,
    })
}

/// White space at both ends is not shown; what leads stays where an entity begins in it.
fn trim(text: &str, entities: Vec<Value>) -> (String, Vec<Value>) {
    let text = text.trim_end();
    let place = |entity: &Value, key: &str| usize::try_from(entity[key].as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
    let first = entities.iter().map(|e| place(e, "offset")).min();
    let lead = utf16_len(text) - utf16_len(text.trim_start());
    let (text, lead) = match first {
        Some(first) if first < lead => (text, 0),
        _ => (text.trim_start(), lead),
    };
    let length = utf16_len(text);
    let entities = entities.into_iter().filter_map(|mut entity| {
        let offset = place(&entity, "offset").saturating_sub(lead);
        let end = (offset + place(&entity, "length")).min(length);
        entity["offset"] = offset.into();
        entity["length"] = end.checked_sub(offset).filter(|length| *length > 0)?.into();
        Some(entity)
    });
    (text.to_owned(), entities.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn white_space_is_trimmed_and_places_move_with_it() {
        let entity = json!({"type": "bold", "offset": 2, "length": 4});
        let (text, entities) = trim("  ab  ", vec![entity]);
        assert_eq!(text, "ab");
        assert_eq!(entities, [json!({"type": "bold", "offset": 0, "length": 2})]);
    }
}
