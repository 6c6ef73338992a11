//! Reads Discord's own Markdown. It is none of the common ones: `__` underlines, `||` hides, `-#` is small print, and a
//! quote holds no list. The rules are those of <https://support.discord.com/hc/articles/210298617>.

use escalator::model::{RichText, Span, Style};

/// How deep formatting is read that stands within other formatting; what is deeper is words.
const DEPTH_MAX: usize = 8;

/// How long what stands between `<` and `>` can be, in bytes.
const TAG_BYTES_MAX: usize = 100;

/// How much is searched in vain in a message for what closes a sign, in bytes. After that signs are words: each could
/// search all that follows.
const VAIN_BYTES_MAX: usize = 256 << 10;

/// What stands before a block of code and behind it.
const FENCE: &str = "```";

/// What quotes all that follows.
const QUOTES_ALL: &str = ">>> ";

/// A message's formatting. `shown` reads what stands between `<` and `>`, such as `@42`, and what it does not know stays as
/// it is.
pub(crate) fn formatted(content: &str, shown: &dyn Fn(&str) -> Option<String>) -> RichText {
    let mut reader = Reader {
        words: String::with_capacity(content.len()),
        spans: Vec::new(),
        shown,
        vain_bytes: 0,
    };
    reader.lines(content);
    RichText::new(reader.words, reader.spans)
}

struct Reader<'s> {
    words: String,
    spans: Vec<Span>,
    shown: &'s dyn Fn(&str) -> Option<String>,
    /// How much was searched in vain for what closes a sign.
    vain_bytes: usize,
}

