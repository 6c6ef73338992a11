//! The parameters of one call, whatever encoding they came in.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value};

/// The parameters and uploads of a call.
///
/// A form carries text alone and JSON carries types, so a value is read by the type that is
/// wanted of it: `integer("chat_id")` reads `7` and `"7"` alike, as the real server does.
#[derive(Debug, Clone, Default)]
pub struct Params {
    pub(crate) values: Map<String, Value>,
    pub(crate) uploads: BTreeMap<String, Upload>,
}

/// One file of a multipart request.
#[derive(Clone)]
pub struct Upload {
    /// The file name that the client gave.
    pub name: Option<String>,
    /// The content type that the client gave.
    pub mime: Option<String>,
    /// The whole content.
    pub bytes: Bytes,
}

impl Params {
    /// The value as it was sent; an explicit `null` counts as absent.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// The value as text: a string as it is, anything else as JSON.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }

    /// The value as an integer, from a number or from digits.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(digits) => digits.trim().parse().ok(),
            _ => None,
        }
    }

    /// The value as a flag; absent is false.
    pub fn flag(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => {
                matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes")
            }
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            _ => false,
        }
    }

    /// The value as an object or array, parsed when it came as text.
    pub fn json(&self, name: &str) -> Option<Value> {
        match self.get(name)? {
            Value::String(text) => serde_json::from_str(text).ok(),
            value => Some(value.clone()),
        }
    }

    /// The chat that the call is about, when it is named by a number.
    pub fn chat_id(&self) -> Option<i64> {
        self.integer("chat_id")
    }

    /// The uploaded file of that form field.
    pub fn upload(&self, field: &str) -> Option<&Upload> {
        self.uploads.get(field)
    }

    /// All uploaded files, by form field.
    pub fn uploads(&self) -> impl Iterator<Item = (&str, &Upload)> {
        self.uploads.iter().map(|(field, upload)| (field.as_str(), upload))
    }

    /// The names of all parameters that are not uploads.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// One object of a list parameter, read by the same rules; uploads stay with the call.
    pub(crate) fn nested(object: &Map<String, Value>) -> Self {
        Self {
            values: object.clone(),
            uploads: BTreeMap::new(),
        }
    }
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload")
            .field("name", &self.name)
            .field("mime", &self.mime)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}
