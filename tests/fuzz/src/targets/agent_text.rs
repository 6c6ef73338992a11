//! What an agent wrote, as it is cut and written for each platform.

use escalator::{delivery::split, model::LengthUnit};
use escalator_discord::fuzzing::written;

use crate::Target;

pub(crate) const TARGET: Target = Target {
    name: "agent_text",
    run,
    seeds,
    bytes_max: 8_192,
};

/// How long a part may be at least: two units are one character.
const PART_MIN: usize = 2;

/// The first two bytes of an input are how long a part may be, and the rest is the text.
fn run(input: &[u8]) {
    let Some((size, text)) = input.split_first_chunk::<2>() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let max = PART_MIN + usize::from(u16::from_le_bytes(*size)) % 5_000;
    for unit in [LengthUnit::Utf16, LengthUnit::Chars] {
        let parts = split(text, max, unit);
        nothing_is_lost(text, &parts);
        for part in parts {
            assert!(
                unit.count(part) <= max,
                "a part of {} is longer than {max}",
                unit.count(part)
            );
            check_discord(part, max);
        }
    }
}

fn nothing_is_lost(text: &str, parts: &[&str]) {
    let solid = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    assert_eq!(
        solid(&parts.concat()),
        solid(text),
        "a cut loses nothing but white space"
    );
    assert!(parts.iter().all(|part| !part.is_empty()), "no part is empty");
}

/// What fits in a message as it is, fits as it is written there.
fn check_discord(part: &str, max: usize) {
    let is_short = part.chars().count() <= max;
    let written = written(part, max);
    assert!(
        !is_short || written.chars().count() <= max,
        "it is longer than {max}: {written:?}"
    );
}

fn seeds() -> Vec<Vec<u8>> {
    let long = "A sentence. Another one, with more words.\n\nA paragraph. ".repeat(40);
    let seeds = [
        (4_094_u16, "Hello, how can I help?"),
        (
            30,
            "one two three\nfour five six\n\nseven eight. nine ten eleven twelve thirteen",
        ),
        (
            10,
            "<b>bold</b> <a href=\"https://shop.example/?a=1&amp;b=2\">our shop</a><br><ul><li>one<li>two</ul>",
        ),
        (
            12,
            "**bold** [our shop](https://shop.example/) `code`\n```rs\nfn f() {}\n```\n> said\n1. one",
        ),
        (2, "😀👨‍👩‍👧‍👦👍🏽🇩🇪 e\u{301}"),
        (16, "שלום *world* \u{202e}abc\u{202c} @everyone <@42>"),
        (500, long.as_str()),
    ];
    let of = |(max, text): (u16, &str)| [max.to_le_bytes().as_slice(), text.as_bytes()].concat();
    seeds.map(of).into()
}
