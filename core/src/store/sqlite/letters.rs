//! Dead letters: read, sent again, dropped.

use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::{
    columns::{delivery, lane, read, read_delivery, read_key, read_time, read_u32},
    statement::{Given, Script, Value, fetch},
};
use crate::{
    delivery::DeliveryId,
    model::Timestamp,
    store::{DeadLetter, LettersOf, StoreError, stored::decode},
};

/// What is not given is not asked for. The columns of a lane stand first, so that one is found by its key.
const LETTERS: &str = "SELECT d.lane_kind, d.lane, d.seq, d.payload, d.detail, d.dead_at, d.created_at, d.attempts, \
    d.maybe_sent, c.channel, c.address, c.customer FROM deliveries d \
    LEFT JOIN sessions s ON d.lane_kind = 'desk' AND s.id = d.lane \
    JOIN conversations c ON c.id = COALESCE(s.conversation, d.lane) WHERE d.dead_at IS NOT NULL \
    AND (?1 IS NULL OR c.channel = ?1) AND (?2 IS NULL OR (d.lane_kind = ?2 AND d.lane = ?3)) \
    ORDER BY d.dead_at DESC, d.rowid DESC LIMIT ?4";

const LETTER: &str = "SELECT d.lane_kind, d.lane, d.seq, d.payload, d.detail, d.dead_at, d.created_at, d.attempts, \
    d.maybe_sent, c.channel, c.address, c.customer FROM deliveries d \
    LEFT JOIN sessions s ON d.lane_kind = 'desk' AND s.id = d.lane \
    JOIN conversations c ON c.id = COALESCE(s.conversation, d.lane) \
    WHERE d.lane_kind = ? AND d.lane = ? AND d.seq = ? AND d.dead_at IS NOT NULL";

pub(super) async fn dead_letters(
    db: &mut SqliteConnection,
    of: &LettersOf,
    max: usize,
) -> Result<Vec<DeadLetter>, StoreError> {
    let channel = of
        .channel
        .as_ref()
        .map_or(Value::Null, |channel| channel.as_str().into());
    let [kind, lane] = of.lane.map_or([Value::Null, Value::Null], lane);
    let max = Value::from(i64::try_from(max).unwrap_or(i64::MAX));
    let rows = fetch(db, LETTERS, [channel, kind, lane, max]).await?;
    rows.iter().map(dead_letter_of).collect()
}

pub(super) async fn dead_letter(db: &mut SqliteConnection, id: DeliveryId) -> Result<Option<DeadLetter>, StoreError> {
    let rows = fetch(db, LETTER, delivery(id)?).await?;
    rows.first().map(dead_letter_of).transpose()
}

pub(super) fn redrive(script: &mut Script, now: Timestamp, redriven: &[DeliveryId]) -> Result<(), StoreError> {
    let row = |id: &DeliveryId| -> Result<[Value; 4], StoreError> {
        let [kind, lane, seq] = delivery(*id)?;
        Ok([kind, lane, seq, now.into()])
    };
    let given = Given {
        columns: "lane_kind, lane, seq, now",
        rows: redriven.iter().map(row).collect::<Result<_, _>>()?,
    };
    let sql = "UPDATE deliveries SET dead_at = NULL, detail = NULL, attempts = 0, started = 0, due = given.now, \
               created_at = given.now FROM given WHERE deliveries.lane_kind = given.lane_kind \
               AND deliveries.lane = given.lane AND deliveries.seq = given.seq AND deliveries.dead_at IS NOT NULL";
    script.change(given, sql);
    Ok(())
}

pub(super) fn drop(script: &mut Script, dropped: &[DeliveryId]) -> Result<(), StoreError> {
    let given = Given {
        columns: "lane_kind, lane, seq",
        rows: dropped.iter().map(|id| delivery(*id)).collect::<Result<_, _>>()?,
    };
    let sql = "DELETE FROM deliveries WHERE (lane_kind, lane, seq) IN given AND dead_at IS NOT NULL";
    script.change(given, sql);
    Ok(())
}

fn dead_letter_of(row: &SqliteRow) -> Result<DeadLetter, StoreError> {
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
