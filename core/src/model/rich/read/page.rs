use std::mem;

use crate::model::{RichText, Span, Style};

/// How many empty lines stand between two lines at the most.
const EMPTY_LINES_MAX: usize = 2;
/// How many quotes are shown within each other. Deeper ones are words of the innermost.
const QUOTES_MAX: usize = 8;
/// How far a list within lists is moved to the right.
const LISTS_MAX: usize = 8;

const POINT: &str = "• ";
const BETWEEN_CELLS: &str = " | ";
const RULE: &str = "———";

/// Lays out what is read as words and spans. What stands between words is written with the words behind it, so that nothing
/// begins or ends with white space, and a span covers words alone.
#[derive(Default)]
pub(super) struct Page {
    words: String,
    spans: Vec<Span>,
    /// How many ends of lines stand before the next words.
    ends: usize,
    /// What stands in front of the next words of their line: the point of a list, the gap between two cells.
    mark: String,
    /// White space before the next words of their line.
    space: String,
    faces: [Open; Face::ALL.len()],
    link: Option<(String, Open)>,
    block: Option<(Option<String>, Open)>,
    /// Where quotes begin that are open; `None` before their first words.
    quotes: Vec<Option<usize>>,
    /// How many more are open than are shown.
    deeper: usize,
    /// The lists that are open, from the outer to the inner: of one with numbers the next of them.
    lists: Vec<Option<u64>>,
    /// Where the row of a table begins, and how many cells it has.
    row: (usize, usize),
}

/// What words can look like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    Bold,
    Italic,
    Underline,
    Strike,
    Spoiler,
    Code,
}

/// How often something is open, and where its words begin: a tag can stand within its like.
#[derive(Clone, Copy, Default)]
struct Open {
    times: usize,
    start: Option<usize>,
}

impl Page {
    /// Words as they are, with their ends of lines.
    pub(super) fn say(&mut self, words: &str) {
        let solid = words.trim_end_matches([' ', '\n']);
        if !solid.is_empty() {
            self.begin();
            self.words.push_str(solid);
        }
        self.space.push_str(&words[solid.len()..]);
    }

    /// Words in which white space is one space, as a browser shows them. One that must not break is one of its own.
    pub(super) fn flow(&mut self, words: &str) {
        let is_gap = |c: char| c.is_ascii_whitespace();
        for (at, piece) in words.split(is_gap).enumerate() {
            if at > 0 && self.space.is_empty() && !self.is_at_start() {
                self.space.push(' ');
            }
            let solid = piece.trim_start_matches('\u{a0}');
            self.space
                .extend(piece[..piece.len() - solid.len()].chars().map(|_| ' '));
            if !solid.is_empty() {
                self.begin();
                let rest = solid.trim_end_matches('\u{a0}');
                self.words.push_str(&rest.replace('\u{a0}', " "));
                self.space.extend(solid[rest.len()..].chars().map(|_| ' '));
            }
        }
    }

    /// The end of a line.
    pub(super) fn end_line(&mut self) {
        if self.is_in_block() {
            self.space.push('\n');
            return;
        }
        self.space.clear();
        self.ends = (self.ends + 1).min(1 + EMPTY_LINES_MAX);
    }

    /// What comes next stands on a line of its own.
    pub(super) fn own_line(&mut self) {
        self.apart(1);
    }

    /// What comes next stands behind an empty line.
    pub(super) fn paragraph(&mut self) {
        self.apart(2);
    }

    pub(super) fn open(&mut self, face: Face) {
        self.faces[face as usize].times += 1;
    }

    pub(super) fn close(&mut self, face: Face) {
        let open = &mut self.faces[face as usize];
        open.times = open.times.saturating_sub(1);
        if open.times == 0 {
            let start = open.start.take();
            self.cover(start, face.style());
        }
    }

    /// Opens a link; one that is open ends. Where it leads nowhere, its words are words.
    pub(super) fn link(&mut self, url: Option<String>) {
        self.unlink();
        self.link = url.map(|url| (url, Open::default()));
    }

    pub(super) fn unlink(&mut self) {
        let Some((url, open)) = self.link.take() else {
            return;
        };
        let is_in_code = self.block.is_some() || self.faces[Face::Code as usize].times > 0;
        match open.start {
            // Code holds no link, so that the address is told behind the words.
            Some(start) if is_in_code && self.words[start..] != url => self.say(&format!(" ({url})")),
            start => self.cover(start, Style::Link { url }),
        }
    }

    /// Whether a link is open that has no words yet.
    pub(super) fn link_without_words(&self) -> Option<&str> {
        let (url, open) = self.link.as_ref()?;
        open.start.is_none().then_some(url)
    }

    pub(super) const fn is_in_link(&self) -> bool {
        self.link.is_some()
    }

    /// Opens lines of code. One within another is the same.
    pub(super) fn block(&mut self, language: Option<String>) {
        self.own_line();
        let (told, open) = self.block.get_or_insert_default();
        open.times += 1;
        if told.is_none() {
            *told = language;
        }
    }

