use super::{Piece, RichText, Style, lines::Lines};
use crate::model::Text;

impl RichText {
    /// As one reads it without formatting: a link tells behind its words where it leads, and a quote has `> ` before each
    /// line.
    pub fn plain(&self) -> Text {
        if self.spans.is_empty() {
            return self.words.clone();
        }
        let (mut out, mut links) = (Lines::default(), Vec::new());
        for piece in self.pieces() {
            match piece {
                Piece::Words(words) => out.say(words),
                Piece::Open(Style::Quote) => out.quote(),
                Piece::Close(Style::Quote) => out.unquote(),
                Piece::Open(Style::Block { .. }) | Piece::Close(Style::Block { .. }) => out.own_line(),
                Piece::Open(Style::Link { .. }) => links.push(out.len()),
                Piece::Close(Style::Link { url }) => {
                    let words = links.pop().map_or("", |from| out.since(from));
                    if !is_same_place(words, url) {
                        out.say(&format!(" ({url})"));
                    }
                }
                Piece::Open(_) | Piece::Close(_) => {}
            }
        }
        Text::new(out.done())
    }
}

/// Whether a link's words tell already where it leads.
pub(super) fn is_same_place(words: &str, url: &str) -> bool {
    bare(words) == bare(url)
}

/// An address as people write it.
fn bare(address: &str) -> String {
    const SCHEMES: [&str; 4] = ["https://", "http://", "mailto:", "tel:"];
    let address = address.trim().to_lowercase();
    let bare = SCHEMES.iter().find_map(|scheme| address.strip_prefix(scheme));
    bare.unwrap_or(&address).trim_end_matches('/').to_owned()
}
