//! What goes out: one call that the customer can see, and what its failure means.
//!
//! # Invariants
//! - No text of ours holds the token, an address or what a person wrote: the client's own error texts show addresses, and
//!   the platform's answers may quote.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use escalator::{
    channel::{ChannelError, ChatDelivery},
    delivery::{ChatPayload, OpenFile, OpenedFile, Outcome, Receipt, Scope},
    model::{Attachment, ConversationKey, FileRef},
};
use futures::{Stream, StreamExt, TryStreamExt};
use reqwest::{
    Body, Client, RequestBuilder, Response, StatusCode, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER},
    redirect,
};
use serde::Deserialize;
use serde_json::json;

use crate::Account;

/// How long a connection may take to come about.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long a text may take: less than the core's own deadline (`call_max`), which cuts off.
const TEXT_SENT_MAX: Duration = Duration::from_secs(20);
/// How long an agent's file may take: less than the core's own deadline (`file_call_max`).
const FILE_SENT_MAX: Duration = Duration::from_mins(10);
/// How long a sign of typing may take: less than the five seconds after which the core cuts it off.
const TYPING_MAX: Duration = Duration::from_secs(4);

/// The platform's API.
pub(crate) struct Api {
    client: Client,
    url: Url,
}

#[derive(Deserialize)]
struct Sent {
    id: String,
}

impl Api {
    pub(crate) fn new(account: &Account) -> Result<Self, ChannelError> {
        let url = Url::parse(&account.api).ok().filter(|url| !url.cannot_be_a_base());
        let url = url.ok_or_else(|| ChannelError::new("the address of the API is no address"))?;
        let token = HeaderValue::try_from(format!("Bearer {}", account.token));
        let mut token = token.map_err(|_| ChannelError::new("the token has characters that no token has"))?;
        token.set_sensitive(true);
        let client = Client::builder()
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, token)]))
            .connect_timeout(CONNECT_MAX)
            // The token goes to this platform alone.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|_| ChannelError::new("no HTTP client can be made"))?;
        Ok(Self { client, url })
    }

    /// Delivers, once.
    pub(crate) async fn deliver(&self, delivery: ChatDelivery<'_>) -> Outcome {
        let (to, words) = (delivery.to, delivery.payload.plain());
        // The same on every attempt. An outcome may be called `repeatable` where the platform removes doubles by it.
        let nonce = delivery.id.to_string();
        let sent = match (delivery.payload, delivery.file, words) {
            (ChatPayload::File { file, .. }, Some(bytes), caption) => {
                self.send_file(to, &nonce, file, caption, bytes).await
            }
            (ChatPayload::File { .. }, None, _) => Err(Outcome::rejected("the file came without its bytes")),
            (_, _, Some(words)) => self.call(self.text(to, &words, &nonce)).await,
            (_, _, None) => Err(Outcome::rejected("the platform cannot show this kind of message")),
        };
        match sent {
            Ok(answer) => Outcome::Delivered(receipt(answer).await),
            Err(outcome) => outcome,
        }
    }

    /// Says a line of the bot.
    pub(crate) async fn say(&self, to: &ConversationKey, line: &str) -> Result<(), String> {
        let sent = self.call(self.text(to, line, "")).await;
        sent.map(drop)
            .map_err(|outcome| format!("the line was not taken: {outcome:?}"))
    }

    /// Shows that the agent types. Best effort.
    pub(crate) async fn show_typing(&self, to: &ConversationKey) {
        let typing = self.client.post(self.at(&["typing"])).timeout(TYPING_MAX);
        if let Err(outcome) = self.call(typing.json(&json!({ "chat": to.address.as_str() }))).await {
            tracing::debug!(channel = %to.channel, outcome = outcome.word(), "typing was not shown");
        }
    }

    /// Opens a file of a customer's.
    pub(crate) async fn fetch(&self, file: &FileRef, bytes_max: u64) -> Result<OpenedFile, Outcome> {
        let call = self.call(self.client.get(self.at(&["files", file.as_str()])));
        let answer = call.await.map_err(of_fetch)?;
        let bytes = answer.content_length();
        if bytes.is_some_and(|bytes| bytes > bytes_max) {
            return Err(Outcome::rejected("the file is larger than what can be fetched"));
        }
        let stream = capped(answer.bytes_stream(), bytes_max).boxed();
        Ok(OpenedFile { bytes, stream })
    }

    fn text(&self, to: &ConversationKey, text: &str, nonce: &str) -> RequestBuilder {
        let message = json!({ "chat": to.address.as_str(), "text": text, "nonce": nonce });
        let call = self.client.post(self.at(&["messages"])).timeout(TEXT_SENT_MAX);
        call.json(&message)
    }

    async fn send_file(
        &self,
        to: &ConversationKey,
        nonce: &str,
        file: &Attachment,
        caption: Option<String>,
        bytes: &dyn OpenFile,
    ) -> Result<Response, Outcome> {
        // Its failure is an outcome already.
        let opened = bytes.open().await?;
        let is_broken = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&is_broken);
        let stream = opened.stream.inspect_err(move |_| noted.store(true, Ordering::Release));
        let mut url = self.at(&["files"]);
        let fields = [
            ("chat", to.address.as_str()),
            ("name", file.name.as_str()),
            ("nonce", nonce),
        ];
        url.query_pairs_mut()
            .extend_pairs(fields)
            .extend_pairs(caption.map(|caption| ("caption", caption)));
        let call = self.client.post(url).timeout(FILE_SENT_MAX);
        let sent = self.call(call.body(Body::wrap_stream(stream))).await;
        sent.map_err(|outcome| {
            // An upload that lacks its end is no upload.
            if is_broken.load(Ordering::Acquire) {
                return Outcome::not_sent("the file could not be read to its end");
            }
            outcome
        })
    }

    /// Makes a call, once.
    async fn call(&self, call: RequestBuilder) -> Result<Response, Outcome> {
        let answer = call.send().await.map_err(|failed| of_the_way(&failed))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(of_answer(answer.status(), answer.headers()))
    }

    /// An address of the API. What stands in a path is escaped.
    fn at(&self, path: &[&str]) -> Url {
        let mut url = self.url.clone();
        let mut segments = url.path_segments_mut().expect("`new` takes no other address");
        segments.pop_if_empty().extend(path);
        drop(segments);
        url
    }
}

