use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::model::{RichText, Span, Style};

/// As long as a field of a hook may be.
const BYTES: usize = 128 << 10;
const TIME_MAX: Duration = Duration::from_secs(10);

fn words(text: &RichText) -> &str {
    text.words().as_str()
}

/// The links of a text: their words, and where they lead.
fn links(text: &RichText) -> Vec<(&str, &str)> {
    let link = |span: &'_ Span| match &span.style {
        Style::Link { url } => Some((span.start, span.end, url.clone())),
        _ => None,
    };
    let spans = text.spans();
    let found = spans.iter().filter(|span| link(span).is_some());
    found
        .map(|span| {
            let Style::Link { url } = &span.style else {
                unreachable!("it is a link");
            };
            (&words(text)[span.start..span.end], url.as_str())
        })
        .collect()
}

#[test]
fn addresses_end_where_a_reader_ends_them() {
    for (text, address) in [
        ("https://a.example", "https://a.example"),
        ("see https://a.example/x.", "https://a.example/x"),
        ("https://a.example/x, y", "https://a.example/x"),
        ("(https://a.example/x)", "https://a.example/x"),
        ("(https://a.example/x_(y))", "https://a.example/x_(y)"),
        ("https://a.example/x_(y)", "https://a.example/x_(y)"),
        ("https://a.example/{x}}", "https://a.example/{x}"),
        ("\"https://a.example/x\"", "https://a.example/x"),
        ("'https://a.example/it's'", "https://a.example/it's"),
        ("<https://a.example/x>", "https://a.example/x"),
        ("**https://a.example/x**", "https://a.example/x"),
        ("https://a.example/x?a=1&b=2#c!", "https://a.example/x?a=1&b=2#c"),
        ("https://a.example/./", "https://a.example/./"),
        ("HTTP://A.example/X", "HTTP://A.example/X"),
        ("http://localhost:8080/x", "http://localhost:8080/x"),
        ("https://münchen.example/straße", "https://münchen.example/straße"),
        ("看https://a.example/中文。谢谢", "https://a.example/中文"),
        ("https://a.example/x\u{202e}gpj", "https://a.example/x"),
    ] {
        let read = RichText::from_plain(text);
        let found = links(&read);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].0, address, "{text}");
        assert!(found[0].1.eq_ignore_ascii_case(address), "{text}: {}", found[0].1);
        assert_eq!((words(&read), read.plain().as_str()), (text, text));
    }
    let text = RichText::from_plain("at www.shop.example/x, or WWW.shop.example.");
    assert_eq!(
        links(&text),
        [
            ("www.shop.example/x", "https://www.shop.example/x"),
            ("WWW.shop.example", "https://WWW.shop.example")
        ]
    );
}

#[test]
fn what_leads_nowhere_stays_words() {
    for text in [
        "",
        "http://",
        "https:// x",
        "https:///x",
        "xhttps://a.example",
        "ftp://a.example",
        "www.",
        "www.a",
        "www. a.b",
        "javascript:alert(1)",
        "me@www.a.example",
        "a.example",
        "me@a.example",
        "://a.example",
        "/www.a.example",
    ] {
        let read = RichText::from_plain(text);
        assert_eq!((words(&read), read.spans()), (text, [].as_slice()));
    }
}

#[test]
fn a_host_is_looked_at_as_far_as_one_can_be_long() {
    let long = "a".repeat(252);
    for (host, is_one) in [(format!("{long}.b"), false), (format!("{}.b", &long[..250]), true)] {
        let read = RichText::from_plain(&format!("www.{host}"));
        assert_eq!(read.spans().len(), usize::from(is_one));
    }
}

#[test]
fn no_link_is_made_within_code_or_another_link() {
    let within = |style| {
        let words = "https://a.example https://b.example";
        let span = Span {
            start: 3,
            end: 9,
            style,
        };
        RichText::new(words, vec![span]).with_links()
    };
    let other = Style::Link {
        url: "https://c.example".to_owned(),
    };
    for style in [Style::Code, Style::Block { language: None }, other] {
        let text = within(style.clone());
        assert_eq!(text.spans()[0].style, style);
        assert_eq!(links(&text).last(), Some(&("https://b.example", "https://b.example")));
        assert_eq!(text.spans().len(), 2);
    }
    assert_eq!(
        links(&within(Style::Bold))[0],
        ("https://a.example", "https://a.example")
    );
}

