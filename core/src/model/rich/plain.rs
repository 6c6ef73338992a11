use super::{
    Piece, RichText, Style,
    lines::{Gap, Lines},
};
use crate::model::Text;

impl RichText {
    /// As one reads it without formatting: a link tells behind its words where it leads, and a quote has `> ` before each
    /// line.
    pub fn plain(&self) -> Text {
        if self.spans.is_empty() {
            return self.words.clone();
        }
        let mut out = Lines::default();
        for piece in self.without_bare_links() {
            match piece {
                Piece::Words(words) => out.say(words),
                Piece::Open(Style::Quote) => out.quote(),
                Piece::Close(Style::Quote) => out.unquote(Gap::Line),
                Piece::Open(Style::Block { .. }) | Piece::Close(Style::Block { .. }) => out.own_line(),
                Piece::Close(Style::Link { url }) => out.say(&format!(" ({url})")),
                Piece::Open(_) | Piece::Close(_) => {}
            }
        }
        Text::new(out.done())
    }

    /// The text from its beginning to its end, without links whose words are their address: they are best read as they
    /// stand.
    pub fn without_bare_links(&self) -> Vec<Piece<'_>> {
        let mut pieces = self.pieces();
        let is_bare = |around: &[Piece<'_>]| match around {
            [Piece::Open(Style::Link { url }), Piece::Words(words), Piece::Close(_)] => is_same_place(words, url),
            _ => false,
        };
        let bare: Vec<usize> = (0..pieces.len().saturating_sub(2))
            .filter(|at| is_bare(&pieces[*at..*at + 3]))
            .collect();
        for at in bare.into_iter().rev() {
            pieces.remove(at + 2);
            pieces.remove(at);
        }
        pieces
    }
}

/// Whether a link's words tell already where it leads.
fn is_same_place(words: &str, url: &str) -> bool {
    bare(words) == bare(url)
}

/// An address as people write it.
fn bare(address: &str) -> String {
    const SCHEMES: [&str; 4] = ["https://", "http://", "mailto:", "tel:"];
    let address = address.trim().to_lowercase();
    let bare = SCHEMES.iter().find_map(|scheme| address.strip_prefix(scheme));
    bare.unwrap_or(&address).trim_end_matches('/').to_owned()
}
