use std::fmt;

use super::{BlobId, Text};

/// A file that somebody sent. Its bytes are elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// How a platform should show it.
    pub kind: FileKind,
    /// The file's name, with its ending. Made up where the sender gave none.
    pub name: Text,
    /// Media type (`image/png`): as the sender stated it, or as the bytes show it where the two disagree.
    pub media_type: Option<String>,
    /// Size in bytes, where it is known.
    pub bytes: Option<u64>,
    /// Where its bytes are.
    pub source: FileSource,
}

/// How a file is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A still picture.
    Image,
    /// A video with or without sound.
    Video,
    /// Music or another recording.
    Audio,
    /// A voice message.
    Voice,
    /// Anything else.
    Document,
}

impl FileKind {
    /// The kind that a media type suggests.
    pub fn of_media_type(media_type: &str) -> Self {
        match media_type.split('/').next().unwrap_or_default() {
            // A picture that no platform draws is sent as a document.
            "image" if !media_type.starts_with("image/svg") => Self::Image,
            "video" => Self::Video,
            "audio" => Self::Audio,
            _ => Self::Document,
        }
    }

    /// The kind as a word in a sentence.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Voice => "voice message",
            Self::Document => "file",
        }
    }
}

/// Where a file's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileSource {
    /// At the platform, to be fetched when it is delivered.
    Platform(FileRef),
    /// In our blob store.
    Blob(BlobId),
}

/// A platform's own handle for a file (Telegram's `file_id`). Opaque to the core; never an address with a token in it.
#[derive(Clone, PartialEq, Eq)]
pub struct FileRef(String);

impl FileRef {
    /// Takes the platform's handle.
    pub fn new(handle: impl Into<String>) -> Self {
        Self(handle.into())
    }

    /// The platform's handle.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for FileRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileRef({} bytes)", self.0.len())
    }
}
