//! The ledger in memory, gone with the process: for tests and trials. It does what a database does, and nothing faster.
//!
//! # Invariants
//! - A batch that is refused changes nothing.
//! - Payloads lie here in their stored form, so that what is never stored is not here either.

mod age_out;
mod check;
mod write;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    AgeOut, DeadLetter, StoreError,
    backend::{Backend, Changes, Loaded, LoadedMore, Locked, Recovered, WaitingMark, WaitingRow, Wanted, WantedMore},
    stored::decode,
};
use crate::{
    delivery::{DeliveryId, Door, Lane, Receipt},
    model::{BlobId, ConversationId, ConversationKey, EventKey, HookAddress, Line, SessionId, Timestamp},
    session::{Conversation, TimerKind},
};

/// A ledger's storage in memory.
#[derive(Default)]
pub(crate) struct MemoryBackend {
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    inbox: HashMap<EventKey, Timestamp>,
    /// With the moment when they last changed hands.
    conversations: HashMap<ConversationId, (Conversation, Timestamp)>,
    keys: HashMap<ConversationKey, ConversationId>,
    sessions: HashMap<SessionId, SessionRow>,
    deliveries: BTreeMap<DeliveryId, Row>,
    /// How many rows there ever were: the place of the next.
    rows_ever: u64,
    receipts: BTreeMap<DeliveryId, (Receipt, Timestamp)>,
    /// In the order in which they were written.
    lines: Vec<LineRow>,
    timers: HashMap<(SessionId, TimerKind), Timestamp>,
    blobs: HashMap<BlobId, Blob>,
    secret: Option<String>,
}

struct SessionRow {
    conversation: ConversationId,
    hook_address: HookAddress,
    opened_at: Timestamp,
    ended_at: Option<Timestamp>,
}

struct Row {
    conversation: ConversationId,
    door: Door,
    /// In its stored form.
    payload: String,
    blob: Option<BlobId>,
    attempts: u32,
    due: Timestamp,
    maybe_sent: bool,
    started: bool,
    created_at: Timestamp,
    place: u64,
    /// When it was given up, and why.
    dead: Option<(Timestamp, String)>,
}

struct LineRow {
    conversation: ConversationId,
    session: Option<SessionId>,
    line: Line,
    at: Timestamp,
}

struct Blob {
    /// Known once it is whole.
    bytes: Option<u64>,
    /// When its last piece came, or its end.
    at: Timestamp,
    pieces: BTreeMap<u32, Bytes>,
}

impl MemoryBackend {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        // What may fail in a write is checked before anything is changed.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn receipt(&self, id: DeliveryId) -> Option<Receipt> {
        self.tables().receipts.get(&id).map(|(receipt, _)| receipt.clone())
    }
}

#[async_trait]
impl Backend for MemoryBackend {
    async fn recover(&self, recent_since: Timestamp) -> Result<Recovered, StoreError> {
        let tables = self.tables();
        let wanted = |conversation: &Conversation| {
            conversation.is_human() || conversation.last.is_some_and(|last| last.at >= recent_since)
        };
        let conversations = tables.conversations.values().map(|(conversation, _)| conversation);
        let waiting = tables.deliveries.iter().filter(|(_, row)| row.dead.is_none());
        Ok(Recovered {
            conversations: conversations.filter(|c| wanted(c)).cloned().collect(),
            waiting: waiting
                .map(|(id, row)| WaitingMark {
                    id: *id,
                    door: row.door.clone(),
                    due: row.due,
                })
                .collect(),
            timers: tables
                .timers
                .iter()
                .map(|((session, kind), due)| (*session, *kind, *due))
                .collect(),
            hook_addresses: tables.hook_addresses(recent_since).into_iter().collect(),
        })
    }

    async fn load(&self, wanted: &Wanted) -> Result<Loaded, StoreError> {
        let tables = self.tables();
        let sessions: HashMap<SessionId, ConversationId> = wanted
            .sessions
            .iter()
            .filter_map(|session| Some((*session, tables.sessions.get(session)?.conversation)))
            .collect();
        let by_key = wanted.keys.iter().filter_map(|key| tables.keys.get(key));
        let ids = sessions.values().chain(&wanted.conversations).chain(by_key);
        let conversations: HashMap<ConversationId, Conversation> = ids
            .filter_map(|id| Some((*id, tables.conversations.get(id)?.0.clone())))
            .collect();
        let inbox = wanted.inbox.iter().filter(|key| tables.inbox.contains_key(key));
        Ok(Loaded {
            conversations: conversations.into_values().collect(),
            inbox: inbox.cloned().collect(),
            sessions,
            locked: Locked::default(),
        })
    }

    async fn load_more(&self, wanted: &WantedMore) -> Result<LoadedMore, StoreError> {
        let tables = self.tables();
        let lanes = wanted.lanes.iter().map(|lane| Ok((*lane, tables.lane(*lane)?)));
        let histories = wanted.histories.iter();
        Ok(LoadedMore {
            lanes: lanes.collect::<Result<_, StoreError>>()?,
            histories: histories
                .map(|id| (*id, tables.history(*id, wanted.lines_max)))
                .collect(),
        })
    }

