/// From how many characters on a piece of what was sent is taken out, wherever it stands.
const RUN: usize = 12;
/// From how many characters on a whole short value is taken out inside a word too.
const SHORT: usize = 4;
const GAP: &str = "[…]";

/// Takes out of the desk's own words what we sent: a desk may quote a message, a token or an address back.
///
/// A value of fewer than 12 characters goes where it stands whole, a longer one also in pieces of at least 12.
pub(super) fn without_echo<'a>(said: &str, sent: impl Iterator<Item = &'a str>) -> String {
    let mut said = said.to_owned();
    for value in sent {
        said = match value.chars().count() {
            0 => said,
            1..SHORT => without_word(&said, value),
            SHORT..RUN => said.replace(value, GAP),
            _ => without_runs(&said, value),
        };
    }
    said
}

fn without_word(said: &str, word: &str) -> String {
    let mut kept = String::with_capacity(said.len());
    let mut rest = said;
    while let Some(at) = rest.find(word) {
        let behind = &rest[at + word.len()..];
        let before = kept.chars().chain(rest[..at].chars()).last();
        let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let stands_alone = !inside(before) && !inside(behind.chars().next());
        kept.push_str(&rest[..at]);
        kept.push_str(if stands_alone { GAP } else { word });
        rest = behind;
    }
    kept + rest
}

fn without_runs(said: &str, value: &str) -> String {
    let ends: Vec<usize> = said
        .char_indices()
        .map(|(at, _)| at)
        .chain(std::iter::once(said.len()))
        .collect();
    let mut kept = String::with_capacity(said.len());
    let mut at = 0;
    while at + 1 < ends.len() {
        let echoes = |to: usize| to < ends.len() && value.contains(&said[ends[at]..ends[to]]);
        if echoes(at + RUN) {
            let to = (at + RUN..ends.len())
                .take_while(|to| echoes(*to))
                .last()
                .unwrap_or(at + RUN);
            kept.push_str(GAP);
            at = to;
        } else {
            kept.push_str(&said[ends[at]..ends[at + 1]]);
            at += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_taken_out_of_what_is_said() {
        let long = "my order 4711 never came, my card is 5500 0000";
        for (said, sent, left) in [
            ("Token abcDEF1234 is unknown.", "abcDEF1234", "Token […] is unknown."),
            ("token=abcDEF1234x", "abcDEF1234", "token=[…]x"),
            (
                "cannot store 'my order 4711 never came, m...'",
                long,
                "cannot store '[…]...'",
            ),
            ("this is not a message", "is", "this […] not a message"),
            ("hi", "hi", "[…]"),
            ("12 of 120", "12", "[…] of 120"),
            ("nothing of it", long, "nothing of it"),
            (
                "José, José: ünïcödé text ünïcödé",
                "ünïcödé text ünïcödé",
                "José, José: […]",
            ),
            ("", "abc", ""),
            ("kept", "", "kept"),
        ] {
            assert_eq!(without_echo(said, std::iter::once(sent)), left, "{said}");
        }
    }

    #[test]
    fn several_values_are_taken_out() {
        let sent = ["https://bot.example.com/omnidesk/4f1c", "secret-token"];
        let said = "no answer from https://bot.example.com/omnidesk/4f1c/endSession for secret-token";
        assert_eq!(
            without_echo(said, sent.into_iter()),
            "no answer from […]/endSession for […]"
        );
    }
}
