//! What is read beside the writer.

use bytes::Bytes;
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::{
    columns::{delivery, read, read_delivery, read_door, read_key, read_time, read_u32, read_u64},
    load::{conversation, line},
    statement::{Given, Value, fetch, select},
};
use crate::{
    delivery::DeliveryId,
    model::{BlobId, HookAddress, Line, SessionId, Timestamp},
    session::Conversation,
    store::{
        StoreError,
        backend::{DoorRows, WaitingRow},
        stored::decode,
    },
};

/// What makes a [`WaitingRow`], up to its condition.
pub(super) const ROW: &str = "SELECT d.lane_kind, d.lane, d.seq, d.payload, d.attempts, d.maybe_sent, d.started, \
    d.created_at, c.channel, c.address, c.customer, COALESCE(s.hook_address, '') AS hook_address FROM deliveries d \
    LEFT JOIN sessions s ON d.lane_kind = 'desk' AND s.id = d.lane \
    JOIN conversations c ON c.id = COALESCE(s.conversation, d.lane)";

pub(super) async fn rows(db: &mut SqliteConnection, ids: &[DeliveryId]) -> Result<Vec<WaitingRow>, StoreError> {
    let given = Given {
        columns: "lane_kind, lane, seq",
        rows: ids.iter().map(|id| delivery(*id)).collect::<Result<_, _>>()?,
    };
    let sql = format!("{ROW} WHERE (d.lane_kind, d.lane, d.seq) IN given AND d.dead_at IS NULL");
    select(db, given, &sql).await?.iter().map(waiting_row).collect()
}

pub(super) async fn transcript(db: &mut SqliteConnection, session: SessionId) -> Result<Vec<Line>, StoreError> {
    // From the newest line of its conversation back, each names the one before. What is not folded in is newer, also where
    // its number is lower: the numbers begin anew once no line is left.
    let sql = "WITH RECURSIVE \
        head (conversation, n) AS \
          (SELECT c.id, COALESCE((SELECT max(g.last_line) FROM conversation_changes g WHERE g.conversation = c.id), \
             c.last_line) FROM sessions s JOIN conversations c ON c.id = s.conversation \
             WHERE s.id = ?1), \
        chain (n, before, conversation, session, body) AS \
          (SELECT l.n, l.before, l.conversation, l.session, l.body FROM head h \
             JOIN transcript_lines l ON l.n = h.n AND l.conversation = h.conversation \
           UNION ALL \
           SELECT l.n, l.before, l.conversation, l.session, l.body FROM chain c \
             JOIN transcript_lines l ON l.n = c.before AND l.n < c.n AND l.conversation = c.conversation) \
        SELECT body FROM chain WHERE session = ?1 ORDER BY n";
    fetch(db, sql, [session.into()]).await?.iter().map(line).collect()
}

pub(super) async fn escalated(
    db: &mut SqliteConnection,
    ended_since: Timestamp,
    max: usize,
) -> Result<Vec<Conversation>, StoreError> {
    // What was appended and is not folded in is newer than the row. The ids of sessions rise with time.
    let standing = "WITH newest AS (SELECT conversation, max(n) AS n FROM conversation_changes WHERE body IS NOT NULL \
                    GROUP BY conversation) SELECT COALESCE(changes.body, c.body) AS body FROM conversations AS c \
                    LEFT JOIN newest ON newest.conversation = c.id \
                    LEFT JOIN conversation_changes AS changes ON changes.n = newest.n \
                    WHERE c.session IS NOT NULL ORDER BY c.session DESC LIMIT ?";
    // One that ended was written whole, and nothing of it is appended only but the number of a lane.
    let ended = "SELECT body FROM conversations WHERE session IS NULL AND ended_at >= ? ORDER BY ended_at DESC, id DESC LIMIT ?";
    let limit = |max: usize| Value::from(i64::try_from(max).unwrap_or(i64::MAX));
    let mut rows = fetch(db, standing, [limit(max)]).await?;
    let left = max.saturating_sub(rows.len());
    rows.extend(fetch(db, ended, [ended_since.into(), limit(left)]).await?);
    rows.iter().map(conversation).collect()
}

pub(super) async fn rows_at_doors(db: &mut SqliteConnection) -> Result<Vec<DoorRows>, StoreError> {
    let sql = "SELECT door, count(*) FILTER (WHERE dead_at IS NULL) AS waiting, count(dead_at) AS dead, \
               min(created_at) FILTER (WHERE dead_at IS NULL) AS oldest FROM deliveries GROUP BY door";
    let door = |row: &SqliteRow| {
        Ok(DoorRows {
            door: read_door(row)?,
            waiting: read_count(row, "waiting")?,
            oldest: read::<Option<i64>>(row, "oldest")?.map(Timestamp::from_millis),
            dead: read_count(row, "dead")?,
        })
    };
    fetch(db, sql, []).await?.iter().map(door).collect()
}

fn read_count(row: &SqliteRow, column: &'static str) -> Result<usize, StoreError> {
    Ok(usize::try_from(read_u64(row, column)?).unwrap_or(usize::MAX))
}

pub(super) async fn blob_bytes(db: &mut SqliteConnection, blob: BlobId) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT bytes FROM blobs WHERE id = ? AND bytes IS NOT NULL";
    let found = fetch(db, sql, [blob.into()]).await?;
    found.first().map(|row| read_u64(row, "bytes")).transpose()
}

pub(super) async fn blob_piece(
    db: &mut SqliteConnection,
    blob: BlobId,
    piece: u32,
) -> Result<Option<Bytes>, StoreError> {
    let sql = "SELECT p.bytes FROM blobs b JOIN blob_pieces p ON p.blob = b.id \
               WHERE b.id = ? AND p.piece = ? AND b.bytes IS NOT NULL";
    let values: [Value; 2] = [blob.into(), piece.into()];
    let found = fetch(db, sql, values).await?;
    found
        .first()
        .map(|row| read::<Vec<u8>>(row, "bytes").map(Bytes::from))
        .transpose()
}

pub(super) async fn secret(db: &mut SqliteConnection) -> Result<Option<String>, StoreError> {
    let found = fetch(db, "SELECT value FROM meta WHERE key = 'secret'", []).await?;
    found.first().map(|row| read(row, "value")).transpose()
}

pub(super) fn waiting_row(row: &SqliteRow) -> Result<WaitingRow, StoreError> {
    Ok(WaitingRow {
        id: read_delivery(row)?,
        payload: decode(read(row, "payload")?)?,
        conversation: read_key(row)?,
        hook_address: HookAddress::new(read::<String>(row, "hook_address")?),
        attempts: read_u32(row, "attempts")?,
        created_at: read_time(row, "created_at")?,
        maybe_sent: read(row, "maybe_sent")?,
        started: read(row, "started")?,
    })
}
