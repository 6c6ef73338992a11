use std::{collections::HashSet, ops::Range};

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::{
    address,
    page::{Face, Page},
    plain::with_line_feeds,
};
use crate::model::RichText;

impl RichText {
    /// Reads Markdown: CommonMark, with `~~`, tables and lists of tasks. The end of a line stays one. HTML in it is words,
    /// but for `<br>`. A link stays one where it leads to `http`, `https`, `mailto`, `tel` or `tg`, a picture becomes a link
    /// with its description, and addresses among the words become links as in [`with_links`](Self::with_links).
    pub fn from_markdown(markdown: &str) -> Self {
        let mut read = with_line_feeds(markdown);
        let mut passes = 0;
        while let Some(kept) = with_lost_lines(&read) {
            if passes == PASSES_MAX {
                return Self::from_plain(markdown);
            }
            read = kept;
            passes += 1;
        }
        let mut reader = Reader::default();
        for event in parser(&read) {
            reader.read(event);
        }
        reader.page.done().with_links()
    }
}

/// How often lines that are lost are kept, at the most: where they stand in others, what is below can become another thing.
/// A text that takes more is read as a plain one.
const PASSES_MAX: usize = 4;

fn parser(markdown: &str) -> Parser<'_> {
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS;
    Parser::new_ext(markdown, options)
}

/// The same, with those lines as words which Markdown takes for the address of a link (`[DHL]: shipped`), and drops, though
/// no link asks for it, or one above has the same name: who wrote them meant words. `None` where there are none.
fn with_lost_lines(markdown: &str) -> Option<String> {
    let parser = parser(markdown);
    parser.reference_definitions().iter().next()?;
    let found = Found::of(parser);
    let mut kept = String::with_capacity(markdown.len() + 64);
    let mut at = 0;
    // In how many quotes the line above stands, where that was lost.
    let mut above = None;
    for line in markdown.split_inclusive('\n') {
        let content = line.trim_start_matches([' ', '\t', '>']);
        let (beginning, content_at) = (&line[..line.len() - content.len()], at + line.len() - content.len());
        let quotes = beginning.matches('>').count();
        // One more quote begins by itself.
        if above.is_some_and(|above| quotes <= above) && (found.is_used(content_at) || is_underline(content)) {
            kept += beginning;
            kept.push('\n');
        }
        let lost = line.match_indices('[').find(|(bracket, _)| found.loses(at + bracket));
        if let Some((bracket, _)) = lost {
            kept += &line[..bracket];
            kept.push('\\');
            kept += &line[bracket..];
        } else {
            kept += line;
        }
        let goes_on = above.is_some() && !content.trim().is_empty() && found.loses(content_at);
        above = (lost.is_some() || goes_on).then_some(quotes);
        at += line.len();
    }
    (kept.len() > markdown.len()).then_some(kept)
}

/// What makes a heading of the line above it, where that has become words.
fn is_underline(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && ['-', '='].iter().any(|sign| line.trim_matches(*sign).is_empty())
}

/// What Markdown makes of a text, as ranges of it.
struct Found {
    /// Addresses that a link asks for.
    used: Vec<Range<usize>>,
    /// Words, and the signs of their formatting.
    shown: Vec<Range<usize>>,
}

impl Found {
    fn of(parser: Parser<'_>) -> Self {
        let mut asked = HashSet::new();
        let mut shown: Vec<Range<usize>> = Vec::new();
        let mut events = parser.into_offset_iter();
        for (event, range) in events.by_ref() {
            if let Event::Start(Tag::Link { id, .. } | Tag::Image { id, .. }) = &event {
                asked.insert(id.to_string());
            }
            match event {
                Event::Start(Tag::Paragraph | Tag::BlockQuote(_) | Tag::List(_) | Tag::Item) | Event::End(_) => {}
                _ => match shown.last_mut().filter(|last| range.start < last.end) {
                    Some(last) => last.end = last.end.max(range.end),
                    None => shown.push(range),
                },
            }
        }
        let definitions = events.reference_definitions();
        let used = asked.iter().filter_map(|name| definitions.get(name));
        let mut used: Vec<_> = used.map(|definition| definition.span.clone()).collect();
        used.sort_unstable_by_key(|definition| definition.start);
        Self { used, shown }
    }

    /// Whether nothing comes of what stands there.
    fn loses(&self, at: usize) -> bool {
        !is_in(at, &self.shown) && !is_in(at, &self.used)
    }

    /// Whether an address begins there that a link asks for.
    fn is_used(&self, at: usize) -> bool {
        self.used
            .binary_search_by_key(&at, |definition| definition.start)
            .is_ok()
    }
}

