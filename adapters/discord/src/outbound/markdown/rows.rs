use std::mem;

use escalator::model::{Piece, RichText, Style};

use super::{
    address::{address_in, is_address},
    link::{Link, behind},
    mark::{Mark, Marks},
};

/// A line of words, or a block of code with its lines.
#[derive(Default)]
pub(super) struct Row<'t> {
    pub(super) is_quoted: bool,
    pub(super) atoms: Vec<Atom<'t>>,
    /// Written already.
    pub(super) block: Option<String>,
}

/// Words that are in one piece for the marks over them.
#[derive(Clone)]
pub(super) struct Atom<'t> {
    pub(super) marks: Marks,
    pub(super) kind: Kind<'t>,
}

#[derive(Clone)]
pub(super) enum Kind<'t> {
    /// White space.
    Space(&'t str),
    /// Words to be escaped.
    Words(&'t str),
    /// An address that stands by itself.
    Address(String),
    /// Written already: code, a link.
    Solid(String),
}

/// Takes a text apart into lines.
#[derive(Default)]
pub(super) struct Rows<'t> {
    done: Vec<Row<'t>>,
    last: Row<'t>,
    /// Whether what comes next stands on a line of its own.
    is_owed: bool,
    quotes: usize,
    marks: Marks,
    code: Option<&'t Style>,
    /// In which row a link began, and with which of its atoms.
    link: Option<(usize, usize)>,
}

impl<'t> Rows<'t> {
    pub(super) fn of(text: &'t RichText) -> Vec<Row<'t>> {
        let mut rows = Self::default();
        for piece in text.pieces() {
            rows.piece(piece);
        }
        rows.end_row();
        rows.done
    }

    fn piece(&mut self, piece: Piece<'t>) {
        match piece {
            Piece::Words(words) => match self.code {
                Some(Style::Block { language }) => self.block(language.as_deref(), words),
                _ => self.lines(words),
            },
            Piece::Open(Style::Quote) => {
                self.is_owed = true;
                self.quotes += 1;
            }
            Piece::Close(Style::Quote) => {
                self.is_owed = true;
                self.quotes -= 1;
            }
            Piece::Open(style @ (Style::Code | Style::Block { .. })) => self.code = Some(style),
            Piece::Close(Style::Code | Style::Block { .. }) => self.code = None,
            Piece::Open(Style::Link { .. }) => {
                self.begin_row();
                self.link = Some((self.done.len(), self.last.atoms.len()));
            }
            Piece::Close(Style::Link { url }) => self.end_link(url),
            Piece::Open(style) => self.marks = mark(style).map_or(self.marks, |mark| self.marks.with(mark)),
            Piece::Close(style) => self.marks = mark(style).map_or(self.marks, |mark| self.marks.without(mark)),
        }
    }

    fn lines(&mut self, words: &'t str) {
        let words = match words.strip_prefix('\n') {
            // The line that words end themselves is the one that is owed.
            Some(rest) if self.is_owed && !self.last.is_empty() => {
                self.begin_row();
                rest
            }
            _ => words,
        };
        for (at, line) in words.split('\n').enumerate() {
            if at > 0 {
                self.begin_row();
                self.end_row();
            }
            let line = line.trim_end_matches('\r');
            if !line.is_empty() {
                self.begin_row();
                self.line(line);
            }
        }
    }

    fn line(&mut self, line: &'t str) {
        // Two that touch would be read as one.
        let is_behind_code = self.last.atoms.last().is_some_and(|atom| atom.text().ends_with('`'));
        let code = self.code.filter(|_| !is_behind_code);
        if let Some(code) = code.and_then(|_| fenced(line, self.marks)) {
            return self.add(Kind::Solid(code));
        }
        let solid = line.trim();
        let begin = line.len() - line.trim_start().len();
        self.space(&line[..begin]);
        self.words(solid);
        self.space(&line[begin + solid.len()..]);
    }

    fn words(&mut self, mut words: &'t str) {
        while let Some((start, end)) = address_in(words) {
            self.spaced(&words[..start]);
            self.add(Kind::Address(shown(&words[start..end], self.marks)));
            words = &words[end..];
        }
        self.spaced(words);
    }

    /// Words, with the white space around them by itself.
    fn spaced(&mut self, words: &'t str) {
        let solid = words.trim();
        let begin = words.len() - words.trim_start().len();
        self.space(&words[..begin]);
        if !solid.is_empty() {
            self.add(Kind::Words(solid));
            self.space(&words[begin + solid.len()..]);
        }
    }

    fn space(&mut self, space: &'t str) {
        if !space.is_empty() {
            self.add(Kind::Space(space));
        }
    }

    fn add(&mut self, kind: Kind<'t>) {
        let marks = self.marks;
        self.last.atoms.push(Atom { marks, kind });
    }

    fn end_link(&mut self, url: &str) {
        let Some((row, start)) = self.link.take() else { return };
        if row != self.done.len() || self.last.block.is_some() {
            self.begin_row();
            return self.add_behind(&behind(url));
        }
        let label = self.last.atoms.split_off(start.min(self.last.atoms.len()));
        let words: String = label.iter().map(Atom::text).collect();
        let marks = label.iter().filter(|atom| !atom.is_space()).map(|atom| atom.marks);
        let marks = marks.reduce(Marks::and).unwrap_or(self.marks);
        match Link::of(words.trim(), url) {
            // Behind other words the address would be none.
            Link::Bare(_) if !self.is_apart() && !is_address(&words) => self.last.atoms.extend(label),
            Link::Bare(url) => self.in_place_of(&label, marks, Kind::Address(shown(&url, marks))),
            Link::Masked(link) if label.iter().all(Atom::is_words) => {
                self.in_place_of(&label, marks, Kind::Solid(link));
            }
            Link::Words => self.last.atoms.extend(label),
            Link::Masked(_) => {
                self.last.atoms.extend(label);
                self.add_behind(&behind(url));
            }
            Link::WordsAnd(url) => {
                self.last.atoms.extend(label);
                self.add_behind(&url);
            }
        }
    }

    /// Whether white space stands before what comes next, or nothing.
    fn is_apart(&self) -> bool {
        self.last.atoms.last().is_none_or(Atom::is_space)
    }

    /// A link in place of its words, with the white space around them.
    fn in_place_of(&mut self, label: &[Atom<'t>], marks: Marks, kind: Kind<'t>) {
        let spaces = |atom: &&Atom<'t>| atom.is_space();
        self.last.atoms.extend(label.iter().take_while(spaces).cloned());
        self.last.atoms.push(Atom { marks, kind });
        let behind: Vec<_> = label.iter().rev().take_while(spaces).cloned().collect();
        self.last.atoms.extend(behind.into_iter().rev());
    }

    fn add_behind(&mut self, url: &str) {
        self.add(Kind::Space(" "));
        self.add(Kind::Solid(url.to_owned()));
    }

    fn block(&mut self, language: Option<&str>, code: &'t str) {
        let is_hidden = self.marks.has(Mark::Spoiler);
        let cannot_be = code.contains("```") || code.trim().is_empty() || (is_hidden && code.contains('|'));
        self.is_owed = true;
        if cannot_be {
            self.lines(code);
        } else {
            let is_plain = |c: &char| c.is_ascii_alphanumeric() || "+#-._".contains(*c);
            let language: String = language.unwrap_or_default().chars().filter(is_plain).take(20).collect();
            let sign = if is_hidden { Mark::Spoiler.sign() } else { "" };
            let code = code.replace("\r\n", "\n");
            let code = code.strip_suffix('\n').unwrap_or(&code);
            self.begin_row();
            self.last.block = Some(format!("{sign}```{language}\n{code}\n```{sign}"));
        }
        self.is_owed = true;
    }

    /// From here on something stands in the last row.
    fn begin_row(&mut self) {
        if mem::take(&mut self.is_owed) && !self.last.is_empty() {
            self.end_row();
        }
        if self.last.is_empty() {
            self.last.is_quoted = self.quotes > 0;
        }
    }

    fn end_row(&mut self) {
        self.done.push(mem::take(&mut self.last));
    }
}

impl Row<'_> {
    fn is_empty(&self) -> bool {
        self.atoms.is_empty() && self.block.is_none()
    }
}

impl Atom<'_> {
    pub(super) const fn is_space(&self) -> bool {
        matches!(self.kind, Kind::Space(_))
    }

