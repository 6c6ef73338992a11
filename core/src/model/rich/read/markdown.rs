use std::{borrow::Cow, collections::HashSet, ops::Range};

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
        let markdown = with_line_feeds(markdown);
        let Some(markdown) = with_unused_definitions(&markdown) else {
            return Self::from_plain(&markdown);
        };
        let mut reader = Reader::default();
        for event in parser(&markdown) {
            reader.read(event);
        }
        reader.page.done().with_links()
    }
}

/// How many lines of one name may look like the address of a link. A text with more of them is read as a plain one.
const DEFINITIONS_ALIKE_MAX: usize = 64;

fn parser(markdown: &str) -> Parser<'_> {
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS;
    Parser::new_ext(markdown, options)
}

/// The same, with those lines as words which Markdown takes for the address of a link (`[DHL]: shipped`), and drops, though
/// no link asks for it: who wrote them meant words. `None` where too many of them have one name.
fn with_unused_definitions(markdown: &str) -> Option<Cow<'_, str>> {
    let all = definitions(markdown)?;
    if all.is_empty() {
        return Some(Cow::Borrowed(markdown));
    }
    let used = used_definitions(markdown);
    let mut kept = String::with_capacity(markdown.len() + all.len());
    let mut from = 0;
    for definition in all.into_iter().filter(|of| !used.contains(&of.start)) {
        let end = definition.start + markdown[definition.clone()].trim_end().len();
        kept += &markdown[from..definition.start];
        kept.push('\\');
        kept += &markdown[definition.start..end];
        kept += paragraph_end(markdown, end, &used);
        from = end;
    }
    Some(Cow::Owned(kept + &markdown[from..]))
}

/// Where the definitions of a text stand, in their order. Of those of one name Markdown knows the first alone, so they are
/// looked for again where it is blank.
fn definitions(markdown: &str) -> Option<Vec<Range<usize>>> {
    let mut blanked = Cow::Borrowed(markdown);
    let mut all = Vec::new();
    for _ in 0..=DEFINITIONS_ALIKE_MAX {
        let parser = parser(&blanked);
        let found = parser.reference_definitions().iter();
        let found: Vec<_> = found.map(|(_, definition)| definition.span.clone()).collect();
        if found.is_empty() {
            all.sort_unstable_by_key(|definition: &Range<usize>| definition.start);
            return Some(all);
        }
        for definition in &found {
            let lines = markdown[definition.clone()].bytes();
            let blank: String = lines.map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
            blanked.to_mut().replace_range(definition.clone(), &blank);
        }
        all.extend(found);
    }
    None
}

/// Where those begin that a link asks for.
fn used_definitions(markdown: &str) -> HashSet<usize> {
    let mut parser = parser(markdown);
    let asked: HashSet<String> = parser
        .by_ref()
        .filter_map(|event| match event {
            Event::Start(Tag::Link { id, .. } | Tag::Image { id, .. }) => Some(id.into_string()),
            _ => None,
        })
        .collect();
    let definitions = parser.reference_definitions();
    let used = asked.iter().filter_map(|name| definitions.get(name));
    used.map(|definition| definition.span.start).collect()
}

/// What ends the paragraph that a definition becomes, where the next line is to stay what it is: a definition that is used
/// cannot stand in a paragraph, and a rule would make a heading of it.
fn paragraph_end<'m>(markdown: &'m str, end: usize, used: &HashSet<usize>) -> &'m str {
    let line_end = end + markdown[end..].len() - markdown[end..].trim_start_matches([' ', '\t']).len();
    let Some(below) = markdown[line_end..].strip_prefix('\n') else {
        return "";
    };
    let next = below.trim_start_matches([' ', '\t', '>']);
    let next_at = markdown.len() - next.len();
    let line = next.lines().next().unwrap_or_default().trim_end();
    let is_line_of = |sign| !line.is_empty() && line.chars().all(|of| of == sign);
    if used.contains(&next_at) || is_line_of('-') || is_line_of('=') {
        &markdown[line_end..next_at]
    } else {
        ""
    }
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
