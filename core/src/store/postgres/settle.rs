//! What becomes of rows.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::{columns::DeliveryColumns, commit::storable, failure::failed};
use crate::{
    delivery::DeliveryId,
    model::Timestamp,
    store::{
        StoreError,
        backend::{RowChange, keeps_receipt},
        fate::{End, Fate, fates},
        stored::encode,
    },
};

/// Applies the changes to the rows that wait. One that is gone or a dead letter stays so; a receipt is kept all the same.
pub(super) async fn settle(
    db: &mut PgConnection,
    now: Timestamp,
    settled: &[(DeliveryId, RowChange)],
) -> Result<(), StoreError> {
    let fates = fates(settled);
    remove(db, &fates).await?;
    update(db, now, &fates).await?;
    keep_receipts(db, now, &fates).await
}

async fn remove(db: &mut PgConnection, fates: &BTreeMap<DeliveryId, Fate<'_>>) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM deliveries d USING unnest($1::text[], $2::uuid[], $3::bigint[]) \
        AS given (lane_kind, lane, seq) \
        WHERE d.lane_kind = given.lane_kind AND d.lane = given.lane AND d.seq = given.seq AND d.dead_at IS NULL";
    let gone = fates.iter().filter(|(_, fate)| matches!(fate.end, Some(End::Gone)));
    let keys = DeliveryColumns::of(gone.map(|(id, _)| *id))?;
    if keys.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(SQL).bind(keys.of.kinds).bind(keys.of.lanes).bind(keys.seqs);
    query.execute(db).await.map_err(failed)?;
    Ok(())
}

async fn update(
    db: &mut PgConnection,
    now: Timestamp,
    fates: &BTreeMap<DeliveryId, Fate<'_>>,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE deliveries d SET attempts = d.attempts + given.attempts, \
        due = COALESCE(given.due, d.due), maybe_sent = d.maybe_sent OR given.maybe_sent, \
        started = COALESCE(given.started, d.started), detail = given.detail, \
        dead_at = CASE WHEN given.detail IS NULL THEN NULL ELSE $9 END \
        FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::boolean[], $7::boolean[], \
        $8::text[]) AS given (lane_kind, lane, seq, attempts, due, maybe_sent, started, detail) \
        WHERE d.lane_kind = given.lane_kind AND d.lane = given.lane AND d.seq = given.seq AND d.dead_at IS NULL";
    let stay = || fates.iter().filter(|(_, fate)| !matches!(fate.end, Some(End::Gone)));
    let keys = DeliveryColumns::of(stay().map(|(id, _)| *id))?;
    if keys.is_empty() {
        return Ok(());
    }
    let attempts: Vec<i64> = stay().map(|(_, fate)| i64::from(fate.attempts)).collect();
    let dues: Vec<Option<i64>> = stay().map(|(_, fate)| fate.due.map(Timestamp::as_millis)).collect();
    let maybe_sent: Vec<bool> = stay().map(|(_, fate)| fate.maybe_sent).collect();
    let started: Vec<Option<bool>> = stay().map(|(_, fate)| fate.started).collect();
    let details = stay().map(|(_, fate)| match fate.end {
        Some(End::Dead(detail)) => Some(storable(detail)),
        Some(End::Gone) | None => None,
    });
    let details: Vec<Option<String>> = details.collect();
    sqlx::query(SQL)
        .bind(keys.of.kinds)
        .bind(keys.of.lanes)
        .bind(keys.seqs)
        .bind(attempts)
        .bind(dues)
        .bind(maybe_sent)
        .bind(started)
        .bind(details)
        .bind(now.as_millis())
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}

async fn keep_receipts(
    db: &mut PgConnection,
    now: Timestamp,
    fates: &BTreeMap<DeliveryId, Fate<'_>>,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO receipts (lane_kind, lane, seq, body, at) \
        SELECT given.*, $5 FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[]) AS given \
        ON CONFLICT (lane_kind, lane, seq) DO UPDATE SET body = excluded.body, at = excluded.at";
    let kept = fates
        .iter()
        .filter_map(|(id, fate)| fate.receipt.map(|receipt| (*id, receipt)));
    let kept: Vec<_> = kept.filter(|(id, receipt)| keeps_receipt(id.lane, receipt)).collect();
    let keys = DeliveryColumns::of(kept.iter().map(|(id, _)| *id))?;
    if keys.is_empty() {
        return Ok(());
    }
    let bodies: Vec<String> = kept.iter().map(|(_, receipt)| encode(*receipt)).collect();
    let query = sqlx::query(SQL).bind(keys.of.kinds).bind(keys.of.lanes).bind(keys.seqs);
    query
        .bind(bodies)
        .bind(now.as_millis())
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}
