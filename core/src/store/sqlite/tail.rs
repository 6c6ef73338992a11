//! What is appended first and sorted in later.
//!
//! A hook changes its conversation, adds a row to a lane and a line to a transcript. Kept in the order of conversations,
//! that is a page of the database for each, and a batch of fifty hooks writes a hundred and fifty pages. So a change of a
//! conversation is appended to `conversation_changes`, and folded into `conversations` once many have come together; and a
//! line names the line before it of the same conversation, which needs no index.

use std::collections::{HashMap, HashSet};

use sqlx::SqliteConnection;

use super::{
    columns::{number, read, read_uuid},
    statement::{Given, Script, Value, fetch, select},
};
use crate::{
    model::{ConversationId, Timestamp},
    session::{Conversation, State},
    store::{StoreError, backend::Changes, stored::encode},
};

/// How many changes are appended before they are folded in: that many are read again then, and at a start.
const CHANGES_MAX: usize = 8_192;

/// How many conversations have changes that are not folded in: that many rows are written then, in one commit.
const CONVERSATIONS_MAX: usize = 2_048;

/// How many conversations the newest line is remembered of.
const HEADS_MAX: usize = 16_384;

/// What the writer remembers of what it appended.
#[derive(Default)]
pub(super) struct Tail {
    /// Each conversation whose change is not folded in, as it is.
    bodies: HashMap<ConversationId, Conversation>,
    /// The newest line of conversations.
    heads: HashMap<ConversationId, Option<i64>>,
    /// How many changes are not folded in.
    changes: usize,
    /// The line that was written last.
    line: i64,
}

/// What a batch appends.
#[derive(Default)]
pub(super) struct Growth {
    /// Where each line of the batch goes, in its order.
    places: Vec<Place>,
    changes: Vec<Change>,
    /// Whether all that was appended is folded in.
    folds: bool,
}

/// Where a line goes.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) n: i64,
    /// The line before it, of the same conversation.
    pub(super) before: Option<i64>,
}

struct Change {
    conversation: ConversationId,
    new: New,
    line: Option<i64>,
}

/// What is new of a conversation.
enum New {
    /// Its newest line alone.
    Line,
    /// The last number of its chat lane and when its agent was heard last, and nothing else: what most hooks change.
    Heard(Conversation),
    /// Anything.
    Body(Conversation),
}

impl Tail {
    /// Begins anew, from what is on the disk: at a start, and when nobody saw how a transaction ended.
    pub(super) async fn restored(db: &mut SqliteConnection) -> Result<Self, StoreError> {
        let left = fetch(db, "SELECT 1 FROM conversation_changes LIMIT 1", []).await?;
        if !left.is_empty() {
            let mut script = Script::new(1);
            script.run("BEGIN IMMEDIATE", []);
            fold(&mut script);
            script.run("COMMIT", []);
            script.execute(db).await?;
        }
        let last = fetch(db, "SELECT COALESCE(max(n), 0) AS n FROM transcript_lines", []).await?;
        Ok(Self {
            line: last.first().map_or(Ok(0), |row| read(row, "n"))?,
            ..Self::default()
        })
    }

    /// A conversation, where its change is not folded in.
    pub(super) fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        self.bodies.get(&id)
    }

    /// The newest line of a conversation, where it is remembered.
    pub(super) fn head(&self, conversation: ConversationId) -> Option<i64> {
        self.heads.get(&conversation).copied().flatten()
    }

    /// Whether nothing is appended only.
    pub(super) fn is_folded(&self) -> bool {
        self.changes == 0
    }

    /// What a batch appends. Reads the newest line of conversations that it adds lines to, where that is not remembered.
    pub(super) async fn growth(&mut self, db: &mut SqliteConnection, changes: &Changes) -> Result<Growth, StoreError> {
        self.find_heads(db, changes).await?;
        let mut heads: HashMap<ConversationId, Option<i64>> = HashMap::new();
        let mut places = Vec::with_capacity(changes.lines.len());
        for (n, (conversation, ..)) in (self.line + 1..).zip(&changes.lines) {
            let head = heads
                .entry(*conversation)
                .or_insert_with(|| self.heads.get(conversation).copied().flatten());
            places.push(Place { n, before: *head });
            *head = Some(n);
        }
        let mut appended = Vec::with_capacity(changes.bodies.len());
        let mut append = |conversation: &Conversation| {
            appended.push(Change {
                conversation: conversation.id,
                new: New::of(conversation, self.bodies.get(&conversation.id)),
                line: heads.remove(&conversation.id).flatten(),
            });
        };
        changes.bodies.iter().for_each(&mut append);
        // One that is written whole is newer than what was appended of it.
        let outlines = changes.conversations.iter();
        outlines
            .filter(|conversation| self.bodies.contains_key(&conversation.id))
            .for_each(append);
        appended.extend(heads.into_iter().map(|(conversation, line)| Change {
            conversation,
            new: New::Line,
            line,
        }));
        Ok(Growth {
            places,
            folds: self.changes + appended.len() > CHANGES_MAX || self.bodies.len() > CONVERSATIONS_MAX,
            changes: appended,
        })
    }

    /// A batch is on the disk.
    pub(super) fn grow(&mut self, growth: Growth) {
        if let Some(last) = growth.places.last() {
            self.line = last.n;
        }
        self.changes += growth.changes.len();
        for change in growth.changes {
            if let Some(line) = change.line {
                self.heads.insert(change.conversation, Some(line));
            }
            if let New::Heard(conversation) | New::Body(conversation) = change.new {
                self.bodies.insert(change.conversation, conversation);
            }
        }
        if growth.folds {
            self.bodies.clear();
            self.changes = 0;
            if self.heads.len() > HEADS_MAX {
                self.heads.clear();
            }
        }
    }

    /// Rows may be removed that it remembers.
    pub(super) fn forget_heads(&mut self) {
        // What is not folded in is known from here alone.
        if self.is_folded() {
            self.heads.clear();
        }
    }

    async fn find_heads(&mut self, db: &mut SqliteConnection, changes: &Changes) -> Result<(), StoreError> {
        let unknown = changes.lines.iter().map(|(id, ..)| *id);
        let mut unknown: HashSet<ConversationId> = unknown.filter(|id| !self.heads.contains_key(id)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let given = Given {
            columns: "id",
            rows: unknown.iter().map(|id| [(*id).into()]).collect(),
        };
        // The newest line of what is not folded in is remembered, so that the table is right for all others.
        let sql = "SELECT id, last_line FROM conversations WHERE id IN given";
        for row in &select(db, given, sql).await? {
            let id = ConversationId::from_uuid(read_uuid(row, "id")?);
            unknown.remove(&id);
            self.heads.insert(id, read(row, "last_line")?);
        }
        for conversation in &changes.conversations {
            unknown.remove(&conversation.id);
        }
        if unknown.is_empty() {
            return Ok(());
        }
        Err(StoreError::Invalid {
            detail: "there is no such conversation".to_owned(),
        })
    }
}

