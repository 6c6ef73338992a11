//! What other instances tell.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{LOOK_EVERY, Sharing, reload};
use crate::store::{
    StoreError,
    backend::News,
    ledger::Shared,
    writer::{Reload, Write},
};

/// Hears of what other instances commit, until `stop`.
pub(in crate::store) async fn listen(
    sharing: Arc<Sharing>,
    shared: Arc<Shared>,
    writes: mpsc::Sender<Write>,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            heard = hear(&sharing, &shared, &writes) => {
                if let Err(failed) = heard {
                    tracing::warn!(error = %failed, "other instances are not heard for a moment");
                }
            }
            () = stop.cancelled() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Hears until that fails.
async fn hear(sharing: &Sharing, shared: &Shared, writes: &mpsc::Sender<Write>) -> Result<(), StoreError> {
    let mut listening = sharing.commons.listen().await?;
    // What was told before is not heard.
    reload(writes, Reload::All).await?;
    loop {
        match listening.hear().await? {
            Some(news) => act(news, sharing, shared, writes).await?,
            None => reload(writes, Reload::All).await?,
        }
    }
}

async fn act(news: News, sharing: &Sharing, shared: &Shared, writes: &mpsc::Sender<Write>) -> Result<(), StoreError> {
    for door in &news.doors {
        shared.index().rouse(door);
    }
    if !news.channels.is_empty() {
        sharing.asked.notify_one();
    }
    if !news.arrivals.is_empty() {
        sharing.arrived.send_replace(());
    }
    if !news.conversations.is_empty() {
        reload(writes, Reload::These(news.conversations)).await?;
    }
    Ok(())
}
