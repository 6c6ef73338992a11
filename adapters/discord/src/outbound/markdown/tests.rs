use std::fmt::Write as _;

use escalator::{
    delivery::split,
    model::{LengthUnit, RichText, Span, Style},
};
use escalator_testkit::texts::agent_messages;
use proptest::prelude::*;

use super::*;
use crate::{inbound::formatted, outbound::CONTENT_MAX};

/// The words between these signs, styled: `{b bold}`, `{i italic}`, and so on, as they nest.
fn rich(marked: &str) -> RichText {
    let (mut words, mut spans, mut open) = (String::new(), Vec::new(), Vec::new());
    let mut rest = marked;
    while let Some(c) = rest.chars().next() {
        let begun = rest.strip_prefix('{').and_then(|rest| rest.split_once(' '));
        if let Some((name, behind)) = begun.filter(|(name, _)| style(name).is_some()) {
            open.push((words.len(), style(name).expect("it is one")));
            rest = behind;
        } else if let Some((start, style)) = (c == '}').then(|| open.pop()).flatten() {
            let end = words.len();
            spans.push(Span { start, end, style });
            rest = &rest[1..];
        } else {
            words.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    RichText::new(words, spans)
}

fn style(name: &str) -> Option<Style> {
    Some(match name {
        "b" => Style::Bold,
        "i" => Style::Italic,
        "u" => Style::Underline,
        "s" => Style::Strike,
        "h" => Style::Spoiler,
        "c" => Style::Code,
        "q" => Style::Quote,
        "block" => Style::Block { language: None },
        "rust" => Style::Block {
            language: Some("rust".to_owned()),
        },
        url => Style::Link {
            url: url.strip_prefix('→')?.to_owned(),
        },
    })
}

fn read(content: &str) -> RichText {
    formatted(content, &|_| None)
}

fn solid(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn words_are_shown_as_they_were_written() {
    for (text, content) in [
        ("Hello, how can I help?", "Hello, how can I help?"),
        ("2*3*4 = 24_000", r"2\*3\*4 = 24\_000"),
        ("see https://a.example/b_c_d?e=*f*", "see https://a.example/b_c_d?e=*f*"),
        ("(https://a.example/b_c).", "(https://a.example/b_c)."),
        ("https://a.example/b_c! Yes", "<https://a.example/b_c>! Yes"),
        ("<https://a.example>", r"\<<https://a.example>>"),
        ("https://a.example\\*", r"<https://a.example>\\\*"),
        ("> quoted\n# big\n-# small", "\\> quoted\n\\# big\n\\-# small"),
        (">>> all", "\\>>> all"),
        ("#shop is open", "#shop is open"),
        (
            "- milk\n-5\n * eggs\n1. one\n1.5",
            "\\- milk\n-5\n \\* eggs\n1\\. one\n1.5",
        ),
        (r"C:\temp ¯\_(ツ)_/¯", r"C:\\temp ¯\\\_(ツ)\_/¯"),
        ("[my bank](https://evil.example)", r"\[my bank](https://evil.example)"),
        ("||no||~~no~~__no__`no`", r"\|\|no\|\|\~\~no\~\~\_\_no\_\_\`no\`"),
        ("```\nno\n```", "\\`\\`\\`\nno\n\\`\\`\\`"),
        ("at 10:30:45 :smile: ::", r"at 10\:30:45 \:smile: ::"),
        (
            "<@123> <@&4> <#5> <t:1:R> <:a:1> </x:1>",
            r"\<@123> \<@&4> \<#5> \<t\:1:R> \<\:a:1> \</x:1>",
        ),
        ("@everyone @here", "@everyone @here"),
        ("a < b", r"a \< b"),
        ("", ""),
        ("one\r\ntwo", "one\ntwo"),
    ] {
        assert_eq!(written(&text.into()), content, "{text}");
        assert_eq!(solid(read(content).words().as_str()), solid(text), "{text}");
    }
}

#[test]
fn formatting_is_written_as_discord_reads_it() {
    for (text, content) in [
        (
            "{b bold} {i italic} {u under} {s gone} {h secret}",
            "**bold** *italic* __under__ ~~gone~~ ||secret||",
        ),
        ("{b {i both}}", "**_both_**"),
        ("{s {u {b all}}}", "~~__**all**__~~"),
        ("{b a {i b}}", "**a _b_**"),
        ("{i a {b b}}", "_a **b**_"),
        ("{b a}{i b}", "**a**_b_"),
        ("{b a}{b b}", "**ab**"),
        ("{b {i {u a}b}}", "**__a__b**"),
        ("{i a}{b b}", "_a_**b**"),
        ("{s a}{u b}", "~~a~~b"),
        (
            "{h ht}{s tps:}{c //}{q //}{u a_b}",
            "||ht||~~tps:~~`//`\n> //\n__a\\_b__",
        ),
        ("{s x}{u ht}tps://a_b", r"~~x~~https\://a\_b"),
        ("{b x {i y}}{i  z}", "**x _y_** *z*"),
        // Nothing can tell these apart.
        ("{b a}{i b}c", "**a**bc"),
        ("wo{i r}d", "wo*r*d"),
        ("{b  a }b", " **a** b"),
        ("{b one\n\n two}", "**one**\n\n **two**"),
        ("{h a|}{s b~}", "||a||\\|~~b~~\\~"),
        ("{b *a*}", r"**\*a\***"),
        ("{b a https://a.example/b**c d}", "**a** https://a.example/b**c **d**"),
        ("{b https://a.example/b_c}", "**https://a.example/b_c**"),
        ("{u https://a.example/b_c}", "https://a.example/b_c"),
        ("https://a.example{b b}", "<https://a.example>**b**"),
        (
            "{c code} {c a`b} {c `a`} {c a``b`c} {c a}{c b}",
            "`code` ``a`b`` `` `a` `` a\\`\\`b\\`c `a`b",
        ),
        ("{b {c code}}", "**`code`**"),
        ("{h {c a|b}}", r"||a\|b||"),
        ("see {rust fn f();}\nafter", "see \n```rust\nfn f();\n```\nafter"),
        ("{block a\n  b*\n} x", "```\na\n  b*\n```\n x"),
        ("{block ```\na_b\n```}", "\\`\\`\\`\n`a_b`\n\\`\\`\\`"),
        ("{h {block a}}", "||```\na\n```||"),
        ("{q one\n{b two}}\nthree", "> one\n> **two**\nthree"),
        ("so\n{q > a\n\n# b}", "so\n> \\> a\n> \n> \\# b"),
        ("{q {block a\nb}}", "> ```\n> a\n> b\n> ```"),
        ("{→https://a.example/ our shop}", "[our shop](https://a.example/)"),
        (
            "{→https://a.example/F_(b)?a=1 our {b shop}}!",
            "[our shop](https://a.example/F_%28b%29?a=1)!",
        ),
        ("{b {→https://a.example our shop}}", "**[our shop](https://a.example)**"),
        ("{→https://a.example/ https://a.example}", "https://a.example/"),
        ("{→https://a.example a.example} x", "https://a.example x"),
        (
            "{→https://a.example https://b.example}",
            "https://b.example (<https://a.example>)",
        ),
        ("{→https://a.example b.example}", "b.example (<https://a.example>)"),
        ("{→https://a.example 🎉 sale}", "🎉 sale (<https://a.example>)"),
        ("{→https://a.example snake_case}", r"snake\_case (<https://a.example>)"),
        ("{→https://a.example two\nlines}", "two\nlines (<https://a.example>)"),
        (
            "{→mailto:a_b@a.example write} {→mailto:a_b@a.example a_b@a.example}",
            r"write (mailto:a\_b@a.example) a\_b@a.example",
        ),
    ] {
        assert_eq!(written(&rich(text)), content, "{text}");
    }
}

#[test]
fn hidden_words_stay_hidden() {
    for text in [
        "{h a|b}",
        "{h https://a.example/a||b}",
        "{h {c a||b}}",
        "{h one\ntwo}",
        "{h {block a||b}}",
        "{h {→https://a.example/a||b here} and {→https://a.example/| 🎉}}",
        "{h {s {u a}{b b}}}",
    ] {
        let content = written(&rich(text));
        let back = read(&content);
        let hidden = back.spans().iter().filter(|span| span.style == Style::Spoiler);
        let hidden: String = hidden
            .map(|span| &back.words().as_str()[span.start..span.end])
            .collect();
        assert_eq!(solid(&hidden), solid(back.words().as_str()), "{content}");
    }
}

#[test]
fn a_name_has_no_formatting_in_it() {
    assert_eq!(plain_name("*An_na*\n"), "Anna ");
}

/// What becomes of the texts that agents write; read the snapshot when it changes. Of a long part the two ends are shown.
#[test]
fn each_text_of_an_agent_is_written_as_it_was_meant() {
    let mut shown = String::new();
    for message in agent_messages() {
        let parts = split(&message.read(), fits);
        writeln!(shown, "═══ {}: {} parts", message.name, parts.len()).expect("a string takes everything");
        for (at, part) in parts.iter().enumerate() {
            let content = written(part);
            let chars = content.chars().count();
            assert!(chars <= CONTENT_MAX, "{}: {chars}", message.name);
            if at < 3 || at + 1 == parts.len() {
                writeln!(shown, "─── {chars}\n{}", ends(&content)).expect("a string takes everything");
            }
        }
    }
    insta::assert_snapshot!("corpus", shown);
}

fn ends(content: &str) -> String {
    const SHOWN: usize = 700;
    let chars: Vec<char> = content.chars().collect();
    if chars.len() <= SHOWN {
        return content.to_owned();
    }
    let (begin, end) = (&chars[..SHOWN / 5], &chars[chars.len() - SHOWN / 5..]);
    format!("{} … {}", String::from_iter(begin), String::from_iter(end))
}

/// Where the links of properties lead.
const URLS: [&str; 3] = [
    "https://a.example/b_c",
    "https://a.example/(**b**)||",
    "mailto:a_b@a.example",
];

fn styles() -> impl Strategy<Value = Style> {
    prop_oneof![
        Just(Style::Bold),
        Just(Style::Italic),
        Just(Style::Underline),
        Just(Style::Strike),
        Just(Style::Spoiler),
        Just(Style::Code),
        Just(Style::Quote),
        Just(Style::Block { language: None }),
        Just(Style::Block {
            language: Some("rust".to_owned()),
        }),
        prop::sample::select(&URLS).prop_map(|url| Style::Link { url: url.to_owned() }),
    ]
}

/// Words with what Discord could take for more among them.
fn words() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        4 => "[a-z]{1,5}",
        4 => Just(" ".to_owned()),
        2 => Just("\n".to_owned()),
        3 => "[*_~|`\\\\]{1,3}",
        1 => Just("https://a.example/b_c".to_owned()),
        1 => Just("https://a.example/**d**||~~".to_owned()),
        1 => "[\\[\\]()<>@#:.!-]{1,2}",
        1 => "(1\\. |- |# |> |>>> |-# |<@1>|:a:|é|😀)",
    ];
    prop::collection::vec(pieces, 0..30).prop_map(|pieces| pieces.concat())
}

fn texts() -> impl Strategy<Value = RichText> {
    (
        words(),
        prop::collection::vec((0..60_usize, 0..30_usize, styles()), 0..8),
    )
        .prop_map(|(words, marks)| {
            let spans = marks.into_iter().map(|(start, length, style)| Span {
                start,
                end: start + length,
                style,
            });
            RichText::new(words, spans.collect())
        })
}

/// Each character that can be seen, with the marks over it.
fn marked(text: &RichText) -> Vec<(char, Vec<&'static str>)> {
    let over = |at: usize| {
        let spans = text
            .spans()
            .iter()
            .filter(move |span| (span.start..span.end).contains(&at));
        let mut marks: Vec<_> = spans.filter_map(|span| word(&span.style)).collect();
        marks.sort_unstable();
        marks.dedup();
        marks
    };
    let shown = text.words().as_str().char_indices().filter(|(_, c)| !c.is_whitespace());
    shown.map(|(at, c)| (c, over(at))).collect()
}

fn word(style: &Style) -> Option<&'static str> {
    Some(match style {
        Style::Bold => "bold",
        Style::Italic => "italic",
        Style::Underline => "underline",
        Style::Strike => "strike",
        Style::Spoiler => "spoiler",
        Style::Quote => "quote",
        _ => return None,
    })
}