/// What the beginning of a line means.
enum Line<'t> {
    Quote(&'t str),
    Heading(&'t str),
    Small(&'t str),
    Plain,
}

impl Reader<'_> {
    /// Reads what begins lines; between that, formatting may go over several of them.
    fn lines(&mut self, content: &str) {
        let (mut at, mut plain, mut fences) = (0, 0, 0);
        let last_fence = content.rfind(FENCE);
        while at < content.len() {
            let line = line_at(content, at);
            let is_within_block = fences % 2 == 1 && last_fence.is_some_and(|last| last >= at);
            if is_within_block || matches!(Line::of(line), Line::Plain) {
                at += line.len();
                fences += line.matches(FENCE).count();
                continue;
            }
            self.inline(&content[plain..at], 0);
            at += self.special_line(&content[at..]);
            (plain, fences) = (at, 0);
        }
        self.inline(&content[plain..], 0);
    }

    /// Reads a quote with all its lines, a heading or small print, and tells how long it was.
    fn special_line(&mut self, rest: &str) -> usize {
        if let Some(quoted) = rest.strip_prefix(QUOTES_ALL) {
            self.styled(Style::Quote, |reader| reader.inline(quoted, 0));
            return rest.len();
        }
        let line = line_at(rest, 0);
        match Line::of(line) {
            Line::Quote(_) => self.quote(rest),
            Line::Heading(words) => {
                self.styled(Style::Bold, |reader| reader.inline(words, 0));
                self.words.push_str(&line[line.trim_end_matches('\n').len()..]);
                line.len()
            }
            Line::Small(words) => {
                self.inline(words, 0);
                self.words.push_str(&line[line.trim_end_matches('\n').len()..]);
                line.len()
            }
            Line::Plain => 0,
        }
    }

    fn quote(&mut self, rest: &str) -> usize {
        let (mut quoted, mut len) = (String::new(), 0);
        while let Line::Quote(words) = Line::of(line_at(rest, len)) {
            let line = line_at(rest, len);
            if line.starts_with(QUOTES_ALL) {
                break;
            }
            quoted.push_str(words);
            quoted.push_str(&line[line.trim_end_matches('\n').len()..]);
            len += line.len();
        }
        let words = quoted.strip_suffix('\n').unwrap_or(&quoted);
        self.styled(Style::Quote, |reader| reader.inline(words, 0));
        self.words.push_str(&quoted[words.len()..]);
        len
    }

    fn styled(&mut self, style: Style, read: impl FnOnce(&mut Self)) {
        let (start, at) = (self.words.len(), self.spans.len());
        read(self);
        let end = self.words.len();
        // Before what stands within it.
        self.spans.insert(at, Span { start, end, style });
    }

    fn inline(&mut self, text: &str, depth: usize) {
        let (mut at, mut before) = (0, None);
        while let Some(c) = text[at..].chars().next() {
            let marked = self.mark(&text[at..], before, depth);
            if marked.is_none() {
                self.words.push(c);
            }
            at += marked.unwrap_or(c.len_utf8());
            before = text[..at].chars().next_back();
        }
    }

    /// Reads what begins here and means more than itself, and tells how long it was.
    fn mark(&mut self, rest: &str, before: Option<char>, depth: usize) -> Option<usize> {
        match rest.as_bytes()[0] {
            b'\\' => self.escape(rest),
            b'`' => self.code(rest),
            b'h' => self.address(rest),
            b'<' => self.tag(rest),
            _ if depth >= DEPTH_MAX => None,
            b'[' => self.link(rest, depth),
            b'*' | b'_' | b'~' | b'|' => self.pair(rest, before, depth),
            _ => None,
        }
    }

    fn escape(&mut self, rest: &str) -> Option<usize> {
        let escaped = rest[1..].chars().next().filter(char::is_ascii_punctuation)?;
        self.words.push(escaped);
        Some(2)
    }

    /// An address has no formatting in it.
    fn address(&mut self, rest: &str) -> Option<usize> {
        if !is_address(rest) {
            return None;
        }
        let len = rest
            .find(|c: char| c.is_whitespace() || "<>".contains(c))
            .unwrap_or(rest.len());
        self.words.push_str(&rest[..len]);
        Some(len)
    }

    fn code(&mut self, rest: &str) -> Option<usize> {
        let ticks = rest.bytes().take_while(|b| *b == b'`').count();
        let fence = &rest[..ticks.min(3)];
        let words = &rest[fence.len()..];
        let len = self.search(words, |words| find_run(words, fence.len()))?;
        let words = &words[..len];
        if words.is_empty() {
            return None;
        }
        let (style, words) = match fence.len() {
            3 => block(words),
            2 => (Style::Code, words.trim()),
            _ => (Style::Code, words),
        };
        self.styled(style, |reader| reader.words.push_str(words));
        Some(2 * fence.len() + len)
    }

    fn tag(&mut self, rest: &str) -> Option<usize> {
        let (tag, _) = rest[1..].split_once('>')?;
        let shown = if is_address(tag) && !tag.contains(' ') {
            Some(tag.to_owned())
        } else {
            (self.shown)(tag)
        };
        self.words.push_str(&shown?);
        Some(tag.len() + 2)
    }

    fn link(&mut self, rest: &str, depth: usize) -> Option<usize> {
        let (label, behind) = rest[1..].split_once("](")?;
        let target = &behind[..end_of_target(behind)?];
        let url = without_title(target.trim())
            .trim_start_matches('<')
            .trim_end_matches('>');
        if !is_address(url)
            || url.contains(char::is_whitespace)
            || label.trim().is_empty()
            || label.contains(['[', ']'])
        {
            return None;
        }
        let style = Style::Link { url: url.to_owned() };
        self.styled(style, |reader| reader.inline(label, depth + 1));
        Some(1 + label.len() + 2 + target.len() + 1)
    }

    /// Searches for what closes a sign, while not too much was searched in vain.
    fn search(&mut self, words: &str, search: impl FnOnce(&str) -> Option<usize>) -> Option<usize> {
        if self.vain_bytes >= VAIN_BYTES_MAX {
            return None;
        }
        let found = search(words);
        if found.is_none() {
            self.vain_bytes += words.len();
        }
        found
    }

    fn pair(&mut self, rest: &str, before: Option<char>, depth: usize) -> Option<usize> {
        for (sign, style) in [
            ("**", Style::Bold),
            ("__", Style::Underline),
            ("~~", Style::Strike),
            ("||", Style::Spoiler),
            ("*", Style::Italic),
            ("_", Style::Italic),
        ] {
            if let Some(words) = rest.strip_prefix(sign)
                && let Some(len) = self.search(words, |words| closed(words, sign, before))
            {
                self.styled(style, |reader| reader.inline(&words[..len], depth + 1));
                return Some(2 * sign.len() + len);
            }
        }
        None
    }
}

impl<'t> Line<'t> {
    fn of(line: &'t str) -> Self {
        let line = line.strip_suffix('\n').unwrap_or(line);
        if let Some(words) = line.strip_prefix("> ") {
            return Self::Quote(words);
        }
        if let Some(words) = line.strip_prefix("-# ") {
            return Self::Small(words);
        }
        if line.starts_with(QUOTES_ALL) {
            return Self::Quote(line);
        }
        let heading = ["# ", "## ", "### "].iter().find_map(|sign| line.strip_prefix(sign));
        heading.map_or(Self::Plain, Self::Heading)
    }
}

/// The line that begins at a byte, with its end.
fn line_at(text: &str, at: usize) -> &str {
    text[at..].split_inclusive('\n').next().unwrap_or_default()
}

/// Where a run of exactly so many backticks begins; of three or more, the first of at least so many.
fn find_run(words: &str, ticks: usize) -> Option<usize> {
    let bytes = words.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|b| **b == b'`').count();
        if run == ticks || (ticks == 3 && run > 3) {
            return Some(at);
        }
        at += run.max(1);
    }
    None
}

