//! What tells a program to stop.

#[cfg(unix)]
mod signals;
#[cfg(not(unix))]
#[path = "no_signals.rs"]
mod signals;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;

/// Listens for Ctrl-C and, where there is one, for the signal of a service manager (SIGTERM). From then on neither ends the
/// program by itself: what is returned is cancelled.
///
/// # Errors
/// The system does not let us listen.
pub fn listen() -> Result<CancellationToken> {
    let told = signals::told().context("Ctrl-C cannot be listened for")?;
    let stop = CancellationToken::new();
    let teller = stop.clone();
    tokio::spawn(async move {
        told.await;
        teller.cancel();
    });
    Ok(stop)
}
