use escalator::{
    channel::ChatDelivery,
    delivery::ChatPayload,
    model::{Author, RichText},
};
use teloxide::{
    requests::{HasPayload, Request},
    types::{ChatId, InputFile, ReplyMarkup},
};
use url::Url;

use super::{
    Stopped,
    formatted::{self, CAPTION_MAX, Formatted},
};
use crate::{
    channel::TelegramBot,
    config::{AgentPicture, Settings},
    error::Failure,
};

/// What is said, and what it is dressed with.
pub(super) struct Words {
    pub(super) text: RichText,
    /// The address of the picture over them.
    pub(super) picture: Option<Url>,
    /// The buttons under them, or in place of the customer's letters.
    pub(super) keys: Option<ReplyMarkup>,
}

/// The picture of the agent whom a notice presents. It is left out where the notice comes once more: what Telegram fetches
/// slowly must not hold up the words.
pub(super) fn picture(settings: &Settings, delivery: &ChatDelivery<'_>) -> Option<Url> {
    let ChatPayload::Notice {
        agent: Some(Author { picture, .. }),
        ..
    } = delivery.payload
    else {
        return None;
    };
    let is_shown = settings.agent_picture == AgentPicture::Shown && delivery.attempt <= 1;
    picture.as_deref().filter(|_| is_shown).and_then(formatted::picture)
}

/// Sends words. When Telegram refuses the picture, they go without it; when it refuses the formatting, without that.
///
/// Either is a definite refusal: nothing was shown, so a second call makes no double.
pub(super) async fn send<R: TelegramBot>(bot: &R, chat: ChatId, words: &Words) -> Result<i64, Stopped> {
    let formatted = Formatted::of(&words.text);
    if let Some(picture) = words.picture.clone().filter(|_| formatted.fits(CAPTION_MAX)) {
        return match send_photo(bot, chat, picture, formatted.clone(), words).await {
            Err(Failure::Content(detail)) => {
                tracing::debug!(detail, "the agent's picture was refused; the words go without it");
                send_text(bot, chat, formatted, words).await
            }
            sent => sent,
        }
        .map_err(Stopped::Telegram);
    }
    let is_formatted = !formatted.entities.is_empty();
    let sent = match send_text(bot, chat, formatted, words).await {
        Err(Failure::Formatting) if is_formatted => {
            tracing::warn!("Telegram refused the formatting of a message; it goes without");
            send_text(bot, chat, Formatted::plain(&words.text), words).await
        }
        sent => sent,
    };
    sent.map_err(Stopped::Telegram)
}

async fn send_text<R: TelegramBot>(bot: &R, chat: ChatId, formatted: Formatted, words: &Words) -> Result<i64, Failure> {
    let (text, entities) = formatted.into_parts();
    let message = bot.send_message(chat, text).with_payload_mut(|message| {
        message.entities = entities;
        message.reply_markup.clone_from(&words.keys);
    });
    let sent = message.send().await.map_err(|failed| Failure::of(&failed))?;
    Ok(i64::from(sent.id.0))
}

/// Telegram fetches the picture itself.
async fn send_photo<R: TelegramBot>(
    bot: &R,
    chat: ChatId,
    picture: Url,
    formatted: Formatted,
    words: &Words,
) -> Result<i64, Failure> {
    let (caption, entities) = formatted.into_parts();
    let photo = bot.send_photo(chat, InputFile::url(picture)).with_payload_mut(|photo| {
        photo.caption = Some(caption);
        photo.caption_entities = entities;
        photo.reply_markup.clone_from(&words.keys);
    });
    let sent = photo.send().await.map_err(|failed| Failure::of(&failed))?;
    Ok(i64::from(sent.id.0))
}
