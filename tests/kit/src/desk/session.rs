//! The desk's view of a chat session: a ticket, its lines, and who is in it.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::files::StoredFile;

/// A session of the desk: one ticket.
///
/// `Debug` shows neither what was said nor the address of the product.
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct Session {
    /// Ticket number.
    pub ticket: u64,
    /// Where its hooks go.
    pub chat_server: String,
    /// The product's `chatSessionID`.
    pub id: String,
    /// How far it is.
    pub status: SessionStatus,
    /// Who ended it.
    pub ended_by: Option<Party>,
    /// What the product told about the customer: the optional fields, and `url`, as they came last.
    pub customer: BTreeMap<String, String>,
    /// Whether the customer is writing.
    pub customer_typing: bool,
    /// Whether the agent is writing, as far as the product was told.
    pub agent_typing: bool,
    /// Everything that was said, in the order in which the desk had it.
    pub transcript: Vec<Line>,
    /// What `notifyUserNewChatEvent` told, in order.
    pub events: Vec<ChatEvent>,
    /// Numbers of its hooks, in order.
    pub hooks: Vec<u64>,
    /// The ended ticket of the same session id, when a message after the end opened this one.
    pub reopens: Option<u64>,
    /// When its first message came.
    pub opened_at: Timestamp,
    /// When something last happened in it.
    pub changed_at: Timestamp,
}

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// No agent has done anything in it.
    Waiting,
    /// An agent is in it.
    Open,
    /// It was ended.
    Ended,
}

/// Who says or ends something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The customer, through the product.
    Customer,
    /// The agent.
    Agent,
    /// The desk itself.
    System,
}

/// One line of a transcript.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Line {
    /// Number in its session, from 0.
    pub number: u64,
    /// Who said it.
    pub from: Party,
    /// What was said.
    pub content: Content,
    /// When the desk had it.
    pub at: Timestamp,
    /// The `messageNumber` that it came with.
    pub message_number: Option<u32>,
    /// The agent's name.
    pub author: Option<String>,
    /// The hook that carried it, by its number.
    pub hook: Option<u64>,
}

/// What a line consists of.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// Text.
    Text {
        /// The text as it came.
        text: String,
    },
    /// A file.
    File {
        /// The file.
        file: StoredFile,
    },
}

/// One event of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChatEvent {
    /// `startedtyping`, `stoppedtyping`, `expandedchat`, `minimizedchat`.
    pub name: String,
    /// When it came.
    pub at: Timestamp,
}

/// A ticket made by `message/chatbot`.
///
/// `Debug` shows the ticket alone.
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct ChatbotLog {
    /// Ticket number. The answer does not tell it.
    pub ticket: u64,
    /// E-mail address or phone number of the customer.
    pub from: String,
    /// Subject.
    pub subject: String,
    /// The history.
    pub message: String,
    /// Brand.
    pub brand: Option<String>,
    /// When it came.
    pub at: Timestamp,
}

impl Session {
    /// The texts of one party, in order.
    pub fn texts(&self, from: Party) -> Vec<&str> {
        let lines = self.transcript.iter().filter(|line| line.from == from);
        lines.filter_map(Line::text).collect()
    }

    /// The files of one party, in order.
    pub fn files(&self, from: Party) -> Vec<&StoredFile> {
        let lines = self.transcript.iter().filter(|line| line.from == from);
        lines.filter_map(Line::file).collect()
    }

    pub(super) fn add(&mut self, from: Party, content: Content) -> &mut Line {
        let now = Timestamp::now();
        self.changed_at = now;
        let number = self.transcript.len();
        self.transcript.push(Line {
            number: number as u64,
            from,
            content,
            at: now,
            message_number: None,
            author: None,
            hook: None,
        });
        &mut self.transcript[number]
    }

    pub(super) fn end(&mut self, by: Party) {
        if self.status == SessionStatus::Ended {
            return;
        }
        self.status = SessionStatus::Ended;
        self.ended_by = Some(by);
        self.customer_typing = false;
        self.agent_typing = false;
        let who = match by {
            Party::Customer => "customer",
            Party::Agent => "agent",
            Party::System => "desk",
        };
        self.add(Party::System, Content::text(format!("Session ended by the {who}.")));
    }
}

impl Line {
    /// The text, unless the line is a file.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text { text } => Some(text),
            Content::File { .. } => None,
        }
    }

    /// The file, unless the line is a text.
    pub fn file(&self) -> Option<&StoredFile> {
        match &self.content {
            Content::Text { .. } => None,
            Content::File { file } => Some(file),
        }
    }
}

impl Content {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("ticket", &self.ticket)
            .field("id", &self.id)
            .field("status", &self.status)
            .field("ended_by", &self.ended_by)
            .field("lines", &self.transcript.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { text } => write!(f, "Text({} bytes)", text.len()),
            Self::File { file } => file.fmt(f),
        }
    }
}

impl fmt::Debug for ChatbotLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatbotLog")
            .field("ticket", &self.ticket)
            .finish_non_exhaustive()
    }
}
