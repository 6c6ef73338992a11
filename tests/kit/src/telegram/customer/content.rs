//! What a customer can send.

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::telegram::file::FileKind;

/// What a customer's message says.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Content {
    /// Plain text; commands and links in it become entities.
    Text(String),
    /// Text with the formatting of the Bot API's HTML.
    Html(String),
    /// A file.
    Media(Media),
    /// A place on the map.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
    },
    /// A place with a name.
    Venue {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// The name.
        title: String,
        /// The address.
        address: String,
    },
    /// A card with a phone number.
    Contact {
        /// The number.
        phone_number: String,
        /// The first name.
        first_name: String,
    },
    /// A poll.
    Poll {
        /// What is asked.
        question: String,
        /// What can be chosen.
        options: Vec<String>,
    },
    /// A die, a dart, a ball.
    Dice {
        /// Which of them.
        emoji: String,
        /// What came up.
        value: u8,
    },
    /// Any other fields of a `Message`, as they are.
    Other(Map<String, Value>),
}

/// A file that a customer sends.
#[derive(Debug, Clone)]
pub struct Media {
    pub(crate) kind: FileKind,
    pub(crate) name: Option<String>,
    pub(crate) mime: Option<String>,
    pub(crate) bytes: Bytes,
    pub(crate) size: Option<u64>,
    pub(crate) caption: Option<String>,
    pub(crate) emoji: Option<String>,
}

impl Media {
    /// A file of that kind.
    pub fn new(kind: FileKind, bytes: impl Into<Bytes>) -> Self {
        Self {
            kind,
            name: None,
            mime: None,
            bytes: bytes.into(),
            size: None,
            caption: None,
            emoji: None,
        }
    }

    /// A photo.
    pub fn photo(bytes: impl Into<Bytes>) -> Self {
        Self::new(FileKind::Photo, bytes)
    }

    /// A file with a name.
    pub fn document(name: &str, bytes: impl Into<Bytes>) -> Self {
        Self::new(FileKind::Document, bytes).named(name)
    }

    /// The file name.
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// The content type; guessed from the name and kind if it is not set.
    pub fn mime(mut self, mime: &str) -> Self {
        self.mime = Some(mime.to_owned());
        self
    }

    /// The caption.
    pub fn caption(mut self, caption: &str) -> Self {
        self.caption = Some(caption.to_owned());
        self
    }

    /// The emoji of a sticker.
    pub fn emoji(mut self, emoji: &str) -> Self {
        self.emoji = Some(emoji.to_owned());
        self
    }

    /// Pretends that the file has that size, so a file that is too big needs no bytes.
    pub fn pretending_bytes(mut self, size: u64) -> Self {
        self.size = Some(size);
        self
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Media> for Content {
    fn from(media: Media) -> Self {
        Self::Media(media)
    }
}
