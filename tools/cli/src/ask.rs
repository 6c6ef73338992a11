//! Asking: the same requests, whether a process answers or the database itself.

use anyhow::{Context, Result, anyhow, bail};
use axum::{
    body::{Body, Bytes, to_bytes},
    http::{Request, StatusCode},
};
use escalator::control::Refused;
use serde::{Serialize, de::DeserializeOwned};

use crate::reach::Reach;

/// How large an answer may be.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// An answer, or the reason why not.
pub(crate) type Answer<T> = std::result::Result<T, String>;

impl Reach {
    /// Asks for something that is there.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, query: &impl Serialize) -> Result<T> {
        let query = serde_urlencoded::to_string(query).context("a question cannot be written")?;
        let path = if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{query}")
        };
        self.ask("GET", &path).await?.map_err(|why| anyhow!(why))
    }

    /// Asks, and takes a refusal for an answer.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, method: &str, path: &str) -> Result<Answer<T>> {
        let request = Request::builder().method(method).uri(path).header("host", "escalator");
        let answer = self.call(request.body(Body::empty())?).await?;
        let status = answer.status();
        let body = to_bytes(answer.into_body(), ANSWER_BYTES_MAX).await;
        read(status, &body.map_err(|error| anyhow!("the answer broke off: {error}"))?)
    }
}

fn read<T: DeserializeOwned>(status: StatusCode, body: &Bytes) -> Result<Answer<T>> {
    if status.is_success() {
        return Ok(Ok(serde_json::from_slice(body).context(OTHER_RELEASE)?));
    }
    match serde_json::from_slice::<Refused>(body) {
        Ok(refused) => Ok(Err(refused.error)),
        Err(_) => bail!("the answer was {status}: {OTHER_RELEASE}"),
    }
}

const OTHER_RELEASE: &str =
    "the bot's answer is not understood; take the `escalator` of the release that the bot is built with";
