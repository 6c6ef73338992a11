//! What is read beside the writer.

use bytes::Bytes;
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::{
    columns::{delivery, read, read_delivery, read_key, read_time, read_u32, read_u64},
    load::line,
    statement::{Given, Value, fetch, select},
};
use crate::{
    delivery::DeliveryId,
    model::{BlobId, HookAddress, Line, SessionId},
    store::{DeadLetter, StoreError, backend::WaitingRow, stored::decode},
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
    // From the newest line of its conversation back, each names the one before.
    let sql = "WITH RECURSIVE \
        head (conversation, n) AS \
          (SELECT c.id, max(COALESCE(c.last_line, 0), COALESCE((SELECT max(g.last_line) FROM conversation_changes g \
             WHERE g.conversation = c.id), 0)) FROM sessions s JOIN conversations c ON c.id = s.conversation \
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

pub(super) async fn dead_letters(db: &mut SqliteConnection, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
    let sql = "SELECT d.lane_kind, d.lane, d.seq, d.payload, d.detail, d.dead_at, c.channel, c.address, c.customer \
               FROM deliveries d LEFT JOIN sessions s ON d.lane_kind = 'desk' AND s.id = d.lane \
               JOIN conversations c ON c.id = COALESCE(s.conversation, d.lane) WHERE d.dead_at IS NOT NULL \
               ORDER BY d.dead_at DESC, d.rowid DESC LIMIT ?";
    let max = i64::try_from(max).unwrap_or(i64::MAX);
    fetch(db, sql, [max.into()]).await?.iter().map(dead_letter).collect()
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

fn dead_letter(row: &SqliteRow) -> Result<DeadLetter, StoreError> {
    Ok(DeadLetter {
        id: read_delivery(row)?,
        payload: decode(read(row, "payload")?)?,
        conversation: read_key(row)?,
        detail: read(row, "detail")?,
        at: read_time(row, "dead_at")?,
    })
}
