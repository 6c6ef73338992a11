//! Reads the fields of a call, from whichever encoding they came in.

use std::{num::NonZeroU64, time::Duration};

use axum::{
    body::{Body, BodyDataStream},
    extract::{
        FromRequest, Multipart, Request,
        multipart::{Field, MultipartError},
    },
    http::{Uri, header::CONTENT_TYPE},
};
use bytes::{Bytes, BytesMut};
use futures::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture};
use serde_json::Value;
use url::form_urlencoded;

use crate::desk::call::Encoding;

/// Largest body without a file, and largest field. The longest message is unknown; this is far above any chat line.
const TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The fields of a call.
pub(super) struct Form {
    pub(super) encoding: Encoding,
    pub(super) fields: Vec<(String, String)>,
    pub(super) file: Option<FormFile>,
}

#[derive(Clone)]
pub(super) struct FormFile {
    pub(super) name: String,
    pub(super) content_type: String,
    pub(super) bytes: Bytes,
}

/// Why the fields could not be read.
pub(super) enum ReadError {
    /// The caller hung up in the middle of the body.
    CallerGone,
    /// The call breaks the contract in its form already.
    Breach(String),
    /// A file or field beyond what this desk takes.
    TooLarge,
}

impl Form {
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields.find_map(|(of, value)| (of == name).then_some(value.as_str()))
    }
}

/// Reads the fields of a GET call.
pub(super) fn from_query(uri: &Uri) -> Form {
    whole(Encoding::Query, pairs(uri.query().unwrap_or_default().as_bytes()))
}

/// Reads the fields of a POST call from its body, at most at the given pace.
pub(super) async fn from_body(request: Request, file_bytes_max: u64, pace: Option<Pace>) -> Result<Form, ReadError> {
    let content_type = request.headers().get(CONTENT_TYPE);
    let content_type = content_type.and_then(|is| is.to_str().ok()).unwrap_or_default();
    let kind = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let request = match pace {
        Some(pace) => request.map(|body| slowed(body, pace)),
        None => request,
    };
    match kind.as_str() {
        "multipart/form-data" => multipart(request, file_bytes_max).await,
        "application/x-www-form-urlencoded" => {
            let body = text(request.into_body()).await?;
            Ok(whole(Encoding::Urlencoded, pairs(&body)))
        }
        "application/json" => Ok(whole(Encoding::Json, json(&text(request.into_body()).await?)?)),
        _ => Err(breach("Content-Type: must be multipart/form-data")),
    }
}

fn whole(encoding: Encoding, fields: Vec<(String, String)>) -> Form {
    Form {
        encoding,
        fields,
        file: None,
    }
}

fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

/// A JSON object of plain values. Only `additionalData` may be a structure, of which nothing more is documented.
fn json(body: &[u8]) -> Result<Vec<(String, String)>, ReadError> {
    let parsed: Value = serde_json::from_slice(body).map_err(|_| breach("body: not JSON"))?;
    let Value::Object(object) = parsed else {
        return Err(breach("body: must be a JSON object"));
    };
    let plain = |(name, value): (String, Value)| match value {
        Value::String(text) => Ok((name, text)),
        Value::Number(_) | Value::Bool(_) => Ok((name, value.to_string())),
        Value::Object(_) | Value::Array(_) if name == "additionalData" => Ok((name, value.to_string())),
        Value::Object(_) | Value::Array(_) | Value::Null => {
            Err(breach("body: values must be strings, numbers or booleans"))
        }
    };
    object.into_iter().map(plain).collect()
}

async fn text(body: Body) -> Result<Bytes, ReadError> {
    let mut read = BytesMut::new();
    let mut chunks = body.into_data_stream();
    let mut too_large = false;
    while let Some(chunk) = chunks.try_next().await.map_err(|_| ReadError::CallerGone)? {
        // What is too much is read to its end all the same, so that the caller gets to read the answer.
        too_large |= read.len() + chunk.len() > TEXT_BYTES_MAX;
        if !too_large {
            read.extend_from_slice(&chunk);
        }
    }
    if too_large {
        Err(ReadError::TooLarge)
    } else {
        Ok(read.freeze())
    }
}

