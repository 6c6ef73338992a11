//! Faults of the channel on its way out.

use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use escalator::{
    channel::{Capabilities, ChannelError, ChatDelivery, EscalationChannel, Ingress},
    delivery::{ChatPayload, OpenedFile, Outcome, Scope},
    model::{ConversationKey, FileRef, RichText, Signal},
};
use futures::{StreamExt, TryStreamExt};
use tokio_util::sync::CancellationToken;

/// One fault on the way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChannelFault {
    /// Makes each call twice.
    DoublesCalls,
    /// Splits a text into two calls.
    SplitsTexts,
    /// Tries again by itself.
    Retries,
    /// Makes a call again that was cut off.
    RepeatsWhatWasCut,
    /// Sends to whom it sent first.
    MixesCustomers,
    /// Leaves the agent's name out.
    HidesTheAgent,
    /// Sends the first half of a text.
    CutsTexts,
    /// Claims longer texts than the platform takes.
    ClaimsLongerTexts,
    /// Says something else each time it is asked what it can do.
    ChangesItsMind,
    /// Claims files that it cannot send.
    ClaimsFiles,
    /// Sends files that it does not claim.
    HidesFiles,
    /// Sends a file under another name.
    RenamesFiles,
    /// Fetches the first half of a file.
    CutsFetchedFiles,
    /// Claims typing that it has not.
    ClaimsTyping,
    /// Has typing that it does not claim.
    HidesTyping,
    /// Takes a 429 for a success.
    SwallowsWaits,
    /// Does not say how long to wait.
    ForgetsTheWait,
    /// Takes what it does not know for a success.
    BelievesErrors,
    /// Takes what it does not know for not sent.
    DoubtsNothing,
    /// Does not know that a refused connection is certain.
    DoubtsAll,
    /// Takes a refused connection for one conversation's affair.
    HopesForOthers,
    /// Never gives up on a customer who is gone.
    NeverRejects,
    /// Lets one customer who is gone close the channel for all.
    SlamsTheDoor,
    /// Takes a refused account for a refused message.
    TakesRefusalsLightly,
    /// Lets a refused account speak for one lane.
    RefusesOneLane,
    /// Quotes the message in details.
    QuotesWords,
    /// Shows the token in details.
    LeaksInOutcomes,
    /// Shows the token in `Debug`.
    LeaksInDebug,
    /// Shows the token in what `run` fails with.
    LeaksInRunErrors,
    /// Goes on after the shutdown.
    IgnoresTheShutdown,
    /// Ends without being told to.
    EndsByItself,
    /// Lets go of updates that are under way at the shutdown.
    DropsUpdates,
    /// Lets go of deliveries that are under way at the shutdown.
    DropsDeliveries,
}

/// A channel with a fault.
pub(super) struct FaultyChannel {
    inner: Arc<dyn EscalationChannel>,
    fault: ChannelFault,
    secret: String,
    asked: AtomicUsize,
    is_shut: AtomicBool,
    first: Mutex<Option<ConversationKey>>,
    shutdown: OnceLock<CancellationToken>,
}

impl FaultyChannel {
    pub(super) fn new(inner: Arc<dyn EscalationChannel>, fault: ChannelFault, secret: String) -> Self {
        Self {
            inner,
            fault,
            secret,
            asked: AtomicUsize::new(0),
            is_shut: AtomicBool::new(false),
            first: Mutex::default(),
            shutdown: OnceLock::new(),
        }
    }

