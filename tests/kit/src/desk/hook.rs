//! Hooks: the desk's calls to the product's hookpoints, and the record of how they were answered.

mod encode;
mod hang_up;
mod send;

use std::{fmt, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use thiserror::Error;

pub(super) use hang_up::hang_up;
pub(super) use send::{begin, deliver};

use super::call::Encoding;

/// The hookpoints of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HookKind {
    /// `messageForCustomer`.
    Message,
    /// `uploadForCustomer`.
    File,
    /// `typingIndicatorForCustomer`.
    Typing,
    /// `endSession`.
    End,
}

/// The agent's message. `Debug` shows the encoding alone.
#[derive(Clone)]
pub struct Reply {
    /// Text.
    pub message: String,
    /// The agent's name.
    pub name: String,
    /// Address of the agent's picture; empty when none was uploaded.
    pub picture: String,
    /// Encoding, if not the desk's.
    pub encoding: Option<Encoding>,
}

/// The agent's file. `Debug` shows size and encoding alone.
#[derive(Clone)]
pub struct Upload {
    /// File name.
    pub name: String,
    /// Content type.
    pub content_type: String,
    /// The bytes.
    pub bytes: Bytes,
    /// Encoding, if not the desk's. A query string cannot carry a file: such a hook goes out as multipart.
    pub encoding: Option<Encoding>,
}

/// What a hook carries.
pub(super) enum HookContent {
    Message(Reply),
    File(Upload),
    Typing(bool),
    End,
}

/// A hook that was sent, or is being sent. `Debug` shows neither address nor content.
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct HookRecord {
    /// Place in the order in which hooks were begun, from 0.
    pub number: u64,
    /// Which hookpoint.
    pub kind: HookKind,
    /// The session's ticket; `None` for a session that the desk does not know.
    pub ticket: Option<u64>,
    /// `chatServer` that it went to.
    pub chat_server: String,
    /// The session id that it named.
    pub session_id: String,
    /// How its fields travelled.
    pub encoding: Encoding,
    /// When it was begun.
    pub at: Timestamp,
    /// Its answers, one an attempt.
    pub attempts: Vec<HookAnswer>,
    /// Whether no further attempt follows.
    pub done: bool,
}

/// What one attempt of a hook was answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HookAnswer {
    /// HTTP status; `None` when there was no answer.
    pub status: Option<u16>,
    /// Body, as it came.
    pub body: String,
    /// Whether status and body are exactly what the contract says.
    pub exact: bool,
    /// Why there was no answer.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// Why no hook was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HookError {
    /// The desk does not know the session. Name it by server and id to send all the same.
    #[error("the desk knows no such session")]
    UnknownSession,
    /// The address of the product is none.
    #[error("the session's chatServer is not an address that can be called")]
    Address,
    /// The connection failed before the hook was written.
    #[error("the product could not be reached")]
    Unreachable,
    /// The desk was shut down meanwhile.
    #[error("the desk was shut down")]
    ShutDown,
}

impl HookKind {
    /// The hookpoint's name in the address.
    pub fn path(self) -> &'static str {
        match self {
            Self::Message => "messageForCustomer",
            Self::File => "uploadForCustomer",
            Self::Typing => "typingIndicatorForCustomer",
            Self::End => "endSession",
        }
    }

    /// The body of the answer that the contract demands.
    pub fn demanded_body(self) -> &'static str {
        match self {
            Self::Message | Self::File | Self::Typing => "ok",
            Self::End => r#"{ "message": "ok" }"#,
        }
    }
}

impl HookContent {
    pub(super) fn kind(&self) -> HookKind {
        match self {
            Self::Message(_) => HookKind::Message,
            Self::File(_) => HookKind::File,
            Self::Typing(_) => HookKind::Typing,
            Self::End => HookKind::End,
        }
    }
}

impl Reply {
    /// A message of an agent without a picture.
    pub fn new(message: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            name: name.into(),
            picture: String::new(),
            encoding: None,
        }
    }

    /// Sends it in this encoding.
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = Some(encoding);
        self
    }
}

impl Upload {
    /// A file.
    pub fn new(name: impl Into<String>, content_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self {
            name: name.into(),
            content_type: content_type.into(),
            bytes: bytes.into(),
            encoding: None,
        }
    }

    /// Sends it in this encoding.
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = Some(encoding);
        self
    }
}

impl HookRecord {
    /// The last answer.
    pub fn answer(&self) -> Option<&HookAnswer> {
        self.attempts.last()
    }
}

impl HookAnswer {
    /// Whether the product took the hook (status 2xx).
    pub fn taken(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    pub(super) fn answered(kind: HookKind, status: u16, body: String, took: Duration) -> Self {
        Self {
            status: Some(status),
            exact: status == 200 && body == kind.demanded_body(),
            body,
            error: None,
            took_ms: millis(took),
        }
    }

    pub(super) fn failed(error: String, took: Duration) -> Self {
        Self {
            status: None,
            body: String::new(),
            exact: false,
            error: Some(error),
            took_ms: millis(took),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("encoding", &self.encoding)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("size_bytes", &self.bytes.len())
            .field("encoding", &self.encoding)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for HookRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookRecord")
            .field("number", &self.number)
            .field("kind", &self.kind)
            .field("ticket", &self.ticket)
            .field("encoding", &self.encoding)
            .field("attempts", &self.attempts)
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}
