//! All that the desk knows.
//!
//! # Invariants
//! A session is keyed by (`chatServer`, `chatSessionID`); the key leads to its newest ticket. Finding a session, and
//! adding to one, cost the same with one session and with a hundred thousand.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    call::{Call, Endpoint},
    files::StoredFile,
    hook::HookRecord,
    session::{ChatbotLog, Session, SessionStatus},
    settings::Settings,
};

/// The number of the first ticket: the one of the guide's example.
const FIRST_TICKET: u64 = 12_312;

/// All that the desk knows, as conditions and tests see it.
pub struct DeskState {
    /// The switches.
    pub(super) settings: Settings,
    sessions: BTreeMap<u64, Session>,
    /// Newest ticket of each (`chatServer`, `chatSessionID`).
    by_key: HashMap<(String, String), u64>,
    /// Newest ticket of each `chatSessionID`, whatever its server.
    by_id: HashMap<String, u64>,
    pub(super) calls: Vec<Call>,
    pub(super) hooks: Vec<HookRecord>,
    pub(super) violations: Vec<Violation>,
    pub(super) remarks: Vec<Remark>,
    pub(super) chatbot_logs: Vec<ChatbotLog>,
    files: Vec<StoredFile>,
    tickets: u64,
    message_ids: u64,
    pub(super) hanging: usize,
}

/// A call that broke the contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Violation {
    /// Number of the call.
    pub call: u64,
    /// What was called.
    pub endpoint: Endpoint,
    /// The rule that was broken; names the field, never its value.
    pub rule: String,
}

/// A call of which the contract does not say what a desk does, and what this one did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Remark {
    /// Number of the call.
    pub call: u64,
    /// What was open, and how it was decided.
    pub about: RemarkKind,
}

/// What the contract leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RemarkKind {
    /// A message came after the end: it opened a new ticket.
    MessageAfterEnd {
        /// The ended ticket.
        ended: u64,
        /// The new one.
        opened: u64,
    },
    /// A file came after the end: it was added to the ended ticket.
    FileAfterEnd {
        /// The ended ticket.
        ended: u64,
    },
    /// An event for no open session: answered, and without effect.
    EventWithoutSession,
    /// An end for no open session: answered, and without effect.
    EndWithoutSession,
    /// A visit for no session: answered, and without effect.
    VisitWithoutSession,
}

/// Names a session: by ticket, by its id, or by server and id.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum SessionRef {
    /// The session of this ticket.
    Ticket(u64),
    /// The newest session with this `chatSessionID`.
    Id(String),
    /// The newest session of this server with this id. A hook can be sent to it although it is unknown.
    At {
        /// `chatServer`.
        chat_server: String,
        /// `chatSessionID`.
        id: String,
    },
}