    /// The outcome as the faulty channel would have read it.
    fn misread(&self, outcome: Outcome, payload: &ChatPayload) -> Outcome {
        match (self.fault, outcome) {
            (
                ChannelFault::SwallowsWaits,
                Outcome::NotSent {
                    retry_after: Some(_), ..
                },
            )
            | (ChannelFault::BelievesErrors, Outcome::Unknown { .. }) => Outcome::delivered(),
            (ChannelFault::ForgetsTheWait, Outcome::NotSent { detail, .. })
            | (ChannelFault::DoubtsNothing, Outcome::Unknown { detail, .. })
            | (ChannelFault::NeverRejects, Outcome::Rejected { detail }) => Outcome::not_sent(detail),
            (
                ChannelFault::DoubtsAll,
                Outcome::NotSent {
                    detail,
                    retry_after: None,
                    ..
                },
            ) => Outcome::unknown(detail),
            (
                ChannelFault::HopesForOthers,
                Outcome::NotSent {
                    detail, retry_after, ..
                },
            ) => Outcome::NotSent {
                detail,
                retry_after,
                scope: Scope::Lane,
            },
            (ChannelFault::SlamsTheDoor, Outcome::Rejected { detail }) => {
                self.is_shut.store(true, Ordering::SeqCst);
                Outcome::rejected(detail)
            }
            (ChannelFault::TakesRefusalsLightly, Outcome::Refused { detail, .. }) => Outcome::rejected(detail),
            (ChannelFault::RefusesOneLane, Outcome::Refused { detail, .. }) => Outcome::Refused {
                detail,
                scope: Scope::Lane,
            },
            (ChannelFault::QuotesWords, Outcome::Unknown { detail, .. }) => {
                Outcome::unknown(format!("{detail}: {}", payload.plain().unwrap_or_default()))
            }
            (ChannelFault::LeaksInOutcomes, Outcome::NotSent { detail, .. }) => {
                Outcome::not_sent(format!("{detail}: https://platform.example/bot{}/send", self.secret))
            }
            (_, outcome) => outcome,
        }
    }

    /// Delivers as the faulty channel would, with its one wrong payload.
    async fn deliver_as(&self, delivery: ChatDelivery<'_>, payload: &ChatPayload) -> Outcome {
        self.inner.deliver(ChatDelivery { payload, ..delivery }).await
    }

    async fn misdeliver(&self, delivery: ChatDelivery<'_>) -> Outcome {
        match (self.fault, delivery.payload) {
            (ChannelFault::SplitsTexts, ChatPayload::Message { text, .. }) if text.words().as_str().len() > 1 => {
                let (first, second) = halves(text);
                self.deliver_as(delivery, &message(first)).await;
                self.deliver_as(delivery, &message(second)).await
            }
            (ChannelFault::CutsTexts, ChatPayload::Message { text, .. }) if text.words().as_str().len() > 100 => {
                self.deliver_as(delivery, &message(halves(text).0)).await
            }
            (ChannelFault::HidesTheAgent, ChatPayload::Message { text, .. }) => {
                self.deliver_as(delivery, &message(text.clone())).await
            }
            (ChannelFault::RenamesFiles, payload @ ChatPayload::File { .. }) => {
                let mut payload = payload.clone();
                if let ChatPayload::File { file, .. } = &mut payload {
                    file.name = "file".into();
                }
                self.deliver_as(delivery, &payload).await
            }
            (ChannelFault::MixesCustomers, _) => {
                let first = {
                    let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
                    first.get_or_insert_with(|| delivery.to.clone()).clone()
                };
                let to = &first;
                self.inner.deliver(ChatDelivery { to, ..delivery }).await
            }
            (ChannelFault::DoublesCalls, _) => {
                self.inner.deliver(delivery).await;
                self.inner.deliver(delivery).await
            }
            (ChannelFault::Retries, _) => match self.inner.deliver(delivery).await {
                Outcome::Delivered(receipt) => Outcome::Delivered(receipt),
                _ => self.inner.deliver(delivery).await,
            },
            (ChannelFault::SlamsTheDoor, _) if self.is_shut.load(Ordering::SeqCst) => Outcome::rejected("it is shut"),
            _ => self.inner.deliver(delivery).await,
        }
    }

    /// Notices that it is dropped, and then makes the call again.
    async fn deliver_stubbornly(&self, delivery: ChatDelivery<'_>) -> Outcome {
        let mut again = Again {
            inner: Arc::clone(&self.inner),
            delivery: Some((delivery.id, delivery.to.clone(), delivery.payload.clone())),
        };
        let outcome = self.inner.deliver(delivery).await;
        again.delivery = None;
        outcome
    }

