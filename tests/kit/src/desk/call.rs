//! The record of what the desk was called with, and what it answered.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{fault::Fault, files::StoredFile};

/// A call of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Endpoint {
    /// `notifyUserNewChatMessage`: a line of the customer, and the opening of a session.
    NewChatMessage,
    /// `addAttachment`: a file of the customer.
    AddAttachment,
    /// `notifyUserNewChatEvent`: typing, and the window made larger or smaller.
    NewChatEvent,
    /// `notifyUserEndChat`, on either path.
    EndChat,
    /// `message/chatbot`: the chatbot's log.
    Chatbot,
    /// `requestChatConfig`, in either form.
    ChatConfig,
    /// `notifyUserVisited`: the customer's page.
    Visited,
    /// A path that the contract does not have.
    Unknown,
}

/// How the fields of a call or a hook travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// `multipart/form-data`.
    Multipart,
    /// `application/x-www-form-urlencoded`.
    Urlencoded,
    /// `application/json`.
    Json,
    /// In the query string, with an empty body.
    Query,
}

/// One call, from the moment its head arrived.
///
/// `Debug` shows neither values nor bodies.
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct Call {
    /// Place in the order of arrival, from 0.
    pub number: u64,
    /// What was called.
    pub endpoint: Endpoint,
    /// HTTP method.
    pub method: String,
    /// Path, without the query.
    pub path: String,
    /// When its head arrived.
    pub at: Timestamp,
    /// How the fields came; `None` until the body was read, or when it could not be.
    pub encoding: Option<Encoding>,
    /// The fields in their order, values as text.
    pub fields: Vec<(String, String)>,
    /// The file that came with it.
    pub file: Option<StoredFile>,
    /// The fault that it was given.
    pub fault: Option<Fault>,
    /// Whether it had its effect at the desk.
    pub effect: bool,
    /// The ticket that it concerned.
    pub ticket: Option<u64>,
    /// What became of it.
    pub answer: Answer,
}

/// What became of a call.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Answer {
    /// Still being read, or hanging.
    Pending,
    /// It was answered.
    Sent {
        /// HTTP status.
        status: u16,
        /// Body.
        body: String,
    },
    /// The desk reset the connection.
    Cut,
    /// The caller hung up before it was answered.
    CallerGone,
}

/// The moments of a call at which the callback of the simulator is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The body was read (or, for [`Fault::Refuse`], the head); nothing has happened yet.
    Received,
    /// The call had its effect; the answer is not yet written. Skipped when there is no effect.
    EffectDone,
    /// The answer was handed to the operating system. Skipped when there is none.
    Answered,
}

impl Call {
    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields.find_map(|(of, value)| (of == name).then_some(value.as_str()))
    }

    /// The status that it was answered with.
    pub fn status(&self) -> Option<u16> {
        match self.answer {
            Answer::Sent { status, .. } => Some(status),
            _ => None,
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.fields.iter().map(|(name, _)| name).collect();
        f.debug_struct("Call")
            .field("number", &self.number)
            .field("endpoint", &self.endpoint)
            .field("encoding", &self.encoding)
            .field("fields", &names)
            .field("file", &self.file)
            .field("fault", &self.fault)
            .field("effect", &self.effect)
            .field("ticket", &self.ticket)
            .field("answer", &self.answer)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("Pending"),
            Self::Sent { status, .. } => write!(f, "Sent({status})"),
            Self::Cut => f.write_str("Cut"),
            Self::CallerGone => f.write_str("CallerGone"),
        }
    }
}
