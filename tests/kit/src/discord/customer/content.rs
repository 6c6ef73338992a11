//! What a customer sends.

use bytes::Bytes;

/// A text with files.
#[derive(Debug, Clone, Default)]
pub struct Content {
    pub(crate) text: String,
    pub(crate) files: Vec<Sent>,
    pub(crate) reply_to: Option<u64>,
    pub(crate) forwarded: Option<Box<Content>>,
    pub(crate) stickers: Vec<(String, Bytes)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) name: String,
    pub(crate) mime: Option<String>,
    pub(crate) bytes: Bytes,
    pub(crate) size: Option<u64>,
}

impl Content {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// A file without words.
    pub fn file(name: &str, mime: &str, bytes: impl Into<Bytes>) -> Self {
        Self::default().with_file(name, mime, bytes)
    }

    /// Adds a file.
    pub fn with_file(mut self, name: &str, mime: &str, bytes: impl Into<Bytes>) -> Self {
        self.files.push(Sent {
            name: name.to_owned(),
            mime: Some(mime.to_owned()).filter(|mime| !mime.is_empty()),
            bytes: bytes.into(),
            size: None,
        });
        self
    }

    /// Lets the last file seem so large, whatever its content is.
    pub fn pretending(mut self, size: u64) -> Self {
        if let Some(file) = self.files.last_mut() {
            file.size = Some(size);
        }
        self
    }

    /// A message that forwards another one, of a channel that the bot does not see.
    pub fn forwarding(forwarded: Self) -> Self {
        Self {
            forwarded: Some(Box::new(forwarded)),
            ..Self::default()
        }
    }

    /// Adds a sticker, whose picture is a PNG.
    pub fn with_sticker(mut self, name: &str, png: impl Into<Bytes>) -> Self {
        self.stickers.push((name.to_owned(), png.into()));
        self
    }

    /// Makes it an answer to a message.
    pub fn in_reply_to(mut self, message: u64) -> Self {
        self.reply_to = Some(message);
        self
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}
