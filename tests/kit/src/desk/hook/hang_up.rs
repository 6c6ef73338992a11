//! A hook whose caller hangs up as soon as the request is written, without waiting for the answer.

use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{HookAnswer, HookError, send::Begun};
use crate::desk::office::Office;

/// Writes the whole request and closes the connection.
pub(in crate::desk) async fn hang_up(office: &Office, begun: Begun) -> Result<(), HookError> {
    let started = std::time::Instant::now();
    let written = tokio::time::timeout(begun.settings.timeout, write(&begun)).await;
    let written = written.unwrap_or(Err(HookError::Unreachable));
    let error = match written {
        Ok(()) => "the desk hung up on purpose".to_owned(),
        Err(error) => error.to_string(),
    };
    office.change(|state| {
        let hook = state.hook_mut(begun.number);
        hook.attempts.push(HookAnswer::failed(error, started.elapsed()));
        hook.done = true;
    });
    written
}

async fn write(begun: &Begun) -> Result<(), HookError> {
    if begun.url.scheme() != "http" {
        return Err(HookError::Address);
    }
    let host = begun.url.host_str().ok_or(HookError::Address)?;
    let port = begun.url.port_or_known_default().ok_or(HookError::Address)?;
    let unreachable = |_| HookError::Unreachable;
    let mut stream = TcpStream::connect((host.trim_matches(['[', ']']), port))
        .await
        .map_err(unreachable)?;
    stream
        .write_all(head(begun, host, port).as_bytes())
        .await
        .map_err(unreachable)?;
    stream.write_all(&begun.encoded.body).await.map_err(unreachable)?;
    stream.shutdown().await.map_err(unreachable)
}

fn head(begun: &Begun, host: &str, port: u16) -> String {
    let query = begun
        .encoded
        .query
        .as_ref()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let content_type = begun.encoded.content_type.as_ref();
    let content_type = content_type
        .map(|is| format!("Content-Type: {is}\r\n"))
        .unwrap_or_default();
    format!(
        "POST {}{query} HTTP/1.1\r\nHost: {host}:{port}\r\n{content_type}Content-Length: {}\r\n\r\n",
        begun.url.path(),
        begun.encoded.body.len(),
    )
}
