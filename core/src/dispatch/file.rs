use std::sync::Arc;

use async_trait::async_trait;

use super::Dispatch;
use crate::{
    channel::EscalationChannel,
    delivery::{ChatPayload, DeskPayload, OpenFile, OpenedFile, Outcome, Payload},
    model::{Attachment, BlobId, ChannelId, FileRef, FileSource},
    store::Store,
};

/// The bytes of the file that a delivery carries.
pub(super) enum Source {
    /// At the platform that the customer sent it over.
    Platform(Arc<dyn EscalationChannel>, FileRef),
    /// At a platform that is not connected now.
    NotConnected(ChannelId),
    /// In the ledger.
    Blob(Arc<dyn Store>, BlobId),
}

impl Source {
    /// Where the bytes of a delivery's file are; `None` where it carries none.
    pub(super) fn of(dispatch: &Dispatch, payload: &Payload, channel: &ChannelId) -> Option<Self> {
        let file = attachment(payload)?;
        Some(match &file.source {
            FileSource::Blob(blob) => Self::Blob(Arc::clone(&dispatch.store), *blob),
            FileSource::Platform(file) => match dispatch.exits.channels.get(channel) {
                Some(platform) => Self::Platform(Arc::clone(platform), file.clone()),
                None => Self::NotConnected(channel.clone()),
            },
        })
    }
}

/// The file that a payload carries.
pub(super) fn attachment(payload: &Payload) -> Option<&Attachment> {
    match payload {
        Payload::Desk(DeskPayload::File { file }) | Payload::Chat(ChatPayload::File { file, .. }) => Some(file),
        Payload::Desk(_) | Payload::Chat(_) | Payload::Bot(_) => None,
    }
}

#[async_trait]
impl OpenFile for Source {
    async fn open(&self) -> Result<OpenedFile, Outcome> {
        match self {
            Self::Platform(channel, file) => channel.fetch(file).await,
            Self::NotConnected(channel) => Err(Outcome::not_sent(format!("the channel {channel} is not connected"))),
            Self::Blob(store, blob) => match store.blobs().open(*blob).await {
                Ok(Some(file)) => Ok(file),
                Ok(None) => Err(Outcome::rejected("the file's bytes are no longer kept")),
                Err(failed) => Err(Outcome::not_sent(failed.to_string())),
            },
        }
    }
}
