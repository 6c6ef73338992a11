use super::address;
use crate::model::{RichText, Span, Style};

impl RichText {
    /// Reads words that are meant as they are. Addresses among them become links, see [`with_links`](Self::with_links), and
    /// each line ends with a line feed.
    pub fn from_plain(words: &str) -> Self {
        Self::from(with_line_feeds(words)).with_links()
    }

    /// Makes links of the addresses that stand in the words: those with `http://` or `https://`, and those of hosts that
    /// begin with `www.`, which lead to `https`. They end before signs that are more likely the sentence's, and before a
    /// bracket that was not opened in them. Within code and other links nothing becomes one. E-mail addresses and phone
    /// numbers stay words: who shows them makes what it can of them.
    pub fn with_links(self) -> Self {
        let words = self.words.as_str();
        let mut spans = self.spans.clone();
        let (mut at, mut taken) = (0, self.taken().into_iter().peekable());
        while let Some(found) = address::find(&words[at..]) {
            let (start, end) = (at + found.start, at + found.end);
            while taken.next_if(|span| span.end <= start).is_some() {}
            match taken.peek() {
                Some(other) if other.start < end => at = other.end.max(end),
                _ => {
                    let url = address::checked(&words[start..end]);
                    let style = url.map(|url| Style::Link { url });
                    spans.extend(style.map(|style| Span { start, end, style }));
                    at = end;
                }
            }
        }
        if spans.len() == self.spans.len() {
            return self;
        }
        Self::new(self.words, spans)
    }

    /// Where no link can be made.
    fn taken(&self) -> Vec<&Span> {
        let is_taken = |span: &&Span| span.style.is_code() || matches!(span.style, Style::Link { .. });
        let taken = self.spans.iter().filter(is_taken);
        let mut end = 0;
        // One within another counts once.
        let outer = taken.filter(|span| {
            let is_outer = span.start >= end;
            end = end.max(span.end);
            is_outer
        });
        outer.collect()
    }
}

/// The same, but each line ends with a line feed.
pub(super) fn with_line_feeds(words: &str) -> String {
    words.replace("\r\n", "\n").replace('\r', "\n")
}
