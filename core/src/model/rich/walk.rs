use std::fmt;

use super::{RichText, Style};

/// A step on the way through a text. Its `Debug` tells lengths and never the words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Piece<'t> {
    /// From here on words look like this.
    Open(&'t Style),
    /// Words.
    Words(&'t str),
    /// And up to here.
    Close(&'t Style),
}

impl RichText {
    /// The text from its beginning to its end. What was opened last is closed first.
    pub fn pieces(&self) -> Vec<Piece<'_>> {
        let words = self.words.as_str();
        let (mut pieces, mut at) = (Vec::new(), 0);
        let mut open: Vec<(usize, &Style)> = Vec::new();
        for span in &self.spans {
            while let Some((end, style)) = open.pop_if(|(end, _)| *end <= span.start) {
                say(&mut pieces, &words[at..end]);
                pieces.push(Piece::Close(style));
                at = end;
            }
            say(&mut pieces, &words[at..span.start]);
            pieces.push(Piece::Open(&span.style));
            at = span.start;
            open.push((span.end, &span.style));
        }
        while let Some((end, style)) = open.pop() {
            say(&mut pieces, &words[at..end]);
            pieces.push(Piece::Close(style));
            at = end;
        }
        say(&mut pieces, &words[at..]);
        pieces
    }
}

fn say<'t>(pieces: &mut Vec<Piece<'t>>, words: &'t str) {
    if !words.is_empty() {
        pieces.push(Piece::Words(words));
    }
}

impl fmt::Debug for Piece<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(style) => write!(f, "Open({style:?})"),
            Self::Words(words) => write!(f, "Words({} bytes)", words.len()),
            Self::Close(style) => write!(f, "Close({style:?})"),
        }
    }
}
