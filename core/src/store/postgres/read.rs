//! What is read beside the writer.

use bytes::Bytes;
use sqlx::{AssertSqlSafe, PgConnection, postgres::PgRow};

use super::{
    columns::{DeliveryColumns, read, read_count, read_delivery, read_door, read_key, read_time, read_u32, read_u64},
    failure::failed,
    load::{conversation, line, timer},
};
use crate::{
    delivery::DeliveryId,
    model::{BlobId, ConversationId, HookAddress, Line, SessionId, Timestamp},
    session::{Conversation, TimerKind},
    store::{
        DueTimer, StoreError,
        backend::{DoorRows, WaitingRow},
        stored::decode,
    },
};

/// What a [`WaitingRow`] is read from.
pub(super) const COLUMNS: &str = "d.lane_kind, d.lane, d.seq, d.payload, d.attempts, d.maybe_sent, d.started, \
    d.created_at, c.channel, c.address, c.customer, COALESCE(s.hook_address, '') AS hook_address";

/// What is joined to deliveries `d` for it.
pub(super) const JOINS: &str = "JOIN conversations c ON c.id = d.conversation \
    LEFT JOIN sessions s ON d.lane_kind = 'desk' AND s.id = d.lane";

pub(super) async fn rows(db: &mut PgConnection, ids: &[DeliveryId]) -> Result<Vec<WaitingRow>, StoreError> {
    let keys = DeliveryColumns::of(ids.iter().copied())?;
    let sql = format!(
        "SELECT {COLUMNS} FROM unnest($1::text[], $2::uuid[], $3::bigint[]) AS given (lane_kind, lane, seq) \
         JOIN deliveries d USING (lane_kind, lane, seq) {JOINS} WHERE d.dead_at IS NULL"
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(keys.of.kinds).bind(keys.of.lanes);
    let rows = query.bind(keys.seqs).fetch_all(db).await.map_err(failed)?;
    rows.iter().map(waiting_row).collect()
}

pub(super) async fn transcript(db: &mut PgConnection, session: SessionId) -> Result<Vec<Line>, StoreError> {
    let sql = "SELECT l.body FROM sessions s JOIN transcript_lines l ON l.conversation = s.conversation \
               WHERE s.id = $1 AND l.session = s.id ORDER BY l.n";
    let rows = sqlx::query(sql)
        .bind(session.uuid())
        .fetch_all(db)
        .await
        .map_err(failed)?;
    rows.iter().map(line).collect()
}

pub(super) async fn escalated(
    db: &mut PgConnection,
    ended_since: Timestamp,
    max: usize,
) -> Result<Vec<Conversation>, StoreError> {
    // The ids of sessions rise with time.
    let standing = "SELECT body FROM conversations WHERE session IS NOT NULL ORDER BY session DESC LIMIT $1";
    let ended = "SELECT body FROM conversations WHERE session IS NULL AND ended_at >= $2 \
                 ORDER BY ended_at DESC, id DESC LIMIT $1";
    let limit = |max: usize| i64::try_from(max).unwrap_or(i64::MAX);
    let query = sqlx::query(standing).bind(limit(max));
    let mut rows = query.fetch_all(&mut *db).await.map_err(failed)?;
    let left = max.saturating_sub(rows.len());
    let query = sqlx::query(ended).bind(limit(left)).bind(ended_since.as_millis());
    rows.extend(query.fetch_all(db).await.map_err(failed)?);
    rows.iter().map(conversation).collect()
}

pub(super) async fn rows_at_doors(db: &mut PgConnection) -> Result<Vec<DoorRows>, StoreError> {
    let sql = "SELECT door, count(*) FILTER (WHERE dead_at IS NULL) AS waiting, count(dead_at) AS dead, \
               min(created_at) FILTER (WHERE dead_at IS NULL) AS oldest FROM deliveries GROUP BY door";
    let rows = sqlx::query(sql).fetch_all(db).await.map_err(failed)?;
    let doors = rows.iter().map(|row| {
        Ok(DoorRows {
            door: read_door(row)?,
            waiting: read_count(row, "waiting")?,
            oldest: read::<Option<i64>>(row, "oldest")?.map(Timestamp::from_millis),
            dead: read_count(row, "dead")?,
        })
    });
    doors.collect()
}

pub(super) async fn blob_bytes(db: &mut PgConnection, blob: BlobId) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT bytes FROM blobs WHERE id = $1 AND bytes IS NOT NULL";
    let found = sqlx::query(sql)
        .bind(blob.uuid())
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    found.map(|row| read_u64(&row, "bytes")).transpose()
}

