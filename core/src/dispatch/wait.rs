use std::{future::pending, time::Duration};

/// How long to wait after the ledger could not be read or written.
pub(super) const LEDGER_WAIT: Duration = Duration::from_secs(1);

/// Waits; without a moment to wait for, for ever.
pub(super) async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => pending().await,
    }
}
