//! Stands where the SQLite ledger would, when the crate is built without it.

use super::{Ledger, LedgerSettings, SqliteSettings, StoreError};

impl Ledger {
    /// Refuses: the crate was built without the feature `sqlite`.
    ///
    /// # Errors
    /// Always [`StoreError::Invalid`].
    #[allow(clippy::unused_async, reason = "the same signature with and without the feature")]
    pub async fn sqlite(address: &str, _: SqliteSettings, _: LedgerSettings) -> Result<Self, StoreError> {
        let detail = format!("`{address}` needs the feature `sqlite` of the crate `escalator`, which is switched off");
        Err(StoreError::Invalid { detail })
    }
}
