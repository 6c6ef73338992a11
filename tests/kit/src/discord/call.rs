//! The record of every request that reached the server.

use std::{sync::Arc, time::SystemTime};

use bytes::Bytes;
use serde_json::Value;

use super::fault::Fault;

/// One request, from its first line to its answer.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its place in the order of arrival, from 0.
    pub number: usize,
    /// The HTTP method.
    pub method: String,
    /// The path behind `/api/v10`; for a download the whole path.
    pub path: String,
    /// The query, in order.
    pub query: Vec<(String, String)>,
    /// Whether it carried the bot's token. Webhooks, interactions and downloads need none.
    pub authorized: bool,
    /// The JSON of the body, or of `payload_json`; `null` until the body is read whole.
    pub body: Value,
    /// The files of a multipart body.
    pub uploads: Vec<Upload>,
    /// When its first line arrived.
    pub received_at: SystemTime,
    /// The fault that it met.
    pub fault: Option<Fault>,
    /// Whether it was carried out with success; a lost answer does not undo it.
    pub effect: bool,
    /// The answer that was made, sent or not.
    pub answer: Option<Answer>,
    /// What became of the request.
    pub fate: Fate,
}

impl Call {
    /// Whether the call is of that method, and its path fits a pattern such as
    /// `/channels/*/messages`.
    pub fn is(&self, method: &str, pattern: &str) -> bool {
        self.method.eq_ignore_ascii_case(method) && super::fault::fits(pattern, &self.path)
    }

    /// A value of the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        let mut query = self.query.iter();
        query.find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// One file of a multipart request.
#[derive(Clone)]
pub struct Upload {
    /// The form field, such as `files[0]`.
    pub field: String,
    /// The file name that the client gave.
    pub name: String,
    /// The content type that the client gave.
    pub mime: Option<String>,
    /// The whole content.
    pub bytes: Bytes,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload")
            .field("field", &self.field)
            .field("name", &self.name)
            .field("mime", &self.mime)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// An answer as it was made.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body; `null` for a file, for an HTML page and where there is none.
    pub body: Value,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is being read or worked on; it stays so when the client hangs up.
    Open,
    /// Its answer was handed to the socket whole.
    Answered,
    /// The connection was closed without an answer.
    Cut,
    /// It is never answered.
    Hanging,
}

/// A moment in the life of a call at which an [`Observer`] is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// It was read whole, and nothing has happened yet.
    Received,
    /// It was carried out, and nothing has been answered yet.
    EffectDone,
    /// Its answer was handed to the socket whole.
    Answered,
}

/// Somebody who is told of each stage of each call, on the server's own task and under no lock,
/// so a process can be killed at exactly that moment. The server goes on when it returns.
///
/// A request that is refused before it was read whole is told of only when it is answered. An
/// observer that holds a handle on the server keeps it alive until the observer is removed, or
/// until the shutdown.
pub type Observer = Arc<dyn Fn(Stage, &Call) + Send + Sync>;
