use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::BytesMut;
use escalator::{
    channel::{
        Capabilities, ChannelError, ChatDelivery, EscalationChannel, Inbound, Ingress, IngressError, Offered, Started,
    },
    delivery::{ChatPayload, OpenFile, OpenedFile, Outcome, Scope},
    model::{
        Address, Attachment, ChatLimits, ConversationKey, CustomerEvent, CustomerId, CustomerMessage, EventKey,
        FileKind, FileRef, FileSource, Formatting, LengthUnit, Position, Profile, Signal,
    },
};
use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::sync::CancellationToken;

use super::platform::{CallError, Loopback, TEXT_MAX, Update, What};
use crate::conformance::channel::{Customer, Shown};

/// How long a failed offer waits before it is made again.
const OFFER_AGAIN_AFTER: Duration = Duration::from_millis(5);

/// A channel on a [`Loopback`].
pub struct LoopbackChannel {
    platform: Arc<Loopback>,
    token: String,
    ingress: Ingress,
}

impl LoopbackChannel {
    /// Joins a platform to the way in.
    pub fn new(platform: Arc<Loopback>, token: impl Into<String>, ingress: Ingress) -> Self {
        Self {
            platform,
            token: token.into(),
            ingress,
        }
    }

    /// Offers an update until it is accepted, and only then lets the platform forget it.
    async fn receive(&self, update: &Update, shutdown: &CancellationToken) {
        let Some(inbound) = self.read(update) else {
            self.platform.acknowledge(update.id);
            return;
        };
        let offered = loop {
            match self.ingress.offer(inbound.clone()).await {
                Ok(offered) => break offered,
                Err(error @ IngressError::Refused { .. }) => {
                    tracing::error!(%error, "an update is lost");
                    break Offered::Kept;
                }
                Err(error) => tracing::warn!(%error, "an update waits"),
            }
            tokio::select! {
                () = tokio::time::sleep(OFFER_AGAIN_AFTER) => {}
                // It was not accepted: the platform keeps it.
                () = shutdown.cancelled() => return,
            }
        };
        self.platform.acknowledge(update.id);
        if offered == Offered::Pass
            && let Started::Turn(_) = self.ingress.start(&inbound.conversation, inbound.position).await
        {
            self.platform.hear();
        }
    }

    /// An update in the core's terms; `None` for a sign, which goes past it.
    fn read(&self, update: &Update) -> Option<Inbound> {
        let conversation = self.conversation(update.from);
        let event = match &update.what {
            What::Line(line) => CustomerEvent::Message(CustomerMessage::text(line.as_str())),
            What::Edit(line) => CustomerEvent::Edited(line.as_str().into()),
            What::File { name, handle } => CustomerEvent::Message(CustomerMessage {
                files: vec![attachment(name, handle)],
                ..CustomerMessage::default()
            }),
            What::End => CustomerEvent::Ended,
            What::Typing => {
                self.ingress.signal(&conversation, Signal::TypingStarted);
                return None;
            }
        };
        let key = EventKey::new(format!("{}:update:{}", self.id(), update.id));
        let profile = Profile {
            platform: Some("Loopback".to_owned()),
            ..Profile::default()
        };
        Some(Inbound::new(key, conversation, Position(update.id), event).with_profile(profile))
    }

    fn conversation(&self, of: Customer) -> ConversationKey {
        ConversationKey {
            channel: self.id().clone(),
            address: Address::new(name(of)),
            customer: CustomerId::new(name(of)),
        }
    }

    async fn show(&self, to: Customer, what: Shown) -> Outcome {
        match self.platform.show(&self.token, to, what).await {
            Ok(()) => Outcome::delivered(),
            Err(failed) => outcome(failed),
        }
    }
}

#[async_trait]
impl EscalationChannel for LoopbackChannel {
    fn capabilities(&self) -> Capabilities {
        let is_rich = self.platform.is_rich();
        let limits = ChatLimits {
            text_max: TEXT_MAX,
            text_unit: LengthUnit::Chars,
            formatting: Formatting::None,
            fetch_bytes_max: 1 << 20,
            send_bytes_max: 1 << 20,
        };
        let text_only = Capabilities::text_only(limits);
        if is_rich {
            text_only.with_files().with_typing(true, true)
        } else {
            text_only
        }
    }

