use std::borrow::Cow;

use html5gum::{DefaultEmitter, EndTag, HtmlString, StartTag, StringReader, Token, Tokenizer};

use super::{
    address,
    page::{Face, Page},
};
use crate::model::RichText;

impl RichText {
    /// Reads HTML, however broken: what is not closed ends with the text, what closes nothing is left out. Tags that are not
    /// known are left out and their words kept; scripts, styles, titles and comments are dropped with theirs. White space
    /// is read as a browser does it, but where no tag makes a line (`<br>`, `<p>`, `<div>` …) the ends of lines stay: so
    /// plain text is read right too. A link stays one where it leads to `http`, `https`, `mailto`, `tel` or `tg`, a picture
    /// becomes a link with its description, and addresses among the words become links as in
    /// [`with_links`](Self::with_links).
    pub fn from_html(html: &str) -> Self {
        let html = &*without_false_tags(html);
        let mut reader = Reader {
            page: Page::default(),
            lines: if tokens(html).any(|token| is_layout(&token)) {
                Lines::OfTags
            } else {
                Lines::OfText
            },
            hidden: None,
            is_heading: false,
            is_head_cell: false,
            is_block_new: false,
        };
        let mut end = 0;
        for token in tokens(html) {
            end = end.max(reader.read(token));
        }
        // A tag that does not end is none.
        reader.text(html.get(end..).unwrap_or_default());
        reader.done().with_links()
    }
}

/// Stands for a `<` that begins no tag while the rest is read: Unicode gives it to nobody.
const WRITTEN: char = '\u{fdd0}';

/// The same, with `<` hidden where a browser drops what follows up to the next `>`, and a person who writes it means no
/// tag: `</3`, `<!x`, `<?`, and a comment that has no end.
fn without_false_tags(html: &str) -> Cow<'_, str> {
    let last_end = html.rfind("-->");
    let is_false = |at: &usize| match html.as_bytes()[at + 1..] {
        [b'/', next, ..] => !next.is_ascii_alphabetic(),
        [b'!', b'-', b'-', ..] => last_end.is_none_or(|end| end < at + 2),
        [b'!' | b'?', next, ..] if next.is_ascii_alphabetic() || next == b'[' => {
            let rest = &html[at + 1..];
            !rest.find(['<', '>']).is_some_and(|end| rest[end..].starts_with('>'))
        }
        [b'/' | b'!' | b'?', ..] => true,
        _ => false,
    };
    let mut out = String::new();
    let mut from = 0;
    // One that was there before shows nothing, and is left out.
    let signs = html.match_indices(['<', WRITTEN]);
    for (at, sign) in signs.filter(|(at, sign)| *sign != "<" || is_false(at)) {
        out += &html[from..at];
        if sign == "<" {
            out.push(WRITTEN);
        }
        from = at + sign.len();
    }
    if from == 0 {
        return Cow::Borrowed(html);
    }
    Cow::Owned(out + &html[from..])
}

fn tokens(html: &str) -> Tokenizer<StringReader<'_>, DefaultEmitter<usize>> {
    let mut emitter = DefaultEmitter::new_with_span();
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(html, emitter)
}

/// Whether it makes lines.
fn is_layout<E>(token: &Result<Token<usize>, E>) -> bool {
    let Ok(Token::StartTag(tag)) = token else {
        return false;
    };
    matches!(
        tag.name.as_slice(),
        b"br" | b"hr" | b"pre" | b"blockquote" | b"ul" | b"ol" | b"li" | b"tr" | b"table" | b"p"
    ) || is_heading(&tag.name)
        || is_box(&tag.name)
}

/// What ends a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    /// Tags alone.
    OfTags,
    /// Each end of a line, where there is no tag that does.
    OfText,
}

struct Reader {
    page: Page,
    lines: Lines,
    /// What nobody sees: the tag that began it, how often it is open, and its words, for the case that it is never closed.
    hidden: Option<(HtmlString, usize, String)>,
    is_heading: bool,
    is_head_cell: bool,
    /// Whether a block of code has just begun: the end of the line there is none of it.
    is_block_new: bool,
}