/// The words that can be read, in Discord's form of links.
fn readable(text: &RichText) -> String {
    let plain = text.plain().into_string();
    let plain = plain.replace("%28", "(").replace("%29", ")").replace("%7C", "|");
    let shown: String = plain.chars().filter(|c| !c.is_whitespace() && *c != '>').collect();
    // Words that are the address with formatting in it.
    URLS.iter()
        .fold(shown, |shown, url| shown.replace(&format!("{url}({url})"), url))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_word_is_lost_and_none_means_more(text in texts()) {
        let content = written(&text);
        prop_assert_eq!(readable(&read(&content)), readable(&text), "{}", content);
    }

    /// But for what cannot be written: `no_mark_is_invented` below.
    #[test]
    fn words_that_are_apart_keep_their_marks(
        all in prop::collection::vec(("[a-z]{1,4}[*_~|`]{0,1}[a-z]", prop::collection::vec(0..5_usize, 0..3)), 1..8),
    ) {
        let names = ["b", "i", "u", "s", "h"];
        let one = |(word, marks): &(String, Vec<usize>)| {
            marks.iter().fold(word.clone(), |word, mark| format!("{{{} {word}}}", names[*mark]))
        };
        let text = rich(&all.iter().map(one).collect::<Vec<_>>().join(" "));
        let content = written(&text);
        prop_assert_eq!(marked(&read(&content)), marked(&text), "{}", content);
    }

    #[test]
    fn no_mark_is_invented(text in texts()) {
        let has_link = text.spans().iter().any(|span| matches!(span.style, Style::Link { .. }));
        let content = written(&text);
        prop_assume!(!has_link && !content.contains("%7C"));
        let back = read(&content);
        for ((c, is), (_, wanted)) in marked(&back).into_iter().zip(marked(&text)) {
            prop_assert!(is.iter().all(|mark| wanted.contains(mark)), "{c}: {is:?} of {wanted:?}\n{content}");
            // What is hidden stays so, and a quote is one.
            for mark in ["spoiler", "quote"] {
                let is_sign = mark == "spoiler" && c == '|';
                prop_assert!(is_sign || is.contains(&mark) == wanted.contains(&mark), "{c}: {mark}\n{content}");
            }
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn parts_are_short_and_lose_nothing(text in prop::collection::vec(texts(), 20..60)) {
        let text = RichText::joined(text, " ");
        let parts = split(&text, fits);
        for part in &parts {
            let content = written(part);
            prop_assert!(LengthUnit::Chars.count(&content) <= CONTENT_MAX, "{content}");
        }
        let words: String = parts.iter().map(|part| part.words().as_str()).collect();
        prop_assert_eq!(solid(&words), solid(text.words().as_str()));
    }
}
