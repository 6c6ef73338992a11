use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::*;

fn span(start: usize, end: usize, style: Style) -> Span {
    Span { start, end, style }
}

fn link(url: &str) -> Style {
    Style::Link { url: url.to_owned() }
}

#[test]
fn spans_that_cross_are_cut_and_useless_ones_left_out() {
    let spans = vec![
        span(3, 8, Style::Italic),
        span(0, 5, Style::Bold),
        span(2, 2, Style::Code),
        span(4, 99, Style::Code),
        span(9, 10, Style::Code),
    ];
    let text = RichText::new("12345678ö0", spans);
    assert_eq!(
        text.spans(),
        [
            span(0, 5, Style::Bold),
            span(3, 5, Style::Italic),
            span(5, 8, Style::Italic)
        ]
    );
    let code = RichText::new("12345678", vec![span(1, 6, Style::Code), span(2, 8, Style::Bold)]);
    assert_eq!(code.spans(), [span(1, 6, Style::Code), span(6, 8, Style::Bold)]);
    // A longer one that is cut stands where its rest of words puts it.
    let long = link("https://shop.example");
    let spans = vec![
        span(0, 6, Style::Italic),
        span(2, 7, Style::Quote),
        span(2, 8, long.clone()),
    ];
    let cut = RichText::new("12345678", spans);
    assert_eq!(
        cut.spans(),
        [
            span(0, 6, Style::Italic),
            span(2, 6, Style::Quote),
            span(2, 6, long.clone()),
            span(6, 8, long),
            span(6, 7, Style::Quote),
        ]
    );
    assert_eq!(RichText::new("12345678", cut.spans().to_vec()), cut);
}

#[test]
fn a_text_reads_plain_and_in_markdown() {
    let block = Style::Block {
        language: Some("rust".to_owned()),
    };
    let (bold, italic, strike, quote) = (Style::Bold, Style::Italic, Style::Strike, Style::Quote);
    for (words, spans, plain, markdown) in [
        (
            "a bold word",
            vec![span(2, 6, bold.clone())],
            "a bold word",
            "a **bold** word",
        ),
        (
            "a bold word",
            vec![span(1, 7, bold.clone())],
            "a bold word",
            "a **bold** word",
        ),
        (
            "both words",
            vec![span(0, 10, bold.clone()), span(5, 10, italic.clone())],
            "both words",
            "**both *words***",
        ),
        (
            "two\n\nlines",
            vec![span(0, 10, strike)],
            "two\n\nlines",
            "~~two~~\n\n~~lines~~",
        ),
        (
            "our shop or https://shop.example/a_b",
            vec![
                span(0, 8, link("https://shop.example/(x)")),
                span(12, 36, link("https://shop.example/a_b")),
            ],
            "our shop (https://shop.example/(x)) or https://shop.example/a_b",
            "[our shop](https://shop.example/%28x%29) or https://shop.example/a_b",
        ),
        (
            "so:\nsaid\ntwice\nno",
            vec![span(4, 14, quote.clone())],
            "so:\n> said\n> twice\nno",
            "so:\n> said\n> twice\n\nno",
        ),
        (
            "said, and no",
            vec![span(0, 4, quote)],
            "> said\n, and no",
            "> said\n\n, and no",
        ),
        (
            "run fn f() {} now",
            vec![span(4, 13, block)],
            "run \nfn f() {}\n now",
            "run\n```rust\nfn f() {}\n```\n now",
        ),
        ("a `b` c", vec![span(2, 5, Style::Code)], "a `b` c", "a `` `b` `` c"),
        (
            "1. a*b_c_d <x> _e_\n# 2 &amp; 3 > 2",
            vec![],
            "1. a*b_c_d <x> _e_\n# 2 &amp; 3 > 2",
            "1\\. a\\*b_c_d \\<x> \\_e\\_\n\\# 2 \\&amp; 3 > 2",
        ),
        ("   ", vec![span(0, 3, bold)], "   ", ""),
    ] {
        let text = RichText::new(words, spans);
        assert_eq!(text.plain().as_str(), plain);
        assert_eq!(text.markdown().as_str(), markdown);
    }
}