fn is_in(at: usize, ranges: &[Range<usize>]) -> bool {
    let behind = ranges.partition_point(|range| range.start <= at);
    behind.checked_sub(1).is_some_and(|last| ranges[last].contains(&at))
}

#[derive(Default)]
struct Reader {
    page: Page,
    /// How many pictures are open, one in the description of another: their words are the outermost's.
    pictures: usize,
    /// Whether that is a link. In a link it is words of that.
    is_picture_link: bool,
}

impl Reader {
    fn read(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Code(words) => {
                self.page.open(Face::Code);
                self.page.say(&words);
                self.page.close(Face::Code);
            }
            Event::InlineHtml(words) | Event::Html(words) => self.html(&words),
            Event::Text(words)
            | Event::InlineMath(words)
            | Event::DisplayMath(words)
            | Event::FootnoteReference(words) => self.text(&words),
            Event::SoftBreak | Event::HardBreak => self.page.end_line(),
            Event::Rule => self.page.rule(),
            Event::TaskListMarker(is_done) => self.page.say(if is_done { "☑ " } else { "☐ " }),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.page.paragraph(),
            Tag::Heading { .. } => {
                self.page.paragraph();
                self.page.open(Face::Bold);
            }
            Tag::BlockQuote(_) => self.page.quote(),
            Tag::CodeBlock(kind) => self.page.block(language(&kind)),
            Tag::List(first) => self.page.list(first),
            Tag::Item => self.page.item(),
            Tag::TableHead => {
                self.page.row();
                self.page.open(Face::Bold);
            }
            Tag::TableRow => self.page.row(),
            Tag::TableCell => self.page.cell(),
            Tag::Emphasis => self.page.open(Face::Italic),
            Tag::Strong => self.page.open(Face::Bold),
            Tag::Strikethrough => self.page.open(Face::Strike),
            Tag::Link {
                link_type, dest_url, ..
            } if self.pictures == 0 => {
                let scheme = if link_type == LinkType::Email { "mailto:" } else { "" };
                self.page.link(address::checked(&format!("{scheme}{dest_url}")));
            }
            Tag::Link { .. } => {}
            Tag::Image { dest_url, .. } => {
                if self.pictures == 0 && !self.page.is_in_link() {
                    self.page.link(address::checked(&dest_url));
                    self.is_picture_link = true;
                }
                self.pictures += 1;
            }
            Tag::Table(_)
            | Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => self.page.own_line(),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.page.paragraph(),
            TagEnd::Heading(_) => {
                self.page.close(Face::Bold);
                self.page.paragraph();
            }
            TagEnd::BlockQuote(_) => self.page.unquote(),
            TagEnd::CodeBlock => self.page.unblock(),
            TagEnd::List(_) => self.page.unlist(),
            TagEnd::Item | TagEnd::TableRow => self.page.unmark(),
            TagEnd::TableHead => {
                self.page.close(Face::Bold);
                self.page.unmark();
            }
            TagEnd::Emphasis => self.page.close(Face::Italic),
            TagEnd::Strong => self.page.close(Face::Bold),
            TagEnd::Strikethrough => self.page.close(Face::Strike),
            TagEnd::Link if self.pictures == 0 => self.unlink(),
            TagEnd::Image => {
                self.pictures -= 1;
                if self.pictures == 0 && std::mem::take(&mut self.is_picture_link) {
                    self.unlink();
                }
            }
            TagEnd::Link | TagEnd::TableCell => {}
            TagEnd::Table
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::MetadataBlock(_) => self.page.own_line(),
        }
    }

    /// Ends a link; one without words has its address for words.
    fn unlink(&mut self) {
        if let Some(url) = self.page.link_without_words().map(str::to_owned) {
            self.page.say(&url);
        }
        self.page.unlink();
    }

    fn text(&mut self, words: &str) {
        let is_begun = self.page.is_in_block() || !self.page.is_at_start();
        self.page
            .say(if is_begun { words } else { words.trim_start_matches(' ') });
    }

    fn html(&mut self, words: &str) {
        let tag: String = words.trim().to_ascii_lowercase();
        match tag.as_str() {
            "<br>" | "<br/>" | "<br />" => self.page.end_line(),
            _ => self.page.say(words),
        }
    }
}

/// The first word behind the fence: `rust` of `rust,ignore`.
fn language(kind: &CodeBlockKind<'_>) -> Option<String> {
    let CodeBlockKind::Fenced(told) = kind else {
        return None;
    };
    let name = told.trim_start().split([' ', '\t', ',']).next();
    name.filter(|name| !name.is_empty()).map(str::to_owned)
}