/// How long what Discord writes between `<` and `>` is that begins here: no sign in it is one of formatting.
fn tag_len(words: &str) -> Option<usize> {
    let rest = words.strip_prefix('<')?;
    let mut kinds = ["@", "#", ":", "a:", "/", "t:", "id:", "sound:"].into_iter();
    if !kinds.any(|kind| rest.starts_with(kind)) {
        return None;
    }
    let ends = |b| b"><\n*`~|\\".contains(&b);
    let end = rest.bytes().take(TAG_BYTES_MAX).position(ends)?;
    (rest.as_bytes()[end] == b'>').then_some(end + 2)
}

fn is_address(words: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| words.starts_with(scheme))
}

/// Where the bracket stands that ends a link's target; those in pairs are the target's own.
fn end_of_target(behind: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (at, c) in behind.char_indices() {
        match c {
            '(' => open += 1,
            ')' if open == 0 => return Some(at),
            ')' => open -= 1,
            _ => {}
        }
    }
    None
}

/// A link's target without the words that are shown when it is pointed at.
fn without_title(target: &str) -> &str {
    let Some((url, title)) = target.split_once(char::is_whitespace) else {
        return target;
    };
    let title = title.trim();
    let is_title = title.len() > 1
        && ['"', '\'']
            .iter()
            .any(|sign| title.starts_with(*sign) && title.ends_with(*sign));
    if is_title { url } else { target }
}

/// A block's language, where its first line is one, and its words.
fn block(words: &str) -> (Style, &str) {
    let is_language =
        |line: &str| !line.is_empty() && line.bytes().all(|b| b.is_ascii_alphanumeric() || b"+#-._".contains(&b));
    let (language, code) = match words.split_once('\n') {
        Some((first, code)) if is_language(first) && !code.trim().is_empty() => (Some(first.to_owned()), code),
        _ => (None, words),
    };
    let code = code.strip_prefix('\n').unwrap_or(code);
    (Style::Block { language }, code.strip_suffix('\n').unwrap_or(code))
}

