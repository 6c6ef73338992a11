//! The web, as the server sees it: nothing is there but what a test put there.

use bytes::Bytes;

use super::{
    file::{FileKind, NewFile},
    picture::looks_like_picture,
    refusal::Refusal,
};

/// The most bytes of a photo by its URL, and of any other file: "5 MB max size for photos and 20 MB max for other types
/// of content", <https://core.telegram.org/bots/api#sending-files>.
const PHOTO_BYTES_MAX: u64 = 5 << 20;
const FILE_BYTES_MAX: u64 = 20 << 20;

/// What stands at an address of the web.
#[derive(Debug, Clone)]
pub struct WebPage {
    pub(crate) mime: String,
    pub(crate) bytes: Bytes,
    pub(crate) size: u64,
}

impl WebPage {
    /// A page of that content type.
    pub fn new(mime: &str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self {
            mime: mime.to_owned(),
            size: bytes.len() as u64,
            bytes,
        }
    }

    /// Pretends that the page has that size.
    pub fn pretending_bytes(mut self, size: u64) -> Self {
        self.size = size;
        self
    }

    /// The page as a file that the server fetched, or the refusal.
    pub(crate) fn fetched(&self, kind: FileKind, url: &str) -> Result<NewFile, Refusal> {
        let bytes_max = match kind {
            FileKind::Photo => PHOTO_BYTES_MAX,
            _ => FILE_BYTES_MAX,
        };
        if self.size > bytes_max {
            return Err(unreachable_page());
        }
        if !self.fits(kind) {
            return Err(Refusal::bad_request("wrong type of the web page content"));
        }
        let name = url.rsplit('/').next().and_then(|name| name.split(['?', '#']).next());
        Ok(NewFile {
            kind,
            name: name.map(str::to_owned),
            mime: Some(self.mime.clone()),
            bytes: self.bytes.clone(),
            size: Some(self.size),
            emoji: None,
        })
    }

    /// "The target file must have the correct MIME type (e.g., audio/mpeg for sendAudio, etc.)"; "In sendDocument, sending
    /// by URL will currently only work for GIF, PDF and ZIP files", ibidem.
    fn fits(&self, kind: FileKind) -> bool {
        let mime = self.mime.as_str();
        match kind {
            FileKind::Photo => mime.starts_with("image/") && looks_like_picture(&self.bytes),
            FileKind::Document => matches!(mime, "image/gif" | "application/pdf" | "application/zip"),
            FileKind::Audio => matches!(mime, "audio/mpeg" | "audio/mp4"),
            FileKind::Video | FileKind::VideoNote => mime == "video/mp4",
            FileKind::Voice => mime == "audio/ogg",
            FileKind::Animation => matches!(mime, "image/gif" | "video/mp4"),
            FileKind::Sticker | FileKind::AnimatedSticker | FileKind::VideoSticker => mime == "image/webp",
        }
    }
}

/// What an address where nothing is, or too much, is answered.
pub(crate) fn unreachable_page() -> Refusal {
    Refusal::bad_request("failed to get HTTP URL content")
}
