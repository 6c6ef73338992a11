//! Instances and the channels that they have, by the database's clock.

use std::time::Duration;

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

/// Gives a channel that nobody alive has. `false` when somebody has it, or who asks is not alive.
pub(super) async fn take_channel(
    db: &mut PgConnection,
    instance: Uuid,
    channel: &ChannelId,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO channels (channel, holder, fence) SELECT $2, i.id, nextval('fences') FROM instances i \
               WHERE i.id = $1 AND i.alive_until > clock_timestamp() \
               ON CONFLICT (channel) DO UPDATE SET holder = excluded.holder, fence = excluded.fence \
               WHERE channels.holder IS NULL OR channels.holder = excluded.holder OR NOT EXISTS \
               (SELECT 1 FROM instances i WHERE i.id = channels.holder AND i.alive_until > clock_timestamp())";
    let query = sqlx::query(sql).bind(instance).bind(channel.as_str());
    let taken = query.execute(db).await.map_err(failed)?;
    Ok(taken.rows_affected() == 1)
}
