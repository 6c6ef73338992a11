use escalator::model::{Answer, SessionId, Timestamp};
use teloxide::types::{CallbackQueryId, InlineKeyboardButton, MessageId, Update, UpdateKind};

/// What our buttons send. No bot of an author's has it by chance.
const END: &str = "escalator:end";
const HUMAN: &str = "escalator:human";
const SOLVED: &str = "escalator:solved:";
const NOT_SOLVED: &str = "escalator:unsolved:";

/// A button that was pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Button {
    pub(crate) id: CallbackQueryId,
    pub(crate) press: Press,
    /// The message that it stands under.
    pub(crate) under: Option<MessageId>,
    /// When that was sent, where Telegram tells it.
    pub(crate) said: Option<Timestamp>,
}

/// What is asked for by a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Press {
    /// The end of the chat with a human.
    End,
    /// The end of one that is over already.
    EarlierEnd,
    /// A human.
    Human,
    /// Nothing: it tells whether it was solved.
    Answer(SessionId, Answer),
    /// Whatever the bot's author made it for.
    Theirs,
}

impl Press {
    /// Reads what a button sends.
    pub(crate) fn read(data: Option<&str>) -> Self {
        let data = data.unwrap_or_default();
        match data {
            END => return Self::End,
            HUMAN => return Self::Human,
            _ => {}
        }
        let answered = |prefix: &str, answer: Answer| {
            let session = SessionId::parse(data.strip_prefix(prefix)?)?;
            Some(Self::Answer(session, answer))
        };
        answered(SOLVED, Answer::Solved)
            .or_else(|| answered(NOT_SOLVED, Answer::NotSolved))
            .unwrap_or(Self::Theirs)
    }

    /// Whether it gets its answer as soon as it was offered, whoever owns the chat, and goes no further.
    pub(crate) fn is_answered(self) -> bool {
        matches!(self, Self::End | Self::EarlierEnd | Self::Answer(..))
    }
}

/// The button that asks for a human, for a message of the bot's own: under a greeting, under an answer that did not help.
/// Pressed in a private chat that the bot owns it escalates by itself, and no handler sees it.
///
/// Telegram takes labels of 1 to 64 characters.
pub fn human_button(label: impl Into<String>) -> InlineKeyboardButton {
    InlineKeyboardButton::callback(label, HUMAN)
}

/// The button that ends the chat with a human.
pub(crate) fn end_button(label: &str) -> InlineKeyboardButton {
    InlineKeyboardButton::callback(label, END)
}

/// The button that tells whether a session solved it.
pub(crate) fn answer_button(label: &str, session: SessionId, answer: Answer) -> InlineKeyboardButton {
    let prefix = match answer {
        Answer::Solved => SOLVED,
        Answer::NotSolved => NOT_SOLVED,
    };
    InlineKeyboardButton::callback(label, format!("{prefix}{session}"))
}

/// The pressed button, where it asks for a human, in whatever chat.
pub(crate) fn asks_for_human(update: &Update) -> Option<&CallbackQueryId> {
    let UpdateKind::CallbackQuery(query) = &update.kind else {
        return None;
    };
    (Press::read(query.data.as_deref()) == Press::Human).then_some(&query.id)
}

#[cfg(test)]
mod tests {
    use teloxide::types::InlineKeyboardButtonKind;

    use super::*;

    /// The longest data that Telegram takes, in bytes.
    const DATA_BYTES_MAX: usize = 64;

    fn data(button: InlineKeyboardButton) -> String {
        match button.kind {
            InlineKeyboardButtonKind::CallbackData(data) => data,
            kind => panic!("{kind:?} sends nothing"),
        }
    }

    #[test]
    fn what_our_buttons_send_is_read_again_and_telegram_takes_it() {
        let session = SessionId::mint();
        let solved = |answer| answer_button("x", session, answer);
        for (button, press) in [
            (end_button("x"), Press::End),
            (human_button("x"), Press::Human),
            (solved(Answer::Solved), Press::Answer(session, Answer::Solved)),
            (solved(Answer::NotSolved), Press::Answer(session, Answer::NotSolved)),
        ] {
            let data = data(button);
            assert_eq!(Press::read(Some(&data)), press, "{data}");
            assert!(data.len() <= DATA_BYTES_MAX, "{data}");
        }
    }

    #[test]
    fn all_else_is_the_authors() {
        let session = SessionId::mint();
        let others = [
            "",
            "order:17",
            "escalator:",
            "escalator:end:now",
            "escalator:solved:",
            "escalator:solved:12",
            "escalator:unsolved:01a22381-e416-7739-8127-dda75a06187",
            &format!("solved:{session}"),
            &format!("escalator:perhaps:{session}"),
        ];
        for data in others {
            assert_eq!(Press::read(Some(data)), Press::Theirs, "{data}");
        }
        assert_eq!(Press::read(None), Press::Theirs);
    }
}
