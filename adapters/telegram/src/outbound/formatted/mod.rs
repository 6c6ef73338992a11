//! What was said as Telegram shows it: words, and entities over them, counted in UTF-16 code units.
//!
//! # Invariants
//! - The entities are what the Bot API takes (<https://core.telegram.org/bots/api#formatting-options>): in order, within the
//!   words and not within a character, two of them apart or one within the other; a quote is in no other entity, a link in
//!   quotes alone, code in quotes alone and with nothing in it.
//! - What Telegram has no entity for stands in the words as [`RichText::plain`] writes it: a quote within a quote, a link
//!   to where Telegram leads nobody.

#[cfg(test)]
mod corpus;
mod link;
mod place;
#[cfg(test)]
mod tests;
mod writer;

use escalator::model::RichText;
use teloxide::types::MessageEntity;

pub(super) use self::link::picture;
use self::writer::Writer;

/// How long a text may be, in UTF-16 units, after Telegram has read its formatting (`sendMessage`).
pub(crate) const TEXT_MAX: usize = 4_096;

/// How long a caption may be, in the same units (`sendPhoto`).
pub(crate) const CAPTION_MAX: usize = 1_024;

/// How many entities of a message Telegram shows; the rest it leaves out without a word.
const ENTITIES_MAX: usize = 100;

/// Words as they are sent.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Formatted {
    pub(super) text: String,
    pub(super) entities: Vec<MessageEntity>,
}

impl Formatted {
    pub(super) fn of(text: &RichText) -> Self {
        let text = text.without_bare_links();
        let mut writer = Writer::default();
        for (piece, words_within) in writer::steps(&text) {
            writer.take(piece, words_within);
        }
        let (text, entities) = writer.done();
        Self { text, entities }
    }

    /// The same without any formatting.
    pub(super) fn plain(text: &RichText) -> Self {
        Self {
            text: text.plain().into_string(),
            entities: Vec::new(),
        }
    }

    /// As a call carries it.
    pub(super) fn into_parts(self) -> (String, Option<Vec<MessageEntity>>) {
        let entities = Some(self.entities).filter(|entities| !entities.is_empty());
        (self.text, entities)
    }

    pub(super) fn fits(&self, units_max: usize) -> bool {
        place::units(&self.text) <= units_max && self.entities.len() <= ENTITIES_MAX
    }
}

/// Whether a text fits into one message, as it is sent.
pub(crate) fn fits(text: &RichText) -> bool {
    Formatted::of(text).fits(TEXT_MAX)
}

/// A text and its entities, as a call carries them.
#[cfg(feature = "fuzzing")]
pub(crate) fn carried(text: &RichText) -> (String, Vec<MessageEntity>) {
    let Formatted { text, entities } = Formatted::of(text);
    (text, entities)
}
