use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use escalator::{
    delivery::{OpenFile, OpenedFile, Outcome, split},
    model::{Attachment, RichText},
};
use futures::TryStreamExt;
use teloxide::{
    RequestError,
    requests::{HasPayload, Request},
    types::{ChatId, InputFile, Message},
};
use tokio_util::io::StreamReader;

use super::{
    Stopped,
    format::SendAs,
    formatted::{CAPTION_MAX, Formatted},
};
use crate::{channel::TelegramBot, config::Settings, error::Failure};

/// Sends a file by the call that shows it best. When Telegram refuses it so, it is sent as a document; when it refuses the
/// caption's formatting, without that; when it refuses either alone, without both.
pub(super) async fn send<R: TelegramBot>(
    bot: &R,
    settings: &Settings,
    chat: ChatId,
    caption: Option<RichText>,
    file: &Attachment,
    source: &dyn OpenFile,
) -> Result<i64, Stopped> {
    let caption = caption.and_then(|caption| first_part(&caption));
    let limit = settings.send_bytes_max;
    check_size(file.bytes, limit)?;
    let mut opened = source.open().await.map_err(Stopped::Source)?;
    let bytes = opened.bytes.or(file.bytes);
    check_size(bytes, limit)?;
    let mut form = Form {
        send_as: SendAs::best(file, bytes),
        caption: caption.as_ref().map(Formatted::of),
    };
    loop {
        let sent = upload(bot, form.send_as, chat, form.caption.clone(), file, opened).await;
        // After a definite refusal nothing was shown, so another call makes no double.
        let simpler = match &sent {
            Err(Stopped::Telegram(refused)) => form.without_what(refused, caption.as_ref()),
            _ => None,
        };
        let Some(simpler) = simpler else {
            return sent;
        };
        form = simpler;
        opened = source.open().await.map_err(Stopped::Source)?;
    }
}

/// How a file is shown.
struct Form {
    send_as: SendAs,
    caption: Option<Formatted>,
}

impl Form {
    /// The same without what was refused most likely; `None` when it was no definite refusal, or there is nothing to leave out.
    fn without_what(&self, refused: &Failure, caption: Option<&RichText>) -> Option<Self> {
        let is_document = self.send_as == SendAs::Document;
        let is_formatted = self.caption.as_ref().is_some_and(|it| !it.entities.is_empty());
        match refused {
            Failure::Content(_) if !is_document => Some(Self {
                send_as: SendAs::Document,
                caption: self.caption.clone(),
            }),
            Failure::Content(_) | Failure::Formatting if is_formatted => Some(Self {
                send_as: self.send_as,
                caption: caption.map(Formatted::plain),
            }),
            _ => None,
        }
    }
}

async fn upload<R: TelegramBot>(
    bot: &R,
    send_as: SendAs,
    chat: ChatId,
    caption: Option<Formatted>,
    file: &Attachment,
    opened: OpenedFile,
) -> Result<i64, Stopped> {
    let is_broken = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&is_broken);
    let stream = opened.stream.inspect_err(move |_| noted.store(true, Ordering::Release));
    let input = InputFile::read(StreamReader::new(stream)).file_name(file.name.as_str().to_owned());
    match call(bot, send_as, chat, caption, input).await {
        Ok(message) => Ok(i64::from(message.id.0)),
        // An upload that lacks its end is no upload.
        Err(_) if is_broken.load(Ordering::Acquire) => Err(Stopped::Source(Outcome::not_sent(
            "the file could not be read to its end",
        ))),
        Err(failed) => Err(Stopped::Telegram(Failure::of(&failed))),
    }
}

async fn call<R: TelegramBot>(
    bot: &R,
    send_as: SendAs,
    chat: ChatId,
    caption: Option<Formatted>,
    input: InputFile,
) -> Result<Message, RequestError> {
    let (caption, entities) = caption.map(Formatted::into_parts).unzip();
    let entities = entities.flatten();
    match send_as {
        SendAs::Photo => {
            let call = bot.send_photo(chat, input);
            let with_caption = call.with_payload_mut(|call| {
                (call.caption, call.caption_entities) = (caption, entities);
            });
            with_caption.send().await
        }
        SendAs::Animation => {
            let call = bot.send_animation(chat, input);
            let with_caption = call.with_payload_mut(|call| {
                (call.caption, call.caption_entities) = (caption, entities);
            });
            with_caption.send().await
        }
        SendAs::Video => {
            let call = bot.send_video(chat, input);
            let with_caption = call.with_payload_mut(|call| {
                (call.caption, call.caption_entities) = (caption, entities);
            });
            with_caption.send().await
        }
        SendAs::Audio => {
            let call = bot.send_audio(chat, input);
            let with_caption = call.with_payload_mut(|call| {
                (call.caption, call.caption_entities) = (caption, entities);
            });
            with_caption.send().await
        }
        SendAs::Voice => {
            let call = bot.send_voice(chat, input);
            let with_caption = call.with_payload_mut(|call| {
                (call.caption, call.caption_entities) = (caption, entities);
            });
            with_caption.send().await
        }
        SendAs::Document => {
            let call = bot.send_document(chat, input);
            let with_caption = call.with_payload_mut(|call| {
                (call.caption, call.caption_entities) = (caption, entities);
            });
            with_caption.send().await
        }
    }
}

fn check_size(bytes: Option<u64>, limit: u64) -> Result<(), Stopped> {
    match bytes {
        Some(bytes) if bytes > limit => Err(Stopped::Source(Outcome::rejected(format!(
            "the file is larger than the {} MB that can be sent over Telegram",
            limit >> 20
        )))),
        _ => Ok(()),
    }
}

fn first_part(caption: &RichText) -> Option<RichText> {
    let fits = |part: &RichText| Formatted::of(part).fits(CAPTION_MAX) && Formatted::plain(part).fits(CAPTION_MAX);
    split(caption, fits).into_iter().next()
}
