use std::ops::Range;

use super::{
    address::may_follow,
    escape::escaped,
    mark::{Mark, Marks},
    rows::{Atom, Kind, Row},
};

/// A row as it is written.
pub(super) fn row(row: Row<'_>) -> String {
    match row.block {
        Some(block) => block,
        None => Writer::new(row.atoms).write(),
    }
}

struct Writer<'t> {
    atoms: Vec<Atom<'t>>,
    out: String,
    /// Marks that are written and not ended, each with its sign.
    open: Vec<(Mark, &'static str)>,
    last: Last,
}

/// What was written last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Words,
    Opening,
    Closing,
}

impl<'t> Writer<'t> {
    fn new(atoms: Vec<Atom<'t>>) -> Self {
        let mut writer = Self {
            atoms,
            out: String::new(),
            open: Vec::new(),
            last: Last::Words,
        };
        writer.let_go();
        for mark in Mark::ALL {
            writer.tighten(mark);
        }
        writer
    }

    fn write(mut self) -> String {
        let mut is_first = true;
        for at in 0..self.atoms.len() {
            self.close(self.atoms[at].marks);
            if !self.atoms[at].is_space() {
                self.open(at);
            }
            let text = match &self.atoms[at].kind {
                Kind::Words(words) => self.kept_apart(escaped(words, is_first)),
                Kind::Address(address) if self.ends_by_itself(at) => address.clone(),
                Kind::Address(address) => format!("<{address}>"),
                Kind::Space(text) => (*text).to_owned(),
                Kind::Solid(text) => text.clone(),
            };
            is_first &= self.atoms[at].is_space();
            self.out.push_str(&text);
            self.last = Last::Words;
        }
        self.close(Marks::default());
        self.out
    }

    /// Words that make no address of what stands before them.
    fn kept_apart(&self, mut words: String) -> String {
        let made = ["https://", "http://"].into_iter().find_map(|scheme| {
            let mut cuts = 1..scheme.len();
            let cut = cuts.find(|cut| self.out.ends_with(&scheme[..*cut]) && words.starts_with(&scheme[*cut..]))?;
            // A letter cannot be escaped.
            Some(scheme.find(':')?.saturating_sub(cut))
        });
        if let Some(at) = made.filter(|_| self.last == Last::Words) {
            words.insert(at, '\\');
        }
        words
    }

    /// Takes marks from what would end them: nothing can be escaped there.
    fn let_go(&mut self) {
        for atom in &mut self.atoms {
            if matches!(atom.kind, Kind::Address(_) | Kind::Solid(_)) {
                let ending = Mark::ALL.into_iter().filter(|mark| atom.text().contains(mark.letter()));
                atom.marks = ending.collect::<Vec<_>>().into_iter().fold(atom.marks, Marks::without);
            }
        }
    }

    /// Takes a mark from the white space at its edges, and from its own sign where that stands last.
    fn tighten(&mut self, mark: Mark) {
        let mut at = 0;
        while at < self.atoms.len() {
            let Range { start, mut end } = self.covered(mark, at);
            at = end.max(at + 1);
            let first = self.atoms[start..end].iter().position(|atom| !atom.is_space());
            let begin = first.map_or(end, |first| start + first);
            self.take_from(mark, start..begin);
            let last = self.atoms[begin..end].iter().rposition(|atom| !atom.is_space());
            let behind = last.map_or(begin, |last| begin + last + 1);
            self.take_from(mark, behind..end);
            end = behind;
            if mark.knows_no_escape() && end > begin && self.loosen_sign(mark, end - 1) {
                at = begin;
            }
        }
    }

    /// Takes a mark from its own sign at the end of an atom; tells whether there was one.
    fn loosen_sign(&mut self, mark: Mark, at: usize) -> bool {
        let Kind::Words(words) = self.atoms[at].kind else {
            return false;
        };
        let inner = words.trim_end_matches(mark.letter());
        if inner.len() == words.len() {
            return false;
        }
        let marks = self.atoms[at].marks;
        let kind = Kind::Words(&words[inner.len()..]);
        self.atoms[at].kind = Kind::Words(inner);
        let loose = Atom {
            marks: marks.without(mark),
            kind,
        };
        if inner.is_empty() {
            self.atoms[at] = loose;
        } else {
            let solid = inner.trim_end();
            self.atoms[at].kind = Kind::Words(solid);
            self.atoms.insert(at + 1, loose);
            if solid.len() < inner.len() {
                let kind = Kind::Space(&inner[solid.len()..]);
                self.atoms.insert(at + 1, Atom { marks, kind });
            }
        }
        true
    }

    /// The next atoms in a row that have a mark.
    fn covered(&self, mark: Mark, from: usize) -> Range<usize> {
        let has = |atom: &Atom<'_>| atom.marks.has(mark);
        let start = self.atoms[from..].iter().position(has);
        let start = start.map_or(self.atoms.len(), |start| from + start);
        start..self.end(mark, start)
    }

    /// The first atom from here on that does not have a mark.
    fn end(&self, mark: Mark, from: usize) -> usize {
        let end = self.atoms[from..].iter().position(|atom| !atom.marks.has(mark));
        end.map_or(self.atoms.len(), |end| from + end)
    }

