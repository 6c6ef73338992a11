use std::{panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::Dispatch;
use crate::intake::Received;

/// Shows customers what the desk has received. Nothing here is kept in the ledger or tried again. What finds no slot waits,
/// and takes none of typing's.
pub(super) async fn run(dispatch: Arc<Dispatch>, mut waiting: mpsc::Receiver<Received>, shutdown: CancellationToken) {
    let mut calls = JoinSet::new();
    loop {
        tokio::select! {
            next = waiting.recv(), if calls.len() < dispatch.settings.receipts_max => {
                let Some(next) = next else { return };
                calls.spawn(show(Arc::clone(&dispatch), next));
            }
            Some(done) = calls.join_next() => {
                done.expect("a sign's task neither panics nor is cut off while this loop runs");
            }
            () = shutdown.cancelled() => return,
        }
    }
}

async fn show(dispatch: Arc<Dispatch>, received: Received) {
    let Some(channel) = dispatch.exits.channels.get(&received.conversation.channel) else {
        return;
    };
    let call = AssertUnwindSafe(channel.received(&received.conversation, &received.message)).catch_unwind();
    match tokio::time::timeout(dispatch.settings.signal_max, call).await {
        Ok(Ok(())) => {}
        Ok(Err(_panic)) => tracing::error!("showing a receipt panicked"),
        Err(_elapsed) => tracing::debug!("the sign of a receipt took too long"),
    }
}
