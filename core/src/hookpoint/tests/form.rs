//! Bodies as callers send them.

use axum::body::Body;
use bytes::Bytes;
use futures::stream;

pub(super) const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
pub(super) const JSON: Option<&str> = Some("application/json");
pub(super) const MULTIPART: Option<&str> = Some("multipart/form-data; boundary=----b0undary");

/// A part of a multipart form.
pub(super) struct Part<'p> {
    name: &'p str,
    file_name: Option<&'p str>,
    media_type: Option<&'p str>,
    bytes: &'p [u8],
}

pub(super) const fn field<'p>(name: &'p str, value: &'p str) -> Part<'p> {
    Part {
        name,
        file_name: None,
        media_type: None,
        bytes: value.as_bytes(),
    }
}

pub(super) const fn file<'p>(file_name: Option<&'p str>, media_type: Option<&'p str>, bytes: &'p [u8]) -> Part<'p> {
    Part {
        name: "file",
        file_name,
        media_type,
        bytes,
    }
}

impl Part<'_> {
    pub(super) const fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }
}

pub(super) fn multipart(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in parts {
        let head = format!(
            "------b0undary\r\nContent-Disposition: form-data; name=\"{}\"",
            part.name
        );
        body.extend_from_slice(head.as_bytes());
        if let Some(file_name) = part.file_name {
            body.extend_from_slice(format!("; filename=\"{file_name}\"").as_bytes());
        }
        if let Some(media_type) = part.media_type {
            body.extend_from_slice(format!("\r\nContent-Type: {media_type}").as_bytes());
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(part.bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"------b0undary--\r\n");
    body
}

pub(super) fn urlencoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

pub(super) fn json(fields: &[(&str, &str)]) -> String {
    let object: serde_json::Map<String, serde_json::Value> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).into()))
        .collect();
    serde_json::Value::Object(object).to_string()
}

/// A body that comes in parts of a few bytes, without a length.
pub(super) fn dripping(bytes: &[u8], part_bytes: usize) -> Body {
    let parts: Vec<_> = bytes
        .chunks(part_bytes)
        .map(|part| Ok::<_, std::io::Error>(Bytes::copy_from_slice(part)))
        .collect();
    Body::from_stream(stream::iter(parts))
}

/// A body that breaks off after its first bytes.
pub(super) fn broken(bytes: &[u8]) -> Body {
    let parts = [
        Ok(Bytes::copy_from_slice(bytes)),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ];
    Body::from_stream(stream::iter(parts))
}
