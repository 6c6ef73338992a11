//! Writing a batch that was checked, in the order of the fields of [`Changes`].

use std::collections::BTreeMap;

use super::{Blob, LineRow, Row, SessionRow, Tables};
use crate::{
    delivery::DeliveryId,
    model::Timestamp,
    session::Conversation,
    store::{
        backend::{Changes, NewRow, RowChange, keeps_receipt},
        stored::encode,
    },
};

impl Tables {
    /// Writes a batch that [`check`](Self::check) let pass.
    pub(super) fn write(&mut self, changes: &Changes) {
        let Changes {
            now,
            inbox,
            conversations,
            bodies,
            sessions,
            deliveries,
            redriven,
            dropped,
            settled,
            lines,
            timers_set,
            timers_cleared,
            blob_pieces: _,
            blobs: _,
            blobs_dropped: _,
            secret,
            released: _,
            news: _,
        } = changes;
        let now = *now;
        self.inbox.extend(inbox.iter().map(|key| (key.clone(), now)));
        for conversation in conversations {
            self.put(now, conversation);
        }
        for conversation in bodies {
            self.put_body(conversation);
        }
        self.sessions.extend(sessions.iter().map(|(id, conversation, address)| {
            let row = SessionRow {
                conversation: *conversation,
                hook_address: address.clone(),
                opened_at: now,
                ended_at: None,
            };
            (*id, row)
        }));
        self.end_sessions(conversations);
        for row in deliveries {
            self.deliver(now, row);
        }
        for id in redriven {
            self.redrive(now, *id);
        }
        for id in dropped {
            if self.deliveries.get(id).is_some_and(|row| row.dead.is_some()) {
                self.deliveries.remove(id);
            }
        }
        for (id, change) in settled {
            self.settle(now, *id, change);
        }
        self.lines
            .extend(lines.iter().map(|(conversation, session, line)| LineRow {
                conversation: *conversation,
                session: *session,
                line: line.clone(),
                at: now,
            }));
        for (session, kind, due) in timers_set {
            self.timers.insert((*session, *kind), *due);
        }
        for timer in timers_cleared {
            self.timers.remove(timer);
        }
        self.write_files(now, changes);
        // The first secret stays.
        self.secret = self.secret.take().or_else(|| secret.clone());
    }

    fn write_files(&mut self, now: Timestamp, changes: &Changes) {
        for (blob, piece, bytes) in &changes.blob_pieces {
            let blob = self.blobs.entry(*blob).or_insert_with(|| Blob::new(now));
            blob.at = now;
            blob.pieces.insert(*piece, bytes.clone());
        }
        for (blob, bytes) in &changes.blobs {
            let blob = self.blobs.entry(*blob).or_insert_with(|| Blob::new(now));
            blob.at = now;
            blob.bytes = Some(*bytes);
        }
        for blob in &changes.blobs_dropped {
            self.blobs.remove(blob);
        }
    }

    fn put(&mut self, now: Timestamp, conversation: &Conversation) {
        let id = conversation.id;
        if let Some((before, _)) = self.conversations.insert(id, (conversation.clone(), now))
            && self.keys.get(&before.key) == Some(&id)
        {
            self.keys.remove(&before.key);
        }
        self.keys.insert(conversation.key.clone(), id);
    }

    fn put_body(&mut self, conversation: &Conversation) {
        if let Some((body, _)) = self.conversations.get_mut(&conversation.id) {
            body.clone_from(conversation);
        }
    }

    fn end_sessions(&mut self, conversations: &[Conversation]) {
        for ended in conversations.iter().filter_map(|conversation| conversation.last) {
            if let Some(session) = self.sessions.get_mut(&ended.session) {
                session.ended_at.get_or_insert(ended.at);
            }
        }
    }

    fn deliver(&mut self, now: Timestamp, new: &NewRow) {
        self.rows_ever += 1;
        let row = Row {
            conversation: new.conversation,
            door: new.door.clone(),
            payload: encode(&new.payload),
            blob: new.blob(),
            attempts: 0,
            due: now,
            maybe_sent: false,
            started: false,
            created_at: now,
            place: self.rows_ever,
            dead: new.dead.clone().map(|detail| (now, detail)),
        };
        self.deliveries.insert(new.id, row);
    }

    fn redrive(&mut self, now: Timestamp, id: DeliveryId) {
        if let Some(row) = self.deliveries.get_mut(&id).filter(|row| row.dead.is_some()) {
            row.dead = None;
            row.attempts = 0;
            row.started = false;
            row.due = now;
            row.created_at = now;
        }
    }

    fn settle(&mut self, now: Timestamp, id: DeliveryId, change: &RowChange) {
        if let RowChange::Delivered(receipt) = change
            && keeps_receipt(id.lane, receipt)
        {
            self.receipts.insert(id, (receipt.clone(), now));
        }
        let Some(row) = self.deliveries.get_mut(&id).filter(|row| row.dead.is_none()) else {
            return;
        };
        match change {
            RowChange::Delivered(_) | RowChange::TakenBack => {
                self.deliveries.remove(&id);
            }
            RowChange::Dead { detail, maybe_sent } => {
                row.dead = Some((now, detail.clone()));
                row.maybe_sent |= maybe_sent;
            }
            RowChange::Retry { due, maybe_sent } => {
                row.attempts += 1;
                row.due = *due;
                row.maybe_sent |= maybe_sent;
                row.started = false;
            }
            RowChange::Started => row.started = true,
        }
    }
}

impl Blob {
    fn new(now: Timestamp) -> Self {
        Self {
            bytes: None,
            at: now,
            pieces: BTreeMap::new(),
        }
    }
}
