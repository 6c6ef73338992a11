use super::collected::Collected;
use crate::hookpoint::refusal::Refusal;

/// Reads a urlencoded body, or a query string. Strict about UTF-8, unlike the parsers of the `url` family, which put
/// U+FFFD where a customer would wonder.
pub(super) fn read(form: &[u8], collected: &mut Collected<'_>) -> Result<(), Refusal> {
    for field in form.split(|byte| *byte == b'&').filter(|field| !field.is_empty()) {
        let equals = field.iter().position(|byte| *byte == b'=').unwrap_or(field.len());
        let (name, value) = (&field[..equals], field.get(equals + 1..).unwrap_or_default());
        let name = decoded(name).map_err(|bytes| Refusal::NotUtf8(lossy(&bytes)))?;
        match decoded(value) {
            Ok(value) => collected.add(name, value)?,
            Err(_) => return Err(Refusal::NotUtf8(name)),
        }
    }
    Ok(())
}

/// Decodes `+` and `%41`. A percent sign that begins no code stands for itself.
fn decoded(text: &[u8]) -> Result<String, Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.iter().position(|byte| matches!(byte, b'+' | b'%')) {
        bytes.extend_from_slice(&rest[..next]);
        let code = match rest[next..] {
            [b'%', high, low, ..] => hex(high).zip(hex(low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        let (byte, taken) = match code {
            Some(code) => (code, 3),
            None if rest[next] == b'+' => (b' ', 1),
            None => (b'%', 1),
        };
        bytes.push(byte);
        rest = &rest[next + taken..];
    }
    bytes.extend_from_slice(rest);
    String::from_utf8(bytes).map_err(std::string::FromUtf8Error::into_bytes)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_are_decoded_and_strays_are_kept() {
        for (given, read) in [
            ("a+b%20c", "a b c"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%2B%25", "+%"),
            ("J%c3%B6rg", "Jörg"),
            ("", ""),
        ] {
            assert_eq!(decoded(given.as_bytes()).as_deref(), Ok(read), "{given}");
        }
        assert!(decoded(b"%ff").is_err());
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_read_back(text in ".*") {
            let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            prop_assert_eq!(decoded(encoded.as_bytes()), Ok(text));
        }
    }
}
