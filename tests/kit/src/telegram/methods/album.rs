//! Sending several files as one album.

use serde_json::Value;

use super::{Ask, media, send};
use crate::telegram::{file::FileKind, formatted, message::Message, params::Params, refusal::Refusal, world::World};

/// The most items of an album.
const ITEMS_MAX: usize = 10;

/// All items are made or none is.
pub(crate) fn send(world: &mut World, ask: &Ask<'_>) -> Result<Value, Refusal> {
    let items = items(ask.params)?;
    let chat_id = world.open_chat(ask.chat_name().as_deref())?.id;
    let album = format!("13{:0>15}", world.fresh_id());
    let mut messages = Vec::with_capacity(items.len());
    for (kind, item) in &items {
        let caption = formatted::caption(item)?;
        let file = media::resolve(world, ask.params, item, "media", *kind)?;
        let message = Message {
            file: Some(file),
            album: Some(album.clone()),
            ..Message::default()
        };
        messages.push(message.with_caption(caption));
    }
    messages
        .into_iter()
        .map(|message| send::post(world, ask, chat_id, message))
        .collect()
}

fn items(params: &Params) -> Result<Vec<(FileKind, Params)>, Refusal> {
    let Some(Value::Array(media)) = params.json("media") else {
        return Err(Refusal::bad_request("can't parse media JSON object"));
    };
    if media.is_empty() {
        return Err(Refusal::bad_request("there are no messages to send"));
    }
    if media.len() > ITEMS_MAX {
        return Err(Refusal::bad_request("too many messages to send as an album"));
    }
    let items: Vec<_> = media.iter().map(item).collect::<Result<_, _>>()?;
    for kind in [FileKind::Document, FileKind::Audio] {
        let alike = items.iter().filter(|(other, _)| *other == kind).count();
        if alike > 0 && alike < items.len() {
            return Err(Refusal::bad_request(format!(
                "{} can't be mixed with other media types",
                kind.title()
            )));
        }
    }
    Ok(items)
}

fn item(item: &Value) -> Result<(FileKind, Params), Refusal> {
    let kind = match item["type"].as_str() {
        Some("photo") => FileKind::Photo,
        Some("video") => FileKind::Video,
        Some("document") => FileKind::Document,
        Some("audio") => FileKind::Audio,
        _ => {
            return Err(Refusal::bad_request(
                "can't parse InputMedia: type must be one of photo, video, document, audio",
            ));
        }
    };
    let fields = item.as_object().map(Params::nested).unwrap_or_default();
    Ok((kind, fields))
}
