//! Files of hooks: kept as they come, looked at rather than believed, and given clean names.

use bytes::Bytes;
use futures::{Stream, StreamExt};

use super::refusal::Refusal;
use crate::{
    delivery::media,
    desk::HookFile,
    model::{Attachment, BlobId, FileKind, FileSource, Text, file_name},
    store::blobs::Blobs,
};

/// A file as the chat will show it.
pub(super) fn attachment(file: HookFile) -> Attachment {
    let kind = file.media_type.as_deref().map(FileKind::of_media_type);
    Attachment {
        kind: kind.unwrap_or(FileKind::Document),
        name: file.name.unwrap_or_else(|| Text::from("file")),
        media_type: file.media_type,
        bytes: Some(file.bytes),
        source: FileSource::Blob(file.blob),
    }
}

/// What a file's sender says of it.
pub(super) struct Stated {
    name: Option<String>,
    media_type: Option<String>,
}

impl Stated {
    pub(super) fn new(name: Option<&str>, media_type: Option<&str>) -> Self {
        Self {
            name: name.and_then(file_name),
            media_type: media_type.and_then(media::cleaned),
        }
    }

    pub(super) const fn is_named(&self) -> bool {
        self.name.is_some()
    }
}

/// A file whose bytes are kept.
pub(super) struct Kept {
    pub(super) blob: BlobId,
    pub(super) bytes: u64,
    name: Option<String>,
    media_type: Option<String>,
    /// The ending of a name that is made up.
    ending: &'static str,
}

impl Kept {
    /// Keeps a file of at most `bytes_max` bytes.
    pub(super) async fn keep(
        blobs: &dyn Blobs,
        parts: impl Stream<Item = Result<Bytes, Refusal>> + Send,
        bytes_max: u64,
        stated: Stated,
    ) -> Result<Self, Refusal> {
        let mut seen = Seen::default();
        let parts = parts.map(|part| seen.pass(part)).boxed();
        match blobs.put(parts, bytes_max).await {
            Ok((blob, bytes)) => {
                let known = media::known(&seen.head);
                let media_type = media::judged(stated.media_type, known);
                Ok(Self {
                    blob,
                    bytes,
                    ending: media::ending(media_type.as_deref(), known),
                    name: stated.name,
                    media_type,
                })
            }
            Err(failed) => Err(seen.refusal(bytes_max).unwrap_or_else(|| Refusal::Unavailable {
                detail: failed.to_string(),
            })),
        }
    }

    /// The file with the name that came with it, else the one that was told beside it, else one that is made up.
    pub(super) fn named(self, told: Option<&str>) -> HookFile {
        let name = self.name.or_else(|| told.and_then(file_name));
        HookFile {
            blob: self.blob,
            name: Some(Text::from(name.unwrap_or_else(|| format!("file.{}", self.ending)))),
            media_type: self.media_type,
            bytes: self.bytes,
        }
    }
}

/// What was seen of a file as it passed.
#[derive(Default)]
struct Seen {
    head: Vec<u8>,
    bytes: u64,
    /// What stopped it.
    cut: Option<Refusal>,
}

impl Seen {
    fn pass(&mut self, part: Result<Bytes, Refusal>) -> std::io::Result<Bytes> {
        match part {
            Ok(part) => {
                let room = media::HEAD_BYTES - self.head.len();
                self.head.extend_from_slice(&part[..part.len().min(room)]);
                self.bytes += part.len() as u64;
                Ok(part)
            }
            Err(refusal) => {
                let told = std::io::Error::other(refusal.for_log().into_owned());
                self.cut = Some(refusal);
                Err(told)
            }
        }
    }

    /// Why it was not kept, where that is the file's own fault.
    fn refusal(self, bytes_max: u64) -> Option<Refusal> {
        let too_large = self.bytes > bytes_max;
        self.cut.or(too_large.then_some(Refusal::TooLarge {
            what: "the file",
            bytes_max,
        }))
    }
}