    async fn commit(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut tables = self.tables();
        tables.check(changes)?;
        tables.write(changes);
        Ok(())
    }

    async fn probe(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn abandon(&self) {}

    async fn age_out(&self, now: Timestamp, age_out: &AgeOut) -> Result<u64, StoreError> {
        Ok(self.tables().age_out(now, age_out))
    }

    async fn rows(&self, ids: &[DeliveryId]) -> Result<Vec<WaitingRow>, StoreError> {
        let tables = self.tables();
        ids.iter()
            .filter_map(|id| Some((*id, tables.deliveries.get(id)?)))
            .filter(|(_, row)| row.dead.is_none())
            .map(|(id, row)| tables.waiting_row(id, row))
            .collect()
    }

    async fn transcript(&self, session: SessionId) -> Result<Vec<Line>, StoreError> {
        let tables = self.tables();
        let conversation = tables.sessions.get(&session).map(|session| session.conversation);
        let lines = tables
            .lines
            .iter()
            .filter(|row| row.session == Some(session) && Some(row.conversation) == conversation);
        Ok(lines.map(|row| row.line.clone()).collect())
    }

    async fn dead_letters(&self, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        let tables = self.tables();
        let dead = |(id, row)| tables.dead_letter(id, row).transpose();
        let mut dead: Vec<(u64, DeadLetter)> = tables.deliveries.iter().filter_map(dead).collect::<Result<_, _>>()?;
        dead.sort_by_key(|(place, letter)| std::cmp::Reverse((letter.at, *place)));
        Ok(dead.into_iter().map(|(_, letter)| letter).take(max).collect())
    }

    async fn blob_bytes(&self, blob: BlobId) -> Result<Option<u64>, StoreError> {
        Ok(self.tables().blobs.get(&blob).and_then(|blob| blob.bytes))
    }

    async fn blob_piece(&self, blob: BlobId, piece: u32) -> Result<Option<Bytes>, StoreError> {
        let tables = self.tables();
        let whole = tables.blobs.get(&blob).filter(|blob| blob.bytes.is_some());
        Ok(whole.and_then(|blob| blob.pieces.get(&piece).cloned()))
    }

    async fn secret(&self) -> Result<Option<String>, StoreError> {
        Ok(self.tables().secret.clone())
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Tables {
    /// The addresses of the sessions that ended since, and when the last of each did.
    fn hook_addresses(&self, since: Timestamp) -> HashMap<HookAddress, Timestamp> {
        let mut addresses = HashMap::new();
        for session in self.sessions.values() {
            if let Some(ended_at) = session.ended_at.filter(|ended_at| *ended_at >= since) {
                let last = addresses.entry(session.hook_address.clone()).or_insert(ended_at);
                *last = ended_at.max(*last);
            }
        }
        addresses
    }

    fn lane(&self, lane: Lane) -> Result<Vec<WaitingRow>, StoreError> {
        let (first, last) = (DeliveryId { lane, seq: 0 }, DeliveryId { lane, seq: u64::MAX });
        self.deliveries
            .range(first..=last)
            .filter(|(_, row)| row.dead.is_none())
            .map(|(id, row)| self.waiting_row(*id, row))
            .collect()
    }

    fn history(&self, id: ConversationId, lines_max: usize) -> Vec<Line> {
        let rows: Vec<&LineRow> = self.lines.iter().filter(|row| row.conversation == id).collect();
        let newest = rows.iter().skip(rows.len().saturating_sub(lines_max));
        newest.map(|row| row.line.clone()).collect()
    }

    fn waiting_row(&self, id: DeliveryId, row: &Row) -> Result<WaitingRow, StoreError> {
        let session = match id.lane {
            Lane::Desk(session) => self.sessions.get(&session),
            Lane::Chat(_) | Lane::Bot(_) => None,
        };
        Ok(WaitingRow {
            id,
            payload: decode(&row.payload)?,
            conversation: self.key(row),
            hook_address: session.map(|session| session.hook_address.clone()).unwrap_or_default(),
            attempts: row.attempts,
            created_at: row.created_at,
            maybe_sent: row.maybe_sent,
            started: row.started,
        })
    }

    fn dead_letter(&self, id: &DeliveryId, row: &Row) -> Result<Option<(u64, DeadLetter)>, StoreError> {
        let Some((at, detail)) = &row.dead else { return Ok(None) };
        let letter = DeadLetter {
            id: *id,
            payload: decode(&row.payload)?,
            conversation: self.key(row),
            detail: detail.clone(),
            at: *at,
        };
        Ok(Some((row.place, letter)))
    }

    fn key(&self, row: &Row) -> ConversationKey {
        let (conversation, _) = self
            .conversations
            .get(&row.conversation)
            .expect("a conversation stays for as long as it has rows");
        conversation.key.clone()
    }
}
