//! Files: what the store keeps of them, and how the Bot API shows them.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use serde_json::{Value, json};

use super::picture;

/// What a file is to the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// A compressed picture without a name.
    Photo,
    /// Any file, with its name.
    Document,
    /// Music.
    Audio,
    /// A film.
    Video,
    /// A voice message.
    Voice,
    /// A round film.
    VideoNote,
    /// A film without sound, or a GIF.
    Animation,
    /// A still sticker.
    Sticker,
    /// A sticker drawn by Lottie.
    AnimatedSticker,
    /// A sticker that is a film.
    VideoSticker,
}

/// A file that the server holds.
#[derive(Clone)]
#[non_exhaustive]
pub struct StoredFile {
    /// The id by which the bot fetches or sends it again.
    pub file_id: String,
    /// The id that is the same for every bot.
    pub file_unique_id: String,
    /// What it is to the customer.
    pub kind: FileKind,
    /// Its name, where its kind shows one.
    pub name: Option<String>,
    /// Its content type.
    pub mime: Option<String>,
    /// Its size in bytes as the Bot API tells it.
    pub size: u64,
    /// Its content; shorter than `size` where a test only pretends a size.
    pub bytes: Bytes,
    /// The path in the download address.
    pub path: String,
    pub(crate) emoji: Option<String>,
    pub(crate) thumbnail: Option<Arc<StoredFile>>,
}

/// A file that is to be stored.
pub(crate) struct NewFile {
    pub(crate) kind: FileKind,
    pub(crate) name: Option<String>,
    pub(crate) mime: Option<String>,
    pub(crate) bytes: Bytes,
    pub(crate) size: Option<u64>,
    pub(crate) emoji: Option<String>,
}

/// The files of a server, by id and by path.
#[derive(Default)]
pub(crate) struct FileStore {
    by_id: HashMap<String, Arc<StoredFile>>,
    by_path: HashMap<String, Arc<StoredFile>>,
    count: u64,
}

impl FileStore {
    pub(crate) fn add(&mut self, file: NewFile) -> Arc<StoredFile> {
        let thumbnail = matches!(file.kind, FileKind::Photo).then(|| self.insert(thumbnail(), None));
        self.insert(file, thumbnail)
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Arc<StoredFile>> {
        self.by_id.get(id)
    }

    pub(crate) fn by_path(&self, path: &str) -> Option<&Arc<StoredFile>> {
        self.by_path.get(path)
    }

    fn insert(&mut self, file: NewFile, thumbnail: Option<Arc<StoredFile>>) -> Arc<StoredFile> {
        self.count += 1;
        let count = self.count;
        let name = file.name.filter(|name| !name.is_empty());
        let mime = content_type(file.kind, name.as_deref(), file.mime);
        let extension = extension(file.kind, name.as_deref(), mime.as_deref());
        let stored = Arc::new(StoredFile {
            file_id: format!("{}{:0>56}", file.kind.id_prefix(), format!("FakeFile{count}")),
            file_unique_id: format!("AgAD{count:0>12}"),
            path: format!("{}/file_{count}{extension}", file.kind.folder()),
            kind: file.kind,
            name: name.filter(|_| file.kind.shows_name()),
            mime,
            size: file.size.unwrap_or(file.bytes.len() as u64),
            bytes: file.bytes,
            emoji: file.emoji,
            thumbnail,
        });
        self.by_id.insert(stored.file_id.clone(), stored.clone());
        self.by_path.insert(stored.path.clone(), stored.clone());
        stored
    }
}

impl StoredFile {
    /// The field of a message that shows this file, and its value.
    pub(crate) fn media(&self) -> (&'static str, Value) {
        let (width, height) = picture::size(&self.bytes).unwrap_or((640, 480));
        let mut media = json!({
            "file_id": self.file_id,
            "file_unique_id": self.file_unique_id,
            "file_size": self.size,
        });
        if let Some(name) = &self.name {
            media["file_name"] = json!(name);
        }
        if let Some(mime) = self.mime.as_ref().filter(|_| self.kind.shows_mime()) {
            media["mime_type"] = json!(mime);
        }
        match self.kind {
            FileKind::Photo => {
                media["width"] = json!(width);
                media["height"] = json!(height);
                return ("photo", self.photo_sizes(media));
            }
            FileKind::Document => {}
            FileKind::Audio | FileKind::Voice => media["duration"] = json!(3),
            FileKind::Video | FileKind::Animation => {
                media["width"] = json!(width);
                media["height"] = json!(height);
                media["duration"] = json!(3);
            }
            FileKind::VideoNote => {
                media["length"] = json!(240);
                media["duration"] = json!(3);
            }
            FileKind::Sticker | FileKind::AnimatedSticker | FileKind::VideoSticker => {
                media["type"] = json!("regular");
                media["width"] = json!(512);
                media["height"] = json!(512);
                media["is_animated"] = json!(self.kind == FileKind::AnimatedSticker);
                media["is_video"] = json!(self.kind == FileKind::VideoSticker);
                if let Some(emoji) = &self.emoji {
                    media["emoji"] = json!(emoji);
                }
            }
        }
        (self.kind.field(), media)
    }