#[test]
fn html_is_read_as_a_browser_shows_it() {
    for (html, markdown) in [
        ("a <b>bold <i>both</b> it</i> x", "a **bold *both*** *it* x"),
        ("<b><b>twice</b> still</b> not", "**twice still** not"),
        ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree"),
        ("<div>a</div>\n<div><br></div> <div>b</div>", "a\n\nb"),
        ("<p>a</p><p>&nbsp;</p><p>b</p>", "a\n\n\nb"),
        ("<br><br>a<br><br><br><br><br>b<br>", "a\n\n\nb"),
        ("<p>a  b\n c&nbsp;&nbsp;d</p>", "a b c  d"),
        ("<p>a <b> b </b> c</p>", "a **b** c"),
        (
            "<ul><li>a<li>b<ol start=3><li>c<li><p>d</p></ol><li></ul>end",
            "• a\n• b\n  3\\. c\n  4\\. d\n\nend",
        ),
        (
            "<table><tr><th>A<th>B<tr><td>1<td><p>2</p></table>",
            "**A** | **B**\n1 | 2",
        ),
        ("<table><tr><td><td>2<td><td>4</table>x", "| 2 |  | 4\nx"),
        ("<h1>Head<h2>Second</h2>x", "**Head**\n\n**Second**\n\nx"),
        (
            "<blockquote>q<blockquote>r</blockquote></blockquote>s",
            "> q\n> > r\n\ns",
        ),
        ("<pre>\na\n  b<br>c\n</pre>d", "```\na\n  b\nc\n```\nd"),
        (
            "<pre class=x><code class='hl language-rust'>\nfn f() {}\n</code></pre>",
            "```rust\nfn f() {}\n```",
        ),
        ("a<hr>b", "a\n———\nb"),
        ("<q>so</q> &lt;b&gt; &amp;amp;", "“so” \\<b> \\&amp;"),
        (
            "<div>a<script>x<b></script><!-- y --><style>z</style><svg><text>q</text></svg>b",
            "ab",
        ),
        ("<div>an <unknown attr='>'>odd</unknown> tag", "an odd tag"),
    ] {
        assert_eq!(RichText::from_html(html).markdown().as_str(), markdown, "{html}");
    }
}

#[test]
fn plain_text_that_is_called_html_is_read_right() {
    for (html, read) in [
        (
            "Hello,\n\nyour <b>code</b> is 12.\n  Bye",
            "Hello,\n\nyour code is 12.\n  Bye",
        ),
        ("1 < 2 <3 a & b <- c", "1 < 2 <3 a & b <- c"),
        ("if a <b then", "if a <b then"),
        ("use <title> here\nand there", "use  here\nand there"),
        ("a\r\nb", "a\nb"),
        (
            "Sorry to hear </3 we refund <b>you</b> today",
            "Sorry to hear </3 we refund you today",
        ),
        ("if a <b then </3", "if a <b then </3"),
        ("Our <style> guide </3", "Our  guide </3"),
        ("<xmp>a </3</xmp> <img alt='b </3'>", "a </3 b </3"),
        ("a\u{fdd0} < b </3", "a < b </3"),
        ("a <!b and <? c </ d", "a <!b and <? c </ d"),
        ("a <!-- b", "a <!-- b"),
        ("a <!-- b --> c <!-- d", "a  c <!-- d"),
        ("a<!--> b", "a b"),
        (
            "<!DOCTYPE html>a<?xml:namespace prefix = o ?>b<![if !mso]>c<![endif]>",
            "abc",
        ),
        ("a <?x <b>c</b>", "a <?x c"),
        ("a</", "a</"),
    ] {
        assert_eq!(words(&RichText::from_html(html)), read, "{html}");
    }
    assert_eq!(words(&RichText::from_html("one\n<br>two\nthree")), "one\ntwo three");
}

