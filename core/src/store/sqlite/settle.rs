//! What becomes of rows.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;

use super::{
    columns::delivery,
    statement::{Given, Value, change, insert},
};
use crate::{
    delivery::{DeliveryId, Receipt},
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
    db: &mut SqliteConnection,
    now: Timestamp,
    settled: &[(DeliveryId, RowChange)],
) -> Result<(), StoreError> {
    let fates = fates(settled);
    remove(db, &fates).await?;
    update(db, now, &fates).await?;
    keep_receipts(db, now, &fates).await
}

async fn remove(db: &mut SqliteConnection, fates: &BTreeMap<DeliveryId, Fate<'_>>) -> Result<(), StoreError> {
    let gone = fates.iter().filter(|(_, fate)| matches!(fate.end, Some(End::Gone)));
    let given = Given {
        columns: "lane_kind, lane, seq",
        rows: gone.map(|(id, _)| delivery(*id)).collect::<Result<_, _>>()?,
    };
    let sql = "DELETE FROM deliveries WHERE (lane_kind, lane, seq) IN given AND dead_at IS NULL";
    change(db, given, sql).await
}

async fn update(
    db: &mut SqliteConnection,
    now: Timestamp,
    fates: &BTreeMap<DeliveryId, Fate<'_>>,
) -> Result<(), StoreError> {
    let row = |(id, fate): (&DeliveryId, &Fate<'_>)| -> Result<[Value; 9], StoreError> {
        let [lane_kind, lane, seq] = delivery(*id)?;
        let detail = match fate.end {
            Some(End::Dead(detail)) => Some(detail),
            Some(End::Gone) | None => None,
        };
        Ok([
            lane_kind,
            lane,
            seq,
            fate.attempts.into(),
            fate.due.into(),
            fate.maybe_sent.into(),
            fate.started.into(),
            detail.map(|_| now).into(),
            detail.into(),
        ])
    };
    let stay = fates.iter().filter(|(_, fate)| !matches!(fate.end, Some(End::Gone)));
    let given = Given {
        columns: "lane_kind, lane, seq, attempts, due, maybe_sent, started, dead_at, detail",
        rows: stay.map(row).collect::<Result<_, _>>()?,
    };
    let sql = "UPDATE deliveries SET attempts = deliveries.attempts + given.attempts, \
               due = COALESCE(given.due, deliveries.due), maybe_sent = deliveries.maybe_sent | given.maybe_sent, \
               started = COALESCE(given.started, deliveries.started), dead_at = given.dead_at, detail = given.detail FROM given \
               WHERE deliveries.lane_kind = given.lane_kind AND deliveries.lane = given.lane \
               AND deliveries.seq = given.seq AND deliveries.dead_at IS NULL";
    change(db, given, sql).await
}

async fn keep_receipts(
    db: &mut SqliteConnection,
    now: Timestamp,
    fates: &BTreeMap<DeliveryId, Fate<'_>>,
) -> Result<(), StoreError> {
    let kept = fates
        .iter()
        .filter_map(|(id, fate)| fate.receipt.map(|receipt| (*id, receipt)));
    let row = |(id, receipt): (DeliveryId, &Receipt)| -> Result<[Value; 5], StoreError> {
        let [lane_kind, lane, seq] = delivery(id)?;
        Ok([lane_kind, lane, seq, encode(receipt).into(), now.into()])
    };
    let rows = kept
        .filter(|(id, receipt)| keeps_receipt(id.lane, receipt))
        .map(row)
        .collect::<Result<_, _>>()?;
    let conflict = "ON CONFLICT DO UPDATE SET body = excluded.body, at = excluded.at";
    insert(
        db,
        "INSERT INTO receipts (lane_kind, lane, seq, body, at)",
        rows,
        conflict,
    )
    .await
}
