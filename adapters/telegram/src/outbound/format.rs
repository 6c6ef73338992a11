use escalator::model::{Attachment, FileKind};

/// The largest photo, in bytes (`sendPhoto`).
const PHOTO_BYTES_MAX: u64 = 10 << 20;

/// The call that shows a file best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SendAs {
    Photo,
    Animation,
    Video,
    Audio,
    Voice,
    Document,
}

impl SendAs {
    /// Chooses the call: each but the last takes some formats only.
    pub(super) fn best(file: &Attachment, bytes: Option<u64>) -> Self {
        match (file.kind, format(file)) {
            (FileKind::Image, Format::Gif) => Self::Animation,
            (FileKind::Image, Format::Picture) if bytes.is_none_or(|bytes| bytes <= PHOTO_BYTES_MAX) => Self::Photo,
            (FileKind::Video, Format::Mp4) => Self::Video,
            // Telegram plays it nowhere else, and no desk tells speech from music.
            (FileKind::Voice | FileKind::Audio, Format::Ogg) => Self::Voice,
            (FileKind::Voice | FileKind::Audio, Format::Music) => Self::Audio,
            _ => Self::Document,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Picture,
    Gif,
    Mp4,
    Music,
    Ogg,
    Other,
}

fn format(file: &Attachment) -> Format {
    match file.media_type.as_deref() {
        Some(stated) => of_media_type(&stated.to_ascii_lowercase()),
        None => of_ending(&file.name.as_str().to_ascii_lowercase()),
    }
}

fn of_media_type(stated: &str) -> Format {
    match stated.split(';').next().unwrap_or_default().trim() {
        "image/jpeg" | "image/jpg" | "image/png" | "image/webp" => Format::Picture,
        "image/gif" => Format::Gif,
        "video/mp4" => Format::Mp4,
        "audio/mpeg" | "audio/mp3" | "audio/mp4" | "audio/m4a" | "audio/x-m4a" => Format::Music,
        "audio/ogg" | "audio/opus" | "application/ogg" => Format::Ogg,
        _ => Format::Other,
    }
}

fn of_ending(name: &str) -> Format {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("jpg" | "jpeg" | "png" | "webp") => Format::Picture,
        Some("gif") => Format::Gif,
        Some("mp4") => Format::Mp4,
        Some("mp3" | "m4a") => Format::Music,
        Some("ogg" | "oga" | "opus") => Format::Ogg,
        _ => Format::Other,
    }
}

#[cfg(test)]
mod tests {
    use escalator::model::{FileRef, FileSource, Text};

    use super::*;

    #[test]
    fn each_file_is_sent_by_the_call_that_takes_its_format() {
        use FileKind::{Audio, Document, Image, Video, Voice};
        for (kind, name, media_type, bytes, best) in [
            (Image, "a.jpg", Some("image/jpeg"), Some(1), SendAs::Photo),
            (Image, "a.PNG", None, None, SendAs::Photo),
            (Image, "a.jpg", Some("image/jpeg"), Some(11 << 20), SendAs::Document),
            (Image, "a.gif", Some("image/gif"), Some(1), SendAs::Animation),
            (Image, "a.heic", Some("image/heic"), Some(1), SendAs::Document),
            (Video, "a.mp4", Some("video/mp4"), Some(1), SendAs::Video),
            (Video, "a.webm", Some("video/webm"), Some(1), SendAs::Document),
            (Audio, "a.mp3", Some("audio/mpeg"), Some(1), SendAs::Audio),
            (Audio, "a.ogg", Some("audio/ogg"), Some(1), SendAs::Voice),
            (Voice, "a.ogg", Some("audio/ogg; codecs=opus"), Some(1), SendAs::Voice),
            (Voice, "a.mp3", Some("audio/mpeg"), Some(1), SendAs::Audio),
            (Voice, "a.wav", Some("audio/wav"), Some(1), SendAs::Document),
            (Document, "a.jpg", Some("image/jpeg"), Some(1), SendAs::Document),
        ] {
            let file = Attachment {
                kind,
                name: Text::from(name),
                media_type: media_type.map(str::to_owned),
                bytes,
                source: FileSource::Platform(FileRef::new("x")),
            };
            assert_eq!(SendAs::best(&file, bytes), best, "{kind:?} {name}");
        }
    }
}