#[test]
fn links_of_html_lead_where_they_may() {
    for (html, found) in [
        (
            "<a href='https://a.example/x'>words</a>",
            vec![("words", "https://a.example/x")],
        ),
        (
            "<a href=' HTTPS://a.example/\nx y'>words</a>",
            vec![("words", "https://a.example/x%20y")],
        ),
        ("<a href=//a.example>words</a>", vec![("words", "https://a.example")]),
        (
            "<a href=www.a.example>words</a>",
            vec![("words", "https://www.a.example")],
        ),
        (
            "<a href=mailto:me@a.example>me</a>",
            vec![("me", "mailto:me@a.example")],
        ),
        (
            "<a href=tg://resolve?domain=x>us</a>",
            vec![("us", "tg://resolve?domain=x")],
        ),
        (
            "<a href='javascript:x'>no</a> <a href='java\nscript:x'>no</a> <a href=' data:x'>no</a>",
            vec![],
        ),
        (
            "<a href=/x>no</a><a>no</a><a href=''>no</a><a href=https:///x>no</a>",
            vec![],
        ),
        ("<a href=https://a.example></a>no", vec![]),
        (
            "<a href=https://a.example>a<a href=https://b.example>b",
            vec![("a", "https://a.example"), ("b", "https://b.example")],
        ),
        (
            "<img src=https://a.example/i alt='A cat'>",
            vec![("A cat", "https://a.example/i")],
        ),
        (
            "<img src=https://a.example/i>",
            vec![("https://a.example/i", "https://a.example/i")],
        ),
        ("<img src=https://a.example/i alt=😀>", vec![]),
        ("<img src=data:x alt=pasted><img>", vec![]),
        (
            "<a href=https://a.example><img src=x></a>",
            vec![("https://a.example", "https://a.example")],
        ),
        (
            "<a href=https://a.example><img src=x alt=shop></a>",
            vec![("shop", "https://a.example")],
        ),
    ] {
        assert_eq!(links(&RichText::from_html(html)), found, "{html}");
    }
    let code = RichText::from_html("<pre>see <a href=https://a.example>this</a></pre>");
    assert_eq!(words(&code), "see this (https://a.example)");
}

#[test]
fn markdown_is_read_with_its_lines() {
    for (markdown, again) in [
        (
            "# Head\ntext **b** `c` ~~s~~\nnext",
            "**Head**\n\ntext **b** `c` ~~s~~\nnext",
        ),
        ("one\\\ntwo  \nthree\n\n\n\nfour", "one\ntwo\nthree\n\nfour"),
        ("- a\n- b\n  1. c\n  2. d\n\nend", "• a\n• b\n  1\\. c\n  2\\. d\n\nend"),
        ("3) a\n4) b", "3\\. a\n4\\. b"),
        ("- [ ] a\n- [x] b", "• ☐ a\n• ☑ b"),
        ("> q\n>> r\n\ns", "> q\n> \n> > r\n\ns"),
        ("```rust,ignore\nf\n\n  g\n```\nx", "```rust\nf\n\n  g\n```\nx"),
        ("| A | B |\n|---|---|\n| 1 | *2* |\n| | 3 |", "**A | B**\n1 | *2*\n| 3"),
        ("a <b>raw</b> <br> b <!-- c -->", "a \\<b>raw\\</b>\nb \\<!-- c -->"),
        ("a\r\nb\r\n\r\n```\r\nc\r\nd\r\n```", "a\nb\n\n```\nc\nd\n```"),
        ("a\n***\nb", "a\n\n———\n\nb"),
        ("2 * 3 * 4 snake_case_x", "2 \\* 3 \\* 4 snake_case_x"),
        (
            "Track it here:\n\n[DHL]: https://dhl.example/123",
            "Track it here:\n\n\\[DHL\\]: https://dhl.example/123",
        ),
        ("[Status]: shipped\nToday", "\\[Status\\]: shipped\nToday"),
        ("[a]: b\n[A]: c\n[a]: d", "\\[a\\]: b\n\\[A\\]: c\n\\[a\\]: d"),
        (
            "- [p]: 1\n- [p]: 2\n- [p]: 3\n- [p]: 4\n- [p]: 5\n- [p]: 6",
            "• \\[p\\]: 1\n• \\[p\\]: 2\n• \\[p\\]: 3\n• \\[p\\]: 4\n• \\[p\\]: 5\n• \\[p\\]: 6",
        ),
        (
            "[s]\n\n[s]: https://shop.example\n[s]: closed\n\n> [S]: open",
            "[s](https://shop.example)\n\n\\[s\\]: closed\n\n> \\[S\\]: open",
        ),
        (
            "See [us][s].\n\n[h]: help\n[s]: https://shop.example\nBye",
            "See [us](https://shop.example).\n\n\\[h\\]: help\n\nBye",
        ),
        (
            "> [us][s]\n>\n> [h]: help\n> [s]: https://shop.example\n> Bye",
            "> [us](https://shop.example)\n> \n> \\[h\\]: help\n> \n> Bye",
        ),
        ("[Status]: shipped\n---\nBye", "\\[Status\\]: shipped\n\n———\n\nBye"),
        ("> [a]: b\n\nend", "> \\[a\\]: b\n\nend"),
        (
            "See [the shop][s].\n\n[s]: https://shop.example",
            "See [the shop](https://shop.example).",
        ),
        ("![s]\n\n[s]: https://shop.example \"us\"", "[s](https://shop.example)"),
    ] {
        assert_eq!(
            RichText::from_markdown(markdown).markdown().as_str(),
            again,
            "{markdown}"
        );
    }
}