    /// A photo comes in several sizes, the largest last.
    fn photo_sizes(&self, largest: Value) -> Value {
        let small = self.thumbnail.iter().map(|small| {
            json!({
                "file_id": small.file_id,
                "file_unique_id": small.file_unique_id,
                "file_size": small.size,
                "width": 1,
                "height": 1,
            })
        });
        small.chain([largest]).collect()
    }
}

impl std::fmt::Debug for StoredFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredFile")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .field("mime", &self.mime)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl FileKind {
    /// The field of a message, and of the method that sends it.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Document => "document",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Voice => "voice",
            Self::VideoNote => "video_note",
            Self::Animation => "animation",
            Self::Sticker | Self::AnimatedSticker | Self::VideoSticker => "sticker",
        }
    }

    /// The name of the kind in the server's error texts.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Photo => "Photo",
            Self::Document => "Document",
            Self::Audio => "Audio",
            Self::Video => "Video",
            Self::Voice => "VoiceNote",
            Self::VideoNote => "VideoNote",
            Self::Animation => "Animation",
            Self::Sticker | Self::AnimatedSticker | Self::VideoSticker => "Sticker",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Photo => "photos",
            Self::Document => "documents",
            Self::Audio => "music",
            Self::Video => "videos",
            Self::Voice => "voice",
            Self::VideoNote => "video_notes",
            Self::Animation => "animations",
            Self::Sticker | Self::AnimatedSticker | Self::VideoSticker => "stickers",
        }
    }

    fn id_prefix(self) -> &'static str {
        match self {
            Self::Photo => "AgACAgIA",
            Self::Document => "BQACAgIA",
            Self::Audio => "CQACAgIA",
            Self::Video => "BAACAgIA",
            Self::Voice => "AwACAgIA",
            Self::VideoNote => "DQACAgIA",
            Self::Animation => "CgACAgIA",
            Self::Sticker | Self::AnimatedSticker | Self::VideoSticker => "CAACAgIA",
        }
    }

    fn shows_name(self) -> bool {
        matches!(self, Self::Document | Self::Audio | Self::Video | Self::Animation)
    }

    fn shows_mime(self) -> bool {
        self.shows_name() || self == Self::Voice
    }

    fn usual_mime(self) -> &'static str {
        match self {
            Self::Photo => "image/jpeg",
            Self::Document => "application/octet-stream",
            Self::Audio => "audio/mpeg",
            Self::Video | Self::VideoNote | Self::Animation => "video/mp4",
            Self::Voice => "audio/ogg",
            Self::Sticker => "image/webp",
            Self::AnimatedSticker => "application/x-tgsticker",
            Self::VideoSticker => "video/webm",
        }
    }
}

/// The content types that are told by a name's extension.
const EXTENSIONS: [(&str, &str); 20] = [
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("html", "text/html"),
    ("csv", "text/csv"),
    ("json", "application/json"),
    ("zip", "application/zip"),
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/mp4"),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("mp4", "video/mp4"),
    ("mov", "video/quicktime"),
    ("webm", "video/webm"),
    ("tgs", "application/x-tgsticker"),
    ("doc", "application/msword"),
];

fn content_type(kind: FileKind, name: Option<&str>, given: Option<String>) -> Option<String> {
    let told = given.filter(|mime| !mime.is_empty() && mime != "application/octet-stream");
    let guess = || {
        let (_, extension) = name?.rsplit_once('.')?;
        let known = EXTENSIONS
            .iter()
            .find(|(known, _)| extension.eq_ignore_ascii_case(known))?;
        Some(known.1.to_owned())
    };
    told.or_else(guess).or_else(|| Some(kind.usual_mime().to_owned()))
}

fn extension(kind: FileKind, name: Option<&str>, mime: Option<&str>) -> String {
    let named = name
        .filter(|_| kind.shows_name())
        .and_then(|name| name.rsplit_once('.'))
        .map(|(_, extension)| extension)
        .filter(|extension| extension.chars().all(|c| c.is_ascii_alphanumeric()));
    let known = || EXTENSIONS.iter().find(|(_, known)| Some(*known) == mime);
    named
        .or_else(|| known().map(|(extension, _)| *extension))
        .map(|extension| format!(".{extension}"))
        .unwrap_or_default()
}

/// A single grey point: whoever fetches the small size instead of the large one sees it.
const POINT_PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\
\0\0\0\nIDATx\xdach\0\0\0\x82\0\x81\xdaE\x08;\0\0\0\0IEND\xaeB`\x82";

fn thumbnail() -> NewFile {
    NewFile {
        kind: FileKind::Photo,
        name: None,
        mime: Some("image/png".to_owned()),
        bytes: Bytes::from_static(POINT_PNG),
        size: None,
        emoji: None,
    }
}
