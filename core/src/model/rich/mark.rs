use super::RichText;
use crate::model::Text;

const REPLY: &str = "in reply to";
const FORWARDED: &str = "forwarded";
/// What adapters say with [`RichText::about`].
const DONE: [&str; 4] = ["pinned", "deleted", "reacted", "took back the reaction"];

/// How much is shown of what a message refers to, in characters.
const QUOTE_CHARS_MAX: usize = 80;

impl RichText {
    /// The line in front of a message that answers another one, with the beginning of that: `[in reply to “Is it blue?”]`.
    /// Where it stands outside of the conversation, with whose it is: `[in reply to “Is it blue?” from Anna]`.
    pub fn in_reply_to(answered: &str, from: Option<&str>) -> Self {
        Self::about(REPLY, answered, from)
    }

    /// A line that says what was done with a message, with its beginning: `[pinned “Is it blue?”]`.
    pub fn about(done: &str, message: &str, from: Option<&str>) -> Self {
        format!("[{done} {}{}]", quoted(message), whose(from)).into()
    }

    /// The line in front of a message that somebody else said: `[forwarded from Anna]`, or `[forwarded]` where nobody tells
    /// who.
    pub fn forwarded(from: Option<&str>) -> Self {
        format!("[{FORWARDED}{}]", whose(from)).into()
    }

    /// A changed text with how it began before behind it: `my order is 12 (before: “my order is 11”)`.
    pub(crate) fn changed_from(self, before: &Text) -> Self {
        Self::joined([self, format!("(before: {})", quoted(before.as_str())).into()], " ")
    }

    /// How a text begins, on one line.
    pub(crate) fn beginning(text: &Text) -> Text {
        Text::new(beginning(text.as_str()))
    }

    /// The words without the lines in front of them that tell what they refer to: those are somebody else's.
    pub(crate) fn own_words(&self) -> &str {
        let mut own = self.words.as_str();
        while is_mark(own.lines().next().unwrap_or_default()) {
            own = own.split_once('\n').map_or("", |(_, rest)| rest);
        }
        own
    }

    /// The same without those lines in front of it that stand in front of one of the others. The own words stay, whoever else
    /// said them; `None` where there is nothing.
    pub(crate) fn without_marks_of(&self, others: &[Self]) -> Option<Self> {
        let stands = |mark: &str| others.iter().flat_map(Self::marks).any(|other| other == mark);
        let marks = self.marks().filter(|mark| !stands(mark)).map(Self::from);
        let own = self.slice(self.own_start(), self.words.as_str().len());
        let own = Some(own).filter(|own| !own.words.as_str().is_empty());
        let lines: Vec<Self> = marks.chain(own).collect();
        (!lines.is_empty()).then(|| Self::joined(lines, "\n"))
    }

    fn marks(&self) -> impl Iterator<Item = &str> {
        self.words.as_str()[..self.own_start()].lines()
    }

    fn own_start(&self) -> usize {
        self.words.as_str().len() - self.own_words().len()
    }
}

fn is_mark(line: &str) -> bool {
    let done = line.strip_prefix('[').filter(|_| line.ends_with(']'));
    done.is_some_and(|done| {
        let mut words = [REPLY, FORWARDED].into_iter().chain(DONE);
        words.any(|word| done.starts_with(word))
    })
}

/// The beginning of words that are elsewhere, on one line; `a message` where there are none.
fn quoted(words: &str) -> String {
    match beginning(words) {
        short if short.is_empty() => "a message".to_owned(),
        short => format!("“{short}”"),
    }
}

fn whose(name: Option<&str>) -> String {
    let name = name.map(beginning).filter(|name| !name.is_empty());
    name.map_or_else(String::new, |name| format!(" from {name}"))
}

fn beginning(words: &str) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(QUOTE_CHARS_MAX) {
        // What joins nothing any more is left out with what it joined.
        Some((end, _)) => format!("{}…", line[..end].trim_end_matches([' ', '\u{200d}'])),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_message_refers_to_is_one_short_line() {
        let long = "word ".repeat(40);
        for (answered, from, line) in [
            ("Is it blue?", None, "[in reply to “Is it blue?”]"),
            (" Is it\n\nblue? ", None, "[in reply to “Is it blue?”]"),
            (
                "Is it blue?",
                Some("Anna\nB"),
                "[in reply to “Is it blue?” from Anna B]",
            ),
            ("", None, "[in reply to a message]"),
            (" \n", Some(" "), "[in reply to a message]"),
            (&long, None, &format!("[in reply to “{}word…”]", "word ".repeat(15))),
        ] {
            let text = RichText::in_reply_to(answered, from);
            assert_eq!(text.plain().as_str(), line);
        }
        assert_eq!(
            RichText::about("pinned", "Is it blue?", None).plain().as_str(),
            "[pinned “Is it blue?”]"
        );
        assert_eq!(
            RichText::forwarded(Some("Anna")).plain().as_str(),
            "[forwarded from Anna]"
        );
        assert_eq!(RichText::forwarded(None).plain().as_str(), "[forwarded]");
    }

    #[test]
    fn what_it_refers_to_is_not_in_the_words_of_a_message() {
        let forwarded = RichText::forwarded(Some("Anna"));
        let reply = RichText::in_reply_to("help@shop.example", None);
        let all = RichText::joined([forwarded, reply.clone(), "yes\n[forwarded]".into()], "\n");
        assert_eq!(all.own_words(), "yes\n[forwarded]");
        assert_eq!(reply.own_words(), "");
        assert_eq!(RichText::from("[in short] yes").own_words(), "[in short] yes");
        assert_eq!(RichText::from("").own_words(), "");
        let deleted = RichText::about("deleted", "help@shop.example", None);
        assert_eq!(deleted.own_words(), "");
    }

    #[test]
    fn a_quote_is_cut_between_characters_and_behind_no_joiner() {
        let families = "👩\u{200d}👧".repeat(30);
        let line = RichText::in_reply_to(&families, None).plain().into_string();
        let quote = line.trim_start_matches("[in reply to “").trim_end_matches("…”]");
        assert!(
            families.starts_with(quote) && quote.chars().count() <= QUOTE_CHARS_MAX,
            "{line}"
        );
        assert!(!quote.ends_with('\u{200d}'), "{line}");
    }
}
