//! Lanes: which has something, since when, and which instance has it.
//!
//! Who changes what waits in a lane has its conversation locked, and the lane's row with it. Who hands lanes out locks their
//! rows alone, and passes over those that are locked; so a lane is never handed out from under a decision on it.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    columns::{self, LaneColumns, number, read, read_count, read_delivery, read_door, read_lane, read_u64},
    failure::failed,
    read::{COLUMNS, JOINS, waiting_row},
};
use crate::{
    delivery::{DeliveryId, Door, Lane},
    model::{Address, ChannelId, Timestamp},
    store::{StoreError, backend::ClaimedRow},
};

/// How long a row that cannot be read is left alone, and its lane with it.
const UNREADABLE_WAIT_MS: i64 = 60_000;

/// Lets lanes come back.
pub(super) async fn release(db: &mut PgConnection, lanes: &[Lane]) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE lanes SET holder = NULL, seq = NULL FROM unnest($1::text[], $2::uuid[]) AS given (kind, lane) \
        WHERE lanes.kind = given.kind AND lanes.lane = given.lane AND lanes.holder IS NOT NULL";
    let mut columns = LaneColumns::default();
    columns.extend(lanes.iter().copied());
    if columns.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(SQL).bind(columns.kinds).bind(columns.lanes);
    query.execute(db).await.map_err(failed)?;
    Ok(())
}

/// Brings lanes up to date with the rows that wait in them.
pub(super) async fn keep_up(db: &mut PgConnection, lanes: impl Iterator<Item = Lane>) -> Result<(), StoreError> {
    const HEADS: &str = "INSERT INTO lanes (kind, lane, conversation, door, due) \
        SELECT given.kind, given.lane, head.conversation, head.door, head.due \
        FROM unnest($1::text[], $2::uuid[]) AS given (kind, lane) CROSS JOIN LATERAL \
        (SELECT d.conversation, d.door, d.due FROM deliveries d WHERE d.lane_kind = given.kind AND d.lane = given.lane \
         AND d.dead_at IS NULL ORDER BY d.seq LIMIT 1) head \
        ON CONFLICT (kind, lane) DO UPDATE SET due = excluded.due WHERE lanes.due IS DISTINCT FROM excluded.due";
    const EMPTY: &str = "FROM unnest($1::text[], $2::uuid[]) AS given (kind, lane) \
        WHERE lanes.kind = given.kind AND lanes.lane = given.lane AND NOT EXISTS \
        (SELECT 1 FROM deliveries d WHERE d.lane_kind = given.kind AND d.lane = given.lane AND d.dead_at IS NULL)";
    let mut distinct: Vec<Lane> = lanes.collect();
    distinct.sort_unstable();
    distinct.dedup();
    let mut columns = LaneColumns::default();
    columns.extend(distinct);
    if columns.is_empty() {
        return Ok(());
    }
    let (kinds, lanes) = (&columns.kinds, &columns.lanes);
    let emptied = format!("UPDATE lanes SET due = NULL {EMPTY} AND lanes.holder IS NOT NULL");
    let done = format!(
        "DELETE FROM lanes USING {} AND lanes.holder IS NULL",
        &EMPTY["FROM ".len()..]
    );
    for sql in [HEADS.to_owned(), emptied, done] {
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(kinds).bind(lanes);
        query.execute(&mut *db).await.map_err(failed)?;
    }
    Ok(())
}