impl Growth {
    pub(super) fn places(&self) -> &[Place] {
        &self.places
    }

    /// Appends the changes.
    pub(super) fn write(&self, script: &mut Script) -> Result<(), StoreError> {
        let row = |change: &Change| -> Result<[Value; 5], StoreError> {
            let (of, body) = match &change.new {
                New::Line => (None, Value::Null),
                New::Heard(conversation) => (Some(conversation), Value::Null),
                New::Body(conversation) => (Some(conversation), encode(conversation).into()),
            };
            let chat_seq = of.map_or(Ok(Value::Null), |conversation| number(conversation.chat_seq))?;
            let heard_at = of.and_then(heard_at);
            Ok([
                change.conversation.into(),
                change.line.into(),
                chat_seq,
                heard_at.into(),
                body,
            ])
        };
        let rows = self.changes.iter().map(row).collect::<Result<_, _>>()?;
        let head = "INSERT INTO conversation_changes (conversation, last_line, chat_seq, heard_at, body)";
        script.insert(head, rows, "");
        if self.folds {
            fold(script);
        }
        Ok(())
    }

    /// What folds, and appends nothing.
    pub(super) fn folding() -> Self {
        Self {
            folds: true,
            ..Self::default()
        }
    }
}

impl New {
    /// What is new of a conversation, beside what was appended of it before.
    fn of(conversation: &Conversation, before: Option<&Conversation>) -> Self {
        let alike = before.is_some_and(|before| {
            let mut heard = Conversation {
                chat_seq: conversation.chat_seq,
                ..before.clone()
            };
            if let (State::WithAgent(session), Some(at)) = (&mut heard.state, heard_at(conversation)) {
                session.watch.since = at;
            }
            heard == *conversation
        });
        if alike {
            Self::Heard(conversation.clone())
        } else {
            Self::Body(conversation.clone())
        }
    }
}

/// When somebody was heard last, where an agent has the session.
fn heard_at(conversation: &Conversation) -> Option<Timestamp> {
    match &conversation.state {
        State::WithAgent(session) => Some(session.watch.since),
        State::WithBot | State::Opening(_) | State::Waiting(_) | State::Leaving(_) => None,
    }
}

/// Folds in what was appended, within a transaction.
pub(super) fn fold(script: &mut Script) {
    for sql in [FOLD_BODIES, FOLD_LINES, "DELETE FROM conversation_changes"] {
        script.run(sql, []);
    }
}

/// The first change after a fold is a whole body; what has changed behind the newest body stands in the newest row. (SQLite
/// takes the columns beside a `max` from the row that has it.)
const FOLD_BODIES: &str = "UPDATE conversations SET body = \
    CASE WHEN newest.heard_at IS NULL THEN json_set(changes.body, '$.body.chat_seq', newest.chat_seq) \
    ELSE json_set(changes.body, '$.body.chat_seq', newest.chat_seq, \
                  '$.body.state.with_agent.watch.since', newest.heard_at) END FROM \
    (SELECT conversation, max(n), chat_seq, heard_at FROM conversation_changes WHERE chat_seq IS NOT NULL \
     GROUP BY conversation) AS newest \
    JOIN (SELECT conversation, max(n), body FROM conversation_changes WHERE body IS NOT NULL \
          GROUP BY conversation) AS changes ON changes.conversation = newest.conversation \
    WHERE conversations.id = newest.conversation";

const FOLD_LINES: &str = "UPDATE conversations SET last_line = newest.last_line FROM \
    (SELECT conversation, max(last_line) AS last_line FROM conversation_changes WHERE last_line IS NOT NULL \
     GROUP BY conversation) AS newest WHERE conversations.id = newest.conversation";