    pub(super) fn unblock(&mut self) {
        let Some((language, mut open)) = self.block.take() else {
            return;
        };
        open.times -= 1;
        if open.times > 0 {
            self.block = Some((language, open));
            return;
        }
        self.space.clear();
        self.cover(open.start, Style::Block { language });
        self.own_line();
    }

    pub(super) const fn is_in_block(&self) -> bool {
        self.block.is_some()
    }

    pub(super) fn name_language(&mut self, name: Option<String>) {
        if let Some((language @ None, _)) = &mut self.block {
            *language = name;
        }
    }

    pub(super) fn quote(&mut self) {
        self.own_line();
        if self.quotes.len() < QUOTES_MAX {
            self.quotes.push(None);
        } else {
            self.deeper += 1;
        }
    }

    pub(super) fn unquote(&mut self) {
        self.own_line();
        if self.deeper > 0 {
            self.deeper -= 1;
        } else if let Some(start) = self.quotes.pop() {
            self.cover(start, Style::Quote);
        }
    }

    /// Opens a list; one with numbers begins with this one.
    pub(super) fn list(&mut self, first: Option<u64>) {
        self.own_line();
        self.lists.push(first);
    }

    pub(super) fn unlist(&mut self) {
        self.unmark();
        self.lists.pop();
    }

    pub(super) fn item(&mut self) {
        self.unmark();
        let depth = self.lists.len().clamp(1, LISTS_MAX) - 1;
        self.mark = "  ".repeat(depth);
        match self.lists.last_mut() {
            Some(Some(number)) => {
                self.mark.extend([number.to_string().as_str(), ". "]);
                *number = number.saturating_add(1);
            }
            _ => self.mark.push_str(POINT),
        }
    }

    /// Ends an item of a list, or a row of a table: a mark without words is none.
    pub(super) fn unmark(&mut self) {
        self.mark.clear();
        self.own_line();
    }

    /// Begins a row of a table.
    pub(super) fn row(&mut self) {
        self.unmark();
        self.row = (self.words.len(), 0);
    }

    /// Begins a cell of it, on the line of the one before.
    pub(super) fn cell(&mut self) {
        let (start, cells) = &mut self.row;
        if mem::replace(cells, *cells + 1) > 0 {
            if *start < self.words.len() {
                self.ends = 0;
            }
            self.space.clear();
            let is_first = *start == self.words.len() && self.mark.is_empty();
            self.mark.push_str(if is_first {
                BETWEEN_CELLS.trim_start()
            } else {
                BETWEEN_CELLS
            });
        }
    }

    /// A line across.
    pub(super) fn rule(&mut self) {
        self.own_line();
        self.say(RULE);
        self.own_line();
    }

    /// What was read. What is open ends here.
    pub(super) fn done(mut self) -> RichText {
        self.unlink();
        for face in Face::ALL {
            self.faces[face as usize].times = 0;
            self.close(face);
        }
        if let Some((language, open)) = self.block.take() {
            self.cover(open.start, Style::Block { language });
        }
        while let Some(start) = self.quotes.pop() {
            self.cover(start, Style::Quote);
        }
        RichText::new(self.words, self.spans)
    }

    /// Whether nothing stands on the line yet.
    pub(super) fn is_at_start(&self) -> bool {
        self.words.is_empty() || self.ends > 0 || !self.mark.is_empty()
    }

    fn apart(&mut self, ends: usize) {
        // A line of spaces is an empty one, and where a mark waits one is on a line of its own.
        if self.is_at_start() && !mem::take(&mut self.space).is_empty() {
            self.ends += 1;
        }
        self.space.clear();
        if self.mark.is_empty() {
            self.ends = self.ends.max(ends).min(1 + EMPTY_LINES_MAX);
        }
    }

    /// Writes what waits for words.
    fn begin(&mut self) {
        let ends = mem::take(&mut self.ends);
        if !self.words.is_empty() {
            self.words.extend(std::iter::repeat_n('\n', ends));
        }
        let at = self.words.len();
        for quote in &mut self.quotes {
            quote.get_or_insert(at);
        }
        self.words.push_str(&mem::take(&mut self.mark));
        self.words.push_str(&mem::take(&mut self.space));
        let at = self.words.len();
        let faces = self.faces.iter_mut().filter(|open| open.times > 0);
        let link = self.link.iter_mut().map(|(_, open)| open);
        let block = self.block.iter_mut().map(|(_, open)| open);
        for open in faces.chain(link).chain(block) {
            open.start.get_or_insert(at);
        }
    }

    fn cover(&mut self, start: Option<usize>, style: Style) {
        let end = self.words.len();
        self.spans.extend(start.map(|start| Span { start, end, style }));
    }
}

impl Face {
    const ALL: [Self; 6] = [
        Self::Bold,
        Self::Italic,
        Self::Underline,
        Self::Strike,
        Self::Spoiler,
        Self::Code,
    ];

    const fn style(self) -> Style {
        match self {
            Self::Bold => Style::Bold,
            Self::Italic => Style::Italic,
            Self::Underline => Style::Underline,
            Self::Strike => Style::Strike,
            Self::Spoiler => Style::Spoiler,
            Self::Code => Style::Code,
        }
    }
}
