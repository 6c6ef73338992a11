use std::{io, sync::Arc, time::Duration};

use serde::Serialize;
use serde_json::Value;
use teloxide::{
    Bot, RequestError,
    requests::{JsonRequest, Payload, Request},
    types::AllowedUpdate,
};

use super::batch::Batch;

/// How long a poll may take in all, with its answer: a connection that is silent is not waited for.
const POLL_MAX: Duration = Duration::from_secs(90);

/// `getUpdates`, answered with the updates as they came. teloxide's own request gives what it made of them.
#[derive(Clone, Debug, Serialize)]
pub(super) struct GetUpdates {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) offset: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limit: Option<u8>,
    /// How long to wait for updates, in seconds.
    pub(super) timeout: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) allowed_updates: Option<Vec<AllowedUpdate>>,
}

impl Payload for GetUpdates {
    type Output = Vec<Value>;

    const NAME: &'static str = "GetUpdates";
}

/// Makes a poll, after a wait.
///
/// # Errors
/// Without what was answered, which can hold messages, and without the address, which holds the token: teloxide hides it
/// in addresses without a path alone.
pub(super) async fn poll(bot: Bot, wait: Duration, asked: GetUpdates) -> Result<Batch, RequestError> {
    tokio::time::sleep(wait).await;
    match tokio::time::timeout(POLL_MAX, JsonRequest::new(bot, asked).send()).await {
        Ok(Ok(updates)) => Ok(Batch::of(&updates)),
        Ok(Err(RequestError::InvalidJson { source, raw })) => Batch::of_answer(&raw).ok_or(RequestError::InvalidJson {
            source,
            raw: Box::default(),
        }),
        Ok(Err(RequestError::Network(failed))) => Err(without_address(failed)),
        Ok(Err(failed)) => Err(failed),
        Err(_elapsed) => Err(ours(io::ErrorKind::TimedOut, "Telegram did not answer a poll in time")),
    }
}

fn without_address(failed: Arc<reqwest::Error>) -> RequestError {
    match Arc::into_inner(failed) {
        Some(failed) => RequestError::Network(Arc::new(failed.without_url())),
        None => ours(io::ErrorKind::Other, "the connection to Telegram broke off"),
    }
}

fn ours(kind: io::ErrorKind, words: &'static str) -> RequestError {
    RequestError::Io(Arc::new(io::Error::new(kind, words)))
}