#[test]
fn addresses_code_and_signs_are_read_as_what_they_are() {
    let bold = Style::Bold;
    for (words, spans, plain, markdown) in [
        (
            "docs",
            vec![span(0, 4, Style::Code), span(0, 4, link("https://x.example"))],
            "docs (https://x.example)",
            "[`docs`](https://x.example)",
        ),
        (
            "code\nno",
            vec![span(0, 4, Style::Code), span(0, 4, bold), span(0, 4, Style::Quote)],
            "> code\nno",
            "> **`code`**\n\nno",
        ),
        (
            "Look!shop now!",
            vec![span(5, 9, link("https://x.example"))],
            "Look!shop (https://x.example) now!",
            "Look\\![shop](https://x.example) now!",
        ),
        (
            "https://a.example/?a=1&b=2 (https://a.example/_x_/~y). [http://a.example/*z]",
            vec![],
            "https://a.example/?a=1&b=2 (https://a.example/_x_/~y). [http://a.example/*z]",
            "https://a.example/?a=1&b=2 (<https://a.example/_x_/~y>). \\[<http://a.example/*z>\\]",
        ),
        (
            "https://a.example/",
            vec![span(0, 18, link("https://a.example")), span(0, 18, Style::Quote)],
            "> https://a.example/",
            "> https://a.example/",
        ),
        (
            "see:\n\n    a*b\r# c",
            vec![],
            "see:\n\n    a*b\r# c",
            "see:\n\n\u{a0}\u{a0}\u{a0}\u{a0}a\\*b\n\\# c",
        ),
    ] {
        let text = RichText::new(words, spans);
        assert_eq!(text.plain().as_str(), plain);
        assert_eq!(text.markdown().as_str(), markdown);
    }
}

#[test]
fn words_that_stand_together_mean_nothing_together() {
    let bare = |start, end| span(start, end, link("amp;"));
    for (words, spans, markdown) in [
        ("&amp;", vec![span(1, 5, Style::Underline)], "\\&amp;"),
        ("&amp;", vec![bare(1, 5)], "\\&amp;"),
        ("1. a", vec![span(0, 1, Style::Spoiler)], "1\\. a"),
        ("ab", vec![span(0, 1, Style::Code), span(1, 2, Style::Code)], "`ab`"),
        (
            "ab",
            vec![
                span(0, 1, Style::Bold),
                span(0, 1, Style::Code),
                span(1, 2, Style::Code),
            ],
            "**`a`**`b`",
        ),
        (" # a", vec![span(0, 1, Style::Italic)], " \\# a"),
        (
            " \ta",
            vec![span(1, 3, Style::Bold)],
            "\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}**a**",
        ),
        ("https://a.example/b&amp;", vec![], "<https://a.example/b&amp>;"),
        (
            "a` b",
            vec![
                span(0, 2, Style::Code),
                span(2, 3, Style::Italic),
                span(2, 3, Style::Code),
                span(3, 4, Style::Code),
            ],
            "`` a` `` `b`",
        ),
        ("\\https://a.example/*b \\x", vec![], "\\\\<https://a.example/*b> \\x"),
        (
            "www.a.example/~~b~~?https://c.example",
            vec![],
            "www.a.example/\\~\\~b\\~\\~?https://c.example",
        ),
    ] {
        assert_eq!(RichText::new(words, spans).markdown().as_str(), markdown);
    }
}

#[test]
fn joined_texts_keep_their_formatting() {
    let bold = || RichText::new("bold", vec![span(0, 4, Style::Bold)]);
    let joined = RichText::joined([RichText::from("so"), bold(), bold()], "\n");
    assert_eq!(joined.markdown().as_str(), "so\n**bold**\n**bold**");
}

