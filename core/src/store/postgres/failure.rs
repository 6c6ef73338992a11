//! What an error of the database means for the ledger.

use crate::store::StoreError;

// SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
const UNIQUE_VIOLATION: &str = "23505";
const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK: &str = "40P01";
const LOCK_NOT_AVAILABLE: &str = "55P03";
const DATA_EXCEPTION: &str = "22";
const INTEGRITY_VIOLATION: &str = "23";

/// What two instances may come to write at the same time, by the names of the constraints.
const CONTENDED: [&str; 3] = ["conversations_key", "inbox_pkey", "meta_pkey"];

/// Tells what an error means. Where that is not certain, the ledger is away: then nothing is acknowledged, and so nothing
/// lost. What the database says of a row can repeat what stands in it, so only its message is kept, and not its detail.
pub(super) fn failed(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(database) => {
            let (code, message) = (database.code().unwrap_or_default(), database.message());
            let is_contended = match code.as_ref() {
                SERIALIZATION_FAILURE | DEADLOCK | LOCK_NOT_AVAILABLE => true,
                UNIQUE_VIOLATION => database.constraint().is_some_and(|name| CONTENDED.contains(&name)),
                _ => false,
            };
            if is_contended {
                return StoreError::Contended {
                    detail: message.to_owned(),
                };
            }
            if code.starts_with(DATA_EXCEPTION) || code.starts_with(INTEGRITY_VIOLATION) {
                return StoreError::Invalid {
                    detail: refusal(&code, database.constraint()),
                };
            }
            StoreError::unavailable(message)
        }
        sqlx::Error::ColumnDecode { index, .. } => {
            StoreError::corrupt(format_args!("column {index} is of another type"))
        }
        sqlx::Error::PoolClosed => closed(),
        // What a URL or an options file holds is not repeated.
        sqlx::Error::Configuration(_) => StoreError::unavailable("its address cannot be used"),
        _ => StoreError::unavailable(error),
    }
}

/// A message of this kind quotes the value.
fn refusal(code: &str, constraint: Option<&str>) -> String {
    match constraint {
        Some(constraint) => format!("it breaks the rule {constraint} of the database ({code})"),
        None => format!("the database refuses a value ({code})"),
    }
}

pub(super) fn closed() -> StoreError {
    StoreError::unavailable("it was closed")
}
