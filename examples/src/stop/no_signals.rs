use std::io;

/// Where there are no signals, Ctrl-C alone.
#[expect(clippy::unnecessary_wraps, reason = "the same as where there are signals")]
pub(super) fn told() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "Ctrl-C cannot be listened for");
            std::future::pending::<()>().await;
        }
    })
}