#[test]
fn links_of_markdown_lead_where_they_may() {
    for (markdown, found) in [
        ("[a](https://a.example 'title')", vec![("a", "https://a.example")]),
        (
            "<https://a.example> https://b.example/x_y_z.",
            vec![
                ("https://a.example", "https://a.example"),
                ("https://b.example/x_y_z", "https://b.example/x_y_z"),
            ],
        ),
        ("<me@a.example>", vec![("me@a.example", "mailto:me@a.example")]),
        ("[no](javascript:x) [no](/x) [no](data:x)", vec![]),
        ("![a cat](https://a.example/i)", vec![("a cat", "https://a.example/i")]),
        (
            "![](https://a.example/i)",
            vec![("https://a.example/i", "https://a.example/i")],
        ),
        (
            "[![a cat](https://a.example/i) b](https://b.example)",
            vec![("a cat b", "https://b.example")],
        ),
        (
            "![a [b](https://b.example) c](https://a.example/i)",
            vec![("a b c", "https://a.example/i")],
        ),
        (
            "[](https://a.example)",
            vec![("https://a.example", "https://a.example")],
        ),
    ] {
        assert_eq!(links(&RichText::from_markdown(markdown)), found, "{markdown}");
    }
}

#[test]
fn what_is_hostile_takes_no_longer_than_what_is_long() {
    let pieces = [
        "<b>",
        "<div>",
        "<ul><li>",
        "<blockquote>",
        "<pre>",
        "<a href=https://a.example>",
        "</b>",
        "<table><tr><td>",
        "<!--",
        "<script>",
        "<svg>",
        "<h1>",
        "<i>x<b>y</i>z</b>",
        "&",
        "<",
        "<a b=\"",
        "&nbsp;",
        "https://a",
        "https://a.b ",
        "https://a(",
        "https://a~ ",
        "www.a*",
        "www.a.b ",
        "xwww.",
        "xwww.a",
        "www.é",
        "://",
        "w",
        "(((https://a.b)))",
        "> ",
        ">",
        "- ",
        "1. ",
        "> a\n",
        "*",
        "**a",
        "*a **b ",
        "_a__b",
        "`",
        "`a``",
        "[",
        "![",
        "[a](",
        "[a][",
        "]",
        "[a]: b\n",
        "| a ",
        "|a|\n|-|\n",
        "\n",
        "\\",
        "#",
        "```\n",
        "    a\n",
        "e\u{301}",
    ];
    // What grows much faster than the length takes minutes here.
    for piece in pieces {
        let text = piece.repeat(BYTES / piece.len());
        for read in [RichText::from_plain, RichText::from_html, RichText::from_markdown] {
            let begun = Instant::now();
            let rich = read(&text);
            rich.plain();
            rich.markdown();
            let took = begun.elapsed();
            assert!(took < TIME_MAX, "{piece:?} took {took:?}");
        }
    }
}

