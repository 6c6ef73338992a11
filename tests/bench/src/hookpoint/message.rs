//! The request that is measured: an agent's message, as JSON.

use escalator::model::SessionId;

/// The secret in the hookpoint's address.
pub(crate) const SECRET: &str = "4f1c9d7e2b5a4c8e9f0a1b2c3d4e5f60";

/// The path of the hook.
pub(crate) fn path() -> String {
    format!("/{SECRET}/messageForCustomer")
}

/// The whole request for a session.
pub(super) fn request(session: SessionId) -> Vec<u8> {
    let (path, body) = (path(), body(session));
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: bot.example.com\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    request.into_bytes()
}

/// The body for a session.
pub(super) fn body(session: SessionId) -> String {
    body_of(
        session,
        "Hello, this is Anna. I have looked into your order: it left our house this morning.",
    )
}

/// The body for a session and a text.
pub(crate) fn body_of(session: SessionId, text: &str) -> String {
    let message = serde_json::json!({
        "sessionID": session.to_string(),
        "message": text,
        "name": "Anna",
        "picture": "",
    });
    message.to_string()
}
