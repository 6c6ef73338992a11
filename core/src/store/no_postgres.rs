//! Stands where the PostgreSQL ledger would, when the crate is built without it.

use super::{Ledger, LedgerSettings, PostgresSettings, StoreError};

impl Ledger {
    /// Refuses: the crate was built without the feature `postgres`.
    ///
    /// # Errors
    /// Always [`StoreError::Invalid`].
    #[allow(clippy::unused_async, reason = "the same signature with and without the feature")]
    pub async fn postgres(_: &str, _: PostgresSettings, _: LedgerSettings) -> Result<Self, StoreError> {
        let detail = "PostgreSQL needs the feature `postgres` of the crate `escalator`, which is switched off";
        Err(StoreError::Invalid {
            detail: detail.to_owned(),
        })
    }
}