    /// Stops when the shutdown comes.
    async fn deliver_hastily(&self, delivery: ChatDelivery<'_>) -> Outcome {
        let shutdown = self.shutdown.get().cloned().unwrap_or_default();
        tokio::select! {
            outcome = self.inner.deliver(delivery) => outcome,
            () = shutdown.cancelled() => Outcome::unknown("the channel was shut down"),
        }
    }
}

/// A call that will be made again.
struct Again {
    inner: Arc<dyn EscalationChannel>,
    delivery: Option<(escalator::delivery::DeliveryId, ConversationKey, ChatPayload)>,
}

impl Drop for Again {
    fn drop(&mut self) {
        let Some((id, to, payload)) = self.delivery.take() else {
            return;
        };
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move {
            let (to, payload) = (&to, &payload);
            inner
                .deliver(ChatDelivery {
                    id,
                    to,
                    place: None,
                    payload,
                    file: None,
                    attempt: 1,
                })
                .await
        });
    }
}

#[async_trait]
impl EscalationChannel for FaultyChannel {
    fn capabilities(&self) -> Capabilities {
        let mut told = self.inner.capabilities();
        match self.fault {
            ChannelFault::ClaimsLongerTexts => told.limits.text_max *= 2,
            ChannelFault::ChangesItsMind => told.limits.text_max -= self.asked.fetch_add(1, Ordering::SeqCst),
            ChannelFault::ClaimsFiles => told.files = true,
            ChannelFault::HidesFiles => told.files = false,
            ChannelFault::ClaimsTyping => (told.typing_to_customer, told.typing_from_customer) = (true, true),
            ChannelFault::HidesTyping => (told.typing_to_customer, told.typing_from_customer) = (false, false),
            _ => {}
        }
        told
    }

    fn ingress(&self) -> &Ingress {
        self.inner.ingress()
    }

    async fn run(&self, shutdown: CancellationToken) -> Result<(), ChannelError> {
        drop(self.shutdown.set(shutdown.clone()));
        match self.fault {
            ChannelFault::IgnoresTheShutdown => self.inner.run(CancellationToken::new()).await,
            ChannelFault::EndsByItself => Ok(()),
            ChannelFault::DropsUpdates => tokio::select! {
                ended = self.inner.run(CancellationToken::new()) => ended,
                () = shutdown.cancelled() => Ok(()),
            },
            ChannelFault::LeaksInRunErrors => {
                let ended = self.inner.run(shutdown).await;
                ended.map_err(|failed| failed.because(format!("with the token {}", self.secret)))
            }
            _ => self.inner.run(shutdown).await,
        }
    }

    async fn deliver(&self, delivery: ChatDelivery<'_>) -> Outcome {
        let outcome = match self.fault {
            ChannelFault::RepeatsWhatWasCut => self.deliver_stubbornly(delivery).await,
            ChannelFault::DropsDeliveries => self.deliver_hastily(delivery).await,
            _ => self.misdeliver(delivery).await,
        };
        self.misread(outcome, delivery.payload)
    }

    async fn fetch(&self, file: &FileRef) -> Result<OpenedFile, Outcome> {
        let mut opened = self.inner.fetch(file).await?;
        if self.fault == ChannelFault::CutsFetchedFiles {
            opened.stream = opened.stream.map_ok(|piece| piece.slice(..piece.len() / 2)).boxed();
        }
        Ok(opened)
    }

    async fn signal(&self, to: &ConversationKey, signal: Signal) {
        self.inner.signal(to, signal).await;
    }
}

fn message(text: RichText) -> ChatPayload {
    ChatPayload::Message {
        author: None,
        continues: false,
        text,
    }
}

/// The two halves of a text.
fn halves(text: &RichText) -> (RichText, RichText) {
    let words = text.words().as_str();
    let half = words.floor_char_boundary(words.len() / 2);
    (text.slice(0, half), text.slice(half, words.len()))
}
