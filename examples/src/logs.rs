//! Logs on standard error, so that standard output is the chat's.

use tracing_subscriber::EnvFilter;

/// Writes logs as `RUST_LOG` says, or `quiet` where it says nothing. Where a program has set up its own logs, they stay.
pub fn start(quiet: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(quiet));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if logs.try_init().is_err() {
        tracing::debug!("logs were set up before");
    }
}
