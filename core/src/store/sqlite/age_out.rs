//! Removing what is too old, in small steps.

use std::time::Duration;

use sqlx::SqliteConnection;

use super::statement::{Value, run};
use crate::{
    model::Timestamp,
    store::{AgeOut, StoreError, backend::Cutoffs},
};

/// Removes at most `rows_max` of each kind, within the transaction that stands, and tells how many rows that
/// were. Nothing is appended that was not folded in.
pub(super) async fn age_out(db: &mut SqliteConnection, now: Timestamp, age_out: &AgeOut) -> Result<u64, StoreError> {
    let Cutoffs {
        inbox,
        history,
        conversations,
        blobs,
    } = Cutoffs::new(now, age_out);
    let rows_max = i64::try_from(age_out.rows_max).unwrap_or(i64::MAX);
    let mut removed = 0;
    // What others refer to comes after them.
    for (sql, before) in [
        (INBOX, inbox),
        (LINES, history),
        (RECEIPTS, history),
        (DEAD_LETTERS, history),
        (SESSIONS, conversations),
        (CONVERSATIONS, conversations),
    ] {
        removed += run(db, sql, limits(before, rows_max)).await?;
    }
    let again = conversations + LOOKED_AT_EVERY;
    run(db, STILL_NEEDED, [again.into(), conversations.into(), rows_max.into()]).await?;
    run(db, HIDE_BLOBS, limits(blobs, rows_max)).await?;
    removed += run(db, PIECES, limits(blobs, rows_max.min(PIECES_MAX))).await?;
    removed += run(db, BLOBS, limits(blobs, rows_max)).await?;
    Ok(removed)
}

fn limits(before: Timestamp, rows_max: i64) -> [Value; 2] {
    [before.into(), rows_max.into()]
}

const INBOX: &str = "DELETE FROM inbox WHERE key IN (SELECT key FROM inbox WHERE at < ? ORDER BY at LIMIT ?)";

/// They were written in the order of their age: the oldest are looked at, and no index is kept for that.
const LINES: &str = "DELETE FROM transcript_lines WHERE n IN \
    (SELECT n FROM (SELECT n, at FROM transcript_lines ORDER BY n LIMIT ?2) WHERE at < ?1)";

const RECEIPTS: &str = "DELETE FROM receipts WHERE (lane_kind, lane, seq) IN \
    (SELECT lane_kind, lane, seq FROM receipts WHERE at < ? ORDER BY at LIMIT ?)";

const DEAD_LETTERS: &str = "DELETE FROM deliveries WHERE rowid IN \
    (SELECT rowid FROM deliveries WHERE dead_at < ? ORDER BY dead_at LIMIT ?)";

/// A session that stands, or has rows, is still needed.
const SESSIONS: &str = "DELETE FROM sessions WHERE id IN \
    (SELECT s.id FROM sessions s WHERE COALESCE(s.ended_at, s.opened_at) < ? \
     AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.session = s.id) \
     AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.lane_kind = 'desk' AND d.lane = s.id) \
     ORDER BY COALESCE(s.ended_at, s.opened_at) LIMIT ?)";

/// A conversation goes once nothing is left of it; rows of the desk's lanes hold their session, and that holds it. The oldest are looked at, and no more.
const CONVERSATIONS: &str = "DELETE FROM conversations WHERE id IN \
    (SELECT c.id FROM \
       (SELECT id, session, last_line FROM conversations WHERE changed_at < ? ORDER BY changed_at LIMIT ?) c \
     WHERE c.session IS NULL \
     AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.conversation = c.id) \
     AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.lane_kind IN ('chat', 'bot') AND d.lane = c.id) \
     AND NOT EXISTS (SELECT 1 FROM transcript_lines l WHERE l.n = c.last_line AND l.conversation = c.id))";

/// Those that were looked at and stay make way for the next.
const STILL_NEEDED: &str = "UPDATE conversations SET changed_at = ? WHERE id IN \
    (SELECT c.id FROM \
       (SELECT id, session, last_line FROM conversations WHERE changed_at < ? ORDER BY changed_at LIMIT ?) c \
     WHERE c.session IS NOT NULL \
     OR EXISTS (SELECT 1 FROM sessions s WHERE s.conversation = c.id) \
     OR EXISTS (SELECT 1 FROM deliveries d WHERE d.lane_kind IN ('chat', 'bot') AND d.lane = c.id) \
     OR EXISTS (SELECT 1 FROM transcript_lines l WHERE l.n = c.last_line AND l.conversation = c.id))";

/// When a conversation that is still needed is looked at again.
const LOOKED_AT_EVERY: Duration = Duration::from_hours(24);

/// How many pieces of files one step removes at the most: they are large.
const PIECES_MAX: i64 = 64;

/// A file that loses its first piece is no longer whole.
const HIDE_BLOBS: &str = "UPDATE blobs SET bytes = NULL WHERE bytes IS NOT NULL AND id IN \
    (SELECT b.id FROM blobs b WHERE b.at < ? \
     AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.blob = b.id) ORDER BY b.at LIMIT ?)";

const PIECES: &str = "DELETE FROM blob_pieces WHERE rowid IN \
    (SELECT p.rowid FROM blobs b JOIN blob_pieces p ON p.blob = b.id WHERE b.at < ? AND b.bytes IS NULL \
     AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.blob = b.id) LIMIT ?)";

const BLOBS: &str = "DELETE FROM blobs WHERE id IN \
    (SELECT b.id FROM blobs b WHERE b.at < ? AND b.bytes IS NULL \
     AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.blob = b.id) \
     AND NOT EXISTS (SELECT 1 FROM blob_pieces p WHERE p.blob = b.id) ORDER BY b.at LIMIT ?)";
