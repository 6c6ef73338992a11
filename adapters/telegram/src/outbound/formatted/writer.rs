use std::{cmp::Reverse, mem};

use escalator::model::{Piece, RichText, Style};
use teloxide::types::{MessageEntity, MessageEntityKind as Kind};

use super::{link, place::Place};

/// The way through a text, each step with whether there is something to read up to where a link ends.
pub(super) fn steps(text: &RichText) -> impl Iterator<Item = (Piece<'_>, bool)> {
    let pieces = text.pieces();
    let to_read: Vec<bool> = (0..pieces.len()).map(|at| is_to_read(&pieces[at..])).collect();
    pieces.into_iter().zip(to_read)
}

fn is_to_read(link: &[Piece<'_>]) -> bool {
    let within = link
        .iter()
        .take_while(|piece| !matches!(piece, Piece::Close(Style::Link { .. })));
    let mut words = within.filter_map(|piece| match piece {
        Piece::Words(words) => Some(words),
        Piece::Open(_) | Piece::Close(_) => None,
    });
    matches!(link.first(), Some(Piece::Open(Style::Link { .. }))) && words.any(|words| !words.trim().is_empty())
}

/// Writes words, and entities at those that they are about.
#[derive(Default)]
pub(super) struct Writer<'t> {
    text: String,
    /// The end of the text.
    end: Place,
    /// What is open, from the outer to the inner.
    open: Vec<Open<'t>>,
    entities: Vec<MessageEntity>,
    /// Whether something stands in the line at the end.
    is_begun: bool,
    /// Whether what comes next stands on a line of its own.
    owes_line: bool,
}

struct Open<'t> {
    style: &'t Style,
    /// The entity; `None` where Telegram has none, or not here.
    kind: Option<Kind>,
    /// Where the entity begins, while it goes on.
    since: Option<Place>,
}

impl<'t> Writer<'t> {
    pub(super) fn take(&mut self, piece: Piece<'t>, leads_from_words: bool) {
        match piece {
            Piece::Words(words) => self.say(words),
            Piece::Open(style) => self.open(style, leads_from_words),
            Piece::Close(style) => self.close(style),
        }
    }

    pub(super) fn done(mut self) -> (String, Vec<MessageEntity>) {
        // Stable: what was closed later stands around what was closed before.
        self.entities.reverse();
        self.entities
            .sort_by_key(|entity| (entity.offset, Reverse(entity.length)));
        (self.text, self.entities)
    }

    fn open(&mut self, style: &'t Style, leads_from_words: bool) {
        if is_of_lines(style) {
            self.own_line();
        }
        let kind = match style {
            Style::Link { .. } if !leads_from_words => None,
            style => self.kind(style),
        };
        if kind.is_some() && is_apart(style) {
            self.pause();
        }
        let since = None;
        self.open.push(Open { style, kind, since });
    }

    fn close(&mut self, style: &Style) {
        if let (Style::Link { url }, Some(Open { kind: None, .. })) = (style, self.open.last()) {
            self.say(&format!(" ({url})"));
        }
        if let Some(mut closed) = self.open.pop() {
            if closed.kind.is_some() && is_apart(style) {
                self.pause();
            }
            self.end_entity(&mut closed);
        }
        if is_of_lines(style) {
            self.own_line();
        }
    }

    /// What Telegram has for a formatting, within what is open.
    fn kind(&self, style: &Style) -> Option<Kind> {
        let is_in = |is: fn(&Style) -> bool| self.open.iter().any(|open| is(open.style) && open.kind.is_some());
        let is_in_link = || is_in(|style| matches!(style, Style::Link { .. }));
        match style {
            Style::Bold => Some(Kind::Bold),
            Style::Italic => Some(Kind::Italic),
            Style::Underline => Some(Kind::Underline),
            Style::Strike => Some(Kind::Strikethrough),
            Style::Spoiler => Some(Kind::Spoiler),
            // In a link it would take the place of that.
            Style::Code => (!is_in_link()).then_some(Kind::Code),
            Style::Block { language } => (!is_in_link() && self.quotes() < 2).then(|| Kind::Pre {
                language: language.clone().filter(|language| !language.is_empty()),
            }),
            Style::Quote => (self.quotes() == 0).then_some(Kind::Blockquote),
            Style::Link { url } => link::target(url).map(|url| Kind::TextLink { url }),
            // A formatting that is newer than this adapter.
            _ => None,
        }
    }

