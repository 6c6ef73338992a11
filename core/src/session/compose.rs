use std::fmt::Write;

use crate::model::{ConversationKey, Escalation, Line, Speaker, Text, Unsent};

/// The context that the agent sees first: who it is, where, why, and the bot's own fields.
pub(super) fn context(key: &ConversationKey, escalation: &Escalation) -> String {
    let profile = &escalation.profile;
    let platform = profile.platform.as_deref().unwrap_or(key.channel.as_str());
    let mut text = format!("A customer asks for a human.\nPlatform: {platform}");
    let name = match (&profile.name, &profile.username) {
        (Some(name), Some(username)) => Some(format!("{} (@{})", name.as_str(), username.as_str())),
        (Some(name), None) => Some(name.as_str().to_owned()),
        (None, Some(username)) => Some(format!("@{}", username.as_str())),
        (None, None) => None,
    };
    let link = profile.link.as_ref().map(|link| link.as_str().to_owned());
    let contact = profile.contact.as_ref().map(|contact| contact.as_str().to_owned());
    let reason = escalation.reason.as_ref().map(|reason| reason.as_str().to_owned());
    for (label, value) in [
        ("Name", name),
        ("Profile", link),
        ("Language", profile.language.clone()),
        ("Contact", contact),
        ("Reason", reason),
    ] {
        if let Some(value) = value {
            push_field(&mut text, label, &value);
        }
    }
    for (label, value) in &escalation.fields {
        push_field(&mut text, label.as_str(), value.as_str());
    }
    text
}

/// A field with nothing to read in it is left out.
fn push_field(text: &mut String, label: &str, value: &str) {
    if !value.trim().is_empty() {
        write!(text, "\n{label}: {value}").expect("a string takes what is written to it");
    }
}

/// The context with the history under it, in at most `chars_max` characters: the oldest lines are left out, and a line
/// says so.
pub(super) fn with_history(context: &str, history: &[Line], lines_max: usize, chars_max: usize) -> Text {
    if history.is_empty() {
        return Text::new(shorten(context, chars_max));
    }
    let room = chars_max.saturating_sub(context.chars().count() + HEADING.len() + LEFT_OUT.len());
    // One line that is longer than all the room would leave out the whole history.
    let rendered: Vec<String> = history
        .iter()
        .map(|said| shorten(&line(said), room.saturating_sub(1)))
        .collect();
    let kept = newest_within(&rendered, lines_max, room);
    let left_out = rendered.len() - kept;
    let mut text = format!("{context}{HEADING}");
    if left_out > 0 {
        text.push_str(LEFT_OUT);
    }
    for line in &rendered[left_out..] {
        text.push('\n');
        text.push_str(line);
    }
    Text::new(shorten(&text, chars_max))
}

/// A history without what the customer wrote in it that stands elsewhere. `others` are its newest words of the customer, in
/// their order; a line of the history can hold several, such as a text and a file.
pub(super) fn without(history: &[Line], others: &[Unsent]) -> Vec<Line> {
    let mut lines = history.to_vec();
    let mut up_to = lines.len();
    for other in others.iter().rev() {
        let words = other.text.as_str();
        let found = lines[..up_to]
            .iter()
            .rposition(|line| line.speaker == Speaker::Customer && line.text.as_str().contains(words));
        if let Some(at) = found {
            let (before, after) = lines[at].text.as_str().rsplit_once(words).unwrap_or_default();
            lines[at].text = Text::new(format!("{before}{after}").trim());
            up_to = at + 1;
        }
    }
    lines.retain(|line| !line.text.is_blank());
    lines
}

const HEADING: &str = "\n\nThe conversation so far (times in UTC):";
/// Without a count: what is too old was not even read.
const LEFT_OUT: &str = "\n(earlier lines left out)";

/// How many of the newest lines fit.
fn newest_within(lines: &[String], lines_max: usize, chars_max: usize) -> usize {
    let mut chars = 0;
    lines
        .iter()
        .rev()
        .take(lines_max)
        .take_while(|line| {
            chars += line.chars().count() + 1;
            chars <= chars_max
        })
        .count()
}

/// One line of history as an agent reads it.
fn line(line: &Line) -> String {
    let speaker = match &line.speaker {
        Speaker::Customer => "Customer",
        Speaker::Bot => "Bot",
        Speaker::Agent(name) => name.as_str(),
    };
    format!("[{}] {speaker}: {}", line.at, line.text.as_str())
}

/// The first `chars_max` characters of a text, with a mark where something was left out.
pub(super) fn shorten(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let kept = text.chars().take(chars_max.saturating_sub(1));
    kept.chain((chars_max > 0).then_some('…')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn a_long_history_is_cut_at_the_oldest_end_and_says_so() {
        let history: Vec<Line> = (0..50)
            .map(|n| Line::customer(Timestamp::default(), format!("line {n}")))
            .collect();
        let by_count = with_history("Context", &history, 3, 10_000);
        assert!(
            by_count
                .as_str()
                .contains("(earlier lines left out)\n[1970-01-01 00:00] Customer: line 47")
        );
        let by_length = with_history("Context", &history, 200, 300);
        assert!(by_length.as_str().chars().count() <= 300);
        assert!(by_length.as_str().ends_with("line 49"));
        assert!(by_length.as_str().contains("earlier lines left out"));
    }

    #[test]
    fn what_stands_elsewhere_is_taken_out_of_a_history_once_each() {
        let said = |text: &str| Line::customer(Timestamp::default(), text);
        let history = [
            said("hello"),
            said("look [image: cat.png]"),
            Line::bot(Timestamp::default(), "hello"),
            said("hello"),
            said("hello"),
        ];
        let unsent = ["[image: cat.png]", "hello", "hello"].map(|text| Unsent { text: text.into() });
        let left: Vec<String> = without(&history, &unsent).iter().map(line).collect();
        assert_eq!(
            left,
            ["Customer: hello", "Customer: look", "Bot: hello"].map(|line| format!("[1970-01-01 00:00] {line}"))
        );
        let unknown = ["a word that nobody said"].map(|text| Unsent { text: text.into() });
        assert_eq!(without(&history, &unknown), history);
    }

    #[test]
    fn a_history_that_fits_is_whole() {
        let history = [
            Line::customer(Timestamp::default(), "hi"),
            Line::bot(Timestamp::default(), "Bot: hello"),
        ];
        let text = with_history("Context", &history, 200, 10_000);
        assert_eq!(
            text.as_str(),
            "Context\n\nThe conversation so far (times in UTC):\n[1970-01-01 00:00] Customer: hi\n[1970-01-01 00:00] Bot: Bot: hello"
        );
    }
}
