use std::ops::Range;

use super::{
    Piece, RichText, Span, Style,
    lines::{Gap, Lines},
    read,
};
use crate::model::Text;

impl RichText {
    /// In Markdown (CommonMark, and `~~` for what is struck through). What it has no sign for, underlines and spoilers, is
    /// left without one. The end of a line is one of Markdown's soft ones.
    pub fn markdown(&self) -> Text {
        // Words that stand together in the end are written together: what they mean there hangs on both.
        let text = self.without_signless().without_bare_links();
        let mut out = Writer::default();
        let mut within = None;
        for piece in text.pieces() {
            match piece {
                Piece::Open(style) if style.is_code() => within = Some(style),
                Piece::Close(style) if style.is_code() => within = None,
                Piece::Words(words) => {
                    // Markdown ends a line at each of them.
                    let words = words.replace("\r\n", "\n").replace('\r', "\n");
                    match within {
                        Some(Style::Block { language }) => out.block(language.as_deref(), &words),
                        Some(_) => out.code(&words),
                        None => out.say(&words),
                    }
                }
                Piece::Open(Style::Quote) => out.quote(),
                Piece::Close(Style::Quote) => out.unquote(),
                Piece::Open(style) => out.open(style),
                Piece::Close(_) => out.close(),
            }
        }
        Text::new(out.lines.done())
    }

    /// Without what Markdown has no sign for.
    fn without_signless(&self) -> Self {
        let has_sign = |span: &&Span| !matches!(span.style, Style::Underline | Style::Spoiler);
        Self {
            words: self.words.clone(),
            spans: with_code_in_one(self.spans.iter().filter(has_sign)),
        }
    }
}

/// Spans of code that touch as one: where one ends and the next begins, their signs would be read as other ones.
fn with_code_in_one<'s>(spans: impl Iterator<Item = &'s Span>) -> Vec<Span> {
    let mut all: Vec<Span> = Vec::new();
    let mut ends = Vec::new();
    for span in spans {
        let mut is_beside = true;
        while ends.pop_if(|end| *end <= span.start).is_some() {
            // Its sign stands between.
            is_beside = false;
        }
        let is_code = span.style == Style::Code;
        match all.last_mut() {
            Some(last) if is_code && is_beside && last.style == Style::Code && last.end == span.start => {
                last.end = span.end;
            }
            _ => all.push(span.clone()),
        }
        if !is_code {
            ends.push(span.end);
        }
    }
    all
}

/// Writes Markdown. Marks stand at the words that they are about, and begin and end within a line, or they would be none.
#[derive(Default)]
struct Writer<'t> {
    lines: Lines,
    /// What is open, from the outer to the inner, and whether its mark is written.
    open: Vec<(&'t Style, bool)>,
    /// White space that is not written yet: a mark may have to come before it.
    space: String,
}

impl<'t> Writer<'t> {
    fn open(&mut self, style: &'t Style) {
        self.open.push((style, false));
    }

    fn close(&mut self) {
        if let Some((style, true)) = self.open.pop() {
            self.lines.say(&closing(style));
        }
    }

    fn quote(&mut self) {
        self.end_marks();
        self.lines.quote();
    }

    fn unquote(&mut self) {
        self.end_marks();
        // Else what comes next would be the quote's.
        self.lines.unquote(Gap::Paragraph);
    }

    fn say(&mut self, words: &str) {
        self.each_line(words, |out, line| {
            let solid = line.trim();
            let begin = line.len() - line.trim_start().len();
            out.space.push_str(&line[..begin]);
            if !solid.is_empty() {
                let is_first = out.lines.is_at_start();
                out.begin();
                out.lines.say(&escaped(solid, is_first));
                out.space.push_str(&line[begin + solid.len()..]);
            }
        });
    }

    fn code(&mut self, words: &str) {
        self.each_line(words, |out, line| {
            if line.trim().is_empty() {
                // It stands between, or the signs of what is beside it would be read as one.
                out.space.push_str(line);
            } else {
                out.begin();
                let fence = fence(line, 1);
                let gap = if line.starts_with('`') || line.ends_with('`') {
                    " "
                } else {
                    ""
                };
                out.lines.say(&format!("{fence}{gap}{line}{gap}{fence}"));
            }
        });
    }

    fn block(&mut self, language: Option<&str>, words: &str) {
        self.end_marks();
        let fence = fence(words, 3);
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || "+#-._".contains(*c);
        let language: String = language.unwrap_or_default().chars().filter(is_plain).collect();
        let words = words.strip_suffix('\n').unwrap_or(words);
        self.lines.own_line();
        self.lines.say(&format!("{fence}{language}\n{words}\n{fence}"));
        self.lines.own_line();
    }

    fn each_line(&mut self, words: &str, write: impl Fn(&mut Self, &str)) {
        for (at, line) in words.split('\n').enumerate() {
            if at > 0 {
                self.end_marks();
                self.lines.say("\n");
            }
            write(self, line);
        }
    }

