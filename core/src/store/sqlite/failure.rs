//! What an error of the database means for the ledger.

use sqlx::error::DatabaseError;

use crate::store::StoreError;

// Primary result codes: https://www.sqlite.org/rescode.html
const ERROR: i32 = 1;
const TOO_BIG: i32 = 18;
const CONSTRAINT: i32 = 19;
const MISMATCH: i32 = 20;
const RANGE: i32 = 25;

/// Tells what an error means. Where that is not certain, the ledger is away: then nothing is acknowledged, and so nothing
/// lost.
pub(super) fn failed(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(database) => match primary_code(database.as_ref()) {
            Some(TOO_BIG | CONSTRAINT | MISMATCH | RANGE) => StoreError::Invalid {
                detail: database.message().to_owned(),
            },
            // The file as a whole, or a page of it: nothing may be acknowledged over it.
            _ => StoreError::unavailable(database.message()),
        },
        sqlx::Error::ColumnDecode { index, .. } => {
            StoreError::corrupt(format_args!("column {index} is of another type"))
        }
        sqlx::Error::PoolClosed => closed(),
        _ => StoreError::unavailable(error),
    }
}

/// Whether a `ROLLBACK` failed because there was nothing to be rolled back: SQLite does that itself when its disk fails.
pub(super) fn nothing_to_roll_back(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(primary_code) == Some(ERROR)
}

pub(super) fn closed() -> StoreError {
    StoreError::unavailable("it was closed")
}

/// The extended code is told; its low byte is the primary one.
fn primary_code(error: &(dyn DatabaseError + 'static)) -> Option<i32> {
    let code: i32 = error.code()?.parse().ok()?;
    Some(code & 0xff)
}
