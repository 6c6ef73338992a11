//! Reading a request: JSON or multipart, within the limits and at a set pace.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Multipart, Request},
    http::{HeaderMap, header},
};
use serde_json::{Map, Value};

use super::{call::Upload, refusal::Refusal};
use crate::pace::{Pace, paced};

/// Everything beside the files may be this large.
const FIELDS_BYTES_MAX: usize = 4 << 20;

/// The JSON of a request and the files beside it.
#[derive(Default)]
pub(crate) struct Content {
    pub(crate) body: Value,
    pub(crate) uploads: Vec<Upload>,
}

/// Reads a request whole.
pub(crate) async fn read(
    request: Request,
    file_bytes_max: u64,
    bytes_per_sec: Option<u32>,
) -> Result<Content, Refusal> {
    let request = match bytes_per_sec {
        Some(rate) => request.map(|body| paced(body.into_data_stream(), Pace::steady(rate))),
        None => request,
    };
    match content_type(request.headers()).as_str() {
        "multipart/form-data" => read_multipart(request, file_bytes_max).await,
        "" | "application/json" => {
            let body = parse(&read_fields(request.into_body()).await?)?;
            Ok(Content {
                body,
                uploads: Vec::new(),
            })
        }
        _ => Err(Refusal::form(
            "_",
            "CONTENT_TYPE_INVALID",
            "Expected \"Content-Type\" header to be one of {'application/json', 'multipart/form-data'}.",
        )),
    }
}

fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok());
    let kind = value.and_then(|value| value.split(';').next());
    kind.unwrap_or_default().trim().to_ascii_lowercase()
}

async fn read_fields(body: Body) -> Result<Bytes, Refusal> {
    axum::body::to_bytes(body, FIELDS_BYTES_MAX)
        .await
        .map_err(|_| Refusal::too_large())
}

fn parse(body: &[u8]) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body).map_err(|_| Refusal::malformed())
}

/// Files beyond the limit are read to their end and thrown away, so that the client gets to the
/// answer instead of a broken pipe.
async fn read_multipart(request: Request, file_bytes_max: u64) -> Result<Content, Refusal> {
    let mut multipart = Multipart::from_request(request, &())
        .await
        .map_err(|_| Refusal::malformed())?;
    let mut content = Content::default();
    let mut fields = Map::new();
    let mut overdrawn = false;
    while let Some(mut field) = multipart.next_field().await.map_err(|_| Refusal::malformed())? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let mime = field.content_type().map(str::to_owned);
        let max = if file_name.is_some() {
            file_bytes_max
        } else {
            FIELDS_BYTES_MAX as u64
        };
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|_| Refusal::malformed())? {
            if bytes.len() as u64 + chunk.len() as u64 > max {
                overdrawn = true;
            } else {
                bytes.extend_from_slice(&chunk);
            }
        }
        match file_name {
            Some(file_name) => content.uploads.push(Upload {
                field: name,
                name: file_name,
                mime,
                bytes: bytes.into(),
            }),
            None if name == "payload_json" => content.body = parse(&bytes)?,
            None => {
                let text = String::from_utf8(bytes).map_err(|_| Refusal::malformed())?;
                fields.insert(name, Value::String(text));
            }
        }
    }
    if overdrawn {
        return Err(Refusal::too_large());
    }
    // A form may carry its fields one by one, as a JSON object does.
    if content.body.is_null() && !fields.is_empty() {
        content.body = fields.into();
    }
    Ok(content)
}
