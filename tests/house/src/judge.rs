//! Compares what was said with what arrived.

/// What became of a row of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Lines that never arrived.
    pub lost: usize,
    /// Pairs whose first appearances are in the wrong order.
    pub inverted: usize,
    /// Appearances after the first.
    pub doubled: usize,
}

impl Verdict {
    /// Adds another row's.
    pub fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.inverted += other.inverted;
        self.doubled += other.doubled;
    }
}

/// Judges a row of different lines by what arrived of it. What arrived beside it is not looked at.
pub fn judge(said: &[String], arrived: &[String]) -> Verdict {
    let firsts: Vec<Option<usize>> = said
        .iter()
        .map(|line| arrived.iter().position(|seen| seen == line))
        .collect();
    let there: Vec<usize> = firsts.iter().flatten().copied().collect();
    let appearances = arrived.iter().filter(|seen| said.contains(seen)).count();
    Verdict {
        lost: firsts.iter().filter(|first| first.is_none()).count(),
        inverted: there.windows(2).filter(|pair| pair[0] > pair[1]).count(),
        doubled: appearances - there.len(),
    }
}

/// How many lines of the bot stand between a human's word and the end of the session.
pub fn bot_lines_after_takeover(
    texts: &[String],
    is_human: impl Fn(&str) -> bool,
    is_end: impl Fn(&str) -> bool,
) -> usize {
    let mut human = false;
    let mut count = 0;
    for text in texts {
        human = (human || is_human(text)) && !is_end(text);
        count += usize::from(human && text.starts_with("Bot:"));
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(words: &str) -> Vec<String> {
        words.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_judge_sees_what_is_wrong() {
        for (said, arrived, lost, inverted, doubled) in [
            ("a b c", "a b c", 0, 0, 0),
            ("a b c", "x a b y c", 0, 0, 0),
            ("a b c", "a c", 1, 0, 0),
            ("a b c", "a c b", 0, 1, 0),
            ("a b c", "a a b c b", 0, 0, 2),
            ("a b c", "", 3, 0, 0),
        ] {
            let verdict = judge(&lines(said), &lines(arrived));
            assert_eq!(
                verdict,
                Verdict {
                    lost,
                    inverted,
                    doubled
                },
                "{said} / {arrived}"
            );
        }
    }

    #[test]
    fn a_bot_that_speaks_after_a_takeover_is_heard() {
        let texts = |words: &[&str]| words.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let count = |words: &[&str]| bot_lines_after_takeover(&texts(words), |t| t == "connected", |t| t == "over");
        assert_eq!(count(&["Bot: hi", "connected", "Anna: hi", "over", "Bot: hi"]), 0);
        assert_eq!(count(&["Bot: hi", "connected", "Bot: hi", "over"]), 1);
    }
}
