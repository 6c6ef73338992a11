use http::{HeaderMap, HeaderValue, header};

use crate::hookpoint::refusal::Refusal;

/// How a body says it is encoded.
pub(super) enum Encoding {
    Json,
    /// With the whole `Content-Type`, which holds the boundary.
    Multipart(HeaderValue),
    /// Urlencoded, or nothing that is known here: looked at when it is there.
    FormOrUntold,
}

impl Encoding {
    /// Reads `Content-Type`.
    ///
    /// # Errors
    /// [`Refusal::Charset`] when it names another charset than UTF-8.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let Some(value) = headers.get(header::CONTENT_TYPE) else {
            return Ok(Self::FormOrUntold);
        };
        let Ok(told) = value.to_str() else {
            return Ok(Self::FormOrUntold);
        };
        check_charset(told)?;
        let media_type = told.split(';').next().unwrap_or_default().trim();
        Ok(if media_type.eq_ignore_ascii_case("multipart/form-data") {
            Self::Multipart(value.clone())
        } else if is_json(media_type) {
            Self::Json
        } else {
            Self::FormOrUntold
        })
    }
}

/// Refuses a media type that names another charset than UTF-8, or ASCII, which is part of it.
pub(super) fn check_charset(media_type: &str) -> Result<(), Refusal> {
    let charset = media_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"'))
    });
    match charset {
        Some(other)
            if !["utf-8", "utf8", "us-ascii", "ascii"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(other)) =>
        {
            Err(Refusal::Charset)
        }
        _ => Ok(()),
    }
}

fn is_json(media_type: &str) -> bool {
    let ends = |end: &str| {
        let start = media_type.len().checked_sub(end.len());
        start.is_some_and(|start| media_type.as_bytes()[start..].eq_ignore_ascii_case(end.as_bytes()))
    };
    ends("/json") || ends("+json")
}
