//! Deliveries: one call that the customer can see, and what its failure means.

mod buttons;
mod fetch;
mod file;
mod flood;
mod format;
mod formatted;
mod phone_keys;
mod received;
mod signal;
mod words;

use escalator::{
    channel::ChatDelivery,
    delivery::{ChatPayload, Outcome, Receipt, Scope},
};

use teloxide::types::{ChatId, ReplyMarkup};

#[cfg(feature = "fuzzing")]
pub(crate) use self::formatted::carried;
use self::words::Words;
pub(crate) use self::{
    fetch::fetch,
    flood::Flood,
    formatted::{TEXT_MAX, fits},
    phone_keys::PhoneKeys,
    received::received,
    signal::{TYPING_LASTS, signal},
};
use crate::{channel::TelegramBot, config::Settings, error::Failure, inbound::chat};

/// Delivers, once.
pub(crate) async fn deliver<R: TelegramBot>(
    bot: &R,
    settings: &Settings,
    flood: &Flood,
    phone_keys: &PhoneKeys,
    delivery: ChatDelivery<'_>,
) -> Outcome {
    let Some(chat) = chat(delivery.to) else {
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
                keys: buttons::under(&settings.texts, payload),
            };
            send_words(bot, phone_keys, chat, words).await
        }
    };
    match sent {
        Ok(message_id) => delivered(message_id),
        Err(Stopped::Telegram(failure)) => flood.outcome(chat, failure),
        Err(Stopped::Source(outcome)) => outcome,
    }
}

/// Sends words, which take the phone key of before away where they have no buttons of their own: a message has one of both.
async fn send_words<R: TelegramBot>(
    bot: &R,
    phone_keys: &PhoneKeys,
    chat: ChatId,
    mut words: Words,
) -> Result<i64, Stopped> {
    if let Some(ReplyMarkup::Keyboard(_)) = words.keys {
        phone_keys.shown(chat);
        return words::send(bot, chat, words).await;
    }
    if words.keys.is_some() || !phone_keys.is_shown(chat) {
        return words::send(bot, chat, words).await;
    }
    words.keys = Some(ReplyMarkup::kb_remove());
    let sent = words::send(bot, chat, words).await?;
    phone_keys.gone(chat);
    Ok(sent)
}

/// Why nothing was sent.
enum Stopped {
    /// Telegram, or the way there.
    Telegram(Failure),
    /// The file's own bytes.
    Source(Outcome),
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
