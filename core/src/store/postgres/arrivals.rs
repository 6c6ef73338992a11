//! Updates that were posted to an instance, as they came.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    columns::read,
    failure::failed,
    news::{WAY, of_arrivals},
};
use crate::{
    model::{Arrival, ChannelId, Position},
    store::StoreError,
};

/// The bytes as the platform posted them.
const AS_POSTED: i16 = 1;

/// How many of a channel are kept at the most.
const KEPT_MAX: usize = 10_000;

/// Keeps an update, and tells of it with its commit.
pub(super) async fn keep(
    db: &mut PgConnection,
    origin: Uuid,
    channel: &ChannelId,
    arrival: &Arrival,
) -> Result<(), StoreError> {
    // One statement is one transaction. A channel's rows are counted no further than they may be many.
    let sql = "WITH kept AS (INSERT INTO arrivals (channel, position, form, body) SELECT $1, $2, $3, $4 \
               WHERE (SELECT count(*) FROM (SELECT 1 FROM arrivals WHERE channel = $1 LIMIT $5) AS few) < $5 \
               ON CONFLICT DO NOTHING RETURNING 1) \
               SELECT pg_notify($6, $7)::text AS told FROM kept";
    let query = sqlx::query(sql)
        .bind(channel.as_str())
        .bind(arrival.position.0)
        .bind(AS_POSTED)
        .bind(&arrival.body)
        .bind(i64::try_from(KEPT_MAX).expect("it is small"))
        .bind(WAY)
        .bind(of_arrivals(origin, channel));
    let kept = query.fetch_optional(&mut *db).await.map_err(failed)?;
    if kept.is_some() || is_kept(db, channel, arrival.position).await? {
        return Ok(());
    }
    Err(StoreError::Overloaded { queue_max: KEPT_MAX })
}

async fn is_kept(db: &mut PgConnection, channel: &ChannelId, position: Position) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM arrivals WHERE channel = $1 AND position = $2) AS kept";
    let query = sqlx::query(sql).bind(channel.as_str()).bind(position.0);
    read(&query.fetch_one(db).await.map_err(failed)?, "kept")
}

/// The first of a channel, in order.
pub(super) async fn first(db: &mut PgConnection, channel: &ChannelId, max: usize) -> Result<Vec<Arrival>, StoreError> {
    let sql = "SELECT position, form, body FROM arrivals WHERE channel = $1 ORDER BY position LIMIT $2";
    let max = i64::try_from(max).unwrap_or(i64::MAX);
    let rows = sqlx::query(sql)
        .bind(channel.as_str())
        .bind(max)
        .fetch_all(db)
        .await
        .map_err(failed)?;
    let arrival = |row| {
        let position = Position(read(row, "position")?);
        match read(row, "form")? {
            AS_POSTED => Ok(Arrival {
                position,
                body: read(row, "body")?,
            }),
            form => Err(StoreError::corrupt(format_args!(
                "the update {} of {channel} has the form {form}, which a later release made",
                position.0
            ))),
        }
    };
    rows.iter().map(arrival).collect()
}

/// Removes one.
pub(super) async fn forget(db: &mut PgConnection, channel: &ChannelId, position: Position) -> Result<(), StoreError> {
    let sql = "DELETE FROM arrivals WHERE channel = $1 AND position = $2";
    let query = sqlx::query(sql).bind(channel.as_str()).bind(position.0);
    query.execute(db).await.map_err(failed)?;
    Ok(())
}