/// What cannot be seen, and what a reader adds.
fn letters(words: &str) -> String {
    words.chars().filter(|c| c.is_alphabetic()).collect()
}

proptest! {
    #[test]
    fn nothing_is_too_broken_to_be_read(text in "\\PC{0,200}|(</?(b|i|p|pre|a|li|ul|td|tr|script|title|blockquote|code|h1)( href=x)?>|[a-z<>&; \n*_`\\[\\]()#-]|https://a\\.b|\\|){0,60}") {
        for read in [RichText::from_plain, RichText::from_html, RichText::from_markdown] {
            let rich = read(&text);
            prop_assert_eq!(&RichText::new(words(&rich), rich.spans().to_vec()), &rich, "the spans nest");
            prop_assert!(letters(rich.plain().as_str()).contains(&letters(words(&rich))) || !links(&rich).is_empty());
        }
        let plain = RichText::from_plain(&text);
        prop_assert_eq!(words(&plain), text);
    }

    #[test]
    fn no_word_of_html_is_lost(pieces in prop::collection::vec(("[a-z]{1,5}", "</?(b|i|p|pre|li|ul|ol|td|tr|th|table|blockquote|code|h1|div|br|hr|unknown)>| |\n|&amp;|<!-- -->"), 0..30)) {
        let html: String = pieces.iter().flat_map(|(word, tag)| [word.as_str(), tag]).collect();
        let all: String = pieces.iter().map(|(word, _)| word.as_str()).collect();
        let read = RichText::from_html(&html);
        prop_assert_eq!(letters(words(&read)), all.clone(), "{}", &html);
        prop_assert_eq!(letters(read.plain().as_str()), all, "{}", html);
    }

    #[test]
    fn no_line_of_markdown_that_looks_like_the_address_of_a_link_is_lost(
        lines in prop::collection::vec(("(> |- |  |1\\. |> > )?", "\\[[abA]\\]: |\\[[ab]\\] |\\[x\\]\\[[ab]\\] |# ||", "( +'t')? *\n{1,2}((---|===|> ?) *\n)?"), 0..12),
    ) {
        let line = |(number, (container, kind, end)): (usize, &(String, String, String))| {
            format!("{container}{kind}https://{}.example{end}", 100 + number)
        };
        let markdown: Vec<_> = lines.iter().enumerate().map(line).collect();
        let markdown = markdown.concat();
        let read = RichText::from_markdown(&markdown);
        for number in 0..lines.len() {
            let address = format!("https://{}.example", 100 + number);
            let is_said = words(&read).contains(&address) || links(&read).iter().any(|(_, url)| *url == address);
            prop_assert!(is_said, "{} is lost of {:?}: {:?}", address, markdown, words(&read));
        }
    }

    #[test]
    fn html_of_words_alone_is_those_words(text in "[a-z0-9 .,!?'\"\n😀é]{0,80}") {
        let read = RichText::from_html(&text);
        prop_assert_eq!(words(&read).trim(), text.trim());
    }

    #[test]
    fn markdown_that_we_write_is_read_as_what_it_was(
        text in "[a-z é😀\n!*_`\\[\\]<>()#.1+=&~|-]{0,40}",
        marks in prop::collection::vec((0_usize..40, 0_usize..20, 0_u8..7), 0..5),
    ) {
        let style = |kind| match kind {
            0 => Style::Bold,
            1 => Style::Italic,
            2 => Style::Strike,
            3 => Style::Code,
            4 => Style::Quote,
            5 => Style::Block { language: None },
            _ => Style::Link { url: "https://a.example/b".to_owned() },
        };
        let spans = marks.into_iter().map(|(start, length, kind)| Span { start, end: start + length, style: style(kind) });
        let text = RichText::new(text, spans.collect());
        let again = RichText::from_markdown(text.markdown().as_str());
        prop_assert_eq!(letters(words(&again)), letters(words(&text)), "{}", text.markdown().as_str());
    }
}

#[test]
fn however_many_lines_look_like_the_address_of_one_link_all_are_kept() {
    let many = "[p]: 1\n\n".repeat(1_000);
    let read = RichText::from_markdown(&(many.clone() + "**end**"));
    assert_eq!(words(&read), many + "end");
}
