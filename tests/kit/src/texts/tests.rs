use std::collections::BTreeSet;

use escalator::model::{RichText, Span, Style};

use super::agent_messages;

/// How much of a text stands in a golden file, in characters: what is longer repeats itself.
const SHOWN_CHARS_MAX: usize = 2_000;
/// How many spans do.
const SHOWN_SPANS_MAX: usize = 40;

#[test]
fn each_message_is_read_as_it_was_reviewed() {
    for message in agent_messages() {
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(message.name, golden(&message.read()));
        });
    }
}

#[test]
fn each_message_has_a_name_of_its_own_and_words() {
    let messages = agent_messages();
    let names: BTreeSet<_> = messages.iter().map(|message| message.name).collect();
    assert_eq!(names.len(), messages.len());
    assert!(messages.iter().all(|message| !message.read().is_blank()));
}

/// What was read, for a person to look at.
fn golden(text: &RichText) -> String {
    let words = text.words().as_str();
    let spans = text.spans().iter().take(SHOWN_SPANS_MAX).map(|span| told(words, span));
    let more = text.spans().len().saturating_sub(SHOWN_SPANS_MAX);
    let spans: Vec<_> = spans.chain((more > 0).then(|| format!("… and {more} more"))).collect();
    let (plain, markdown) = (text.plain(), text.markdown());
    format!(
        "{} bytes\n{}\n\n==== plain\n{}\n==== markdown\n{}",
        words.len(),
        spans.join("\n"),
        shown(plain.as_str()),
        shown(markdown.as_str())
    )
}

fn told(words: &str, span: &Span) -> String {
    let style = match &span.style {
        Style::Link { url } => format!("Link to {}", shown(url)),
        Style::Block {
            language: Some(language),
        } => format!("Block of {language}"),
        style => format!("{style:?}"),
    };
    let words: String = words[span.start..span.end].escape_debug().take(60).collect();
    format!("{}..{} {style}: {words}", span.start, span.end)
}

/// Its beginning, with what cannot be seen made visible.
fn shown(text: &str) -> String {
    let cannot_be_seen = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{ad}' | '\u{a0}');
    let mut shown = String::new();
    for c in text.chars().take(SHOWN_CHARS_MAX) {
        // A family is easier to look at whole.
        if c != '\u{200d}' && (cannot_be_seen(c) || (c.is_control() && c != '\n')) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    let more = text.chars().count().saturating_sub(SHOWN_CHARS_MAX);
    if more > 0 {
        shown.extend(["\n… and ", &more.to_string(), " characters more"]);
    }
    shown
}