pub(super) async fn blob_piece(db: &mut PgConnection, blob: BlobId, piece: u32) -> Result<Option<Bytes>, StoreError> {
    let sql = "SELECT p.bytes FROM blobs b JOIN blob_pieces p ON p.blob = b.id \
               WHERE b.id = $1 AND p.piece = $2 AND b.bytes IS NOT NULL";
    let query = sqlx::query(sql).bind(blob.uuid()).bind(i64::from(piece));
    let found = query.fetch_optional(db).await.map_err(failed)?;
    found
        .map(|row| read::<Vec<u8>>(&row, "bytes").map(Bytes::from))
        .transpose()
}

pub(super) async fn secret(db: &mut PgConnection) -> Result<Option<String>, StoreError> {
    let sql = "SELECT value FROM meta WHERE key = 'secret'";
    let found = sqlx::query(sql).fetch_optional(db).await.map_err(failed)?;
    found.map(|row| read(&row, "value")).transpose()
}

pub(super) async fn due_timers(
    db: &mut PgConnection,
    now: Timestamp,
    max: usize,
) -> Result<(Vec<DueTimer>, Option<Timestamp>), StoreError> {
    // One more than is handed out: when there is, the next one is due already. One of a kind that is not known is told of,
    // and many of them do not crowd out the others.
    let sql = "(SELECT session, kind, due FROM timers WHERE due <= $1 AND kind = ANY($3) \
                ORDER BY due, session, kind LIMIT $2) \
               UNION ALL (SELECT session, kind, due FROM timers WHERE due > $1 AND kind = ANY($3) ORDER BY due LIMIT 1) \
               UNION ALL (SELECT session, kind, due FROM timers WHERE due <= $1 AND kind <> ALL($3) ORDER BY due LIMIT 1)";
    let limit = i64::try_from(max).unwrap_or(i64::MAX).saturating_add(1);
    let kinds = TimerKind::ALL.map(TimerKind::word);
    let query = sqlx::query(sql).bind(now.as_millis()).bind(limit).bind(&kinds[..]);
    let rows = query.fetch_all(db).await.map_err(failed)?;
    let timers = rows.iter().filter_map(|row| timer(row).transpose());
    let timers = timers.collect::<Result<Vec<_>, _>>()?;
    let due = timers.iter().take_while(|(.., due)| *due <= now).take(max);
    let due: Vec<DueTimer> = due
        .map(|&(session, kind, due)| DueTimer { session, kind, due })
        .collect();
    let next = timers.get(due.len()).map(|(.., due)| *due);
    Ok((due, next))
}

pub(super) async fn conversations(
    db: &mut PgConnection,
    ids: &[ConversationId],
) -> Result<Vec<Conversation>, StoreError> {
    let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let sql = "SELECT body FROM conversations WHERE id = ANY($1)";
    let rows = sqlx::query(sql).bind(ids).fetch_all(db).await.map_err(failed)?;
    rows.iter().map(conversation).collect()
}

pub(super) async fn of_session(db: &mut PgConnection, session: SessionId) -> Result<Option<Conversation>, StoreError> {
    let sql = "SELECT c.body FROM sessions s JOIN conversations c ON c.id = s.conversation WHERE s.id = $1";
    let row = sqlx::query(sql)
        .bind(session.uuid())
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.as_ref().map(conversation).transpose()
}

pub(super) fn waiting_row(row: &PgRow) -> Result<WaitingRow, StoreError> {
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
