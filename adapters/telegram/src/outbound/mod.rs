//! Deliveries: one call that the customer can see, and what its failure means.

mod fetch;
mod file;
mod flood;
mod format;
mod formatted;
mod signal;
mod words;

use escalator::{
    channel::ChatDelivery,
    delivery::{ChatPayload, NoticeKind, Outcome, Receipt, Scope},
    model::ConversationKey,
};
use teloxide::types::{ChatId, InlineKeyboardButton, InlineKeyboardMarkup};

use self::words::Words;
pub(crate) use self::{
    fetch::fetch,
    flood::Flood,
    formatted::{TEXT_MAX, fits},
    signal::{TYPING_LASTS, signal},
};
use crate::{channel::TelegramBot, config::Settings, error::Failure, inbound::END_BUTTON};

/// Delivers, once.
pub(crate) async fn deliver<R: TelegramBot>(
    bot: &R,
    settings: &Settings,
    flood: &Flood,
    delivery: ChatDelivery<'_>,
) -> Outcome {
    let Some(chat) = chat_id(delivery.to) else {
        return Outcome::rejected("the conversation's address is no Telegram chat");
    };
    let rich = delivery.payload.rich();
    let sent = match delivery.payload {
        ChatPayload::File { file, .. } => {
            let Some(source) = delivery.file else {
                return Outcome::rejected("the file came without its bytes");
            };
            file::send(bot, settings, chat, rich, file, source).await
        }
        payload => {
            let Some(text) = rich else {
                return Outcome::rejected("Telegram cannot show this kind of message");
            };
            let words = Words {
                text,
                picture: words::picture(settings, &delivery),
                button: button(settings, payload),
            };
            words::send(bot, chat, &words).await
        }
    };
    match sent {
        Ok(message_id) => delivered(message_id),
        Err(Stopped::Telegram(failure)) => flood.outcome(chat, failure),
        Err(Stopped::Source(outcome)) => outcome,
    }
}

/// Why nothing was sent.
enum Stopped {
    /// Telegram, or the way there.
    Telegram(Failure),
    /// The file's own bytes.
    Source(Outcome),
}

/// The button that ends the chat stands where the customer learns that a human has it.
fn button(settings: &Settings, payload: &ChatPayload) -> Option<InlineKeyboardMarkup> {
    let ChatPayload::Notice {
        kind: NoticeKind::Waiting | NoticeKind::Connected,
        ..
    } = payload
    else {
        return None;
    };
    let label = settings.texts.end_button.as_ref()?;
    Some(InlineKeyboardMarkup::new([[InlineKeyboardButton::callback(
        label, END_BUTTON,
    )]]))
}

fn chat_id(conversation: &ConversationKey) -> Option<ChatId> {
    conversation.address.as_str().parse().ok().map(ChatId)
}

fn delivered(message_id: i64) -> Outcome {
    Outcome::Delivered(Receipt::Message {
        id: message_id.to_string(),
    })
}

/// What a failure means for the lane that it struck. The wait is judged elsewhere.
fn outcome(failure: Failure, scope_of_wait: Scope) -> Outcome {
    match failure {
        Failure::Arrived { message_id } => delivered(message_id),
        Failure::Wait(wait) => Outcome::NotSent {
            detail: "Telegram asks to wait".to_owned(),
            retry_after: Some(wait),
            scope: scope_of_wait,
        },
        Failure::Unreachable(detail) => Outcome::NotSent {
            detail,
            retry_after: None,
            scope: Scope::Door,
        },
        Failure::NotSent(detail) => Outcome::not_sent(detail),
        Failure::Unknown(detail) => Outcome::unknown(detail),
        Failure::Content(detail) | Failure::Customer(detail) => Outcome::rejected(detail),
        Failure::Formatting => Outcome::rejected(failure.detail()),
        Failure::Account(detail) => Outcome::Refused {
            detail,
            scope: Scope::Door,
        },
    }
}
