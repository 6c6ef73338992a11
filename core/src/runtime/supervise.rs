use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use crate::{
    channel::EscalationChannel,
    store::{AgeOut, Ledger, Maintained, Maintenance, Store},
};

/// How long a channel that failed is left alone before it runs again, at first and at the most.
const CHANNEL_WAIT_FIRST: Duration = Duration::from_secs(1);
const CHANNEL_WAIT_MAX: Duration = Duration::from_mins(1);

/// Runs a channel, again and again while it fails or panics.
pub(super) async fn channel(channel: Arc<dyn EscalationChannel>, shutdown: CancellationToken) {
    let mut wait = CHANNEL_WAIT_FIRST;
    while !shutdown.is_cancelled() {
        let (id, wait_secs) = (channel.id(), wait.as_secs());
        match AssertUnwindSafe(channel.run(shutdown.clone())).catch_unwind().await {
            Ok(Ok(())) => {
                if !shutdown.is_cancelled() {
                    tracing::info!(channel = %id, "a channel is at the end of its input; it still delivers");
                }
                return;
            }
            Ok(Err(error)) => tracing::error!(channel = %id, %error, wait_secs, "a channel failed"),
            Err(_panic) => tracing::error!(channel = %id, wait_secs, "a channel panicked"),
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => wait = CHANNEL_WAIT_MAX.min(wait * 2),
            () = shutdown.cancelled() => {}
        }
    }
}

/// How often the ledger is looked through for what is too old.
const AGE_OUT_EVERY: Duration = Duration::from_mins(10);
/// Between two small steps, so that nothing else has to wait.
const AGE_OUT_PAUSE: Duration = Duration::from_millis(200);

/// Removes what is too old, in small steps.
pub(super) async fn age_out(ledger: Arc<Ledger>, age_out: AgeOut, shutdown: CancellationToken) {
    loop {
        let pause = match ledger.maintain(Maintenance::AgeOut(age_out)).await {
            Ok(Maintained::Removed(rows)) if rows >= age_out.rows_max as u64 => AGE_OUT_PAUSE,
            Ok(_) => AGE_OUT_EVERY,
            Err(failed) => {
                tracing::warn!(error = %failed, "what is too old stays for now");
                AGE_OUT_EVERY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shutdown.cancelled() => return,
        }
    }
}