impl Reader {
    /// Reads a piece, and tells where it ends.
    fn read(&mut self, token: Result<Token<usize>, std::convert::Infallible>) -> usize {
        let Ok(token) = token;
        match token {
            Token::String(words) => {
                self.text(&String::from_utf8_lossy(&words));
                words.span.end
            }
            Token::StartTag(tag) => {
                self.start(&tag);
                tag.span.end
            }
            Token::EndTag(tag) => {
                self.end(&tag);
                tag.span.end
            }
            Token::Comment(comment) => comment.span.end,
            Token::Doctype(doctype) => doctype.span.end,
            Token::Error(_) => 0,
        }
    }

    fn text(&mut self, words: &str) {
        let words = &*shown(words);
        let is_block_new = std::mem::take(&mut self.is_block_new);
        if let Some((_, _, hidden)) = &mut self.hidden {
            hidden.push_str(words);
        } else if self.page.is_in_block() {
            self.page
                .say(words.strip_prefix('\n').filter(|_| is_block_new).unwrap_or(words));
        } else if self.lines == Lines::OfText {
            self.page.say(&words.replace('\u{a0}', " "));
        } else {
            self.page.flow(words);
        }
    }

    fn start(&mut self, tag: &StartTag<usize>) {
        if let Some((name, times, _)) = &mut self.hidden {
            *times += usize::from(*name == tag.name);
            return;
        }
        match tag.name.as_slice() {
            name if is_hidden(name) => {
                let is_open = !(tag.self_closing && name == b"svg");
                self.hidden = is_open.then(|| (tag.name.clone(), 1, String::new()));
            }
            b"code" | b"tt" | b"kbd" | b"samp" if self.page.is_in_block() => self.page.name_language(language(tag)),
            b"a" => self
                .page
                .link(attribute(tag, b"href").and_then(|url| address::checked(&url))),
            b"img" => self.image(tag),
            b"br" => self.page.end_line(),
            b"hr" => self.page.rule(),
            b"p" => self.page.paragraph(),
            b"q" => self.page.say("“"),
            b"pre" => {
                self.page.block(language(tag));
                self.is_block_new = true;
            }
            b"blockquote" => self.page.quote(),
            b"ul" | b"menu" | b"dir" => self.page.list(None),
            b"ol" => {
                let first = attribute(tag, b"start").and_then(|first| first.trim().parse().ok());
                self.page.list(Some(first.unwrap_or(1)));
            }
            b"li" => self.page.item(),
            b"tr" => {
                self.end_head_cell();
                self.page.row();
            }
            name @ (b"td" | b"th") => self.cell(name == b"th"),
            name if is_heading(name) => {
                self.end_heading();
                self.page.paragraph();
                self.page.open(Face::Bold);
                self.is_heading = true;
            }
            name if is_box(name) => self.page.own_line(),
            name => {
                if let Some(face) = face(name) {
                    self.page.open(face);
                }
            }
        }
    }

    fn end(&mut self, tag: &EndTag<usize>) {
        self.is_block_new = false;
        if let Some((name, times, _)) = &mut self.hidden {
            *times -= usize::from(*name == tag.name);
            if *times == 0 {
                self.hidden = None;
            }
            return;
        }
        match tag.name.as_slice() {
            b"a" => self.page.unlink(),
            b"br" => self.page.end_line(),
            b"p" => self.page.paragraph(),
            b"q" => self.page.say("”"),
            b"pre" => self.page.unblock(),
            b"blockquote" => self.page.unquote(),
            b"ul" | b"ol" | b"menu" | b"dir" => self.page.unlist(),
            b"li" => self.page.unmark(),
            b"td" | b"th" => self.end_head_cell(),
            b"tr" | b"table" => {
                self.end_head_cell();
                self.page.unmark();
            }
            name if is_heading(name) => {
                self.end_heading();
                self.page.paragraph();
            }
            name if is_box(name) => self.page.own_line(),
            b"code" | b"tt" | b"kbd" | b"samp" if self.page.is_in_block() => {}
            name => {
                if let Some(face) = face(name) {
                    self.page.close(face);
                }
            }
        }
    }

