use sqlx::PgConnection;
use uuid::Uuid;

use super::failure::failed;
use crate::{
    model::{SessionId, Timestamp},
    session::TimerKind,
    store::StoreError,
};

/// Sets timers that are set for later, or not at all. None but those is locked.
pub(super) async fn hasten(
    db: &mut PgConnection,
    timers: &[(SessionId, TimerKind, Timestamp)],
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO timers (session, kind, due) \
        SELECT given.session, given.kind, given.due \
        FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS given (session, kind, due) \
        LEFT JOIN timers t ON t.session = given.session AND t.kind = given.kind \
        WHERE t.due IS NULL OR t.due > given.due ORDER BY given.session, given.kind \
        ON CONFLICT (session, kind) DO UPDATE SET due = excluded.due WHERE timers.due > excluded.due";
    let sessions: Vec<Uuid> = timers.iter().map(|(session, ..)| session.uuid()).collect();
    let kinds: Vec<&str> = timers.iter().map(|(_, kind, _)| kind.word()).collect();
    let dues: Vec<i64> = timers.iter().map(|(.., due)| due.as_millis()).collect();
    let query = sqlx::query(SQL).bind(sessions).bind(kinds).bind(dues);
    query.execute(db).await.map_err(failed)?;
    Ok(())
}
