//! What the fuzz targets of this project call. No part of the interface: it changes as they need it.

use escalator::{
    channel::Inbound,
    model::{ChannelId, ChatLimits, Formatting, LengthUnit, RichText},
};
use serde_json::Value;
use teloxide::types::{Update, UpdateId, UpdateKind};

use crate::{inbound, outbound};

/// Reads what was posted or polled as an update.
pub fn posted(channel: &ChannelId, body: &[u8]) -> Option<Inbound> {
    let update = inbound::parse(body).ok()?;
    inbound::read(channel, &update).map(|read| read.inbound)
}

/// Reads the same as an update of which teloxide knows nothing.
pub fn unreadable(channel: &ChannelId, body: &[u8]) -> Option<Inbound> {
    let update = Update {
        id: UpdateId(7),
        kind: UpdateKind::Error(serde_json::from_slice(body).ok()?),
    };
    inbound::read(channel, &update).map(|read| read.inbound)
}

/// How long a text may be.
pub const fn limits() -> ChatLimits {
    ChatLimits {
        text_max: outbound::TEXT_MAX,
        text_unit: LengthUnit::Utf16,
        formatting: Formatting::Own(outbound::fits),
        fetch_bytes_max: 0,
        send_bytes_max: 0,
    }
}

/// A text and its entities, as they are sent.
///
/// # Errors
/// The entities are no JSON.
pub fn shown(text: &RichText) -> serde_json::Result<(String, Vec<Value>)> {
    let (text, entities) = outbound::carried(text);
    let entities = entities.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
    Ok((text, entities))
}