    /// How many quotes are open.
    fn quotes(&self) -> usize {
        self.open.iter().filter(|open| *open.style == Style::Quote).count()
    }

    fn say(&mut self, words: &str) {
        let words = if self.owes_line && !self.text.is_empty() {
            // The line that words end themselves is the one that is owed.
            words.strip_prefix('\n').unwrap_or(words)
        } else {
            words
        };
        if words.is_empty() {
            return;
        }
        if mem::take(&mut self.owes_line) && self.is_begun {
            self.push("\n");
            self.is_begun = false;
        }
        for line in words.split_inclusive('\n') {
            if !mem::replace(&mut self.is_begun, true) {
                self.begin_line();
            }
            self.go_on();
            self.push(line);
            self.is_begun = !line.ends_with('\n');
        }
    }

    /// Telegram has no quotes within quotes.
    fn begin_line(&mut self) {
        let marks = "> ".repeat(self.quotes().saturating_sub(1));
        if !marks.is_empty() {
            self.pause();
            self.push(&marks);
        }
    }

    fn own_line(&mut self) {
        self.owes_line = true;
    }

    fn push(&mut self, words: &str) {
        self.text.push_str(words);
        self.end = self.end.behind(words);
    }

    /// Begins the entities of the words that come, or goes on with them.
    fn go_on(&mut self) {
        let is_code = self
            .open
            .last()
            .is_some_and(|open| open.kind.is_some() && is_code(open.style));
        let inner = self.open.len().saturating_sub(1);
        for (at, open) in self.open.iter_mut().enumerate() {
            if !is_code || at == inner || *open.style == Style::Quote {
                open.since.get_or_insert(self.end);
            }
        }
    }

    /// Ends all entities but quotes, to be begun again with the words that come.
    fn pause(&mut self) {
        let mut open = mem::take(&mut self.open);
        for open in open.iter_mut().rev().filter(|open| *open.style != Style::Quote) {
            self.end_entity(open);
        }
        self.open = open;
    }

    /// Entities take no white space at their ends: Telegram would take it from them, and so cut what is within. Code has
    /// its own, but for the ends of lines.
    fn end_entity(&mut self, open: &mut Open<'t>) {
        let (Some(since), Some(kind)) = (open.since.take(), &open.kind) else {
            return;
        };
        let words = &self.text[since.byte..];
        let is_space = |c: char| c == '\n' || (c.is_whitespace() && !holds_space(open.style));
        let solid = words.trim_start_matches(is_space);
        let start = since.behind(&words[..words.len() - solid.len()]);
        let solid = solid.trim_end_matches(is_space);
        if !solid.trim().is_empty() {
            let length = start.behind(solid).unit - start.unit;
            self.entities.push(MessageEntity::new(kind.clone(), start.unit, length));
        }
    }
}

/// Whether other entities end where it begins and ends: they cannot go on within it, or not around it.
fn is_apart(style: &Style) -> bool {
    is_code(style) || *style == Style::Quote
}

const fn is_code(style: &Style) -> bool {
    matches!(style, Style::Code | Style::Block { .. })
}

const fn is_of_lines(style: &Style) -> bool {
    matches!(style, Style::Quote | Style::Block { .. })
}

/// Whether white space at its ends is its own.
const fn holds_space(style: &Style) -> bool {
    matches!(style, Style::Code | Style::Block { .. } | Style::Quote)
}
