use escalator::model::{Attachment, CustomerMessage, Text};
use teloxide::types::{MediaKind, Message, MessageKind};

use super::{file, line};

/// What a message says: its text or caption, and its files.
pub(super) fn of(message: &Message) -> CustomerMessage {
    let MessageKind::Common(common) = &message.kind else {
        return CustomerMessage::text(line::of_kind(&message.kind));
    };
    match &common.media_kind {
        MediaKind::Text(media) => CustomerMessage::text(media.text.as_str()),
        MediaKind::Photo(media) => with(file::photo(&media.photo), media.caption.as_deref()),
        MediaKind::Document(media) => with(file::document(&media.document), media.caption.as_deref()),
        MediaKind::Video(media) => with(file::video(&media.video), media.caption.as_deref()),
        MediaKind::Audio(media) => with(file::audio(&media.audio), media.caption.as_deref()),
        MediaKind::Voice(media) => with(file::voice(&media.voice), media.caption.as_deref()),
        MediaKind::Animation(media) => with(file::animation(&media.animation), media.caption.as_deref()),
        MediaKind::VideoNote(media) => with(file::video_note(&media.video_note), None),
        MediaKind::Sticker(media) => with(file::sticker(&media.sticker), line::sticker(&media.sticker).as_deref()),
        other => CustomerMessage::text(line::of_media(other)),
    }
}

fn with(file: impl Into<Option<Attachment>>, text: Option<&str>) -> CustomerMessage {
    let mut message = CustomerMessage {
        text: text.map(Text::from),
        files: file.into().into_iter().collect(),
    };
    if message.text.is_none() && message.files.is_empty() {
        message.text = Some(line::UNKNOWN.into());
    }
    message
}
