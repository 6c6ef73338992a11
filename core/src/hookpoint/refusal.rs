use std::borrow::Cow;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};

use crate::desk::HookError;

/// Why a hook was not taken. Nothing was recorded, but for `Unavailable`, where a commit may have happened
/// whose answer was lost.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{0}")]
    Hook(HookError),
    #[error("the body is no JSON object: line {line}, column {column}")]
    Json { line: usize, column: usize },
    #[error("the body is no multipart form: {0}")]
    Multipart(&'static str),
    #[error("the field `{0}` is not valid UTF-8")]
    NotUtf8(String),
    #[error("the charset is not known here; send UTF-8")]
    Charset,
    #[error("more than {max} fields")]
    TooManyFields { max: usize },
    #[error("the field `file` is no base64")]
    Base64,
    #[error("a file cannot come in a query string; send `file` as multipart, or in base64 as JSON or urlencoded")]
    FileInQuery,
    #[error("the body broke off")]
    BrokenOff,
    #[error("the body stood still for too long")]
    TooSlow,
    #[error("{what} is larger than {bytes_max} bytes")]
    TooLarge { what: &'static str, bytes_max: u64 },
    #[error("too many hooks are under way; try again")]
    Busy,
    #[error("the hook cannot be kept at the moment; try again")]
    Unavailable {
        /// Why. Not for outside.
        detail: String,
    },
}

impl Refusal {
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Hook(_)
            | Self::Json { .. }
            | Self::Multipart(_)
            | Self::NotUtf8(_)
            | Self::Charset
            | Self::TooManyFields { .. }
            | Self::Base64
            | Self::FileInQuery
            | Self::BrokenOff => StatusCode::BAD_REQUEST,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy | Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The reason without anything that came from outside: a body that was misread can make a message a field's name.
    pub(super) fn for_log(&self) -> Cow<'static, str> {
        match self {
            Self::NotUtf8(_) => Cow::Borrowed("a field is not valid UTF-8"),
            Self::Unavailable { detail } => Cow::Owned(detail.clone()),
            told => Cow::Owned(told.to_string()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.to_string()));
        *response.status_mut() = self.status();
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, text);
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            let soon = HeaderValue::from_static("1");
            response.headers_mut().insert(header::RETRY_AFTER, soon);
        }
        response
    }
}
