use escalator::{
    delivery::{ChatPayload, NoticeKind},
    model::{Answer, SessionId},
};
use teloxide::types::{
    ButtonRequest, InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, KeyboardMarkup, ReplyMarkup,
};

use crate::{
    config::Texts,
    inbound::{answer_button, end_button, human_button},
};

/// How long a label may be, in characters.
const LABEL_CHARS_MAX: usize = 64;

/// The buttons that go with a text. One whose label is empty is left out.
pub(super) fn under(texts: &Texts, payload: &ChatPayload) -> Option<ReplyMarkup> {
    match payload {
        ChatPayload::Notice { kind, .. } => under_notice(texts, *kind),
        ChatPayload::Question { session, .. } => inline(answers(texts, *session)),
        _ => None,
    }
}

/// The end of the chat stands where the customer learns that a human has it, the way to a human where they learn that the
/// bot has it again.
fn under_notice(texts: &Texts, kind: NoticeKind) -> Option<ReplyMarkup> {
    match kind {
        NoticeKind::Waiting | NoticeKind::Connected => {
            let label = texts.end_button.as_deref().and_then(label)?;
            inline([end_button(&label)])
        }
        NoticeKind::Ended
        | NoticeKind::SilenceEnded
        | NoticeKind::NobodyCame
        | NoticeKind::Failed
        | NoticeKind::LeftMessage => {
            let label = texts.human_button.as_deref().and_then(label)?;
            inline([human_button(label)])
        }
        NoticeKind::AskPhone => texts.share_phone_key.as_deref().and_then(label).map(phone_key),
        _ => None,
    }
}

fn answers(texts: &Texts, session: SessionId) -> impl Iterator<Item = InlineKeyboardButton> {
    let answers = [
        (&texts.solved_button, Answer::Solved),
        (&texts.unsolved_button, Answer::NotSolved),
    ];
    answers
        .into_iter()
        .filter_map(move |(text, answer)| Some(answer_button(&label(text)?, session, answer)))
}

/// As Telegram takes it.
fn label(text: &str) -> Option<String> {
    let label: String = text.trim().chars().take(LABEL_CHARS_MAX).collect();
    Some(label).filter(|label| !label.is_empty())
}

fn inline(row: impl IntoIterator<Item = InlineKeyboardButton>) -> Option<ReplyMarkup> {
    let row: Vec<_> = row.into_iter().collect();
    (!row.is_empty()).then(|| ReplyMarkup::InlineKeyboard(InlineKeyboardMarkup::new([row])))
}

/// Telegram puts it in place of the customer's letters, and sends what it shares as a message of theirs.
fn phone_key(label: String) -> ReplyMarkup {
    let key = KeyboardButton::new(label).request(ButtonRequest::Contact);
    let keys = KeyboardMarkup::new([[key]]).resize_keyboard().one_time_keyboard();
    ReplyMarkup::Keyboard(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(markup: ReplyMarkup) -> Vec<String> {
        match markup {
            ReplyMarkup::InlineKeyboard(markup) => {
                markup.inline_keyboard.concat().into_iter().map(|it| it.text).collect()
            }
            ReplyMarkup::Keyboard(markup) => markup.keyboard.concat().into_iter().map(|it| it.text).collect(),
            markup => panic!("{markup:?} has no buttons"),
        }
    }

    #[test]
    fn a_label_that_telegram_does_not_take_is_cut_or_makes_no_button() {
        let long = "ä".repeat(65);
        let cut = "ä".repeat(64);
        for (text, shown) in [
            ("", None),
            (" \n", None),
            (" End ", Some("End")),
            (&long, Some(cut.as_str())),
        ] {
            let label = Some(text.to_owned());
            let texts = Texts {
                end_button: label.clone(),
                human_button: label.clone(),
                share_phone_key: label,
                ..Texts::default()
            };
            for kind in [NoticeKind::Connected, NoticeKind::Ended, NoticeKind::AskPhone] {
                let labels = under_notice(&texts, kind).map(labels);
                assert_eq!(labels, shown.map(|label| vec![label.to_owned()]), "{kind:?} {text}");
            }
        }
    }

    #[test]
    fn a_question_keeps_the_answer_that_has_a_label() {
        let question = ChatPayload::Question {
            session: SessionId::mint(),
            text: "Solved?".into(),
        };
        for (solved, unsolved, shown) in [
            ("", "No", Some(vec!["No"])),
            ("Yes", "No", Some(vec!["Yes", "No"])),
            ("", " ", None),
        ] {
            let texts = Texts {
                solved_button: solved.to_owned(),
                unsolved_button: unsolved.to_owned(),
                ..Texts::default()
            };
            let shown = shown.map(|labels| labels.into_iter().map(str::to_owned).collect());
            assert_eq!(under(&texts, &question).map(labels), shown);
        }
    }
}
