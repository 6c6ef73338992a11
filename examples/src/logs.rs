//! Logs on standard error, so that standard output is the chat's.

use std::io::IsTerminal;

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

/// Writes the logs that a filter names. Where a program has set up its own logs, they stay.
///
/// # Errors
/// The filter is none.
pub fn start(filter: &str) -> Result<()> {
    let filter = EnvFilter::try_new(filter)
        .with_context(|| format!("RUST_LOG is `{filter}`, which is no filter, as in `info` or `escalator=debug`"))?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        // It would be printed, which panics where nobody reads standard error any more.
        .log_internal_errors(false);
    if logs.try_init().is_err() {
        tracing::debug!("logs were set up before");
    }
    Ok(())
}
