use escalator::model::{AlbumId, Attachment, CustomerMessage, RichText};
use teloxide::types::{MediaKind, Message, MessageEntity, MessageKind};

use super::{file, format::formatted, line, reference};

/// What a message says: what it refers to, its text or caption, and its files.
pub(super) fn of(message: &Message) -> CustomerMessage {
    let said = alone(message);
    let MessageKind::Common(common) = &message.kind else {
        return said;
    };
    let lines: Vec<_> = reference::lines(common).chain(said.text).collect();
    CustomerMessage {
        text: (!lines.is_empty()).then(|| RichText::joined(lines, "\n")),
        files: said.files,
        album: message.media_group_id().map(|id| AlbumId::new(id.0.clone())),
        ..CustomerMessage::default()
    }
}

/// What an edited message says now, on one line: its files by their labels, since they went to the desk before.
pub(super) fn changed(message: &Message) -> RichText {
    let said = alone(message);
    let files = said.files.iter().map(|file| file.label().into());
    RichText::joined(files.chain(said.text), " ")
}

/// The words for a message that another one refers to.
pub(super) fn words(message: &Message) -> String {
    match message.sticker() {
        Some(sticker) => line::of_sticker(sticker),
        None => changed(message).plain().into_string(),
    }
}

/// What a message says by itself.
fn alone(message: &Message) -> CustomerMessage {
    let MessageKind::Common(common) = &message.kind else {
        return CustomerMessage::text(line::of_kind(&message.kind));
    };
    match &common.media_kind {
        MediaKind::Text(media) => CustomerMessage::text(formatted(&media.text, &media.entities)),
        MediaKind::Photo(media) => with(
            file::photo(&media.photo),
            captioned(media.caption.as_deref(), &media.caption_entities),
        ),
        MediaKind::Document(media) => with(
            file::document(&media.document),
            captioned(media.caption.as_deref(), &media.caption_entities),
        ),
        MediaKind::Video(media) => with(
            file::video(&media.video),
            captioned(media.caption.as_deref(), &media.caption_entities),
        ),
        MediaKind::Audio(media) => with(
            file::audio(&media.audio),
            captioned(media.caption.as_deref(), &media.caption_entities),
        ),
        MediaKind::Voice(media) => with(
            file::voice(&media.voice),
            captioned(media.caption.as_deref(), &media.caption_entities),
        ),
        MediaKind::Animation(media) => with(
            file::animation(&media.animation),
            captioned(media.caption.as_deref(), &media.caption_entities),
        ),
        MediaKind::VideoNote(media) => with(file::video_note(&media.video_note), None),
        MediaKind::Sticker(media) => with(
            file::sticker(&media.sticker),
            line::sticker(&media.sticker).map(RichText::from),
        ),
        other => CustomerMessage::text(line::of_media(other)),
    }
}

fn captioned(caption: Option<&str>, entities: &[MessageEntity]) -> Option<RichText> {
    caption.map(|caption| formatted(caption, entities))
}

fn with(file: impl Into<Option<Attachment>>, text: Option<RichText>) -> CustomerMessage {
    let mut message = CustomerMessage {
        text,
        files: file.into().into_iter().collect(),
        ..CustomerMessage::default()
    };
    if message.text.is_none() && message.files.is_empty() {
        message.text = Some(line::UNKNOWN.into());
    }
    message
}
