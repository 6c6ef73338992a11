//! Writes a hook in each of the four encodings. Field names are printed as in the contract.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value};

use super::{HookContent, Upload};
use crate::desk::call::Encoding;

/// A hook, ready to be written to a connection.
pub(super) struct Encoded {
    pub(super) encoding: Encoding,
    /// What stands behind the `?`.
    pub(super) query: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) body: Bytes,
}

/// Writes the hook. A file cannot travel in a query string: it goes as multipart then.
pub(super) fn encode(session_id: &str, content: &HookContent, encoding: Encoding) -> Encoded {
    let (fields, file) = fields_of(session_id, content);
    match (encoding, file) {
        (Encoding::Query, None) => Encoded {
            encoding,
            query: Some(urlencoded(&fields)),
            content_type: None,
            body: Bytes::new(),
        },
        (Encoding::Multipart, file) | (Encoding::Query, file @ Some(_)) => multipart(&fields, file),
        (Encoding::Urlencoded, file) => {
            let body = urlencoded(&with_base64(fields, file)).into();
            whole(encoding, "application/x-www-form-urlencoded", body)
        }
        (Encoding::Json, file) => {
            let object: Map<_, _> = with_base64(fields, file)
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect();
            whole(encoding, "application/json", Value::Object(object).to_string().into())
        }
    }
}

fn whole(encoding: Encoding, content_type: &str, body: Bytes) -> Encoded {
    Encoded {
        encoding,
        query: None,
        content_type: Some(content_type.to_owned()),
        body,
    }
}

type Fields = Vec<(&'static str, Value)>;

fn fields_of<'a>(session_id: &str, content: &'a HookContent) -> (Fields, Option<&'a Upload>) {
    let session = Value::from(session_id);
    match content {
        HookContent::Message(reply) => (
            vec![
                ("sessionID", session),
                ("message", reply.message.as_str().into()),
                ("name", reply.name.as_str().into()),
                ("picture", reply.picture.as_str().into()),
            ],
            None,
        ),
        HookContent::File(upload) => (vec![("sessionID", session)], Some(upload)),
        // The guide prints this pair, and only this one, with capitals.
        HookContent::Typing(typing) => (vec![("Typing", (*typing).into()), ("SessionID", session)], None),
        HookContent::End => (vec![("sessionID", session)], None),
    }
}

fn with_base64(mut fields: Fields, file: Option<&Upload>) -> Fields {
    if let Some(file) = file {
        fields.push(("file", STANDARD.encode(&file.bytes).into()));
        fields.push(("fileName", file.name.as_str().into()));
    }
    fields
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn urlencoded(fields: &Fields) -> String {
    let mut written = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        written.append_pair(name, &as_text(value));
    }
    written.finish()
}

fn multipart(fields: &Fields, file: Option<&Upload>) -> Encoded {
    let boundary = format!("desk-{}", uuid::Uuid::new_v4().simple());
    let mut body = BytesMut::new();
    for (name, value) in fields {
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(as_text(value).as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    if let Some(file) = file {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
            quoted(&file.name),
            one_line(&file.content_type),
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&file.bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Encoded {
        encoding: Encoding::Multipart,
        query: None,
        content_type: Some(format!("multipart/form-data; boundary={boundary}")),
        body: body.freeze(),
    }
}

/// A file name as the form encoding of the WHATWG HTML standard writes it.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn one_line(content_type: &str) -> String {
    content_type.replace(['\r', '\n'], " ")
}