/// Hands out the heads of due lanes, within the transaction that stands.
pub(super) async fn claim(
    db: &mut PgConnection,
    instance: Uuid,
    door: &Door,
    channels: Option<&[ChannelId]>,
    now: Timestamp,
    max: usize,
) -> Result<Vec<ClaimedRow>, StoreError> {
    // Only who lives, and of the channels given, those that it has.
    const LANES: &str = "WITH due AS MATERIALIZED \
        (SELECT kind, lane FROM lanes WHERE door = $2 AND holder IS NULL AND due <= $3 \
         AND EXISTS (SELECT 1 FROM instances WHERE id = $1 AND alive_until > clock_timestamp()) \
         AND ($5::text[] IS NULL OR (SELECT c.channel FROM conversations c WHERE c.id = lanes.conversation) = \
         ANY (ARRAY(SELECT h.channel FROM channels h WHERE h.channel = ANY($5) AND h.holder = $1))) \
         ORDER BY due, lane LIMIT $4 FOR UPDATE SKIP LOCKED) \
        UPDATE lanes SET holder = $1, fence = nextval('fences') FROM due \
        WHERE lanes.kind = due.kind AND lanes.lane = due.lane RETURNING lanes.kind, lanes.lane";
    // A statement of its own: what was committed before the lanes were locked is seen, and nothing can be added meanwhile.
    const HEADS: &str = "UPDATE lanes SET seq = (SELECT min(d.seq) FROM deliveries d \
        WHERE d.lane_kind = lanes.kind AND d.lane = lanes.lane AND d.dead_at IS NULL) \
        FROM unnest($1::text[], $2::uuid[]) AS given (kind, lane) \
        WHERE lanes.kind = given.kind AND lanes.lane = given.lane";
    let query = sqlx::query(LANES)
        .bind(instance)
        .bind(door.to_string())
        .bind(now.as_millis());
    let query = query.bind(i64::try_from(max).unwrap_or(i64::MAX)).bind(names(channels));
    let taken = query.fetch_all(&mut *db).await.map_err(failed)?;
    let kinds: Vec<String> = taken.iter().map(|row| read(row, "kind")).collect::<Result<_, _>>()?;
    let lanes: Vec<Uuid> = taken.iter().map(|row| read(row, "lane")).collect::<Result<_, _>>()?;
    if lanes.is_empty() {
        return Ok(Vec::new());
    }
    let query = sqlx::query(HEADS).bind(&kinds).bind(&lanes);
    query.execute(&mut *db).await.map_err(failed)?;
    let sql = format!(
        "SELECT {COLUMNS}, c.place, l.fence FROM unnest($1::text[], $2::uuid[]) AS given (kind, lane) \
         JOIN lanes l ON l.kind = given.kind AND l.lane = given.lane \
         JOIN deliveries d ON d.lane_kind = l.kind AND d.lane = l.lane AND d.seq = l.seq {JOINS} ORDER BY l.due, l.lane"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(&kinds).bind(&lanes);
    let rows = query.fetch_all(&mut *db).await.map_err(failed)?;
    let mut claimed = Vec::with_capacity(rows.len());
    for row in &rows {
        let read_row = || -> Result<ClaimedRow, StoreError> {
            Ok(ClaimedRow {
                row: waiting_row(row)?,
                place: read::<Option<String>>(row, "place")?.map(Address::new),
                fence: read_u64(row, "fence")?,
            })
        };
        match read_row() {
            Ok(row) => claimed.push(row),
            // It holds up its own lane alone.
            Err(StoreError::Corrupt { detail }) => {
                let id = read_delivery(row)?;
                tracing::error!(delivery = %id, detail, "a delivery cannot be read: its lane waits");
                postpone(db, id.lane, now.as_millis() + UNREADABLE_WAIT_MS).await?;
            }
            Err(failed) => return Err(failed),
        }
    }
    Ok(claimed)
}

async fn postpone(db: &mut PgConnection, lane: Lane, due: i64) -> Result<(), StoreError> {
    let sql = "UPDATE lanes SET holder = NULL, seq = NULL, due = $3 WHERE kind = $1 AND lane = $2";
    let (kind, lane) = columns::lane(lane);
    let query = sqlx::query(sql).bind(kind).bind(lane).bind(due);
    query.execute(db).await.map_err(failed)?;
    Ok(())
}

pub(super) async fn next_due(
    db: &mut PgConnection,
    door: &Door,
    channels: Option<&[ChannelId]>,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT min(due) AS due FROM lanes WHERE door = $1 AND holder IS NULL AND ($2::text[] IS NULL OR \
               (SELECT c.channel FROM conversations c WHERE c.id = lanes.conversation) = ANY($2))";
    let row = sqlx::query(sql)
        .bind(door.to_string())
        .bind(names(channels))
        .fetch_one(db)
        .await
        .map_err(failed)?;
    Ok(read::<Option<i64>>(&row, "due")?.map(Timestamp::from_millis))
}

fn names(channels: Option<&[ChannelId]>) -> Option<Vec<&str>> {
    channels.map(|channels| channels.iter().map(ChannelId::as_str).collect())
}

/// Takes back lanes that instances have whose lease is over. An empty one is done.
pub(super) async fn sweep(db: &mut PgConnection) -> Result<Vec<Door>, StoreError> {
    const LOST: &str = "SELECT kind, lane FROM lanes WHERE holder IS NOT NULL AND NOT EXISTS \
        (SELECT 1 FROM instances i WHERE i.id = lanes.holder AND i.alive_until > clock_timestamp()) \
        FOR UPDATE SKIP LOCKED";
    let rows = sqlx::query(LOST).fetch_all(&mut *db).await.map_err(failed)?;
    free(db, rows).await
}

/// Takes back the lanes of an instance that are out under none of these fences.
pub(super) async fn take_back(db: &mut PgConnection, instance: Uuid, known: &[i64]) -> Result<Vec<Door>, StoreError> {
    const UNKNOWN: &str = "SELECT kind, lane FROM lanes WHERE holder = $1 AND fence <> ALL($2) ORDER BY kind, lane \
        FOR UPDATE SKIP LOCKED";
    let query = sqlx::query(UNKNOWN).bind(instance).bind(known);
    let rows = query.fetch_all(&mut *db).await.map_err(failed)?;
    free(db, rows).await
}

async fn free(db: &mut PgConnection, lanes: Vec<sqlx::postgres::PgRow>) -> Result<Vec<Door>, StoreError> {
    const EMPTY: &str = "DELETE FROM lanes USING unnest($1::text[], $2::uuid[]) AS given (kind, lane) \
        WHERE lanes.kind = given.kind AND lanes.lane = given.lane AND lanes.due IS NULL";
    const FREED: &str = "WITH freed AS (UPDATE lanes SET holder = NULL, seq = NULL \
        FROM unnest($1::text[], $2::uuid[]) AS given (kind, lane) \
        WHERE lanes.kind = given.kind AND lanes.lane = given.lane RETURNING lanes.door) SELECT DISTINCT door FROM freed";
    if lanes.is_empty() {
        return Ok(Vec::new());
    }
    let kinds: Vec<String> = lanes.iter().map(|row| read(row, "kind")).collect::<Result<_, _>>()?;
    let ids: Vec<Uuid> = lanes.iter().map(|row| read(row, "lane")).collect::<Result<_, _>>()?;
    sqlx::query(EMPTY)
        .bind(&kinds)
        .bind(&ids)
        .execute(&mut *db)
        .await
        .map_err(failed)?;
    let query = sqlx::query(FREED).bind(&kinds).bind(&ids);
    let doors = query.fetch_all(db).await.map_err(failed)?;
    doors.iter().map(read_door).collect()
}

/// Whether a row still waits, and is not on its way at another instance.
pub(super) async fn is_wanted(db: &mut PgConnection, id: DeliveryId, instance: Uuid) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM deliveries d LEFT JOIN lanes l ON l.kind = d.lane_kind AND l.lane = d.lane AND l.seq = d.seq \
               WHERE d.lane_kind = $1 AND d.lane = $2 AND d.seq = $3 AND d.dead_at IS NULL \
               AND (l.holder IS NULL OR l.holder = $4)";
    let (kind, lane) = columns::lane(id.lane);
    let query = sqlx::query(sql).bind(kind).bind(lane).bind(number(id.seq)?);
    let found = query.bind(instance).fetch_optional(db).await.map_err(failed)?;
    Ok(found.is_some())
}

