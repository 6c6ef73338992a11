use reqwest::{RequestBuilder, multipart::Form};
use serde_json::{Map, Value as Json};

/// How the fields of a call are written. The OpenAPI pages say multipart; whether the desk takes the others is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// `multipart/form-data`.
    #[default]
    Multipart,
    /// `application/x-www-form-urlencoded`.
    Urlencoded,
    /// `application/json`, with numbers as numbers.
    Json,
}

/// The fields of a call, in order. Without `Debug`: most of them are nobody's business.
#[derive(Clone, Default)]
pub(super) struct Fields(Vec<(&'static str, Value)>);

#[derive(Clone)]
enum Value {
    /// May stand in an error or a log.
    Open(String),
    /// Must not.
    Private(String),
    Number(u64),
}

impl Fields {
    /// Adds a field that may stand in an error.
    pub(super) fn open(mut self, name: &'static str, value: &str) -> Self {
        self.0.push((name, Value::Open(value.to_owned())));
        self
    }

    /// Adds a field that must not stand in an error: a text, a token, an address with a secret.
    pub(super) fn private(mut self, name: &'static str, value: &str) -> Self {
        self.0.push((name, Value::Private(value.to_owned())));
        self
    }

    /// Adds a private field, or leaves it out: many have a least length of 1.
    pub(super) fn maybe(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) if !value.is_empty() => self.private(name, value),
            _ => self,
        }
    }

    /// Adds a number.
    pub(super) fn number(mut self, name: &'static str, value: impl Into<u64>) -> Self {
        self.0.push((name, Value::Number(value.into())));
        self
    }

    /// What must not stand in an error.
    pub(super) fn privates(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|(_, value)| match value {
            Value::Private(text) => Some(text.as_str()),
            Value::Open(_) | Value::Number(_) => None,
        })
    }

    /// Writes the fields into the body of a request.
    pub(super) fn write(&self, request: RequestBuilder, encoding: Encoding) -> RequestBuilder {
        match encoding {
            Encoding::Multipart => request.multipart(self.form()),
            Encoding::Urlencoded => request.form(&self.pairs()),
            Encoding::Json => request.json(&self.json()),
        }
    }

    /// The fields as a form, to which a file can be added.
    pub(super) fn form(&self) -> Form {
        self.pairs()
            .into_iter()
            .fold(Form::new(), |form, (name, value)| form.text(name, value))
    }

    /// The fields as text, for a form or a query.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        self.0.iter().map(|(name, value)| (*name, value.text())).collect()
    }

    fn json(&self) -> Map<String, Json> {
        self.0
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.json()))
            .collect()
    }
}

impl Value {
    fn text(&self) -> String {
        match self {
            Self::Open(text) | Self::Private(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }

    fn json(&self) -> Json {
        match self {
            Self::Open(text) | Self::Private(text) => Json::from(text.as_str()),
            Self::Number(number) => Json::from(*number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(encoding: Encoding) -> (String, String) {
        let fields = Fields::default()
            .open("event", "startedtyping")
            .private("message", "a & b, José \"q\"")
            .maybe("url", None)
            .maybe("phoneNumber", Some(""))
            .number("channelID", 8_u32);
        let client = reqwest::Client::new();
        let request = fields.write(client.post("http://127.0.0.1/"), encoding);
        let request = request.build().expect("a plain request");
        let header = request.headers()["content-type"].to_str().expect("ASCII").to_owned();
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
        (header, String::from_utf8_lossy(body).into_owned())
    }

    #[test]
    fn urlencoded_fields_are_escaped_and_empty_ones_left_out() {
        let (header, body) = sent(Encoding::Urlencoded);
        assert_eq!(header, "application/x-www-form-urlencoded");
        assert_eq!(
            body,
            "event=startedtyping&message=a+%26+b%2C+Jos%C3%A9+%22q%22&channelID=8"
        );
    }

    #[test]
    fn json_keeps_numbers_as_numbers() {
        let (header, body) = sent(Encoding::Json);
        assert_eq!(header, "application/json");
        let json: Json = serde_json::from_str(&body).expect("JSON");
        assert_eq!(
            json,
            serde_json::json!({"event": "startedtyping", "message": "a & b, José \"q\"", "channelID": 8})
        );
    }

    #[test]
    fn multipart_is_announced_with_its_boundary() {
        let (header, _) = sent(Encoding::Multipart);
        assert!(header.starts_with("multipart/form-data; boundary="), "{header}");
    }
}
