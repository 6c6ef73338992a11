//! What the fuzz targets of this project call. No part of the interface: it changes as they need it.

use escalator::{channel::Inbound, model::ChannelId};
use teloxide::types::{Update, UpdateId, UpdateKind};

use crate::{inbound, webhook::receive};

/// Reads what was posted as an update, as the webhook does.
pub fn posted(channel: &ChannelId, body: &[u8]) -> Option<Inbound> {
    let update = receive::read(body).ok()?;
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