impl DeskState {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            sessions: BTreeMap::new(),
            by_key: HashMap::new(),
            by_id: HashMap::new(),
            calls: Vec::new(),
            hooks: Vec::new(),
            violations: Vec::new(),
            remarks: Vec::new(),
            chatbot_logs: Vec::new(),
            files: Vec::new(),
            tickets: FIRST_TICKET,
            message_ids: 1,
            hanging: 0,
        }
    }

    /// The sessions, oldest ticket first.
    pub fn sessions(&self) -> impl DoubleEndedIterator<Item = &Session> {
        self.sessions.values()
    }

    /// How many sessions there are.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// One session.
    pub fn session(&self, session: impl Into<SessionRef>) -> Option<&Session> {
        self.sessions.get(&self.ticket_of(&session.into())?)
    }

    /// The calls, in order of arrival.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// The hooks, in the order in which they were sent.
    pub fn hooks(&self) -> &[HookRecord] {
        &self.hooks
    }

    /// The breaches of the contract.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// The calls that the contract leaves open.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// The tickets made by the chatbot log.
    pub fn chatbot_logs(&self) -> &[ChatbotLog] {
        &self.chatbot_logs
    }

    /// How many calls hang at this moment.
    pub fn hanging(&self) -> usize {
        self.hanging
    }

    /// One file.
    pub fn file(&self, number: u64) -> Option<&StoredFile> {
        self.files.get(usize::try_from(number).ok()?)
    }

    pub(super) fn ticket_of(&self, session: &SessionRef) -> Option<u64> {
        match session {
            SessionRef::Ticket(ticket) => Some(*ticket),
            SessionRef::Id(id) => self.by_id.get(id).copied(),
            SessionRef::At { chat_server, id } => {
                let key = (chat_server.clone(), id.clone());
                self.by_key.get(&key).copied()
            }
        }
    }

    pub(super) fn session_mut(&mut self, ticket: u64) -> Option<&mut Session> {
        self.sessions.get_mut(&ticket)
    }

    /// The newest session of a key, if it has not ended.
    pub(super) fn live_session(&mut self, key: &SessionRef) -> Option<&mut Session> {
        let ticket = self.ticket_of(key)?;
        let session = self.sessions.get_mut(&ticket)?;
        (session.status != SessionStatus::Ended).then_some(session)
    }

    /// Opens a new ticket for a session.
    pub(super) fn open(&mut self, chat_server: &str, id: &str) -> &mut Session {
        let ticket = self.new_ticket();
        let key = (chat_server.to_owned(), id.to_owned());
        let reopens = self.by_key.insert(key, ticket);
        self.by_id.insert(id.to_owned(), ticket);
        let now = Timestamp::now();
        self.sessions.entry(ticket).or_insert_with(|| Session {
            ticket,
            chat_server: chat_server.to_owned(),
            id: id.to_owned(),
            status: SessionStatus::Waiting,
            ended_by: None,
            customer: BTreeMap::new(),
            customer_typing: false,
            agent_typing: false,
            transcript: Vec::new(),
            events: Vec::new(),
            hooks: Vec::new(),
            reopens,
            opened_at: now,
            changed_at: now,
        })
    }

    pub(super) fn new_ticket(&mut self) -> u64 {
        let ticket = self.tickets;
        self.tickets += 1;
        ticket
    }

    pub(super) fn new_message_id(&mut self) -> u64 {
        let id = self.message_ids;
        self.message_ids += 1;
        id
    }

    pub(super) fn keep_file(&mut self, name: String, content_type: String, bytes: Bytes) -> StoredFile {
        let file = StoredFile {
            number: self.files.len() as u64,
            name,
            content_type,
            size_bytes: bytes.len() as u64,
            bytes,
        };
        self.files.push(file.clone());
        file
    }

    pub(super) fn remark(&mut self, call: u64, about: RemarkKind) {
        self.remarks.push(Remark { call, about });
    }

    /// The call of this number, for what becomes of it.
    pub(super) fn call_mut(&mut self, number: u64) -> &mut Call {
        let at = usize::try_from(number).expect("calls are numbered by their place");
        &mut self.calls[at]
    }

    /// The hook of this number, for what becomes of it.
    pub(super) fn hook_mut(&mut self, number: u64) -> &mut HookRecord {
        let at = usize::try_from(number).expect("hooks are numbered by their place");
        &mut self.hooks[at]
    }
}

impl fmt::Debug for DeskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeskState")
            .field("sessions", &self.sessions.len())
            .field("calls", &self.calls.len())
            .field("hooks", &self.hooks.len())
            .field("violations", &self.violations)
            .field("remarks", &self.remarks)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SessionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ticket(ticket) => write!(f, "Ticket({ticket})"),
            Self::Id(id) | Self::At { id, .. } => write!(f, "Id({id})"),
        }
    }
}

impl From<u64> for SessionRef {
    fn from(ticket: u64) -> Self {
        Self::Ticket(ticket)
    }
}

impl From<&str> for SessionRef {
    fn from(id: &str) -> Self {
        Self::Id(id.to_owned())
    }
}

impl From<&String> for SessionRef {
    fn from(id: &String) -> Self {
        Self::Id(id.clone())
    }
}

impl From<(&str, &str)> for SessionRef {
    fn from((chat_server, id): (&str, &str)) -> Self {
        Self::At {
            chat_server: chat_server.to_owned(),
            id: id.to_owned(),
        }
    }
}

impl From<&Session> for SessionRef {
    fn from(session: &Session) -> Self {
        Self::Ticket(session.ticket)
    }
}
