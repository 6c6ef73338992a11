use std::fmt::Write;

use escalator::omnidesk::AgentText;

use super::AgentMessage;

/// What is too long to be written down.
pub(super) fn messages() -> impl Iterator<Item = AgentMessage> {
    let made: [(&str, AgentText, String); 12] = [
        ("plain_20000_characters", AgentText::Plain, sentences(20_000)),
        ("plain_one_word", AgentText::Plain, "x".repeat(9_000)),
        ("plain_zalgo", AgentText::Plain, zalgo()),
        (
            "plain_one_character",
            AgentText::Plain,
            format!("e{}", "\u{301}".repeat(5_000)),
        ),
        ("html_300_links", AgentText::Html, links()),
        ("html_long_address", AgentText::Html, long_address()),
        (
            "html_long_code",
            AgentText::Html,
            format!("Run this:<pre><code class=\"language-sh\">{}</code></pre>", code()),
        ),
        ("html_long_formats", AgentText::Html, long_formats()),
        (
            "html_deep",
            AgentText::Html,
            format!("{}deep{}", "<div><b><blockquote>".repeat(2_000), "</b>".repeat(2_000)),
        ),
        (
            "html_deep_lists",
            AgentText::Html,
            format!("{}deep", "<ul><li>".repeat(2_000)),
        ),
        (
            "markdown_long_code",
            AgentText::Markdown,
            format!("Run this:\n```sh\n{}```\nThen tell me.", code()),
        ),
        (
            "markdown_long_list",
            AgentText::Markdown,
            "- an item of *many*\n".repeat(400),
        ),
    ];
    made.into_iter()
        .map(|(name, format, text)| AgentMessage { name, format, text })
}

fn sentences(chars: usize) -> String {
    let mut text = String::new();
    let mut number = 0;
    while text.len() < chars {
        number += 1;
        let end = if number % 7 == 0 { "\n\n" } else { " " };
        write!(text, "This is sentence {number} of a long answer.{end}").expect("a string takes everything");
    }
    text.truncate(chars);
    text
}

/// A short line with so many marks over each letter that a message holds few of them.
fn zalgo() -> String {
    let marks: String = ('\u{300}'..='\u{34e}').chain('\u{350}'..='\u{36f}').collect();
    "He comes"
        .chars()
        .flat_map(|c| std::iter::once(c).chain(marks.chars()))
        .collect()
}

fn links() -> String {
    let mut html = String::from("<ul>");
    for number in 1..=300 {
        write!(
            html,
            "<li><a href=\"https://shop.example/help/{number}?from=chat&amp;lang=en\">article {number}</a></li>"
        )
        .expect("a string takes everything");
    }
    html + "</ul>"
}

fn long_address() -> String {
    let address = format!("https://shop.example/pay?token={}", "a1".repeat(2_500));
    format!("Pay <a href=\"{address}\">here</a>, please.")
}

/// A block that is longer than a message, in lines that are not.
fn code() -> String {
    (1..=300).fold(String::new(), |mut code, number| {
        writeln!(code, "  echo \"step {number}\" && ./step --number={number}").expect("a string takes everything");
        code
    })
}

fn long_formats() -> String {
    format!(
        "<b>{}<i>{}</i></b><blockquote>{}</blockquote>",
        sentences(3_000),
        sentences(3_000),
        sentences(6_000)
    )
}
