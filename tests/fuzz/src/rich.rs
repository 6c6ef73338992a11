//! What is true of every formatted text.

use escalator::model::{Piece, RichText, Style};
use pulldown_cmark::{Event, Options, Parser, Tag};

/// Checks that spans nest, and do so the same way when they are told again, that no word is lost in plain text, and that
/// Markdown is read as the words again.
pub(crate) fn check(text: &RichText) {
    spans_nest(text);
    let again = RichText::new(text.words().clone(), text.spans().to_vec());
    assert_eq!(
        text.spans(),
        again.spans(),
        "spans nest another way when they are told again"
    );
    pieces_are_the_words(text);
    let (words, plain) = (text.words().as_str(), text.plain());
    assert!(
        is_part(letters(words), letters(plain.as_str())),
        "plain text lost a word: {words:?} became {plain:?}",
        plain = plain.as_str()
    );
    markdown_is_read_as_the_words(text);
}

/// Whether some words lead somewhere.
pub(crate) fn has_links(text: &RichText) -> bool {
    let is_link = |style: &Style| matches!(style, Style::Link { .. });
    text.spans().iter().any(|span| is_link(&span.style))
}

fn spans_nest(text: &RichText) {
    let words = text.words().as_str();
    let mut open: Vec<usize> = Vec::new();
    for span in text.spans() {
        let is_of_words = span.start < span.end && words.get(span.start..span.end).is_some();
        assert!(is_of_words, "{span:?} is none of {} bytes", words.len());
        while open.pop_if(|end| *end <= span.start).is_some() {}
        assert!(
            open.last().is_none_or(|end| span.end <= *end),
            "{span:?} crosses another"
        );
        open.push(span.end);
    }
}

fn pieces_are_the_words(text: &RichText) {
    let (mut words, mut open) = (String::new(), Vec::new());
    for piece in text.pieces() {
        match piece {
            Piece::Words(more) => words.push_str(more),
            Piece::Open(style) => open.push(style),
            Piece::Close(style) => assert_eq!(open.pop(), Some(style), "what was opened last is closed first"),
        }
    }
    assert!(open.is_empty(), "what was opened is closed");
    assert_eq!(words, text.words().as_str());
}

fn markdown_is_read_as_the_words(text: &RichText) {
    let markdown = text.markdown();
    let has = |is: fn(&Style) -> bool| text.spans().iter().any(|span| is(&span.style));
    let mut read = String::new();
    for event in Parser::new_ext(markdown.as_str(), Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(words) | Event::Code(words) => read.push_str(&words),
            Event::Start(tag) => assert!(
                match tag {
                    Tag::Paragraph | Tag::Link { .. } => true,
                    Tag::BlockQuote(_) => has(|style| *style == Style::Quote),
                    Tag::CodeBlock(_) => has(|style| matches!(style, Style::Block { .. })),
                    Tag::Emphasis | Tag::Strong => has(|style| matches!(style, Style::Italic | Style::Bold)),
                    Tag::Strikethrough => has(|style| *style == Style::Strike),
                    _ => false,
                },
                "Markdown means more than {:?}: {:?}",
                text.words().as_str(),
                markdown.as_str()
            ),
            Event::End(_) | Event::SoftBreak => {}
            other => panic!("{other:?} in {:?}", markdown.as_str()),
        }
    }
    assert!(
        letters(&read).eq(letters(text.words().as_str())),
        "Markdown is read as other words: {:?} became {:?}",
        text.words().as_str(),
        markdown.as_str()
    );
}

/// What no formatting takes or adds.
pub(crate) fn letters(words: &str) -> impl Iterator<Item = char> {
    words.chars().filter(|c| c.is_alphanumeric())
}

/// Whether `part` stands in `whole` in its order.
pub(crate) fn is_part(part: impl Iterator<Item = char>, mut whole: impl Iterator<Item = char>) -> bool {
    let mut part = part;
    part.all(|wanted| whole.any(|c| c == wanted))
}
