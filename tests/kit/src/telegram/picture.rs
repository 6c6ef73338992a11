//! Pictures: whether the bytes are one, and how large it is.

/// The most pixels of width and height together, and how much longer than the other one of them may be: "The photo's
/// width and height must not exceed 10000 in total. Width and height ratio must be at most 20",
/// <https://core.telegram.org/bots/api#sendphoto>.
const SIDES_MAX: u32 = 10_000;
const RATIO_MAX: u32 = 20;

/// The name of the refusal of bytes that cannot be a photo.
pub(crate) fn refusal(bytes: &[u8]) -> Option<&'static str> {
    if !looks_like_picture(bytes) {
        return Some("IMAGE_PROCESS_FAILED");
    }
    let (width, height) = size(bytes)?;
    let (short, long) = (width.min(height), width.max(height));
    let too_large = width.saturating_add(height) > SIDES_MAX || long > short.saturating_mul(RATIO_MAX);
    too_large.then_some("PHOTO_INVALID_DIMENSIONS")
}

/// Whether the bytes begin like a picture that the real server would take as a photo.
pub(crate) fn looks_like_picture(bytes: &[u8]) -> bool {
    bytes.starts_with(PNG)
        || bytes.starts_with(JPEG)
        || bytes.starts_with(b"GIF8")
        || bytes.starts_with(b"BM")
        || (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"))
}

/// Width and height, of a PNG, JPEG or GIF.
pub(crate) fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    if let Some(header) = bytes.strip_prefix(PNG) {
        let read = |at: usize| Some(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?));
        return Some((read(8)?, read(12)?));
    }
    if bytes.starts_with(b"GIF8") {
        let read = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        return Some((read(6)?.into(), read(8)?.into()));
    }
    bytes.starts_with(JPEG).then(|| jpeg_size(&bytes[2..]))?
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8] = b"\xff\xd8\xff";

/// The size stands in the first frame header; the segments before it are stepped over.
fn jpeg_size(mut segments: &[u8]) -> Option<(u32, u32)> {
    loop {
        let marker = *segments.get(1).filter(|_| segments.first() == Some(&0xff))?;
        let read = |at: usize| Some(u16::from_be_bytes(segments.get(at..at + 2)?.try_into().ok()?));
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            return Some((read(7)?.into(), read(5)?.into()));
        }
        segments = segments.get(2 + usize::from(read(2)?)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = [PNG, b"\0\0\0\rIHDR"].concat();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes
    }

    #[test]
    fn a_size_is_read_of_each_form() {
        assert_eq!(size(&png(3, 4)), Some((3, 4)));
        assert_eq!(size(b"GIF89a\x03\0\x04\0"), Some((3, 4)));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc2\0\x11\x08\0\x04\0\x03";
        assert_eq!(size(jpeg), Some((3, 4)));
        assert_eq!(size(b"\xff\xd8\xff\xe0\xff"), None);
    }

    #[test]
    fn what_cannot_be_a_photo_is_named() {
        assert_eq!(refusal(b"words"), Some("IMAGE_PROCESS_FAILED"));
        assert_eq!(refusal(&png(5001, 5000)), Some("PHOTO_INVALID_DIMENSIONS"));
        assert_eq!(refusal(&png(2100, 100)), Some("PHOTO_INVALID_DIMENSIONS"));
        assert_eq!(refusal(&png(2000, 100)), None);
    }
}
