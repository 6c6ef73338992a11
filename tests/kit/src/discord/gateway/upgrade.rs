//! From an HTTP request to a websocket.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{handshake::derive_accept_key, protocol::Role},
};

use super::{session::Mood, socket};
use crate::{discord::shared::Shared, wire::WireHandle};

/// Whether a request wants to become a websocket.
pub(crate) fn wants_socket(request: &Request) -> bool {
    let upgrade = request.headers().get(header::UPGRADE);
    upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Answers such a request, and serves the gateway on its connection from then on.
pub(crate) fn connect(shared: Arc<Shared>, wire: WireHandle, mut request: Request) -> Response {
    if shared.look(|world| world.gateway.is(Mood::RefusingConnections)) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let query = request.uri().query().unwrap_or_default().to_owned();
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY).cloned();
    let Some(key) = key.filter(|_| speaks_json(&query)) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).expect("base64 is ASCII");
    let version_known = pairs(&query).any(|(name, value)| name == "v" && value == "10");
    let upgrade = hyper::upgrade::on(&mut request);
    // The task ends with its connection, which is cut when the port is closed.
    tokio::spawn(async move {
        match upgrade.await {
            Ok(io) => {
                let stream = WebSocketStream::from_raw_socket(TokioIo::new(io), Role::Server, None).await;
                socket::serve(shared, wire, stream, version_known).await;
            }
            Err(error) => tracing::debug!(%error, "the gateway's handshake was broken off"),
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    response
}

/// No other encoding and no compression of the transport is played here.
fn speaks_json(query: &str) -> bool {
    pairs(query).all(|(name, value)| match name {
        "encoding" => value == "json",
        "compress" => false,
        _ => true,
    })
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter_map(|pair| pair.split_once('='))
}
