use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;
use futures::stream;

use crate::hookpoint::{
    file::{Kept, Stated},
    refusal::Refusal,
    router::Rooms,
};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Keeps a file that came as text.
pub(super) async fn keep(rooms: &Rooms, text: String) -> Result<Kept, Refusal> {
    let (media_type, bytes) = decoded(text)?;
    let mut rest = Bytes::from(bytes);
    let pieces = stream::iter(std::iter::from_fn(move || {
        let piece = rest.split_to(rest.len().min(64 << 10));
        (!piece.is_empty()).then_some(Ok(piece))
    }));
    let stated = Stated::new(None, media_type.as_deref());
    Kept::keep(&*rooms.blobs, pieces, rooms.settings.file_bytes_max, stated).await
}

/// The media type, where a `data:` address told one, and the bytes. Standard or url-safe, padded or not, in lines or not.
fn decoded(text: String) -> Result<(Option<String>, Vec<u8>), Refusal> {
    let (media_type, text) = match text.strip_prefix("data:") {
        Some(address) => {
            let (head, data) = address.split_once(',').ok_or(Refusal::Base64)?;
            let media_type = head.strip_suffix(";base64").ok_or(Refusal::Base64)?;
            (Some(media_type.to_owned()), data.to_owned())
        }
        None => (None, text),
    };
    let mut digits = text.into_bytes();
    digits.retain_mut(|digit| {
        *digit = match *digit {
            // A plus sign that its sender forgot to encode comes out of a form as a space.
            b'-' | b' ' => b'+',
            b'_' => b'/',
            other => other,
        };
        !digit.is_ascii_whitespace()
    });
    let bytes = BASE64.decode(digits).map_err(|_| Refusal::Base64)?;
    Ok((media_type, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_spelling_is_read() {
        let bytes = vec![0xfb, 0xff, 0xfe, 0x3e];
        for given in ["+//+Pg==", "-__-Pg==", "-__-Pg", "+//+\r\nPg==\n", " //+Pg=="] {
            assert_eq!(decoded(given.to_owned()).ok(), Some((None, bytes.clone())), "{given}");
        }
        assert_eq!(
            decoded("data:image/png;base64,+//+Pg".to_owned()).ok(),
            Some((Some("image/png".to_owned()), bytes))
        );
        for given in ["a*b=", "data:image/png,raw", "data:", "abcde"] {
            assert!(decoded(given.to_owned()).is_err(), "{given}");
        }
    }
}
