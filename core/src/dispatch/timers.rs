use std::sync::Arc;

use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use super::{
    Dispatch,
    wait::{LEDGER_WAIT, sleep},
};
use crate::store::DueTimer;

/// How many timers are brought to intake at once, so that they share a commit and leave room for what cannot wait.
const AT_ONCE_MAX: usize = 256;

/// Brings timers to intake when they are due. What they mean is decided there, on the state as it then is.
pub(super) async fn run(dispatch: Arc<Dispatch>, shutdown: CancellationToken) {
    let wake = dispatch.store.wake_timers();
    loop {
        let (due, next) = dispatch.store.due_timers().await;
        let all_taken = tokio::select! {
            all_taken = bring(&dispatch, due) => all_taken,
            // One that was not seen to be taken comes again.
            () = shutdown.cancelled() => return,
        };
        let wait = if all_taken {
            next.map(|next| next.since(dispatch.clock.now()))
        } else {
            Some(LEDGER_WAIT)
        };
        tokio::select! {
            () = wake.notified() => {}
            () = sleep(wait) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Whether all of them were taken.
async fn bring(dispatch: &Dispatch, due: Vec<DueTimer>) -> bool {
    let brought = futures::stream::iter(due).map(|timer| async move {
        let taken = dispatch.intake.due(timer).await;
        if let Err(failed) = &taken {
            tracing::warn!(session = %timer.session, kind = timer.kind.word(), error = %failed, "a timer waits");
        }
        taken.is_ok()
    });
    let brought = brought.buffer_unordered(AT_ONCE_MAX);
    brought.fold(true, |all, taken| async move { all && taken }).await
}
