//! Reading a request: query, form, JSON or multipart, within the limits and at a set pace.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Multipart, Request},
    http::{HeaderMap, Method, header},
};
use serde_json::{Map, Value};

use super::{
    params::{Params, Upload},
    refusal::Refusal,
};
use crate::pace::{Pace, paced};

/// Everything beside the files may be this large.
const FIELDS_BYTES_MAX: usize = 4 << 20;

/// Reads a request whole.
pub(crate) async fn read(request: Request, upload_bytes_max: u64, pace: Option<Pace>) -> Result<Params, Refusal> {
    if request.method() != Method::GET && request.method() != Method::POST {
        return Err(Refusal::not_found());
    }
    let mut params = Params::default();
    put_pairs(&mut params, request.uri().query().unwrap_or_default().as_bytes());
    let request = match pace {
        Some(pace) => request.map(|body| paced(body.into_data_stream(), pace)),
        None => request,
    };
    match content_type(request.headers()).as_str() {
        "multipart/form-data" => read_multipart(request, &mut params, upload_bytes_max).await?,
        "application/json" => {
            let body = read_fields(request.into_body()).await?;
            put_json(&mut params, &body)?;
        }
        _ => {
            let body = read_fields(request.into_body()).await?;
            put_pairs(&mut params, &body);
        }
    }
    Ok(params)
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

fn put_pairs(params: &mut Params, pairs: &[u8]) {
    for (name, value) in url::form_urlencoded::parse(pairs) {
        params
            .values
            .insert(name.into_owned(), Value::String(value.into_owned()));
    }
}

fn put_json(params: &mut Params, body: &[u8]) -> Result<(), Refusal> {
    if body.is_empty() {
        return Ok(());
    }
    let values: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| Refusal::bad_request("can't parse JSON object"))?;
    params.values.extend(values);
    Ok(())
}

/// Files beyond the limit are read to their end and thrown away, so that the client gets to the
/// answer instead of a broken pipe.
async fn read_multipart(request: Request, params: &mut Params, upload_bytes_max: u64) -> Result<(), Refusal> {
    let malformed = || Refusal::bad_request("can't parse multipart form");
    let mut multipart = Multipart::from_request(request, &()).await.map_err(|_| malformed())?;
    let mut budget = Budget {
        upload_bytes: upload_bytes_max,
        field_bytes: FIELDS_BYTES_MAX as u64,
        overdrawn: false,
    };
    while let Some(mut field) = multipart.next_field().await.map_err(|_| malformed())? {
        let Some(name) = field.name().map(str::to_owned) else {
            continue;
        };
        let file_name = field.file_name().map(str::to_owned);
        let mime = field.content_type().map(str::to_owned);
        let mut content = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|_| malformed())? {
            if budget.spend(file_name.is_some(), chunk.len() as u64) {
                content.extend_from_slice(&chunk);
            } else {
                content = Vec::new();
            }
        }
        if file_name.is_none() {
            let text = String::from_utf8(content).map_err(|_| malformed())?;
            params.values.insert(name, Value::String(text));
            continue;
        }
        let upload = Upload {
            name: file_name,
            mime,
            bytes: content.into(),
        };
        params.uploads.insert(name, upload);
    }
    if budget.overdrawn {
        return Err(Refusal::too_large());
    }
    Ok(())
}

/// How much a request may still bring.
struct Budget {
    upload_bytes: u64,
    field_bytes: u64,
    overdrawn: bool,
}

impl Budget {
    /// Whether the bytes are to be kept; nothing is once one limit was passed.
    fn spend(&mut self, file: bool, bytes: u64) -> bool {
        let left = if file {
            &mut self.upload_bytes
        } else {
            &mut self.field_bytes
        };
        match left.checked_sub(bytes) {
            Some(rest) => *left = rest,
            None => self.overdrawn = true,
        }
        !self.overdrawn
    }
}
