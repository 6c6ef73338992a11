use std::{sync::Arc, time::Duration};

use axum::{Router, serve::Listener};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How connections are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServeSettings {
    /// How many connections are open at the most; further ones wait to be taken. 1,024.
    pub connections_max: usize,
    /// How long a connection may be idle, or take over the head of a request. 30 seconds.
    pub head_max: Duration,
    /// How long requests under way may take after the shutdown, before they are cut. 10 seconds.
    pub drain_max: Duration,
}

impl Default for ServeSettings {
    fn default() -> Self {
        Self {
            connections_max: 1_024,
            head_max: Duration::from_secs(30),
            drain_max: Duration::from_secs(10),
        }
    }
}

/// Serves a router over HTTP/1 until `shutdown`, and then lets the requests under way come to their end.
///
/// `axum::serve` gives a request up unheard when its caller closes the connection behind it; a hook must not be lost so.
/// Here a connection that its caller has closed is still read, and what was sent is heard.
///
/// # Cancel safety
/// When the future is dropped, no more connections are taken; open ones go on until `shutdown`.
pub async fn serve(mut listener: TcpListener, router: Router, shutdown: CancellationToken, settings: ServeSettings) {
    let places = Arc::new(Semaphore::new(settings.connections_max.min(Semaphore::MAX_PERMITS)));
    let connections = TaskTracker::new();
    while let Some((stream, place)) = next(&mut listener, &places, &shutdown).await {
        let connection = connection(stream, router.clone(), shutdown.clone(), settings);
        connections.spawn(async move {
            connection.await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// The next connection, and its place; `None` after the shutdown.
async fn next(
    listener: &mut TcpListener,
    places: &Arc<Semaphore>,
    shutdown: &CancellationToken,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let taken = async {
        let place = Arc::clone(places).acquire_owned().await;
        let place = place.expect("the places are never closed");
        // This one knows the errors of `accept` that pass, and waits after the others.
        let (stream, _) = Listener::accept(listener).await;
        (stream, place)
    };
    tokio::select! {
        taken = taken => Some(taken),
        () = shutdown.cancelled() => None,
    }
}

async fn connection(stream: TcpStream, router: Router, shutdown: CancellationToken, settings: ServeSettings) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let mut http = http1::Builder::new();
    http.half_close(true)
        .timer(TokioTimer::new())
        .header_read_timeout(settings.head_max);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(settings.drain_max, connection).await.ok()
        }
    };
    match ended {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::debug!(%error, "a connection ended before its time"),
        None => tracing::warn!("a connection was cut: its requests took too long after the shutdown"),
    }
}
