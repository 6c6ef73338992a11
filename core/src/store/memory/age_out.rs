//! Removing what is too old, in small steps.

use std::collections::HashSet;

use super::Tables;
use crate::{
    delivery::Lane,
    model::{BlobId, ConversationId, SessionId, Timestamp},
    store::{AgeOut, backend::Cutoffs},
};

impl Tables {
    /// Removes at most `rows_max` of each kind, and tells how many rows that were.
    pub(super) fn age_out(&mut self, now: Timestamp, age_out: &AgeOut) -> u64 {
        let (cutoffs, rows_max) = (Cutoffs::new(now, age_out), age_out.rows_max);
        let mut left = rows_max;
        self.inbox.retain(|_, at| !take(&mut left, *at < cutoffs.inbox));
        let mut removed = rows_max - left;
        left = rows_max;
        self.lines.retain(|row| !take(&mut left, row.at < cutoffs.history));
        removed += rows_max - left;
        left = rows_max;
        self.receipts
            .retain(|_, (_, at)| !take(&mut left, *at < cutoffs.history));
        removed += rows_max - left;
        left = rows_max;
        let dead_before = |dead: Option<&(Timestamp, String)>| dead.is_some_and(|(at, _)| *at < cutoffs.history);
        self.deliveries
            .retain(|_, row| !take(&mut left, dead_before(row.dead.as_ref())));
        removed += rows_max - left;
        removed += self.forget_sessions(cutoffs.conversations, rows_max);
        removed += self.forget_conversations(cutoffs.conversations, rows_max);
        removed += self.forget_blobs(cutoffs.blobs, rows_max);
        removed as u64
    }

    /// A session that stands, or has rows, is still needed.
    fn forget_sessions(&mut self, before: Timestamp, rows_max: usize) -> usize {
        let stand = self
            .conversations
            .values()
            .filter_map(|(c, _)| c.session().map(|session| session.id));
        let rows = self.deliveries.keys().filter_map(|id| match id.lane {
            Lane::Desk(session) => Some(session),
            Lane::Chat(_) | Lane::Bot(_) => None,
        });
        let needed: HashSet<SessionId> = stand.chain(rows).collect();
        let mut left = rows_max;
        self.sessions.retain(|id, session| {
            let old = session.ended_at.unwrap_or(session.opened_at) < before;
            !take(&mut left, old && !needed.contains(id))
        });
        rows_max - left
    }

    /// A conversation goes once nothing is left of it.
    fn forget_conversations(&mut self, before: Timestamp, rows_max: usize) -> usize {
        let of_sessions = self.sessions.values().map(|session| session.conversation);
        let of_rows = self.deliveries.values().map(|row| row.conversation);
        let of_lines = self.lines.iter().map(|row| row.conversation);
        let needed: HashSet<ConversationId> = of_sessions.chain(of_rows).chain(of_lines).collect();
        let mut left = rows_max;
        self.conversations.retain(|id, (conversation, changed_at)| {
            let old = *changed_at < before && !conversation.is_human();
            !take(&mut left, old && !needed.contains(id))
        });
        self.keys.retain(|_, id| self.conversations.contains_key(id));
        rows_max - left
    }

    fn forget_blobs(&mut self, before: Timestamp, rows_max: usize) -> usize {
        let needed: HashSet<BlobId> = self.deliveries.values().filter_map(|row| row.blob).collect();
        let (mut blobs_left, mut pieces_left) = (rows_max, rows_max);
        self.blobs.retain(|id, blob| {
            if blob.at >= before || needed.contains(id) {
                return true;
            }
            // A file that loses its first piece is no longer whole.
            blob.bytes = None;
            blob.pieces.retain(|_, _| !take(&mut pieces_left, true));
            !take(&mut blobs_left, blob.pieces.is_empty())
        });
        2 * rows_max - blobs_left - pieces_left
    }
}

/// Takes one of what is left, where it is wanted and something is left.
fn take(left: &mut usize, wanted: bool) -> bool {
    let taken = wanted && *left > 0;
    *left -= usize::from(taken);
    taken
}
