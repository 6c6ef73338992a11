//! Everything that the server knows: chats, files, updates, calls.

use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use super::{
    call::Call,
    fault::Faults,
    file::FileStore,
    message::{Message, Transcript},
    people::{ChatKind, ChatRecord, Person},
    queue::UpdateQueue,
    refusal::Refusal,
    spec::Violation,
    web::WebPage,
};

/// The state of the server, as a condition of [`FakeTelegram::wait_until`] looks at it.
///
/// Every lookup is by key; a condition that walks over `calls` is walked again at each change.
///
/// [`FakeTelegram::wait_until`]: super::FakeTelegram::wait_until
pub struct World {
    pub(crate) bot: Person,
    pub(crate) chats: HashMap<i64, ChatRecord>,
    pub(crate) people: HashMap<i64, Person>,
    pub(crate) usernames: HashMap<String, i64>,
    pub(crate) presses: HashMap<String, PressPlace>,
    pub(crate) files: FileStore,
    /// What a test put on the web, by its address.
    pub(crate) web: HashMap<String, WebPage>,
    pub(crate) queue: UpdateQueue,
    pub(crate) polls: Polls,
    pub(crate) webhook: Option<Webhook>,
    pub(crate) posts: Vec<Post>,
    /// Whether nothing goes out, since the port is closed.
    pub(crate) away: bool,
    pub(crate) commands: HashMap<String, Value>,
    pub(crate) faults: Faults,
    pub(crate) calls: Vec<Call>,
    pub(crate) violations: Vec<Violation>,
    message_count: i64,
    id_count: i64,
}

/// What one `getUpdates` did.
#[derive(Debug, Clone)]
pub struct Handout {
    /// The call.
    pub call: usize,
    /// The offset that it asked for.
    pub offset: Option<i64>,
    /// The updates that it confirmed, and that were forgotten for it.
    pub confirmed: Vec<i64>,
    /// The updates that it was given.
    pub handed_out: Vec<i64>,
}

#[derive(Default)]
pub(crate) struct Polls {
    /// Rises with each poll; a waiting poll that no longer holds the last turn is terminated.
    pub(crate) turn: u64,
    pub(crate) handouts: Vec<Handout>,
}

/// Where a pressed button is kept.
pub(crate) struct PressPlace {
    pub(crate) chat: i64,
    pub(crate) place: usize,
    pub(crate) stale: bool,
}

/// What one post to the webhook came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The update.
    pub update_id: i64,
    /// The answer's status; `None` when there was none, or when it was lost.
    pub status: Option<u16>,
}

#[derive(Clone)]
pub(crate) struct Webhook {
    pub(crate) url: String,
    pub(crate) secret: Option<String>,
    /// When and why a post failed last.
    pub(crate) failed: Option<(i64, String)>,
    pub(crate) has_certificate: bool,
    pub(crate) max_connections: i64,
    pub(crate) ip_address: Option<String>,
}

impl World {
    pub(crate) fn new(bot: Person) -> Self {
        Self {
            people: HashMap::from([(bot.id, bot.clone())]),
            bot,
            chats: HashMap::new(),
            usernames: HashMap::new(),
            presses: HashMap::new(),
            files: FileStore::default(),
            web: HashMap::new(),
            queue: UpdateQueue::default(),
            polls: Polls::default(),
            webhook: None,
            posts: Vec::new(),
            away: false,
            commands: HashMap::new(),
            faults: Faults::default(),
            calls: Vec::new(),
            violations: Vec::new(),
            message_count: 0,
            id_count: 0,
        }
    }

    /// What was said in a chat.
    pub fn chat(&self, chat_id: i64) -> Option<&Transcript> {
        self.chats.get(&chat_id).map(|chat| &chat.transcript)
    }

    /// Every request so far, in order of arrival.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// What the requests broke of the Bot API's specification.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// The highest offset that a `getUpdates` asked for: all updates below it are confirmed.
    pub fn confirmed_offset(&self) -> Option<i64> {
        self.queue.confirmed_offset()
    }

    /// What each `getUpdates` confirmed and was given, in order.
    pub fn handouts(&self) -> &[Handout] {
        &self.polls.handouts
    }

    /// What each post to the webhook came to, in the order of their ends.
    pub fn posts(&self) -> &[Post] {
        &self.posts
    }

    /// The ids of the updates that are not confirmed.
    pub fn pending_updates(&self) -> Vec<i64> {
        self.queue.pending_ids()
    }

    /// Whether every update is confirmed.
    pub fn all_confirmed(&self) -> bool {
        self.queue.is_empty()
    }

    /// A number that was not given before, for chats and users.
    pub(crate) fn fresh_id(&mut self) -> i64 {
        self.id_count += 1;
        self.id_count
    }

    /// Private chats and small groups share one count of messages; a supergroup has its own.
    pub(crate) fn next_message_id(&mut self, chat_id: i64) -> i64 {
        match self.chats.get_mut(&chat_id) {
            Some(chat) if chat.kind == ChatKind::Supergroup => {
                chat.own_count += 1;
                chat.own_count
            }
            _ => {
                self.message_count += 1;
                self.message_count
            }
        }
    }

    /// The chat that a call names, by number or by `@username`, if the bot may speak there.
    pub(crate) fn open_chat(&mut self, name: Option<&str>) -> Result<&mut ChatRecord, Refusal> {
        let name = name.unwrap_or_default();
        if name.is_empty() {
            return Err(Refusal::bad_request("chat_id is empty"));
        }
        let id = match name.strip_prefix('@') {
            Some(username) => self.usernames.get(&username.to_ascii_lowercase()).copied(),
            None => name.parse().ok(),
        };
        let chat = id.and_then(|id| self.chats.get_mut(&id));
        let chat = chat.ok_or_else(|| Refusal::bad_request("chat not found"))?;
        chat.check_access()?;
        Ok(chat)
    }

    /// A message as the Bot API shows it, with the message that it answers.
    pub(crate) fn message_json(&self, chat: &ChatRecord, message: &Message) -> Value {
        let chat_json = chat.to_json();
        let mut json = message.to_json(&chat_json, &self.person_json(message.sender));
        let answered = message.reply_to.and_then(|id| chat.transcript.message(id));
        if let Some(answered) = answered.filter(|answered| !answered.deleted) {
            let from = self.person_json(answered.sender);
            json["reply_to_message"] = answered.to_json(&chat_json, &from);
        }
        json
    }

    pub(crate) fn person_json(&self, id: i64) -> Value {
        self.people.get(&id).map(Person::to_json).unwrap_or_default()
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("chats", &self.chats.len())
            .field("calls", &self.calls.len())
            .field("pending_updates", &self.queue.len())
            .finish_non_exhaustive()
    }
}

/// Now, in seconds since 1970.
pub(crate) fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