/// How long the words are that a sign closes which stands before them; `None` where it closes nothing.
fn closed(words: &str, sign: &str, before: Option<char>) -> Option<usize> {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mark = sign.chars().next()?;
    let is_single = sign.len() == 1;
    if (sign == "*" && words.starts_with(char::is_whitespace)) || (sign == "_" && is_word(before)) {
        return None;
    }
    let (mut at, mut previous) = (0, None);
    while let Some(c) = words[at..].chars().next() {
        if c == '\\' {
            at += 1 + words[at + 1..].chars().next().map_or(0, char::len_utf8);
        } else if is_single && c == mark && words[at + 1..].starts_with(mark) {
            // Two of them are another sign.
            at += 2;
        } else if let Some(len) = tag_len(&words[at..]) {
            at += len;
        } else if at > 0 && words[at..].starts_with(sign) {
            let next = words[at + sign.len()..].chars().next();
            let ends = match sign {
                "*" => !previous.is_some_and(char::is_whitespace),
                "_" => !is_word(next),
                "**" | "__" => next != Some(mark),
                _ => true,
            };
            if ends {
                return Some(at);
            }
            at += 1;
        } else {
            at += c.len_utf8();
        }
        previous = Some(c);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> RichText {
        let known = [("@42", "@Anna"), (":cat_:1", ":cat_:")];
        formatted(content, &|tag| {
            let found = known.iter().find(|(known, _)| *known == tag);
            found.map(|(_, shown)| (*shown).to_owned())
        })
    }

    #[test]
    fn discords_markdown_is_read_as_discord_shows_it() {
        for (content, plain, markdown) in [
            (
                "**bold** and *italic* or _so_",
                "bold and italic or so",
                "**bold** and *italic* or *so*",
            ),
            ("***both***", "both", "***both***"),
            ("_<@42> <:cat_:1>_", "@Anna :cat_:", "*@Anna :cat\\_:*"),
            (
                "__under__ ~~gone~~ ||secret||",
                "under gone secret",
                "under ~~gone~~ secret",
            ),
            (
                "snake_case_name 2 * 3 * 4",
                "snake_case_name 2 * 3 * 4",
                "snake_case_name 2 \\* 3 \\* 4",
            ),
            (
                "\\*no\\* `**raw**` ``a ` b``",
                "*no* **raw** a ` b",
                "\\*no\\* `**raw**` ``a ` b``",
            ),
            (
                "```rust\nfn f() {}\n```\nafter",
                "fn f() {}\nafter",
                "```rust\nfn f() {}\n```\nafter",
            ),
            ("```\n> no quote\n```", "> no quote", "```\n> no quote\n```"),
            (
                "> one\n> **two**\nthree",
                "> one\n> two\nthree",
                "> one\n> **two**\n\nthree",
            ),
            ("so\n>>> one\ntwo", "so\n> one\n> two", "so\n> one\n> two"),
            ("# Title\n-# small", "Title\nsmall", "**Title**\nsmall"),
            (
                "[our *shop*](https://shop.example) <https://x.example>",
                "our shop (https://shop.example) https://x.example",
                "[our *shop*](https://shop.example) https://x.example",
            ),
            (
                "hi <@42>, 1 < 2 <@7>",
                "hi @Anna, 1 < 2 <@7>",
                "hi @Anna, 1 \\< 2 \\<@7>",
            ),
            (
                "https://x.example/__init__.py?a__b=1 **https://x.example/_a_**",
                "https://x.example/__init__.py?a__b=1 https://x.example/_a_",
                "<https://x.example/__init__.py?a__b=1> **<https://x.example/_a_>**",
            ),
            (
                "[`docs`](https://x.example/Foo_(bar)) > `x`",
                "docs (https://x.example/Foo_(bar)) > x",
                "[`docs`](https://x.example/Foo_%28bar%29) > `x`",
            ),
            (
                "[shop](https://shop.example/a \"our shop\") [x](https://x.example y)",
                "shop (https://shop.example/a) [x](https://x.example y)",
                "[shop](https://shop.example/a) \\[x\\](https://x.example y)",
            ),
            ("> `x`\n>>> b\nc", "> x\n> b\n> c", "> `x`\n\n> b\n> c"),
            ("**a `b <@`**1>", "a b <@1>", "**a `b <@`**1>"),
            ("**", "**", "\\*\\*"),
            ("", "", ""),
        ] {
            let text = read(content);
            assert_eq!(text.plain().as_str(), plain, "{content}");
            assert_eq!(text.markdown().as_str(), markdown, "{content}");
        }
    }

    #[test]
    fn a_line_within_a_block_of_code_that_ends_begins_nothing() {
        for (content, plain) in [
            ("```\n> a\n```\n> b", "> a\n> b"),
            ("```\n> a", "```\n> a"),
            ("> a\n```\n> b\n```", "> a\n> b"),
            ("```x```\n```\n> a\n```", "x\n> a"),
        ] {
            assert_eq!(read(content).plain().as_str(), plain, "{content}");
        }
    }

    #[test]
    fn signs_that_search_in_vain_too_often_are_words() {
        let many = "_a ".repeat(1_300);
        for (before, is_bold) in [(&many[..30], true), (&many[..], false)] {
            let text = read(&format!("{before}**b**"));
            let is_read = text.spans().iter().any(|span| span.style == Style::Bold);
            assert_eq!(is_read, is_bold);
        }
    }

    #[test]
    fn nothing_is_too_deep_or_too_odd_to_be_read() {
        for content in [
            "*".repeat(4_000),
            "[".repeat(4_000),
            "> ".repeat(2_000),
            "`".repeat(3_999),
            "||**".repeat(1_000),
            "*a<@".repeat(1_000),
        ] {
            assert!(!read(&content).words().is_blank());
        }
    }
}
