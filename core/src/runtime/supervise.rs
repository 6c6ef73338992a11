use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use super::holds::Holds;
use crate::{
    channel::EscalationChannel,
    intake::Intake,
    store::{AgeOut, Ledger, Maintained, Maintenance, Store},
};

/// How long a channel that failed is left alone before it runs again, at first and at the most.
const CHANNEL_WAIT_FIRST: Duration = Duration::from_secs(1);
const CHANNEL_WAIT_MAX: Duration = Duration::from_mins(1);

/// Runs a channel while this instance receives for it.
pub(super) async fn channel(
    channel: Arc<dyn EscalationChannel>,
    ledger: Arc<Ledger>,
    intake: Arc<Intake>,
    holds: Holds,
    shutdown: CancellationToken,
) {
    let mut has_ended = false;
    loop {
        let lease = tokio::select! {
            lease = ledger.hold(channel.id()) => lease,
            () = shutdown.cancelled() => return,
        };
        holds.gained(lease.clone());
        let stop = shutdown.child_token();
        let running = async {
            if !has_ended {
                has_ended = run(&channel, &stop).await;
            }
            stop.cancelled().await;
        };
        let lost = async {
            lease.over().await;
            tracing::warn!(channel = %channel.id(), "this instance no longer receives for the channel");
            stop.cancel();
            // Before it can be held again.
            intake.lose(channel.id());
            holds.lost();
        };
        tokio::pin!(running, lost);
        tokio::select! {
            () = &mut running => {}
            () = &mut lost => {
                // What is under way is finished first, or is refused.
                running.await;
                continue;
            }
        }
        if shutdown.is_cancelled() {
            return;
        }
        lost.await;
    }
}

/// Runs a channel, again and again while it fails or panics, until `stop`. Whether it came to the end of its input.
pub(super) async fn run(channel: &Arc<dyn EscalationChannel>, stop: &CancellationToken) -> bool {
    let mut wait = CHANNEL_WAIT_FIRST;
    while !stop.is_cancelled() {
        let (id, wait_secs) = (channel.id(), wait.as_secs());
        match AssertUnwindSafe(channel.run(stop.clone())).catch_unwind().await {
            Ok(Ok(())) => {
                let has_ended = !stop.is_cancelled();
                if has_ended {
                    tracing::info!(channel = %id, "a channel is at the end of its input; it still delivers");
                }
                return has_ended;
            }
            Ok(Err(error)) => tracing::error!(channel = %id, %error, wait_secs, "a channel failed"),
            Err(_panic) => tracing::error!(channel = %id, wait_secs, "a channel panicked"),
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => wait = CHANNEL_WAIT_MAX.min(wait * 2),
            () = stop.cancelled() => {}
        }
    }
    false
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
