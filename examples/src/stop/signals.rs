use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Listens at once; what is returned waits for the first of the signals.
pub(super) fn told() -> io::Result<impl Future<Output = ()> + Send> {
    let mut pressed = signal(SignalKind::interrupt())?;
    let mut managed = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = pressed.recv() => {}
            _ = managed.recv() => {}
        }
    })
}
