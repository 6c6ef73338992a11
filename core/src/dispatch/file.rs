use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt, stream};

use super::Dispatch;
use crate::{
    channel::EscalationChannel,
    delivery::{ChatPayload, DeskPayload, OpenFile, OpenedFile, Outcome, Payload, Scope, media},
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
        Payload::Desk(DeskPayload::File { file, .. }) | Payload::Chat(ChatPayload::File { file, .. }) => Some(file),
        Payload::Desk(_) | Payload::Chat(_) | Payload::Bot(_) => None,
    }
}

#[async_trait]
impl OpenFile for Source {
    async fn open(&self) -> Result<OpenedFile, Outcome> {
        match self {
            Self::Platform(channel, file) => channel.fetch(file).await.map_err(of_the_file_alone),
            Self::NotConnected(channel) => Err(Outcome::not_sent(format!("the channel {channel} is not connected"))),
            Self::Blob(store, blob) => match store.blobs().open(*blob).await {
                Ok(Some(file)) => Ok(file),
                Ok(None) => Err(Outcome::rejected("the file's bytes are no longer kept")),
                Err(failed) => Err(Outcome::not_sent(failed.to_string())),
            },
        }
    }
}

/// How long it may take to open a file and get its first bytes. Of a call that may not last for twice as long: half of that.
const HEAD_MAX: Duration = Duration::from_secs(30);

/// A file of the customer that is being delivered, as its first bytes show it. They are looked at and handed on: the file
/// streams through as any other.
pub(super) struct Looked<'s> {
    /// The file as it is.
    pub(super) file: Attachment,
    source: &'s Source,
    /// What was opened for the look, for who opens it first.
    opened: Mutex<Option<OpenedFile>>,
}

impl<'s> Looked<'s> {
    /// Opens a file and looks at its first bytes, for a call that may last for `call_max`. Where they do not come in time, the
    /// desk has had no call.
    pub(super) async fn at(file: &Attachment, source: &'s Source, call_max: Duration) -> Result<Self, Outcome> {
        let head = async { Ok::<_, Outcome>(peeked(source.open().await?).await) };
        let (head, opened) = tokio::time::timeout(HEAD_MAX.min(call_max / 2), head)
            .await
            .unwrap_or_else(|_elapsed| Err(Outcome::not_sent("the file's first bytes did not come in time")))?;
        Ok(Self {
            file: media::looked_at(file, &head),
            source,
            opened: Mutex::new(Some(opened)),
        })
    }
}

#[async_trait]
impl OpenFile for Looked<'_> {
    async fn open(&self) -> Result<OpenedFile, Outcome> {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner).take();
        match opened {
            Some(opened) => Ok(opened),
            None => self.source.open().await,
        }
    }
}

/// The first bytes of a file, and the whole of it. What stops it on the way stops it again for who reads it.
async fn peeked(opened: OpenedFile) -> (Vec<u8>, OpenedFile) {
    let OpenedFile { bytes, stream } = opened;
    // One that is over is not asked again: not every stream bears it.
    let mut stream = stream.fuse();
    let (mut head, mut pieces) = (Vec::new(), Vec::new());
    while head.len() < media::HEAD_BYTES {
        let Some(piece) = stream.next().await else { break };
        if let Ok(piece) = &piece {
            let room = media::HEAD_BYTES - head.len();
            head.extend_from_slice(&piece[..piece.len().min(room)]);
        }
        let is_over = piece.is_err();
        pieces.push(piece);
        if is_over {
            stream = stream::empty().boxed().fuse();
        }
    }
    let stream = stream::iter(pieces).chain(stream).boxed();
    (head, OpenedFile { bytes, stream })
}

/// What a platform says of a file is no word of the desk's: it closes no door there, and the desk has had no call.
fn of_the_file_alone(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::NotSent {
            detail, retry_after, ..
        }
        | Outcome::Unknown {
            detail, retry_after, ..
        } => Outcome::NotSent {
            detail,
            retry_after,
            scope: Scope::Lane,
        },
        Outcome::Refused { detail, .. } => Outcome::Refused {
            detail,
            scope: Scope::Lane,
        },
        Outcome::Delivered(_) => Outcome::not_sent("the channel gave no file, and no reason"),
        rejected @ Outcome::Rejected { .. } => rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_platform_says_of_a_file_closes_no_door_of_the_desk() {
        let refused = Outcome::Refused {
            detail: "401".to_owned(),
            scope: Scope::Door,
        };
        assert!(matches!(
            of_the_file_alone(refused),
            Outcome::Refused { scope: Scope::Lane, .. }
        ));
        let busy = Outcome::NotSent {
            detail: "429".to_owned(),
            retry_after: None,
            scope: Scope::Door,
        };
        assert!(matches!(
            of_the_file_alone(busy),
            Outcome::NotSent { scope: Scope::Lane, .. }
        ));
        assert_eq!(of_the_file_alone(Outcome::unknown("reset")).word(), "not_sent");
        assert_eq!(of_the_file_alone(Outcome::rejected("gone")).word(), "rejected");
    }
}
