//! What a customer sends.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::discord::snowflake::now;

/// A text with files.
#[derive(Debug, Clone, Default)]
pub struct Content {
    pub(crate) text: String,
    pub(crate) files: Vec<Sent>,
    pub(crate) reply_to: Option<u64>,
    pub(crate) forwarded: Option<Box<Content>>,
    pub(crate) stickers: Vec<(String, Bytes)>,
    pub(crate) flags: u64,
    /// Fields of a message that have no place of their own here.
    pub(crate) extra: Map<String, Value>,
}

/// The flags of a voice message and of a forwarded one.
const IS_VOICE_MESSAGE: u64 = 1 << 13;
const HAS_SNAPSHOT: u64 = 1 << 14;

#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) name: String,
    pub(crate) mime: Option<String>,
    pub(crate) bytes: Bytes,
    pub(crate) size: Option<u64>,
    pub(crate) is_voice: bool,
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
            is_voice: false,
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

    /// A voice message, as Discord's apps record it.
    pub fn voice(bytes: impl Into<Bytes>) -> Self {
        let mut content = Self::file("voice-message.ogg", "audio/ogg", bytes);
        content.flags = IS_VOICE_MESSAGE;
        for file in &mut content.files {
            file.is_voice = true;
        }
        content
    }

    /// A still sticker; its picture is not there.
    pub fn sticker(id: u64, name: &str) -> Self {
        Self::default().with_field(
            "sticker_items",
            json!([{ "id": id.to_string(), "name": name, "format_type": 1 }]),
        )
    }

    /// A poll without votes.
    pub fn poll(question: &str, answers: &[&str]) -> Self {
        let answers = answers.iter().enumerate();
        let answers: Value = answers
            .map(|(place, text)| json!({ "answer_id": place + 1, "poll_media": { "text": text } }))
            .collect();
        let poll = json!({
            "question": { "text": question }, "answers": answers, "expiry": now(), "allow_multiselect": false,
            "layout_type": 1, "results": { "answer_counts": [], "is_finalized": false },
        });
        Self::default().with_field("poll", poll)
    }

    /// What somebody wrote elsewhere, which is forwarded; Discord tells no name.
    pub fn forwarded(text: &str, channel: u64, message: u64) -> Self {
        let snapshot = json!({
            "type": 0, "content": text, "mentions": [], "mention_roles": [], "attachments": [], "embeds": [],
            "timestamp": now(), "edited_timestamp": null, "flags": 0, "components": [],
        });
        let reference = json!({ "type": 1, "channel_id": channel.to_string(), "message_id": message.to_string() });
        let content = Self::default().with_field("message_snapshots", json!([{ "message": snapshot }]));
        Self {
            flags: HAS_SNAPSHOT,
            ..content.with_field("message_reference", reference)
        }
    }

    /// Any other field of a message, as it is.
    pub fn with_field(mut self, field: &str, value: Value) -> Self {
        self.extra.insert(field.to_owned(), value);
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