async fn multipart(request: Request, file_bytes_max: u64) -> Result<Form, ReadError> {
    let malformed = |_| breach("body: not multipart/form-data");
    let mut parts = Multipart::from_request(request, &()).await.map_err(malformed)?;
    let mut form = whole(Encoding::Multipart, Vec::new());
    let mut too_large = false;
    let file_bytes_max = usize::try_from(file_bytes_max).unwrap_or(usize::MAX);
    while let Some(part) = parts.next_field().await.map_err(|error| part_error(&error))? {
        let Some(name) = part.name().map(str::to_owned) else {
            return Err(breach("body: a part without a name"));
        };
        let file_name = part.file_name().map(str::to_owned);
        let content_type = part.content_type().unwrap_or("application/octet-stream").to_owned();
        let bytes_max = if file_name.is_some() {
            file_bytes_max
        } else {
            TEXT_BYTES_MAX
        };
        let bytes = part_bytes(part, bytes_max).await?;
        let Some(bytes) = bytes else {
            too_large = true;
            continue;
        };
        match file_name {
            None => form.fields.push((name, utf8(&bytes)?)),
            Some(file_name) => add_file(&mut form, &name, file_name, content_type, bytes)?,
        }
    }
    if too_large { Err(ReadError::TooLarge) } else { Ok(form) }
}

/// The bytes of a part; `None` when they are more than `bytes_max`.
async fn part_bytes(mut part: Field<'_>, bytes_max: usize) -> Result<Option<Bytes>, ReadError> {
    let mut read = BytesMut::new();
    let mut too_large = false;
    while let Some(chunk) = part.chunk().await.map_err(|error| part_error(&error))? {
        too_large |= read.len() + chunk.len() > bytes_max;
        if !too_large {
            read.extend_from_slice(&chunk);
        }
    }
    Ok((!too_large).then(|| read.freeze()))
}

fn add_file(
    form: &mut Form,
    name: &str,
    file_name: String,
    content_type: String,
    bytes: Bytes,
) -> Result<(), ReadError> {
    if name != "file" {
        return Err(breach("body: only the part named file may have a file name"));
    }
    if file_name.is_empty() {
        return Err(breach("file: its file name must have at least 1 character"));
    }
    if form.file.is_some() {
        return Err(breach("file: given twice"));
    }
    form.file = Some(FormFile {
        name: file_name,
        content_type,
        bytes,
    });
    Ok(())
}

fn utf8(bytes: &[u8]) -> Result<String, ReadError> {
    let text = std::str::from_utf8(bytes).map_err(|_| breach("body: a field is not UTF-8"))?;
    Ok(text.to_owned())
}

/// A body that broke off is told from a form that is none: the first is no fault of the form.
fn part_error(error: &MultipartError) -> ReadError {
    if error.status().is_server_error() {
        return ReadError::CallerGone;
    }
    breach("body: not multipart/form-data")
}

fn breach(rule: &str) -> ReadError {
    ReadError::Breach(rule.to_owned())
}

/// How fast a body is read.
pub(super) struct Pace {
    pub(super) bytes_per_sec: NonZeroU64,
    /// Resolves when it is to be read at full speed.
    pub(super) release: BoxFuture<'static, ()>,
}

/// A body of which a chunk counts as read only when its time has passed, or the release has come.
fn slowed(body: Body, pace: Pace) -> Body {
    let chunks: BodyDataStream = body.into_data_stream();
    let release = pace.release.shared();
    Body::from_stream(chunks.then(move |chunk| {
        let release = release.clone();
        async move {
            if let Ok(chunk) = &chunk {
                let wait = time_for(chunk.len(), pace.bytes_per_sec);
                tokio::time::timeout(wait, release).await.ok();
            }
            chunk
        }
    }))
}

fn time_for(bytes: usize, bytes_per_sec: NonZeroU64) -> Duration {
    let millis = (bytes as u64).saturating_mul(1_000) / bytes_per_sec.get();
    Duration::from_millis(millis)
}