    /// A picture, as its description, which is a link to it where it is no sign that was drawn as a picture.
    fn image(&mut self, tag: &StartTag<usize>) {
        let url = attribute(tag, b"src").and_then(|url| address::checked(&url));
        let about = attribute(tag, b"alt").filter(|about| !about.trim().is_empty());
        let is_sign = about
            .as_ref()
            .is_some_and(|about| !about.contains(char::is_alphanumeric));
        if self.page.is_in_link() || is_sign {
            let about = about.or_else(|| self.page.link_without_words().map(str::to_owned));
            self.text(&about.unwrap_or_default());
            return;
        }
        let words = about.or_else(|| url.clone()).unwrap_or_default();
        self.page.link(url);
        self.text(&words);
        self.page.unlink();
    }

    fn cell(&mut self, is_head: bool) {
        self.end_head_cell();
        self.page.cell();
        if is_head {
            self.page.open(Face::Bold);
            self.is_head_cell = true;
        }
    }

    fn end_head_cell(&mut self) {
        if std::mem::take(&mut self.is_head_cell) {
            self.page.close(Face::Bold);
        }
    }

    fn end_heading(&mut self) {
        if std::mem::take(&mut self.is_heading) {
            self.page.close(Face::Bold);
        }
    }

    fn done(mut self) -> RichText {
        // What is never closed may be words that were not meant as a tag.
        if let Some((_, _, words)) = self.hidden.take() {
            self.text(&words);
        }
        self.page.done()
    }
}

fn face(name: &[u8]) -> Option<Face> {
    Some(match name {
        b"b" | b"strong" => Face::Bold,
        b"i" | b"em" | b"cite" | b"dfn" | b"var" => Face::Italic,
        b"u" | b"ins" => Face::Underline,
        b"s" | b"strike" | b"del" => Face::Strike,
        b"tg-spoiler" => Face::Spoiler,
        b"code" | b"tt" | b"kbd" | b"samp" => Face::Code,
        _ => return None,
    })
}

fn is_heading(name: &[u8]) -> bool {
    matches!(name, [b'h', b'1'..=b'6'])
}

/// What stands on lines of its own and is nothing else.
fn is_box(name: &[u8]) -> bool {
    const BOXES: [&[u8]; 24] = [
        b"address",
        b"article",
        b"aside",
        b"caption",
        b"center",
        b"dd",
        b"details",
        b"div",
        b"dl",
        b"dt",
        b"fieldset",
        b"figcaption",
        b"figure",
        b"footer",
        b"form",
        b"header",
        b"legend",
        b"main",
        b"nav",
        b"option",
        b"section",
        b"summary",
        b"table",
        b"tbody",
    ];
    BOXES.contains(&name)
}

/// What a browser shows nothing of.
fn is_hidden(name: &[u8]) -> bool {
    const HIDDEN: [&[u8]; 12] = [
        b"audio",
        b"canvas",
        b"iframe",
        b"noembed",
        b"noframes",
        b"noscript",
        b"script",
        b"style",
        b"svg",
        b"template",
        b"title",
        b"video",
    ];
    HIDDEN.contains(&name)
}

fn attribute(tag: &StartTag<usize>, name: &[u8]) -> Option<String> {
    let value = tag.attributes.get(name)?;
    Some(shown(&String::from_utf8_lossy(value)).into_owned())
}

/// The same with each `<` that was hidden.
fn shown(words: &str) -> Cow<'_, str> {
    if words.contains(WRITTEN) {
        Cow::Owned(words.replace(WRITTEN, "<"))
    } else {
        Cow::Borrowed(words)
    }
}

/// The language of code, as its class tells it: `language-rust`.
fn language(tag: &StartTag<usize>) -> Option<String> {
    let class = attribute(tag, b"class")?;
    class.split_ascii_whitespace().find_map(|class| {
        let name = class
            .strip_prefix("language-")
            .or_else(|| class.strip_prefix("lang-"))?;
        (!name.is_empty()).then(|| name.to_owned())
    })
}