fn any_style() -> impl Strategy<Value = Style> {
    prop_oneof![
        Just(Style::Bold),
        Just(Style::Italic),
        Just(Style::Underline),
        Just(Style::Strike),
        Just(Style::Spoiler),
        Just(Style::Code),
        Just(Style::Block { language: None }),
        Just(Style::Quote),
        Just(link("https://shop.example/")),
    ]
}

fn any_text() -> impl Strategy<Value = RichText> {
    let spans = prop::collection::vec((0_usize..40, 0_usize..40, any_style()), 0..8);
    (
        "[a-z é😀\r\n!\t\\\\ *_`\\[\\]<>()#.1+=&;~|-]{0,30}|(https://x\\.y/[a-z_*&=]{1,4}[ ,!\n]{1,5}){0,2}",
        spans,
    )
        .prop_map(|(words, spans)| {
            let spans = spans.into_iter().map(|(start, end, style)| span(start, end, style));
            RichText::new(words, spans.collect())
        })
}

proptest! {
    #[test]
    fn spans_nest_within_the_words(text in any_text()) {
        let words = text.words().as_str();
        for (at, one) in text.spans().iter().enumerate() {
            prop_assert!(one.start < one.end && words.get(one.start..one.end).is_some());
            for other in &text.spans()[at + 1..] {
                prop_assert!(other.start >= one.end || (other.start >= one.start && other.end <= one.end));
                prop_assert!(!one.style.is_code() || other.start >= one.end, "nothing within code");
            }
        }
    }

    #[test]
    fn the_pieces_are_the_words_and_close_what_they_open(text in any_text()) {
        let (mut words, mut open) = (String::new(), Vec::new());
        for piece in text.pieces() {
            match piece {
                Piece::Words(more) => words.push_str(more),
                Piece::Open(style) => open.push(style),
                Piece::Close(style) => prop_assert_eq!(open.pop(), Some(style)),
            }
        }
        prop_assert!(open.is_empty());
        prop_assert_eq!(words.as_str(), text.words().as_str());
    }

    #[test]
    fn no_word_is_lost_in_plain_text(text in any_text()) {
        let solid = |words: &str| words.chars().filter(|c| !c.is_whitespace() && *c != '>').collect::<String>();
        let plain = solid(text.plain().as_str()).replace("(https://shop.example/)", "");
        prop_assert_eq!(plain, solid(text.words().as_str()));
    }

    #[test]
    fn markdown_is_read_as_what_was_formatted(text in any_text()) {
        let markdown = text.markdown();
        let (mut all, mut quoted, mut quotes) = (String::new(), String::new(), 0_usize);
        for event in Parser::new_ext(markdown.as_str(), Options::ENABLE_STRIKETHROUGH) {
            match event {
                Event::Text(words) | Event::Code(words) => {
                    all.push_str(&words);
                    if quotes > 0 {
                        quoted.push_str(&words);
                    }
                }
                Event::Start(Tag::BlockQuote(_)) => quotes += 1,
                Event::End(TagEnd::BlockQuote(_)) => quotes -= 1,
                Event::Start(
                    Tag::Paragraph
                    | Tag::CodeBlock(CodeBlockKind::Fenced(_))
                    | Tag::Emphasis
                    | Tag::Strong
                    | Tag::Strikethrough
                    | Tag::Link { .. },
                )
                | Event::End(_)
                | Event::SoftBreak => {}
                other => prop_assert!(false, "{other:?} in {markdown:?}", markdown = markdown.as_str()),
            }
        }
        prop_assert_eq!(letters(&all), letters(text.words().as_str()), "{}", markdown.as_str());
        let spans = text.spans().iter().filter(|span| span.style == Style::Quote);
        let outer = spans.scan(0, |end, span| {
            let words = &text.words().as_str()[span.start.max(*end)..span.end.max(*end)];
            *end = span.end.max(*end);
            Some(words)
        });
        prop_assert_eq!(letters(&quoted), letters(&outer.collect::<String>()), "{}", markdown.as_str());
    }
}

/// What no formatting takes or adds.
fn letters(words: &str) -> String {
    words.chars().filter(|c| c.is_alphanumeric() || *c == '😀').collect()
}
