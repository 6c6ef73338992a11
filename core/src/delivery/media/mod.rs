//! What a file is, by its first bytes. Both doors look rather than believe.

mod name;

use infer::Type;

use crate::model::{Attachment, FileKind, Text};

/// How many of a file's first bytes are looked at: as much as the longest signature needs.
pub(crate) const HEAD_BYTES: usize = 8 << 10;

/// What the first bytes of a file tell; `None` when they tell nothing.
pub(crate) fn known(head: &[u8]) -> Option<Type> {
    infer::get(head).filter(|known| !(is_short(*known) && is_text(head)))
}

/// Whether a type is told by two letters, as a text can begin with too.
fn is_short(known: Type) -> bool {
    matches!(known.extension(), "bmp" | "exe" | "dll")
}

fn is_text(head: &[u8]) -> bool {
    let is_shown = |c: char| !c.is_control() || c.is_whitespace();
    std::str::from_utf8(head).is_ok_and(|text| text.chars().all(is_shown))
}

/// A file as its first bytes show it: its media type, and an ending of its name that is not wrong.
pub(crate) fn looked_at(file: &Attachment, head: &[u8]) -> Attachment {
    let known = known(head);
    let media_type = judged(file.media_type.as_deref().and_then(cleaned), known);
    let name = name::ended(file.name.as_str(), known, ending(media_type.as_deref(), known));
    Attachment {
        name: Text::new(name),
        media_type,
        ..file.clone()
    }
}

/// A media type in small letters and without parameters; `None` for what is none, or says nothing.
pub(crate) fn cleaned(stated: &str) -> Option<String> {
    let media_type = stated.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_token = |part: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        (1..=64).contains(&part.len()) && part.bytes().all(known)
    };
    let (kind, rest) = media_type.split_once('/')?;
    let says_something = is_token(kind) && is_token(rest) && media_type != "application/octet-stream";
    says_something.then_some(media_type)
}

/// The media type to go by. A platform draws or plays what it is told is a picture or a recording, so that is proved by
/// the bytes; what is a document either way keeps the name that its sender has for it.
pub(crate) fn judged(stated: Option<String>, known: Option<Type>) -> Option<String> {
    use FileKind::{Audio, Document, Video};

    let kind = FileKind::of_media_type;
    let Some(known) = known.map(|known| known.mime_type()) else {
        return stated.filter(|stated| kind(stated) == Document);
    };
    match stated {
        Some(stated) => match (kind(&stated), kind(known)) {
            // One container holds either: its sender knows which.
            (Audio | Video, Audio | Video) | (Document, Document) => Some(stated),
            _ => Some(known.to_owned()),
        },
        None => Some(known.to_owned()),
    }
}

/// The ending for what tells nothing.
const NOTHING_KNOWN: &str = "bin";

/// The ending for a name that is made up.
pub(crate) fn ending(media_type: Option<&str>, known: Option<Type>) -> &'static str {
    match (media_type, known) {
        (Some(media_type), Some(known)) if media_type == known.mime_type() => known.extension(),
        (Some("text/plain"), _) => "txt",
        (Some("text/csv"), _) => "csv",
        (Some("text/html"), _) => "html",
        (Some("application/json"), _) => "json",
        (Some("application/pdf"), _) => "pdf",
        (Some("image/svg+xml"), _) => "svg",
        (_, Some(known)) => known.extension(),
        _ => NOTHING_KNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
    /// A WebM container is told by the name in its head, which must be whole.
    fn webm() -> Vec<u8> {
        let mut head = b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm".to_vec();
        head.resize(300, 0);
        head
    }

    #[test]
    fn the_bytes_are_asked_before_the_sender() {
        let octets = "application/octet-stream";
        for (stated, head, judged_to_be, made_up) in [
            ("image/png", PNG, Some("image/png"), "png"),
            ("image/jpeg", PNG, Some("image/png"), "png"),
            (octets, PNG, Some("image/png"), "png"),
            ("application/pdf", PNG, Some("image/png"), "png"),
            ("audio/webm", &webm(), Some("audio/webm"), "webm"),
            ("image/png", b"no picture", None, "bin"),
            ("image/png", b"<script>", Some("text/html"), "html"),
            ("video/mp4", b"%PDF-1.7", Some("application/pdf"), "pdf"),
            ("text/csv; charset=utf-8", b"a,b", Some("text/csv"), "csv"),
            ("image/svg+xml", b"<svg/>", Some("image/svg+xml"), "svg"),
            (
                "application/vnd.acme",
                b"PK\x03\x04",
                Some("application/vnd.acme"),
                "zip",
            ),
            (octets, b"?", None, "bin"),
            ("no media type", b"", None, "bin"),
        ] as [(&str, &[u8], Option<&str>, &str); 13]
        {
            let known = known(head);
            let judged = judged(cleaned(stated), known);
            assert_eq!(judged.as_deref(), judged_to_be, "{stated} of {head:?}");
            assert_eq!(ending(judged.as_deref(), known), made_up, "{stated} of {head:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_head_is_a_stumbling_block(head in proptest::collection::vec(0_u8.., 0..600)) {
            let _judged = judged(None, known(&head));
        }
    }
}
