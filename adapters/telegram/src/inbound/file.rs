use escalator::model::{Attachment, FileKind, FileRef, FileSource, Text, file_name};
use teloxide::types::{Animation, Audio, Document, FileMeta, PhotoSize, Sticker, Video, VideoNote, Voice};

/// The largest of a photo's sizes.
pub(super) fn photo(sizes: &[PhotoSize]) -> Option<Attachment> {
    let largest = sizes
        .iter()
        .max_by_key(|size| u64::from(size.width) * u64::from(size.height))?;
    Some(file(FileKind::Image, &largest.file, "photo.jpg", Some("image/jpeg")))
}

pub(super) fn document(document: &Document) -> Attachment {
    let stated = document.mime_type.as_ref().map_or("", |mime| mime.essence_str());
    let media_type = Some(stated).filter(|stated| !stated.is_empty());
    let name = named(document.file_name.as_deref(), "document", media_type);
    let kind = media_type.map_or(FileKind::Document, FileKind::of_media_type);
    file(kind, &document.file, &name, media_type)
}

pub(super) fn video(video: &Video) -> Attachment {
    let media_type = video.mime_type.as_ref().map_or("video/mp4", |mime| mime.essence_str());
    let name = named(video.file_name.as_deref(), "video", Some(media_type));
    file(FileKind::Video, &video.file, &name, Some(media_type))
}

pub(super) fn audio(audio: &Audio) -> Attachment {
    let media_type = audio.mime_type.as_ref().map_or("audio/mpeg", |mime| mime.essence_str());
    let title = audio.title.as_deref().unwrap_or("audio");
    let name = named(audio.file_name.as_deref(), title, Some(media_type));
    file(FileKind::Audio, &audio.file, &name, Some(media_type))
}

pub(super) fn voice(voice: &Voice) -> Attachment {
    let media_type = voice.mime_type.as_ref().map_or("audio/ogg", |mime| mime.essence_str());
    let name = named(None, "voice", Some(media_type));
    file(FileKind::Voice, &voice.file, &name, Some(media_type))
}

/// A GIF or a silent video.
pub(super) fn animation(animation: &Animation) -> Attachment {
    let media_type = animation
        .mime_type
        .as_ref()
        .map_or("video/mp4", |mime| mime.essence_str());
    let name = named(animation.file_name.as_deref(), "animation", Some(media_type));
    let kind = FileKind::of_media_type(media_type);
    file(kind, &animation.file, &name, Some(media_type))
}

/// A round video.
pub(super) fn video_note(note: &VideoNote) -> Attachment {
    file(FileKind::Video, &note.file, "video_note.mp4", Some("video/mp4"))
}

pub(super) fn sticker(sticker: &Sticker) -> Attachment {
    let (kind, name, media_type) = if sticker.flags.is_animated {
        // Vector graphics of Telegram's own, which no desk draws.
        if let Some(still) = &sticker.thumbnail {
            return file(FileKind::Image, &still.file, "sticker.webp", Some("image/webp"));
        }
        (FileKind::Document, "sticker.tgs", "application/x-tgsticker")
    } else if sticker.flags.is_video {
        (FileKind::Video, "sticker.webm", "video/webm")
    } else {
        (FileKind::Image, "sticker.webp", "image/webp")
    };
    file(kind, &sticker.file, name, Some(media_type))
}

fn file(kind: FileKind, meta: &FileMeta, name: &str, media_type: Option<&str>) -> Attachment {
    Attachment {
        kind,
        name: Text::from(name),
        media_type: media_type.map(str::to_owned),
        // teloxide writes the largest number where Telegram tells no size.
        bytes: (meta.size != u32::MAX).then_some(u64::from(meta.size)),
        source: FileSource::Platform(FileRef::new(meta.id.0.as_str())),
    }
}

/// The sender's name for a file, or one that is made up.
fn named(given: Option<&str>, word: &str, media_type: Option<&str>) -> String {
    given.and_then(file_name).unwrap_or_else(|| {
        // A song's title is no path.
        let word = file_name(&word.replace(['/', '\\'], "-"));
        let ending = ending(media_type.unwrap_or_default());
        format!("{}.{ending}", word.as_deref().unwrap_or("file"))
    })
}

fn ending(media_type: &str) -> &str {
    match media_type {
        "image/jpeg" => "jpg",
        "audio/mpeg" | "audio/mp3" => "mp3",
        "audio/mp4" | "audio/x-m4a" => "m4a",
        "audio/ogg" | "audio/opus" => "ogg",
        "video/quicktime" => "mov",
        "text/plain" => "txt",
        "text/markdown" => "md",
        "text/calendar" => "ics",
        "text/vcard" => "vcf",
        "application/msword" => "doc",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation" => "pptx",
        other => match other.split_once('/') {
            Some((_, plain)) if is_ending(plain) => plain,
            _ => "bin",
        },
    }
}

fn is_ending(subtype: &str) -> bool {
    (2..=4).contains(&subtype.len()) && subtype.bytes().all(|b| b.is_ascii_alphanumeric())
}