    /// Writes the marks that belong before the words that come.
    fn begin(&mut self) {
        let space = space(&std::mem::take(&mut self.space), self.lines.is_at_start());
        self.lines.say(&space);
        for (style, is_written) in &mut self.open {
            if !std::mem::replace(is_written, true) {
                let mark = opening(style);
                if mark == "[" && self.lines.last() == Some('!') {
                    // Else it would be a picture.
                    self.lines.take_last();
                    self.lines.say("\\!");
                }
                self.lines.say(mark);
            }
        }
    }

    /// Ends all marks, to be begun again with the words that come.
    fn end_marks(&mut self) {
        self.space.clear();
        for (style, is_written) in self.open.iter_mut().rev() {
            if std::mem::take(is_written) {
                self.lines.say(&closing(style));
            }
        }
    }
}

const fn opening(style: &Style) -> &'static str {
    match style {
        Style::Bold => "**",
        Style::Italic => "*",
        Style::Strike => "~~",
        Style::Link { .. } => "[",
        Style::Underline | Style::Spoiler | Style::Code | Style::Block { .. } | Style::Quote => "",
    }
}

fn closing(style: &Style) -> String {
    match style {
        Style::Link { url } => format!("]({})", target(url)),
        other => opening(other).to_owned(),
    }
}

/// An address, without what would end it.
fn target(url: &str) -> String {
    let mut target = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '(' => target.push_str("%28"),
            ')' => target.push_str("%29"),
            '<' => target.push_str("%3C"),
            '>' => target.push_str("%3E"),
            '\\' => target.push_str("%5C"),
            c if c.is_whitespace() || c.is_control() => target.push_str("%20"),
            c => target.push(c),
        }
    }
    target
}

/// More backticks than stand in a row in the words.
fn fence(words: &str, least: usize) -> String {
    let longest = words.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(least.max(longest + 1))
}

/// White space before words. What begins a line and is wide would make code of it.
fn space(space: &str, is_first: bool) -> String {
    const WIDE: usize = 4;
    let width: usize = space.chars().map(|c| if c == '\t' { WIDE } else { 1 }).sum();
    if is_first && width >= WIDE {
        return "\u{a0}".repeat(width);
    }
    space.to_owned()
}

/// Words of a line that mean nothing but themselves. An address stays one: `<` and `>` around it where it has a sign in it.
fn escaped(words: &str, is_line: bool) -> String {
    let mut escaped = String::with_capacity(words.len());
    let (mut from, mut at) = (0, 0);
    while let Some(found) = read::find(&words[at..]) {
        let found = at + found.start..at + found.end;
        at = found.end;
        let address = &words[found.clone()];
        let mut with_signs = String::with_capacity(address.len());
        escape(&words[found.start..], 0..address.len(), false, &mut with_signs);
        if with_signs != address && has_scheme(address) {
            escape(words, from..found.start, is_line, &mut escaped);
            escaped.extend(["<", address, ">"]);
            from = found.end;
        }
    }
    escape(words, from..words.len(), is_line, &mut escaped);
    escaped
}

/// Whether an address begins with `http://` or `https://`, without which `<` and `>` make none of it. One that begins with
/// `www.` may have another in it.
fn has_scheme(address: &str) -> bool {
    address.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("http"))
}

/// A stretch of the words of a line.
fn escape(words: &str, stretch: Range<usize>, is_line: bool, escaped: &mut String) {
    let mut before = words[..stretch.start].chars().next_back();
    for (at, c) in words[stretch.clone()].char_indices() {
        let at = stretch.start + at;
        let behind = &words[at + c.len_utf8()..];
        let after = behind.chars().next();
        let is_mark = match c {
            '*' | '`' | '[' | ']' | '<' | '~' => true,
            // Within a word it is a letter.
            '_' => !(before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)),
            // Behind the stretch stands a sign of ours.
            '\\' => {
                behind.len() == words.len() - stretch.end || after.is_some_and(|after| after.is_ascii_punctuation())
            }
            '&' => is_entity(behind),
            '#' | '>' | '+' | '-' | '=' => is_line && at == 0,
            '.' | ')' => is_line && is_number(&words[..at]),
            _ => false,
        };
        if is_mark {
            escaped.push('\\');
        }
        escaped.push(c);
        before = Some(c);
    }
}

/// Whether what stands behind a `&` makes a character of it.
fn is_entity(behind: &str) -> bool {
    /// The longest name that an entity has.
    const NAME_BYTES_MAX: usize = 32;
    let begin = behind.bytes().take(NAME_BYTES_MAX + 2);
    let Some(end) = begin.enumerate().find_map(|(at, b)| (b == b';').then_some(at)) else {
        return false;
    };
    let name = &behind[..end];
    let letters = name.strip_prefix('#').unwrap_or(name);
    !letters.is_empty() && letters.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Whether a line that begins like this is an item of a list.
fn is_number(words: &str) -> bool {
    (1..=9).contains(&words.len()) && words.bytes().all(|b| b.is_ascii_digit())
}
