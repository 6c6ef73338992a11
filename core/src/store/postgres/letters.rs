//! Dead letters: read, sent again, dropped.

use sqlx::{AssertSqlSafe, PgConnection, postgres::PgRow};
use uuid::Uuid;

use super::{
    columns::{self, DeliveryColumns, number, read, read_delivery, read_key, read_time, read_u32},
    failure::failed,
};
use crate::{
    delivery::DeliveryId,
    model::{ChannelId, Timestamp},
    store::{DeadLetter, LettersOf, StoreError, stored::decode},
};

const LETTERS: &str = "SELECT d.lane_kind, d.lane, d.seq, d.payload, d.detail, d.dead_at, d.created_at, d.attempts, \
    d.maybe_sent, c.channel, c.address, c.customer FROM deliveries d JOIN conversations c ON c.id = d.conversation \
    WHERE d.dead_at IS NOT NULL";

/// What is not given is not asked for.
pub(super) async fn dead_letters(
    db: &mut PgConnection,
    of: &LettersOf,
    max: usize,
) -> Result<Vec<DeadLetter>, StoreError> {
    let sql = format!(
        "{LETTERS} AND ($1::text IS NULL OR c.channel = $1) AND ($2::text IS NULL OR (d.lane_kind = $2 AND d.lane = $3)) \
         ORDER BY d.dead_at DESC, d.created_at DESC, d.seq DESC, d.lane DESC LIMIT $4"
    );
    let channel = of.channel.as_ref().map(ChannelId::as_str);
    let (kind, lane): (Option<&str>, Option<Uuid>) = of.lane.map(columns::lane).unzip();
    let query = sqlx::query(AssertSqlSafe(sql)).bind(channel).bind(kind).bind(lane);
    let query = query.bind(i64::try_from(max).unwrap_or(i64::MAX));
    let rows = query.fetch_all(db).await.map_err(failed)?;
    rows.iter().map(dead_letter_of).collect()
}

pub(super) async fn dead_letter(db: &mut PgConnection, id: DeliveryId) -> Result<Option<DeadLetter>, StoreError> {
    let sql = format!("{LETTERS} AND d.lane_kind = $1 AND d.lane = $2 AND d.seq = $3");
    let (kind, lane) = columns::lane(id.lane);
    let query = sqlx::query(AssertSqlSafe(sql))
        .bind(kind)
        .bind(lane)
        .bind(number(id.seq)?);
    let row = query.fetch_optional(db).await.map_err(failed)?;
    row.as_ref().map(dead_letter_of).transpose()
}

pub(super) async fn redrive(db: &mut PgConnection, now: Timestamp, redriven: &[DeliveryId]) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE deliveries d SET dead_at = NULL, detail = NULL, attempts = 0, started = false, due = $4, \
        created_at = $4 FROM unnest($1::text[], $2::uuid[], $3::bigint[]) AS given (lane_kind, lane, seq) \
        WHERE d.lane_kind = given.lane_kind AND d.lane = given.lane AND d.seq = given.seq AND d.dead_at IS NOT NULL";
    let keys = DeliveryColumns::of(redriven.iter().copied())?;
    if keys.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(SQL).bind(keys.of.kinds).bind(keys.of.lanes).bind(keys.seqs);
    query.bind(now.as_millis()).execute(db).await.map_err(failed)?;
    Ok(())
}

pub(super) async fn drop(db: &mut PgConnection, dropped: &[DeliveryId]) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM deliveries d USING unnest($1::text[], $2::uuid[], $3::bigint[]) \
        AS given (lane_kind, lane, seq) \
        WHERE d.lane_kind = given.lane_kind AND d.lane = given.lane AND d.seq = given.seq AND d.dead_at IS NOT NULL";
    let keys = DeliveryColumns::of(dropped.iter().copied())?;
    if keys.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(SQL).bind(keys.of.kinds).bind(keys.of.lanes).bind(keys.seqs);
    query.execute(db).await.map_err(failed)?;
    Ok(())
}

fn dead_letter_of(row: &PgRow) -> Result<DeadLetter, StoreError> {
    Ok(DeadLetter {
        id: read_delivery(row)?,
        payload: decode(read(row, "payload")?)?,
        conversation: read_key(row)?,
        detail: read(row, "detail")?,
        at: read_time(row, "dead_at")?,
        created_at: read_time(row, "created_at")?,
        retries: read_u32(row, "attempts")?,
        maybe_sent: read(row, "maybe_sent")?,
    })
}
