use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::Dispatch;

/// How long to wait after a timer could not be committed.
const LEDGER_WAIT: Duration = Duration::from_secs(1);

/// Brings timers to intake when they are due. What they mean is decided there, on the state as it then is.
pub(super) async fn run(dispatch: Arc<Dispatch>, shutdown: CancellationToken) {
    let wake = dispatch.store.wake_timers();
    loop {
        let (due, next) = dispatch.store.due_timers();
        let mut wait = next.map(|next| next.since(dispatch.clock.now()));
        for timer in due {
            if let Err(failed) = dispatch.intake.due(timer).await {
                tracing::warn!(session = %timer.session, kind = timer.kind.word(), error = %failed, "a timer waits");
                wait = Some(LEDGER_WAIT);
            }
        }
        let sleep = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = wake.notified() => {}
            () = sleep => {}
            () = shutdown.cancelled() => return,
        }
    }
}
