//! The baseline: a bare axum handler that reads the same hook and keeps nothing.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use axum::{Router, body::Bytes, http::StatusCode, routing::post, serve::ListenerExt};
use serde::Deserialize;
use tokio::{net::TcpListener, task::JoinHandle};

/// A handler that is being served. Stops when dropped.
pub(super) struct Bare {
    pub(super) address: SocketAddr,
    server: JoinHandle<()>,
}

impl Bare {
    /// Serves the handler at a path.
    pub(super) async fn serve(path: &str) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                eprintln!("TCP_NODELAY could not be set: {error}");
            }
        });
        let router = Router::new().route(path, post(hook));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the bare handler is no longer served: {error}");
            }
        });
        Ok(Self { address, server })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The fields of a message hook.
#[derive(Deserialize)]
struct AgentMessage {
    #[serde(rename = "sessionID")]
    session: String,
    message: String,
    name: Option<String>,
    picture: Option<String>,
}

async fn hook(body: Bytes) -> Result<&'static str, StatusCode> {
    let message: AgentMessage = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let (name, picture) = (message.name.as_deref(), message.picture.as_deref());
    std::hint::black_box((&message.session, name, picture));
    if message.session.is_empty() || message.message.is_empty() {
        return Err(StatusCode::BAD_REQUEST);
    }
    Ok("ok")
}
