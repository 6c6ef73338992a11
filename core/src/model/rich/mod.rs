//! Formatted text: words, and what stands over which of them.
//!
//! # Invariants
//! - Spans nest: two of them are apart, or one is within the other. Each covers at least one character.
//! - Within code there is no formatting, and within no other the same once more, but for quotes.
//!
//! # Not here
//! - Which format somebody writes in: who asks [`RichText::from_plain`], [`RichText::from_html`] or
//!   [`RichText::from_markdown`].
//! - How a platform writes formatting: its adapter. What the desk reads: [`RichText::plain`] and [`RichText::markdown`].

mod lines;
mod mark;
mod markdown;
mod nest;
mod plain;
mod read;
#[cfg(test)]
mod tests;
mod walk;

use std::{fmt, mem};

pub use self::walk::Piece;
use super::{Text, TextFormat};

/// What somebody wrote, with its formatting, shared by its clones. Its `Debug` tells lengths and never the words.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RichText {
    words: Text,
    spans: Vec<Span>,
}

/// One formatting of a stretch of words, from and to a byte of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last one.
    pub end: usize,
    /// What it looks like.
    pub style: Style,
}

/// What a stretch of words looks like. Its `Debug` tells the kind, and not where a link leads.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Style {
    /// Bold.
    Bold,
    /// Italic.
    Italic,
    /// Underlined.
    Underline,
    /// Struck through.
    Strike,
    /// Hidden until it is touched.
    Spoiler,
    /// Code within a line.
    Code,
    /// Lines of code.
    Block {
        /// The language, where it was told.
        language: Option<String>,
    },
    /// Lines that somebody else said.
    Quote,
    /// A link that has words of its own.
    Link {
        /// Where it leads.
        url: String,
    },
}

impl RichText {
    /// Takes words and their formatting, in any order. What lies outside of the words or within a character is left out;
    /// of two spans that cross, the later one is cut where the earlier one ends.
    pub fn new(words: impl Into<Text>, spans: Vec<Span>) -> Self {
        let words = words.into();
        let spans = nest::nested(words.as_str(), spans);
        Self { words, spans }
    }

    /// Several texts as one, with these words between them.
    pub fn joined(texts: impl IntoIterator<Item = Self>, between: &str) -> Self {
        let (mut words, mut spans) = (String::new(), Vec::new());
        for (at, text) in texts.into_iter().enumerate() {
            if at > 0 {
                words.push_str(between);
            }
            let by = words.len();
            spans.extend(text.spans.into_iter().map(|span| span.moved(by)));
            words.push_str(text.words.as_str());
        }
        Self {
            words: words.into(),
            spans,
        }
    }

    /// The words without formatting, as they are.
    pub fn words(&self) -> &Text {
        &self.words
    }

    /// The formatting, outer spans before those within them.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// What stands from one byte of the words to another, with its formatting. Both lie between characters, or there is
    /// nothing.
    pub fn slice(&self, start: usize, end: usize) -> Self {
        let words = self.words.as_str().get(start..end).unwrap_or_default();
        if words.len() == self.words.as_str().len() {
            return self.clone();
        }
        let end = start + words.len();
        let within = self.spans.iter().take_while(|span| span.start < end);
        let within = within.filter(|span| span.end > start).map(|span| Span {
            start: span.start.max(start) - start,
            end: span.end.min(end) - start,
            style: span.style.clone(),
        });
        Self {
            spans: within.collect(),
            words: words.into(),
        }
    }

    /// As it is read in a format.
    pub fn in_format(&self, format: TextFormat) -> Text {
        match format {
            TextFormat::Plain => self.plain(),
            TextFormat::Markdown => self.markdown(),
        }
    }

    /// Whether there is nothing to read in it.
    pub fn is_blank(&self) -> bool {
        self.words.is_blank()
    }
}

impl<T: Into<Text>> From<T> for RichText {
    fn from(words: T) -> Self {
        Self {
            words: words.into(),
            spans: Vec::new(),
        }
    }
}

impl fmt::Debug for RichText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RichText({:?}, {} spans)", self.words, self.spans.len())
    }
}

impl Span {
    /// The same, so many bytes further on.
    fn moved(self, by: usize) -> Self {
        Self {
            start: self.start + by,
            end: self.end + by,
            style: self.style,
        }
    }

    /// What is before this byte of it, and what comes from there on.
    fn cut(self, at: usize) -> (Self, Self) {
        let rest = Self {
            start: at,
            ..self.clone()
        };
        (Self { end: at, ..self }, rest)
    }
}

impl fmt::Debug for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bold => "Bold",
            Self::Italic => "Italic",
            Self::Underline => "Underline",
            Self::Strike => "Strike",
            Self::Spoiler => "Spoiler",
            Self::Code => "Code",
            Self::Block { .. } => "Block",
            Self::Quote => "Quote",
            Self::Link { .. } => "Link",
        })
    }
}

impl Style {
    /// Whether its words are meant as they are, so that no formatting stands within it.
    const fn is_code(&self) -> bool {
        matches!(self, Self::Code | Self::Block { .. })
    }

    /// How deep it stands where several are of the same words.
    const fn depth(&self) -> u8 {
        match self {
            Self::Quote => 0,
            Self::Code | Self::Block { .. } => 2,
            _ => 1,
        }
    }

    /// Whether another formatting may stand within it.
    fn may_hold(&self, inner: &Self) -> bool {
        let adds = *self == Self::Quote || mem::discriminant(self) != mem::discriminant(inner);
        adds && !self.is_code()
    }
}