    fn take_from(&mut self, mark: Mark, atoms: Range<usize>) {
        for atom in &mut self.atoms[atoms] {
            atom.marks = atom.marks.without(mark);
        }
    }

    /// Ends what is not wanted any more, and what was begun within that.
    fn close(&mut self, wanted: Marks) {
        let kept = self.open.iter().take_while(|(mark, _)| wanted.has(*mark)).count();
        for (_, sign) in self.open.split_off(kept).into_iter().rev() {
            self.out.push_str(sign);
            self.last = Last::Closing;
        }
    }

    /// Begins what is wanted from an atom on: what lasts longest first.
    fn open(&mut self, at: usize) {
        let is_open = |mark: &Mark| self.open.iter().any(|(open, _)| open == mark);
        let wanted = self.atoms[at].marks;
        let mut missing: Vec<_> = Mark::ALL
            .into_iter()
            .filter(|mark| wanted.has(*mark) && !is_open(mark))
            .collect();
        missing.sort_by_key(|mark| std::cmp::Reverse(self.end(*mark, at)));
        for mark in missing {
            if let Some(sign) = self.sign(mark, at) {
                self.out.push_str(sign);
                self.last = Last::Opening;
                self.open.push((mark, sign));
            } else {
                let end = self.end(mark, at);
                self.take_from(mark, at..end);
            }
        }
    }

    /// The sign with which a mark can begin here; `None` where none would be read as that.
    fn sign(&self, mark: Mark, at: usize) -> Option<&'static str> {
        match mark {
            // The sign before it would end nothing.
            Mark::Underline if self.is_behind(Last::Closing, '~') => None,
            Mark::Bold if self.is_behind(Last::Closing, '*') => None,
            Mark::Italic => self.italic(at),
            other => Some(other.sign()),
        }
    }

    /// Of the two signs of italic the one that can be told from those of bold beside it.
    fn italic(&self, at: usize) -> Option<&'static str> {
        let ends = self.open.iter().map(|(mark, _)| self.end(*mark, at));
        let end = ends.fold(self.end(Mark::Italic, at), usize::min);
        let is_behind_bold = self.last != Last::Words && self.out.ends_with('*');
        if !is_behind_bold && !self.begins(Mark::Bold, at) && !self.touches_bold(at..end) {
            return Some("*");
        }
        let before = self.out.chars().next_back();
        let is_alone = !before.is_some_and(is_word) && !self.begins(Mark::Underline, at) && !self.next_is_word(end);
        let is_solid = |atom: &Atom<'_>| matches!(atom.kind, Kind::Address(_) | Kind::Solid(_));
        let is_free = !self.atoms[at..end]
            .iter()
            .any(|atom| is_solid(atom) && atom.text().contains('_'));
        (is_alone && is_free && !self.is_behind(Last::Closing, '~')).then_some("_")
    }

    fn is_behind(&self, last: Last, sign: char) -> bool {
        self.last == last && self.out.ends_with(sign)
    }

    /// Whether a mark begins with that atom, behind the one that is being written.
    fn begins(&self, mark: Mark, at: usize) -> bool {
        self.atoms[at].marks.has(mark) && !self.open.iter().any(|(open, _)| *open == mark)
    }

    /// Whether a sign of bold stands where a mark over these atoms ends.
    fn touches_bold(&self, atoms: Range<usize>) -> bool {
        let has_bold = |at: usize| self.atoms.get(at).is_some_and(|atom| atom.marks.has(Mark::Bold));
        let is_around = self.open.iter().any(|(mark, _)| *mark == Mark::Bold);
        let (before, after) = (has_bold(atoms.end - 1), has_bold(atoms.end));
        if is_around { !after } else { before || after }
    }

    /// Whether a letter follows, or the sign of an underline, where a mark that begins now ends before that atom.
    fn next_is_word(&self, at: usize) -> bool {
        let marks = self.atoms.get(at).map_or(Marks::default(), |atom| atom.marks);
        if self.open.iter().any(|(mark, _)| !marks.has(*mark)) {
            return self.open.last().is_some_and(|(_, sign)| sign.starts_with('_'));
        }
        let is_new = |mark: &Mark| marks.has(*mark) && !self.open.iter().any(|(open, _)| open == mark);
        if Mark::ALL.iter().any(is_new) {
            return is_new(&Mark::Underline);
        }
        let next = self.atoms.get(at).and_then(|atom| atom.text().chars().next());
        next.is_some_and(is_word)
    }

    /// Whether Discord sees where an address ends: nothing follows that it would take for more of it.
    fn ends_by_itself(&self, at: usize) -> bool {
        let marks = self.atoms[at].marks;
        for atom in &self.atoms[at + 1..] {
            if !atom.marks.is_within(marks) {
                return false;
            }
            if atom.is_space() || atom.marks != marks {
                return true;
            }
            let Kind::Words(words) = atom.kind else { return false };
            let word = words.split(char::is_whitespace).next().unwrap_or_default();
            if !may_follow(word) {
                return false;
            }
            if word.len() < words.len() {
                return true;
            }
        }
        true
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