    const fn is_words(&self) -> bool {
        matches!(self.kind, Kind::Space(_) | Kind::Words(_))
    }

    pub(super) fn text(&self) -> &str {
        match &self.kind {
            Kind::Space(text) | Kind::Words(text) => text,
            Kind::Address(text) | Kind::Solid(text) => text,
        }
    }
}

const fn mark(style: &Style) -> Option<Mark> {
    match style {
        Style::Bold => Some(Mark::Bold),
        Style::Italic => Some(Mark::Italic),
        Style::Underline => Some(Mark::Underline),
        Style::Strike => Some(Mark::Strike),
        Style::Spoiler => Some(Mark::Spoiler),
        _ => None,
    }
}

/// An address, in which nothing can be escaped, so that hidden ones stay hidden.
fn shown(address: &str, marks: Marks) -> String {
    if marks.has(Mark::Spoiler) {
        address.replace('|', "%7C")
    } else {
        address.to_owned()
    }
}

/// Code within a line; `None` where Discord has no sign for it.
fn fenced(code: &str, marks: Marks) -> Option<String> {
    let runs: Vec<usize> = code.split(|c| c != '`').map(str::len).filter(|len| *len > 0).collect();
    let would_show = marks.has(Mark::Spoiler) && code.contains('|');
    if code.trim().is_empty() || would_show || runs.iter().any(|len| *len > 1) {
        return None;
    }
    if runs.is_empty() {
        return Some(format!("`{code}`"));
    }
    let space = |is_needed| if is_needed { " " } else { "" };
    let (before, behind) = (space(code.starts_with('`')), space(code.ends_with('`')));
    Some(format!("``{before}{code}{behind}``"))
}
