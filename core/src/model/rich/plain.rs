use super::{
    Piece, RichText, Span, Style,
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
        for piece in self.without_bare_links().pieces() {
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

    /// Without links whose words are their address: they are best read as they stand.
    pub(super) fn without_bare_links(&self) -> Self {
        let is_bare = |at: usize, span: &Span| match &span.style {
            Style::Link { url } => {
                let holds_none = self.spans.get(at + 1).is_none_or(|next| next.start >= span.end);
                holds_none && is_same_place(&self.words.as_str()[span.start..span.end], url)
            }
            _ => false,
        };
        let spans = self.spans.iter().enumerate();
        Self {
            words: self.words.clone(),
            spans: spans
                .filter(|(at, span)| !is_bare(*at, span))
                .map(|(_, span)| span.clone())
                .collect(),
        }
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
