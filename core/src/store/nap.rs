use std::time::Duration;

use tokio::time::timeout;

/// How much later than asked a nap ends at the latest.
const OVERSLEPT_MAX: Duration = Duration::from_millis(2);

/// Waits to some tens of microseconds, on a thread: a timer of the runtime goes by the millisecond.
pub(super) async fn nap(time: Duration) {
    let slept = tokio::task::spawn_blocking(move || std::thread::sleep(time));
    match timeout(time + OVERSLEPT_MAX, slept).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "the runtime is shutting down"),
        Err(_) => tracing::debug!("all threads that may be slept on are taken"),
    }
}
