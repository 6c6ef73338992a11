use std::fmt;

use escalator::model::{Answer, SessionId};
use serenity::model::id::{ChannelId, UserId};

/// What ours begin with. No bot of an author's has it by chance.
const END: &str = "escalator:end";
const HUMAN: &str = "escalator:human";
const SOLVED: &str = "escalator:solved:";
const NOT_SOLVED: &str = "escalator:unsolved:";

/// A button of ours. Written, it is its `custom_id`, of at most 100 characters as Discord wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Button {
    /// Ends the chat with a human.
    End,
    /// Asks for a human.
    Human,
    /// Answers whether it was solved.
    Answer(Asked, Answer),
}

/// What was asked about, and whom. The conversation's home stands in it: the question can be shown elsewhere, where nobody
/// knows of it after the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) session: SessionId,
    pub(crate) home: ChannelId,
    pub(crate) customer: UserId,
}

impl Button {
    /// Reads a `custom_id`; `None` when it is none of ours.
    pub(crate) fn read(custom_id: &str) -> Option<Self> {
        if let Some(asked) = custom_id.strip_prefix(SOLVED) {
            return Some(Self::Answer(Asked::read(asked)?, Answer::Solved));
        }
        if let Some(asked) = custom_id.strip_prefix(NOT_SOLVED) {
            return Some(Self::Answer(Asked::read(asked)?, Answer::NotSolved));
        }
        match custom_id {
            END => Some(Self::End),
            HUMAN => Some(Self::Human),
            _ => None,
        }
    }
}

impl fmt::Display for Button {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End => f.write_str(END),
            Self::Human => f.write_str(HUMAN),
            Self::Answer(asked, Answer::Solved) => write!(f, "{SOLVED}{asked}"),
            Self::Answer(asked, Answer::NotSolved) => write!(f, "{NOT_SOLVED}{asked}"),
        }
    }
}

impl Asked {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let session = SessionId::parse(parts.next()?)?;
        let (home, customer) = (id(parts.next()?)?, id(parts.next()?)?);
        parts.next().is_none().then(|| Self {
            session,
            home: ChannelId::new(home),
            customer: UserId::new(customer),
        })
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.session, self.home, self.customer)
    }
}

/// Ids of Discord's are never 0, and serenity panics at one.
fn id(digits: &str) -> Option<u64> {
    digits.parse().ok().filter(|id| *id != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn asked(home: u64, customer: u64) -> Asked {
        Asked {
            session: SessionId::parse(SESSION).expect("it is one"),
            home: ChannelId::new(home),
            customer: UserId::new(customer),
        }
    }

    #[test]
    fn a_button_is_read_as_it_was_written_and_is_short_enough() {
        let asked = asked(u64::MAX, u64::MAX);
        for (button, begins) in [
            (Button::End, "escalator:end"),
            (Button::Human, "escalator:human"),
            (
                Button::Answer(asked, Answer::Solved),
                "escalator:solved:01890a5d-ac96-774b-bcce-b302099a8057",
            ),
            (
                Button::Answer(asked, Answer::NotSolved),
                "escalator:unsolved:01890a5d-ac96-774b-bcce-b302099a8057",
            ),
        ] {
            let written = button.to_string();
            assert!(written.starts_with(begins), "{written}");
            assert!(written.len() <= 100, "{written}");
            assert_eq!(Button::read(&written), Some(button));
        }
    }

    #[test]
    fn what_is_foreign_or_broken_is_none_of_ours() {
        for custom_id in [
            "",
            "buy",
            "escalator:",
            "escalator:end:1",
            "escalator:humans",
            "escalator:solved:",
            "escalator:solved:01890a5d:10:42",
            "escalator:solved:01890a5d-ac96-774b-bcce-b302099a805x:10:42",
            "escalator:unsolved:01890a5d-ac96-774b-bcce-b302099a8057",
            "escalator:unsolved:01890a5d-ac96-774b-bcce-b302099a8057:10",
            "escalator:unsolved:01890a5d-ac96-774b-bcce-b302099a8057:0:42",
            "escalator:unsolved:01890a5d-ac96-774b-bcce-b302099a8057:10:-1",
            "escalator:unsolved:01890a5d-ac96-774b-bcce-b302099a8057:10:18446744073709551616",
            "escalator:unsolved:01890a5d-ac96-774b-bcce-b302099a8057:10:42:1",
            "my-escalator:solved:01890a5d-ac96-774b-bcce-b302099a8057:10:42",
        ] {
            assert_eq!(Button::read(custom_id), None, "{custom_id}");
        }
    }
}
