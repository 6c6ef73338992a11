use escalator::model::{Attachment, FileKind, FileRef, FileSource, Text, file_name};
use serenity::model::{
    channel::{self, MessageFlags},
    id::{AttachmentId, ChannelId, MessageId, StickerId},
    sticker::{StickerFormatType, StickerItem},
};

/// What the handle of a sticker's picture begins with.
const STICKER: &str = "sticker";

/// Where a file comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// It stands in a message, or in one that the message forwards.
    Attachment {
        channel: ChannelId,
        message: MessageId,
        attachment: AttachmentId,
    },
    /// It is the picture of a sticker.
    Sticker { sticker: StickerId, drawn: Drawn },
}

/// How a sticker's picture is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drawn {
    /// As a PNG, which can move.
    Png,
    /// As a GIF.
    Gif,
}

/// Whether a message is one that was spoken.
pub(super) fn is_voice(flags: Option<MessageFlags>) -> bool {
    flags.unwrap_or_default().contains(MessageFlags::IS_VOICE_MESSAGE)
}

/// A file of a message. Its address expires within a day, so it is known by where it stands.
pub(super) fn of(place: (ChannelId, MessageId), attachment: &channel::Attachment, is_voice: bool) -> Attachment {
    let media_type = attachment.content_type.as_deref().filter(|stated| !stated.is_empty());
    let kind = if is_voice {
        FileKind::Voice
    } else {
        media_type.map_or(FileKind::Document, FileKind::of_media_type)
    };
    let (channel, message) = place;
    Attachment {
        kind,
        name: Text::from(named(&attachment.filename)),
        media_type: media_type.map(str::to_owned),
        bytes: Some(u64::from(attachment.size)),
        source: FileSource::Platform(FileRef::new(format!("{channel}/{message}/{}", attachment.id))),
    }
}

/// The picture of a sticker; `None` of one that is a drawing for Discord's own player (Lottie).
pub(super) fn of_sticker(sticker: &StickerItem) -> Option<Attachment> {
    let drawn = match sticker.format_type {
        StickerFormatType::Png | StickerFormatType::Apng => Drawn::Png,
        StickerFormatType::Gif => Drawn::Gif,
        _ => return None,
    };
    let ending = drawn.ending();
    Some(Attachment {
        kind: FileKind::Image,
        name: Text::from(format!(
            "{}.{ending}",
            file_name(&sticker.name).unwrap_or_else(|| STICKER.to_owned())
        )),
        media_type: Some(format!("image/{ending}")),
        bytes: None,
        source: FileSource::Platform(FileRef::new(format!("{STICKER}/{}/{ending}", sticker.id))),
    })
}

/// Where a file comes from; `None` when the handle is none of ours.
pub(crate) fn source(file: &FileRef) -> Option<Source> {
    let parts: Vec<_> = file.as_str().split('/').collect();
    let [first, second, third] = parts[..] else {
        return None;
    };
    let id = |written: &str| written.parse::<u64>().ok().filter(|id| *id != 0);
    if first == STICKER {
        let sticker = StickerId::new(id(second)?);
        let drawn = [Drawn::Png, Drawn::Gif]
            .into_iter()
            .find(|drawn| drawn.ending() == third)?;
        return Some(Source::Sticker { sticker, drawn });
    }
    Some(Source::Attachment {
        channel: ChannelId::new(id(first)?),
        message: MessageId::new(id(second)?),
        attachment: AttachmentId::new(id(third)?),
    })
}

impl Drawn {
    /// The ending of its name, and its media type behind `image/`.
    pub(crate) const fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Gif => "gif",
        }
    }
}

/// A file's name, cleaned.
pub(super) fn named(given: &str) -> String {
    file_name(given).unwrap_or_else(|| "file".to_owned())
}