    fn ingress(&self) -> &Ingress {
        &self.ingress
    }

    async fn run(&self, shutdown: CancellationToken) -> Result<(), ChannelError> {
        let known = self.platform.who_am_i(&self.token);
        known.map_err(|failed| ChannelError::new("the platform does not let us in").because(failed))?;
        loop {
            let update = tokio::select! {
                update = self.platform.next() => update,
                () = shutdown.cancelled() => return Ok(()),
            };
            self.receive(&update, &shutdown).await;
            if shutdown.is_cancelled() {
                return Ok(());
            }
        }
    }

    async fn deliver(&self, delivery: ChatDelivery<'_>) -> Outcome {
        let Some(to) = customer(delivery.to) else {
            return Outcome::rejected("there is no such customer");
        };
        match (delivery.payload, delivery.file) {
            (ChatPayload::File { file, .. }, Some(bytes)) if self.platform.is_rich() => match read_all(bytes).await {
                Ok(bytes) => {
                    let name = file.name.as_str().to_owned();
                    self.show(to, Shown::File { name, bytes }).await
                }
                Err(outcome) => outcome,
            },
            (ChatPayload::File { .. }, _) => Outcome::rejected("the platform takes no files"),
            (payload, _) => self.show(to, Shown::Text(payload.plain().unwrap_or_default())).await,
        }
    }

    async fn fetch(&self, file: &FileRef) -> Result<OpenedFile, Outcome> {
        if !self.platform.is_rich() {
            return Err(Outcome::rejected("the platform has no files"));
        }
        let bytes = self.platform.file(&self.token, file.as_str()).map_err(outcome)?;
        Ok(OpenedFile {
            bytes: Some(bytes.len() as u64),
            stream: stream::iter([Ok(bytes)]).boxed(),
        })
    }

    async fn signal(&self, to: &ConversationKey, signal: Signal) {
        if let (Some(to), Signal::TypingStarted, true) = (customer(to), signal, self.platform.is_rich()) {
            let shown = self.platform.show(&self.token, to, Shown::Typing).await;
            if let Err(error) = shown {
                tracing::debug!(%error, "typing was not shown");
            }
        }
    }
}

/// Without the token.
impl fmt::Debug for LoopbackChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopbackChannel")
            .field("channel", self.id())
            .finish_non_exhaustive()
    }
}

/// What a failed call means.
fn outcome(failed: CallError) -> Outcome {
    let detail = failed.to_string();
    match failed {
        CallError::Refused => Outcome::NotSent {
            detail,
            retry_after: None,
            scope: Scope::Door,
        },
        CallError::TooMany { retry_after } => Outcome::NotSent {
            detail,
            retry_after: Some(retry_after),
            scope: Scope::Lane,
        },
        CallError::Reset | CallError::Server => Outcome::unknown(detail),
        CallError::Closed | CallError::Invalid => Outcome::Rejected { detail },
        CallError::Unauthorized => Outcome::Refused {
            detail,
            scope: Scope::Door,
        },
    }
}

async fn read_all(file: &dyn OpenFile) -> Result<bytes::Bytes, Outcome> {
    let stream = file.open().await?.stream;
    let whole = stream.try_fold(BytesMut::new(), |mut whole, piece| async move {
        whole.extend_from_slice(&piece);
        Ok(whole)
    });
    let whole = whole.await;
    whole
        .map(BytesMut::freeze)
        .map_err(|_| Outcome::not_sent("the file could not be read to its end"))
}

fn attachment(name: &str, handle: &str) -> Attachment {
    Attachment {
        kind: FileKind::Document,
        name: name.into(),
        media_type: None,
        bytes: None,
        source: FileSource::Platform(FileRef::new(handle)),
    }
}

const fn name(of: Customer) -> &'static str {
    match of {
        Customer::Ada => "ada",
        Customer::Ben => "ben",
    }
}

fn customer(conversation: &ConversationKey) -> Option<Customer> {
    [Customer::Ada, Customer::Ben]
        .into_iter()
        .find(|of| name(*of) == conversation.address.as_str())
}
