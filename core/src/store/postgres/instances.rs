//! Instances and the channels that they have, by the database's clock.

use std::{collections::HashSet, time::Duration};

use sqlx::PgConnection;
use uuid::Uuid;

use super::{columns::read, failure::failed, lanes, news::tell};
use crate::{
    delivery::Door,
    model::ChannelId,
    store::{StoreError, backend::News},
};

pub(super) async fn join(db: &mut PgConnection, instance: Uuid, lease: Duration) -> Result<(), StoreError> {
    let sql = "INSERT INTO instances (id, alive_until) VALUES ($1, clock_timestamp() + $2 * interval '1 second')";
    let query = sqlx::query(sql).bind(instance).bind(lease.as_secs_f64());
    query.execute(db).await.map_err(failed)?;
    Ok(())
}

/// `false` when it was over.
pub(super) async fn renew(db: &mut PgConnection, instance: Uuid, lease: Duration) -> Result<bool, StoreError> {
    let sql = "UPDATE instances SET alive_until = clock_timestamp() + $2 * interval '1 second' \
               WHERE id = $1 AND alive_until > clock_timestamp()";
    let query = sqlx::query(sql).bind(instance).bind(lease.as_secs_f64());
    let renewed = query.execute(db).await.map_err(failed)?;
    Ok(renewed.rows_affected() == 1)
}

pub(super) async fn alive(db: &mut PgConnection) -> Result<HashSet<Uuid>, StoreError> {
    let sql = "SELECT id FROM instances WHERE alive_until > clock_timestamp()";
    let rows = sqlx::query(sql).fetch_all(db).await.map_err(failed)?;
    rows.iter().map(|row| read(row, "id")).collect()
}

/// Gives all back that an instance has, within the transaction that stands.
pub(super) async fn leave(db: &mut PgConnection, origin: Uuid, instance: Uuid) -> Result<(), StoreError> {
    let sql = "DELETE FROM instances WHERE id = $1";
    sqlx::query(sql)
        .bind(instance)
        .execute(&mut *db)
        .await
        .map_err(failed)?;
    let doors = lanes::take_back(db, instance, &[]).await?;
    let sql = "UPDATE channels SET holder = NULL WHERE holder = $1 RETURNING channel";
    let freed = sqlx::query(sql)
        .bind(instance)
        .fetch_all(&mut *db)
        .await
        .map_err(failed)?;
    let channels = freed
        .iter()
        .map(|row| read::<String>(row, "channel").map(ChannelId::new));
    let news = News {
        doors,
        channels: channels.collect::<Result<_, _>>()?,
        ..News::default()
    };
    tell(db, origin, &news).await
}

/// Takes back what instances have whose lease is over, within the transaction that stands.
pub(super) async fn sweep(db: &mut PgConnection) -> Result<Vec<Door>, StoreError> {
    let doors = lanes::sweep(db).await?;
    // Long after its lease: whoever is named in a lane is looked for here.
    let sql = "DELETE FROM instances WHERE alive_until < clock_timestamp() - interval '1 hour'";
    sqlx::query(sql).execute(db).await.map_err(failed)?;
    Ok(doors)
}

/// Gives a channel that nobody alive has, within the transaction that stands. `false` when somebody has it, or who asks is
/// not alive.
pub(super) async fn take_channel(
    db: &mut PgConnection,
    instance: Uuid,
    channel: &ChannelId,
) -> Result<bool, StoreError> {
    const ROW: &str = "INSERT INTO channels (channel, holder, fence) VALUES ($1, NULL, 0) ON CONFLICT DO NOTHING";
    const LOCK: &str = "SELECT 1 FROM channels WHERE channel = $1 FOR UPDATE";
    // A statement of its own: it sees who lives once the lock is there, not before it was waited for.
    const TAKE: &str = "UPDATE channels SET holder = $1, fence = nextval('fences') WHERE channel = $2 \
        AND EXISTS (SELECT 1 FROM instances WHERE id = $1 AND alive_until > clock_timestamp()) \
        AND (holder IS NULL OR holder = $1 OR NOT EXISTS \
        (SELECT 1 FROM instances i WHERE i.id = channels.holder AND i.alive_until > clock_timestamp()))";
    for sql in [ROW, LOCK] {
        let query = sqlx::query(sql).bind(channel.as_str());
        query.execute(&mut *db).await.map_err(failed)?;
    }
    let query = sqlx::query(TAKE).bind(instance).bind(channel.as_str());
    let taken = query.execute(db).await.map_err(failed)?;
    Ok(taken.rows_affected() == 1)
}

/// The channels that an instance has.
pub(super) async fn channels_of(db: &mut PgConnection, instance: Uuid) -> Result<HashSet<ChannelId>, StoreError> {
    let sql = "SELECT channel FROM channels WHERE holder = $1";
    let rows = sqlx::query(sql).bind(instance).fetch_all(db).await.map_err(failed)?;
    let channels = rows
        .iter()
        .map(|row| read::<String>(row, "channel").map(ChannelId::new));
    channels.collect()
}