/// The message's id. It has arrived, whether its answer can be read or not.
async fn receipt(answer: Response) -> Receipt {
    let sent = answer.json::<Sent>().await;
    sent.map_or(Receipt::None, |sent| Receipt::Message { id: sent.id })
}

/// The platform has not answered.
fn of_the_way(failed: &reqwest::Error) -> Outcome {
    if failed.is_connect() {
        // Nothing left; and it will be the same for everybody.
        return Outcome::NotSent {
            detail: "the platform cannot be reached".to_owned(),
            retry_after: None,
            scope: Scope::Door,
        };
    }
    if failed.is_builder() {
        return Outcome::rejected("the call cannot be put together");
    }
    Outcome::unknown("the connection broke off before the answer")
}

/// The platform has answered, with no success.
fn of_answer(status: StatusCode, headers: &HeaderMap) -> Outcome {
    let detail = format!("the platform answers {}", status.as_u16());
    let retry_after = headers
        .get(RETRY_AFTER)
        .and_then(|wait| wait.to_str().ok()?.parse().ok());
    let retry_after = retry_after.map(Duration::from_secs);
    match status {
        StatusCode::UNAUTHORIZED => Outcome::Refused {
            detail,
            scope: Scope::Door,
        },
        // Whether it speaks for the chat or for the account, your platform's documentation says; the suite takes both.
        StatusCode::TOO_MANY_REQUESTS => Outcome::NotSent {
            detail,
            retry_after,
            scope: Scope::Lane,
        },
        status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => Outcome::Unknown {
            detail,
            retry_after,
            repeatable: false,
        },
        // 403, 404, 410: the customer cannot be reached. 400, 413, 422: it does not take this content.
        _ => Outcome::Rejected { detail },
    }
}

/// The delivery that waits for the file goes to the desk: what goes wrong here must not close the desk's door, and
/// fetching twice harms nobody.
fn of_fetch(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::NotSent {
            detail, retry_after, ..
        }
        | Outcome::Unknown {
            detail, retry_after, ..
        } => Outcome::NotSent {
            detail,
            retry_after,
            scope: Scope::Lane,
        },
        Outcome::Refused { detail, .. } => Outcome::Refused {
            detail,
            scope: Scope::Lane,
        },
        other => other,
    }
}

/// Passes the pieces on, up to the limit, without the errors' own texts.
fn capped<E>(pieces: impl Stream<Item = Result<Bytes, E>>, bytes_max: u64) -> impl Stream<Item = io::Result<Bytes>> {
    let mut left = bytes_max;
    pieces.map(move |piece| {
        let piece = piece.map_err(|_| io::Error::other("the download broke off"))?;
        left = left
            .checked_sub(piece.len() as u64)
            // This kind is final: what is too large now is too large at the next attempt.
            .ok_or_else(|| {
                io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    "the file is larger than what can be fetched",
                )
            })?;
        Ok(piece)
    })
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, stream};

    use super::*;

    #[test]
    fn a_file_past_the_limit_ends_for_good() {
        let pieces = [Bytes::from_static(b"four"), Bytes::from_static(b"more")].map(Ok::<_, io::Error>);
        let mut capped = capped(stream::iter(pieces), 6);
        let read: Vec<_> = capped.by_ref().collect().now_or_never().expect("nothing is waited for");
        assert_eq!(read[0].as_deref().ok(), Some(&b"four"[..]));
        assert_eq!(
            read[1].as_ref().map_err(io::Error::kind),
            Err(io::ErrorKind::FileTooLarge)
        );
    }

    #[test]
    fn each_answer_has_its_outcome() {
        for (status, word) in [
            (400, "rejected"),
            (401, "refused"),
            (403, "rejected"),
            (404, "rejected"),
            (408, "unknown"),
            (413, "rejected"),
            (429, "not_sent"),
            (500, "unknown"),
            (503, "unknown"),
        ] {
            let status = StatusCode::from_u16(status).expect("it is a status");
            assert_eq!(of_answer(status, &HeaderMap::new()).word(), word, "{status}");
        }
    }

    #[test]
    fn the_wait_that_is_asked_for_is_handed_on() {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("7"))]);
        for status in [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE] {
            let (Outcome::NotSent { retry_after, .. } | Outcome::Unknown { retry_after, .. }) =
                of_answer(status, &headers)
            else {
                panic!("{status} is a reason to try again");
            };
            assert_eq!(retry_after, Some(Duration::from_secs(7)));
        }
    }
}