/// How many rows wait in lanes or are on their way.
pub(super) async fn rows_in(db: &mut PgConnection, lanes: &[Lane]) -> Result<HashMap<Lane, usize>, StoreError> {
    const SQL: &str = "SELECT d.lane_kind, d.lane, count(*) AS rows \
        FROM unnest($1::text[], $2::uuid[]) AS given (lane_kind, lane) JOIN deliveries d USING (lane_kind, lane) \
        WHERE d.dead_at IS NULL GROUP BY d.lane_kind, d.lane";
    let mut columns = LaneColumns::default();
    columns.extend(lanes.iter().copied());
    let query = sqlx::query(SQL).bind(columns.kinds).bind(columns.lanes);
    let rows = query.fetch_all(db).await.map_err(failed)?;
    rows.iter()
        .map(|row| Ok((read_lane(row)?, read_count(row, "rows")?)))
        .collect()
}

/// How many lanes of each door are out, and when the next one is due that is not.
pub(super) async fn at_doors(db: &mut PgConnection) -> Result<HashMap<Door, (usize, Option<Timestamp>)>, StoreError> {
    let sql =
        "SELECT door, count(holder) AS out, min(due) FILTER (WHERE holder IS NULL) AS due FROM lanes GROUP BY door";
    let rows = sqlx::query(sql).fetch_all(db).await.map_err(failed)?;
    let doors = rows.iter().map(|row| {
        let due = read::<Option<i64>>(row, "due")?.map(Timestamp::from_millis);
        Ok((read_door(row)?, (read_count(row, "out")?, due)))
    });
    doors.collect()
}

/// The doors of all lanes.
pub(super) async fn doors(db: &mut PgConnection) -> Result<Vec<Door>, StoreError> {
    let rows = sqlx::query("SELECT DISTINCT door FROM lanes")
        .fetch_all(db)
        .await
        .map_err(failed)?;
    rows.iter().map(read_door).collect()
}

/// How many rows wait, or are out though they were taken back.
pub(super) async fn outstanding(db: &mut PgConnection) -> Result<usize, StoreError> {
    let sql = "SELECT (SELECT count(*) FROM deliveries WHERE dead_at IS NULL) + (SELECT count(*) FROM lanes l \
               WHERE l.seq IS NOT NULL AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.lane_kind = l.kind \
               AND d.lane = l.lane AND d.seq = l.seq AND d.dead_at IS NULL)) AS count";
    let row = sqlx::query(sql).fetch_one(db).await.map_err(failed)?;
    let count = read_u64(&row, "count")?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}
