//! What an agent wrote, as it is read, cut and written for each platform.

mod discord;
mod telegram;

use escalator::{
    delivery::{ChatPayload, split},
    model::{Author, ChatLimits, LengthUnit, RichText},
    omnidesk::AgentText,
};

use crate::{Target, rich};

pub(crate) const TARGET: Target = Target {
    name: "agent_text",
    run,
    seeds,
    bytes_max: 8_192,
};

/// How long a text becomes that is said again and again, in bytes: too long for one message of Discord's.
const REPEATED_BYTES: usize = 3_000;

/// The same for one of Telegram's. That takes twice the time, so it is not done each time.
const REPEATED_LONG_BYTES: usize = 6_000;

/// How much of a text is cut where this target sets the limit, in bytes: several parts. Each is looked for in hundreds of
/// bytes, so that a hundred of them would take longer than all else.
const CUT_BYTES: usize = 1_024;

/// How long a part may be at least where this target sets the limit: no quotes leave less room.
const UNITS_MIN: usize = 60;

/// The first byte of an input tells how the rest is written, whether it is said again and again and how often, who says
/// it, and in which unit a part is measured beside what the platforms take; the second how long such a part may be.
fn run(input: &[u8]) {
    let Some(([how, size], text)) = input.split_first_chunk::<2>() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let again = |bytes: usize| text.repeat(1 + bytes / text.len().max(1));
    let text = match (how & 8 != 0, how & 32 != 0) {
        (false, _) => text.to_owned(),
        (true, false) => again(REPEATED_BYTES),
        (true, true) => again(REPEATED_LONG_BYTES),
    };
    let read = read(how & 3, &text);
    rich::check(&read);
    let author = (how & 4 != 0).then(|| Author::from("Anna"));
    let units_max = UNITS_MIN + usize::from(*size);
    let unit = match how & 16 {
        0 => LengthUnit::Utf16,
        _ => LengthUnit::Chars,
    };
    let beginning = read.words().as_str().floor_char_boundary(CUT_BYTES);
    cut(&read.slice(0, beginning), units_max, unit);
    for part in parts(&read, author.as_ref(), escalator_telegram::fuzzing::limits()) {
        telegram::check(&part);
    }
    for part in parts(&read, author.as_ref(), escalator_discord::fuzzing::limits()) {
        discord::check(&part);
    }
}

fn read(format: u8, text: &str) -> RichText {
    let format = match format {
        0 | 3 => AgentText::Plain,
        1 => AgentText::Html,
        _ => AgentText::Markdown,
    };
    let read = format.read(text);
    let is_blank = text.trim().is_empty();
    assert!(is_blank || !read.is_blank(), "{format:?} is read as nothing: {text:?}");
    if format == AgentText::Plain {
        let words = text.replace("\r\n", "\n").replace('\r', "\n");
        assert_eq!(read.words().as_str(), words, "plain words are meant as they are");
    }
    read
}

/// Cuts a text at a limit that is no platform's.
fn cut(text: &RichText, units_max: usize, unit: LengthUnit) {
    let fits = |part: &RichText| unit.count(part.plain().as_str()) <= units_max;
    let parts = split(text, fits);
    nothing_is_lost(text, &parts);
    for part in parts {
        assert!(
            fits(&part),
            "a part is longer than {units_max}: {:?}",
            part.plain().as_str()
        );
    }
}

/// The messages of a text, as the core cuts them.
fn parts(text: &RichText, author: Option<&Author>, limits: ChatLimits) -> Vec<RichText> {
    let said = |text: RichText, continues| {
        let author = author.cloned();
        let said = ChatPayload::Message {
            author,
            continues,
            text,
        };
        said.rich().expect("a message has words")
    };
    let parts = split(text, |part| limits.fits(&said(part.clone(), false)));
    nothing_is_lost(text, &parts);
    let parts = parts.into_iter().enumerate();
    let said: Vec<RichText> = parts.map(|(at, part)| said(part, at > 0)).collect();
    for part in &said {
        assert!(limits.fits(part), "a part is too long: {:?}", part.plain().as_str());
    }
    said
}

/// A cut takes white space alone, and adds where a link leads.
fn nothing_is_lost(text: &RichText, parts: &[RichText]) {
    let words: String = parts.iter().map(|part| part.words().as_str()).collect();
    assert!(
        rich::is_part(solid(text.words().as_str()), solid(&words)),
        "a cut lost words: {:?} became {words:?}",
        text.words().as_str()
    );
    assert!(parts.iter().all(|part| !part.is_blank()), "no part is empty");
    if !rich::has_links(text) {
        assert!(
            solid(text.words().as_str()).eq(solid(&words)),
            "a cut added words: {words:?}"
        );
    }
}

/// What can be seen.
fn solid(words: &str) -> impl Iterator<Item = char> {
    words.chars().filter(|c| !c.is_whitespace())
}

fn seeds() -> Vec<Vec<u8>> {
    const PLAIN: u8 = 0;
    const HTML: u8 = 1;
    const MARKDOWN: u8 = 2;
    const NAMED: u8 = 4;
    const REPEATED: u8 = 8;
    const IN_CHARS: u8 = 16;
    const LONG: u8 = 32;
    let seeds = [
        (PLAIN | NAMED, 255, "Hello, how can I help?"),
        (
            PLAIN,
            30,
            "one two three\nfour five six\n\nseven eight. nine ten eleven twelve thirteen",
        ),
        (
            PLAIN | REPEATED | LONG,
            200,
            "A sentence. Another one, with more words.\n\nA paragraph. ",
        ),
        (
            PLAIN | IN_CHARS,
            2,
            "😀👨‍👩‍👧‍👦👍🏽🇩🇪 e\u{301} שלום *world* \u{202e}abc\u{202c} @everyone <@42>",
        ),
        (
            PLAIN,
            2,
            "(see https://shop.example/a_(b)_c?d=e*f*), www.shop.example. `x` ||y|| ~~z~~",
        ),
        (
            HTML,
            10,
            "<b>bold</b> <a href=\"https://shop.example/?a=1&amp;b=2\">our <i>shop</i></a><br><ul><li>one<li>two</ul>",
        ),
        (
            HTML | NAMED | REPEATED,
            40,
            "<p>a <u>b</u> <s>c</s> <code>d</code></p><pre><code class=\"language-rust\">fn f() {}\n</code></pre>",
        ),
        (
            HTML,
            0,
            "<blockquote>said<blockquote>twice</blockquote></blockquote><table><tr><th>a<td>b</table><img src=\"https://a.example/x.png\" alt=\"x\">",
        ),
        (
            MARKDOWN | NAMED,
            12,
            "**bold** [our shop](https://shop.example/) `code`\n```rs\nfn f() {}\n```\n> said\n1. one",
        ),
        (
            MARKDOWN | REPEATED | LONG | IN_CHARS,
            12,
            "*a **b** ~~c~~* [x](mailto:a_b@a.example) ![y](https://a.example/y)\n\n- [x] z\n\n| a | b |\n|---|---|\n| c | d |\n\n",
        ),
    ];
    let of = |(how, size, text): (u8, u8, &str)| [&[how, size], text.as_bytes()].concat();
    seeds.map(of).into()
}
