use escalator::{
    channel::ChatDelivery,
    delivery::ChatPayload,
    model::{Author, RichText},
};
use teloxide::{
    RequestError,
    requests::{HasPayload, Request},
    types::{ChatId, InputFile, Message, ReplyMarkup},
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

/// Sends words. What Telegram refuses of their dress is left out, and they go again: the picture, the buttons, the formatting.
///
/// Each is a definite refusal: nothing was shown, so another call makes no double.
pub(super) async fn send<R: TelegramBot>(bot: &R, chat: ChatId, words: Words) -> Result<i64, Stopped> {
    let Words { text, picture, keys } = words;
    let shown = Formatted::of(&text);
    let mut dressed = Dressed { shown, picture, keys };
    loop {
        let refused = match dressed.send(bot, chat).await {
            Err(refused @ (Failure::Content(_) | Failure::Formatting)) => refused,
            sent => return sent.map_err(Stopped::Telegram),
        };
        let Some(less) = dressed.without_what(&refused, &text) else {
            return Err(Stopped::Telegram(refused));
        };
        dressed = less;
    }
}

/// Words as a call carries them.
struct Dressed {
    shown: Formatted,
    picture: Option<Url>,
    keys: Option<ReplyMarkup>,
}

impl Dressed {
    /// The same without what was refused most likely; `None` when there is nothing to leave out.
    fn without_what(self, refused: &Failure, text: &RichText) -> Option<Self> {
        let detail = refused.detail();
        let is_plain = self.shown.entities.is_empty();
        let is_bare = self.picture.is_none() && self.keys.is_none();
        if !is_plain && (is_bare || *refused == Failure::Formatting) {
            tracing::warn!(detail, "Telegram refused the formatting of a message; it goes without");
            let shown = Formatted::plain(text);
            return Some(Self { shown, ..self });
        }
        if self.picture.is_some() {
            tracing::debug!(detail, "the agent's picture was refused; the words go without it");
            return Some(Self { picture: None, ..self });
        }
        self.keys.as_ref()?;
        tracing::warn!(detail, "Telegram refused the buttons of a message; it goes without");
        Some(Self { keys: None, ..self })
    }

    async fn send<R: TelegramBot>(&self, bot: &R, chat: ChatId) -> Result<i64, Failure> {
        let picture = self.picture.as_ref().filter(|_| self.shown.fits(CAPTION_MAX));
        let sent = match picture {
            Some(picture) => self.send_photo(bot, chat, picture.clone()).await,
            None => self.send_text(bot, chat).await,
        };
        let sent = sent.map_err(|failed| Failure::of(&failed))?;
        Ok(i64::from(sent.id.0))
    }

    async fn send_text<R: TelegramBot>(&self, bot: &R, chat: ChatId) -> Result<Message, RequestError> {
        let (text, entities) = self.shown.clone().into_parts();
        let message = bot.send_message(chat, text).with_payload_mut(|message| {
            message.entities = entities;
            message.reply_markup.clone_from(&self.keys);
        });
        message.send().await
    }

    /// Telegram fetches the picture itself.
    async fn send_photo<R: TelegramBot>(&self, bot: &R, chat: ChatId, picture: Url) -> Result<Message, RequestError> {
        let (caption, entities) = self.shown.clone().into_parts();
        let photo = bot.send_photo(chat, InputFile::url(picture)).with_payload_mut(|photo| {
            photo.caption = Some(caption);
            photo.caption_entities = entities;
            photo.reply_markup.clone_from(&self.keys);
        });
        photo.send().await
    }
}
