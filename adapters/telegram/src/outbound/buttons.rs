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

/// The buttons that go with a text.
pub(super) fn under(texts: &Texts, payload: &ChatPayload) -> Option<ReplyMarkup> {
    match payload {
        ChatPayload::Notice { kind, .. } => under_notice(texts, *kind),
        ChatPayload::Question { session, .. } => Some(inline(answers(texts, *session))),
        _ => None,
    }
}

/// The end of the chat stands where the customer learns that a human has it, the way to a human where they learn that the
/// bot has it again.
fn under_notice(texts: &Texts, kind: NoticeKind) -> Option<ReplyMarkup> {
    match kind {
        NoticeKind::Waiting | NoticeKind::Connected => {
            let label = texts.end_button.as_deref()?;
            Some(inline([end_button(label)]))
        }
        NoticeKind::Ended
        | NoticeKind::SilenceEnded
        | NoticeKind::NobodyCame
        | NoticeKind::Failed
        | NoticeKind::LeftMessage => {
            let label = texts.human_button.as_deref()?;
            Some(inline([human_button(label)]))
        }
        NoticeKind::AskPhone => texts.share_phone_key.as_deref().map(phone_key),
        _ => None,
    }
}

fn answers(texts: &Texts, session: SessionId) -> [InlineKeyboardButton; 2] {
    [
        answer_button(&texts.solved_button, session, Answer::Solved),
        answer_button(&texts.unsolved_button, session, Answer::NotSolved),
    ]
}

fn inline(row: impl IntoIterator<Item = InlineKeyboardButton>) -> ReplyMarkup {
    ReplyMarkup::InlineKeyboard(InlineKeyboardMarkup::new([row]))
}

/// Telegram puts it in place of the customer's letters, and sends what it shares as a message of theirs.
fn phone_key(label: &str) -> ReplyMarkup {
    let key = KeyboardButton::new(label).request(ButtonRequest::Contact);
    let keys = KeyboardMarkup::new([[key]]).resize_keyboard().one_time_keyboard();
    ReplyMarkup::Keyboard(keys)
}
