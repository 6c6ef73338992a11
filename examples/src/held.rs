//! Receiving only while this instance holds a channel. With SQLite that is at once and for good.

use std::pin::pin;

use anyhow::Result;
use escalator::runtime::Running;
use tokio_util::sync::CancellationToken;

/// Listens while this instance holds a channel, and again when it holds it again, until it is told to stop. What `listen`
/// makes ends, with what it has pulled, when the token that it is given is cancelled.
///
/// # Errors
/// Those of the listening.
pub async fn while_held<F>(
    running: &Running,
    channel: &str,
    stop: &CancellationToken,
    mut listen: impl FnMut(CancellationToken) -> F,
) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    while let Some(Some(hold)) = stop.run_until_cancelled(running.holds(channel)).await {
        let enough = stop.child_token();
        let mut listening = pin!(listen(enough.clone()));
        tokio::select! {
            ended = &mut listening => return ended,
            () = hold.lost() => enough.cancel(),
        }
        // Another instance begins; this one waits for its next turn, whatever became of this one.
        if let Err(error) = listening.await {
            tracing::warn!(channel, %error, "the listening ended badly, after the channel was lost");
        }
    }
    Ok(())
}
