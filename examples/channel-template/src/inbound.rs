//! What comes in: reads an update, has it accepted, and only then answers with 200.

#[cfg(test)]
mod tests;

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use bytes::Bytes;
use escalator::{
    channel::{Inbound, Ingress, IngressError, Offered, Owner},
    delivery::RetryPolicy,
    model::{
        Address, Attachment, ConversationKey, CustomerEvent, CustomerId, CustomerMessage, EventKey, FileKind, FileRef,
        FileSource, Position, Profile, RichText, Signal, Text,
    },
};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::Messenger;

/// The header in which the platform sends the secret.
const SECRET_HEADER: &str = "x-webhook-secret";
/// How long an update may be, in bytes.
const BODY_BYTES_MAX: usize = 256 << 10;
/// How long the platform is kept waiting: less than it waits before it gives the call up.
const ACCEPT_MAX: Duration = Duration::from_secs(2);

/// An update, as the platform writes it. No `Debug`: it holds what people wrote.
#[derive(Deserialize)]
struct Update {
    /// Rises over all updates, and is the same when the update comes again.
    id: i64,
    chat: String,
    from: Person,
    #[serde(flatten)]
    what: What,
}

#[derive(Deserialize)]
struct Person {
    id: String,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum What {
    Message {
        text: Option<String>,
        #[serde(default)]
        files: Vec<SentFile>,
    },
    Edit {
        text: String,
    },
    Typing,
    /// What the platform may learn to send one day.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct SentFile {
    id: String,
    name: String,
    media_type: Option<String>,
    bytes: Option<u64>,
}

pub(crate) fn router(messenger: Messenger) -> Router {
    Router::new()
        .route("/webhook", post(receive))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(messenger)
}

async fn receive(State(messenger): State<Messenger>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if !is_from_platform(&headers, &messenger.inner.webhook_secret) {
        return StatusCode::NOT_FOUND;
    }
    let Ok(update) = serde_json::from_slice::<Update>(&body) else {
        // The reason would quote the body.
        tracing::error!(
            bytes = body.len(),
            "an update is lost, as it cannot be read: does the platform speak another version?"
        );
        // It will never be read, and the platform would bring it again for ever, before all others.
        return StatusCode::OK;
    };
    let conversation = conversation(messenger.inner.ingress.channel(), &update);
    if matches!(update.what, What::Typing) {
        messenger.inner.ingress.signal(&conversation, Signal::TypingStarted);
        return StatusCode::OK;
    }
    let update = read(conversation, update);
    match tokio::time::timeout(ACCEPT_MAX, accept(&messenger, update)).await {
        Ok(true) => StatusCode::OK,
        // The platform brings it again; if it was committed after all, its key removes the double.
        Ok(false) | Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Takes the same time whatever is wrong with the secret.
fn is_from_platform(headers: &HeaderMap, secret: &str) -> bool {
    let given = headers.get(SECRET_HEADER).map(axum::http::HeaderValue::as_bytes);
    given.unwrap_or_default().ct_eq(secret.as_bytes()).into()
}

/// Returns whether an update needs not come again: `false` where too much waits for the bot.
///
/// # Cancel safety
/// When the future is dropped, the update may have been committed.
async fn accept(messenger: &Messenger, update: Inbound) -> bool {
    let (ingress, lanes) = (&messenger.inner.ingress, &messenger.inner.lanes);
    // A later update of the conversation, in a request of its own, waits for this one.
    let lane = lanes.lane(&update.conversation);
    let _in_order = lane.lock().await;
    // What a human reads waits for no bot. Taken back by the bot in this moment, one more waits in the lane.
    if ingress.owner(&update.conversation) == Owner::Bot && !lanes.has_room(&update.conversation) {
        return false;
    }
    if offer(ingress, &update).await == Offered::Pass && update.has_handler {
        lanes.pass(messenger, update);
    }
    true
}

/// Offers an update until the ledger takes it, or refuses it for good.
async fn offer(ingress: &Ingress, update: &Inbound) -> Offered {
    let mut attempt = 1;
    loop {
        let failed = match ingress.offer(update.clone()).await {
            Ok(offered) => return offered,
            Err(IngressError::Refused { detail }) => {
                // Neither the other updates nor the bot may suffer from it.
                tracing::error!(
                    update = update.position.0,
                    detail,
                    "an update is lost: the ledger refuses it"
                );
                return Offered::Kept;
            }
            Err(failed) => failed,
        };
        tracing::warn!(update = update.position.0, attempt, error = %failed, "an update waits for the ledger");
        tokio::time::sleep(RetryPolicy::default().wait(attempt, 0.5, None)).await;
        attempt += 1;
    }
}

fn conversation(channel: &escalator::model::ChannelId, update: &Update) -> ConversationKey {
    ConversationKey {
        channel: channel.clone(),
        address: Address::new(&update.chat),
        customer: CustomerId::new(&update.from.id),
    }
}

/// An update in the core's terms.
fn read(conversation: ConversationKey, update: Update) -> Inbound {
    let key = EventKey::new(format!("{}:update:{}", conversation.channel, update.id));
    let profile = Profile {
        name: update.from.name.map(Text::from),
        platform: Some("Messenger".to_owned()),
        ..Profile::default()
    };
    // The bot has nothing to do about an edit.
    let has_handler = !matches!(update.what, What::Edit { .. });
    let inbound = Inbound::new(key, conversation, Position(update.id), event(update.what)).with_profile(profile);
    if has_handler {
        inbound
    } else {
        inbound.without_handler()
    }
}

fn event(what: What) -> CustomerEvent {
    match what {
        What::Message { text: Some(text), .. } if text.trim() == "/end" => CustomerEvent::Ended,
        What::Message { text, files } => CustomerEvent::Message(CustomerMessage {
            text: text.map(RichText::from),
            files: files.into_iter().map(attachment).collect(),
            ..CustomerMessage::default()
        }),
        What::Edit { text } => CustomerEvent::Edited(text.into()),
        // Never nothing: the agent sees that there was something.
        What::Other | What::Typing => CustomerEvent::Message(CustomerMessage::text("[something that cannot be shown]")),
    }
}

/// The bytes stay at the platform until they are delivered.
fn attachment(file: SentFile) -> Attachment {
    Attachment {
        kind: file
            .media_type
            .as_deref()
            .map_or(FileKind::Document, FileKind::of_media_type),
        name: file.name.into(),
        media_type: file.media_type,
        bytes: file.bytes,
        source: FileSource::Platform(FileRef::new(file.id)),
    }
}
