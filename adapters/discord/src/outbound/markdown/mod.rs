//! Writes a text in Discord's own Markdown, so that Discord shows each word as it was written, with its formatting.
//!
//! The rules are those of <https://support.discord.com/hc/articles/210298617>, and of what its clients do with them: a mark
//! ends at the next sign of its kind that is not escaped, whatever it stands in; an address goes on to the next white
//! space; behind `[words](address)` nothing is escaped and no emoji may stand
//! (<https://github.com/discord/discord-api-docs/issues/6185>, <https://github.com/discord/discord-api-docs/issues/6810>).
//!
//! # Invariants
//! - No word is lost, and none means more than itself: no ping, no mention, no emoji, no list.
//! - Marks begin and end within a line, at a word, and are of no use to what stands beside them. What cannot be written so
//!   has its words and not its mark; hidden words stay hidden.

mod address;
mod escape;
mod link;
mod mark;
mod rows;
#[cfg(test)]
mod tests;
mod write;

use escalator::model::{LengthUnit, RichText};

use self::{rows::Rows, write::row};
use super::CONTENT_MAX;

/// What stands before each line of a quote.
const QUOTE: &str = "> ";

/// How much of a message is kept for signs that a shorter beginning of a text needs and a longer one does not, in
/// characters.
const SIGNS_MAX: usize = 40;

/// A text in Discord's Markdown.
pub(crate) fn written(text: &RichText) -> String {
    let rows = Rows::of(text);
    let mut lines: Vec<String> = Vec::with_capacity(rows.len());
    for of in rows {
        let is_quoted = of.is_quoted;
        let line = row(of);
        if is_quoted {
            lines.extend(line.split('\n').map(|line| format!("{QUOTE}{line}")));
        } else {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// Whether a text fits into one message as it is [`written`].
pub(crate) fn fits(text: &RichText) -> bool {
    is_short(&written(text), CONTENT_MAX - SIGNS_MAX)
}

/// Whether that is no longer than so many characters. Discord counts code points
/// (<https://github.com/discord/discord-api-docs/issues/1315>).
pub(super) fn is_short(content: &str, chars_max: usize) -> bool {
    LengthUnit::Chars.count(content) <= chars_max
}

/// A name without what Discord would read as formatting.
pub(super) fn plain_name(name: &str) -> String {
    let name = name.replace(['\n', '\r'], " ");
    name.chars().filter(|c| !escape::is_sign(*c)).collect()
}
