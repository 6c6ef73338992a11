//! Removing what is too old, in small steps.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{columns::read, failure::failed};
use crate::{
    model::Timestamp,
    store::{AgeOut, StoreError, backend::Cutoffs},
};

/// Removes at most `rows_max` of each kind, within the transaction that stands, and tells how many rows that were. Instances
/// may do so at the same time: each passes over what another has locked.
pub(super) async fn age_out(db: &mut PgConnection, now: Timestamp, age_out: &AgeOut) -> Result<u64, StoreError> {
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
    ] {
        removed += run(db, sql, before, rows_max).await?;
    }
    removed += old_conversations(db, conversations, rows_max).await?;
    run(db, HIDE_BLOBS, blobs, rows_max).await?;
    removed += run(db, PIECES, blobs, rows_max.min(PIECES_MAX)).await?;
    removed += run(db, BLOBS, blobs, rows_max).await?;
    Ok(removed)
}

async fn run(db: &mut PgConnection, sql: &'static str, before: Timestamp, rows_max: i64) -> Result<u64, StoreError> {
    let query = sqlx::query(sql).bind(before.as_millis()).bind(rows_max);
    Ok(query.execute(db).await.map_err(failed)?.rows_affected())
}

/// A conversation goes once nothing is left of it. The oldest are looked at, and no more; they are locked first, since whoever
/// adds something to one has it locked.
async fn old_conversations(db: &mut PgConnection, before: Timestamp, rows_max: i64) -> Result<u64, StoreError> {
    const OLDEST: &str = "SELECT id FROM conversations WHERE changed_at < $1 ORDER BY changed_at LIMIT $2 \
        FOR UPDATE SKIP LOCKED";
    const GONE: &str = "DELETE FROM conversations c WHERE c.id = ANY($1) AND c.session IS NULL \
        AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.conversation = c.id) \
        AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.lane_kind IN ('chat', 'bot') AND d.lane = c.id) \
        AND NOT EXISTS (SELECT 1 FROM transcript_lines l WHERE l.conversation = c.id)";
    // Those that were looked at and stay make way for the next.
    const STILL_NEEDED: &str = "UPDATE conversations SET changed_at = $2 WHERE id = ANY($1)";
    let query = sqlx::query(OLDEST).bind(before.as_millis()).bind(rows_max);
    let oldest = query.fetch_all(&mut *db).await.map_err(failed)?;
    let ids: Vec<Uuid> = oldest.iter().map(|row| read(row, "id")).collect::<Result<_, _>>()?;
    if ids.is_empty() {
        return Ok(0);
    }
    let gone = sqlx::query(GONE).bind(&ids).execute(&mut *db).await.map_err(failed)?;
    let again = before + LOOKED_AT_EVERY;
    let query = sqlx::query(STILL_NEEDED).bind(ids).bind(again.as_millis());
    query.execute(db).await.map_err(failed)?;
    Ok(gone.rows_affected())
}

const INBOX: &str = "DELETE FROM inbox WHERE key IN \
    (SELECT key FROM inbox WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)";

/// They were written in the order of their age: the oldest are looked at, and no index is kept for that.
const LINES: &str = "DELETE FROM transcript_lines WHERE n IN \
    (SELECT n FROM (SELECT n, at FROM transcript_lines ORDER BY n LIMIT $2) oldest WHERE at < $1)";

const RECEIPTS: &str = "DELETE FROM receipts WHERE (lane_kind, lane, seq) IN \
    (SELECT lane_kind, lane, seq FROM receipts WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)";

const DEAD_LETTERS: &str = "DELETE FROM deliveries WHERE (lane_kind, lane, seq) IN \
    (SELECT lane_kind, lane, seq FROM deliveries WHERE dead_at < $1 ORDER BY dead_at LIMIT $2 FOR UPDATE SKIP LOCKED)";

/// A session that stands, or has rows, is still needed.
const SESSIONS: &str = "DELETE FROM sessions WHERE id IN \
    (SELECT s.id FROM sessions s WHERE COALESCE(s.ended_at, s.opened_at) < $1 \
     AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.session = s.id) \
     AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.lane_kind = 'desk' AND d.lane = s.id) \
     ORDER BY COALESCE(s.ended_at, s.opened_at) LIMIT $2 FOR UPDATE OF s SKIP LOCKED)";

/// When a conversation that is still needed is looked at again.
const LOOKED_AT_EVERY: Duration = Duration::from_hours(24);

/// How many pieces of files one step removes at the most: they are large.
const PIECES_MAX: i64 = 64;

/// A file that loses its first piece is no longer whole.
const HIDE_BLOBS: &str = "UPDATE blobs SET bytes = NULL WHERE bytes IS NOT NULL AND id IN \
    (SELECT b.id FROM blobs b WHERE b.at < $1 \
     AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.blob = b.id) ORDER BY b.at LIMIT $2 FOR UPDATE OF b SKIP LOCKED)";

const PIECES: &str = "DELETE FROM blob_pieces WHERE (blob, piece) IN \
    (SELECT p.blob, p.piece FROM blobs b JOIN blob_pieces p ON p.blob = b.id WHERE b.at < $1 AND b.bytes IS NULL \
     AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.blob = b.id) LIMIT $2 FOR UPDATE OF p SKIP LOCKED)";

const BLOBS: &str = "DELETE FROM blobs WHERE id IN \
    (SELECT b.id FROM blobs b WHERE b.at < $1 AND b.bytes IS NULL \
     AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.blob = b.id) \
     AND NOT EXISTS (SELECT 1 FROM blob_pieces p WHERE p.blob = b.id) ORDER BY b.at LIMIT $2 \
     FOR UPDATE OF b SKIP LOCKED)";
