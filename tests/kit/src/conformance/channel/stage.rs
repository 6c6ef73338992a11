//! One trial's platform, recorder and channel.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use escalator::{
    channel::{ChatDelivery, EscalationChannel, Inbound, Ingress, IngressPort},
    delivery::{ChatPayload, DeliveryId, Lane, NoticeKind, OpenFile, OpenedFile, Outcome, Receipt},
    model::{Address, Attachment, BlobId, ChannelId, ConversationId, ConversationKey, FileKind, FileSource, SessionId},
};
use futures::{StreamExt, stream};
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{Act, ChannelHarness, Connected, Customer, Fault, Platform, Shown, post::Post};
use crate::conformance::{
    Patience,
    trial::{Checked, same, skipped},
};

/// How long the suite, as the supervisor would, waits before it calls a `run` that failed again.
const RUN_AGAIN_AFTER: Duration = Duration::from_millis(50);

pub(super) struct Stage {
    pub(super) platform: Arc<dyn Platform>,
    pub(super) post: Arc<Post>,
    pub(super) patience: Patience,
    live: Mutex<Option<Live>>,
    /// What `run` failed with, in all its words.
    run_errors: Arc<Mutex<Vec<String>>>,
    conversation: ConversationId,
    deliveries: AtomicU64,
}

/// A channel that runs.
struct Live {
    channel: Arc<dyn EscalationChannel>,
    debug: Option<String>,
    shutdown: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Stage {
    pub(super) async fn new(harness: &dyn ChannelHarness) -> Self {
        Self {
            platform: harness.platform().await,
            post: Arc::default(),
            patience: harness.patience(),
            live: Mutex::default(),
            run_errors: Arc::default(),
            conversation: ConversationId::mint(),
            deliveries: AtomicU64::new(0),
        }
    }

    fn live(&self) -> MutexGuard<'_, Option<Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects the channel and runs it.
    pub(super) async fn connect(&self) {
        let shutdown = CancellationToken::new();
        let ingress = Ingress::new(
            ChannelId::new("conformance"),
            Arc::clone(&self.post) as Arc<dyn IngressPort>,
        );
        let Connected {
            channel,
            debug,
            receiving,
        } = self.platform.connect(ingress, shutdown.clone()).await;
        let run = supervise(Arc::clone(&channel), shutdown.clone(), Arc::clone(&self.run_errors));
        let tasks = receiving.into_iter().chain([tokio::spawn(run)]).collect();
        *self.live() = Some(Live {
            channel,
            debug,
            shutdown,
            tasks,
        });
    }

    /// The channel that runs.
    pub(super) fn channel(&self) -> Arc<dyn EscalationChannel> {
        let live = self.live();
        Arc::clone(&live.as_ref().expect("the trial has connected the channel").channel)
    }

    pub(super) fn debug(&self) -> Option<String> {
        self.live().as_ref().and_then(|live| live.debug.clone())
    }

    pub(super) fn run_errors(&self) -> Vec<String> {
        self.run_errors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells the channel to stop, without waiting.
    pub(super) fn tell_to_stop(&self) {
        if let Some(live) = &*self.live() {
            live.shutdown.cancel();
        }
    }

    /// Whether all that the channel runs has ended.
    pub(super) fn has_stopped(&self) -> bool {
        let live = self.live();
        live.as_ref()
            .is_none_or(|live| live.tasks.iter().all(JoinHandle::is_finished))
    }

    /// Stops the channel and waits for its end.
    pub(super) async fn stop(&self) -> Checked {
        self.tell_to_stop();
        let stopped = || self.has_stopped();
        self.patience
            .until("the channel ends after the shutdown", stopped)
            .await?;
        *self.live() = None;
        Ok(())
    }

    /// Stops what still runs at the end of a trial.
    pub(super) async fn close(&self) -> Checked {
        self.post.hold(false);
        self.post.hold_starts(false);
        self.post.answer(super::post::Answer::Keep);
        self.platform.mend().await;
        self.stop().await
    }

    /// Lets a customer do something, or ends the trial where that cannot be.
    pub(super) async fn act(&self, who: Customer, act: Act) -> Checked {
        let what = format!("the stand-in knows no {act:?} of {who:?}");
        self.platform.customer(who, act).await.or_else(|_| skipped(what))
    }

    pub(super) async fn write(&self, who: Customer, line: &str) -> Checked {
        self.act(who, Act::Write(line.to_owned())).await
    }

    pub(super) async fn set_fault(&self, fault: Fault) -> Checked {
        let what = format!("the stand-in knows no {fault:?}");
        self.platform.set_fault(fault).await.or_else(|_| skipped(what))
    }

    /// Waits until so many updates are kept, and answers with them.
    pub(super) async fn kept(&self, count: usize) -> Checked<Vec<Inbound>> {
        let kept = || {
            self.post
                .look(|record| (record.kept.len() >= count).then(|| record.kept.clone()))
        };
        self.patience.find("the update is offered and taken", kept).await
    }

    /// Waits for the next offer after `before` of them.
    pub(super) async fn offered(&self, count: usize) -> Checked<Vec<Inbound>> {
        let offers = || {
            let look = |record: &super::post::Record| (record.offers.len() >= count).then(|| record.offers.clone());
            self.post.look(look)
        };
        self.patience.find("the update is offered", offers).await
    }

    /// A customer says hello to a human, and that tells where to answer.
    pub(super) async fn conversation_of(&self, who: Customer) -> Checked<ConversationKey> {
        let before = self.post.look(|record| record.kept.len());
        self.write(who, "hello").await?;
        let kept = self.kept(before + 1).await?;
        let conversation = kept[before].conversation.clone();
        if self.channel().capabilities().places {
            self.open_place(&conversation).await?;
        }
        Ok(conversation)
    }

    /// Has the place of a session opened, as the core does before anything is said there.
    async fn open_place(&self, conversation: &ConversationKey) -> Checked {
        let open = ChatPayload::Open {
            session: SessionId::mint(),
        };
        let opened = self.deliver(conversation, &open).await?;
        if let Outcome::Delivered(Receipt::Place { place }) = &opened {
            self.post.record().move_to(conversation, place.clone());
        }
        same(&opened.word(), &"delivered", "the outcome of opening a place")
    }

    /// Where a conversation is held, when that is not its own address.
    pub(super) fn place(&self, conversation: &ConversationKey) -> Option<Address> {
        self.post.look(|record| record.place(conversation))
    }

    /// Connects, and opens the conversation of the first customer.
    pub(super) async fn with_ada(&self) -> Checked<ConversationKey> {
        self.connect().await;
        self.conversation_of(Customer::Ada).await
    }

    pub(super) async fn deliver(&self, to: &ConversationKey, payload: &ChatPayload) -> Checked<Outcome> {
        self.deliver_file(to, payload, None).await
    }

    /// Delivers as the core would, and waits for the outcome.
    pub(super) async fn deliver_file(
        &self,
        to: &ConversationKey,
        payload: &ChatPayload,
        file: Option<&dyn OpenFile>,
    ) -> Checked<Outcome> {
        let (channel, place) = (self.channel(), self.place(to));
        let delivering = channel.deliver(ChatDelivery {
            id: self.next_id(),
            to,
            place: place.as_ref(),
            payload,
            file,
            attempt: 1,
        });
        self.patience.within("the delivery has an outcome", delivering).await
    }

    /// The key of the next delivery.
    pub(super) fn next_id(&self) -> DeliveryId {
        DeliveryId {
            lane: Lane::Chat(self.conversation),
            seq: self.deliveries.fetch_add(1, Ordering::Relaxed) + 1,
        }
    }

    /// What was shown, without signs of typing.
    pub(super) fn shown(&self, to: Customer) -> Vec<Shown> {
        let mut shown = self.platform.shown(to);
        shown.retain(|shown| *shown != Shown::Typing);
        shown
    }

    /// Waits until so much was shown, and answers with it.
    pub(super) async fn sees(&self, who: Customer, count: usize) -> Checked<Vec<Shown>> {
        let seen = || Some(self.shown(who)).filter(|shown| shown.len() >= count);
        self.patience.find("it is shown to the customer", seen).await
    }
}

/// Runs the channel as the supervisor does: again, where it fails.
async fn supervise(channel: Arc<dyn EscalationChannel>, shutdown: CancellationToken, errors: Arc<Mutex<Vec<String>>>) {
    while let Err(failed) = channel.run(shutdown.clone()).await {
        let mut words = format!("{failed} {failed:?}");
        let mut cause = std::error::Error::source(&failed);
        while let Some(deeper) = cause {
            words = format!("{words} {deeper} {deeper:?}");
            cause = deeper.source();
        }
        errors.lock().unwrap_or_else(PoisonError::into_inner).push(words);
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(RUN_AGAIN_AFTER) => {}
        }
    }
}

/// An agent's message without a name.
pub(super) fn says(text: &str) -> ChatPayload {
    ChatPayload::Message {
        author: None,
        continues: false,
        text: text.into(),
    }
}

pub(super) fn notice(kind: NoticeKind, text: &str) -> ChatPayload {
    ChatPayload::Notice {
        kind,
        text: text.into(),
        agent: None,
    }
}

/// A file of the agent's.
pub(super) fn sends(name: &str, bytes: &Bytes) -> ChatPayload {
    ChatPayload::File {
        author: None,
        continues: false,
        file: Attachment {
            kind: FileKind::Document,
            name: name.into(),
            media_type: Some("text/plain".to_owned()),
            bytes: Some(bytes.len() as u64),
            source: FileSource::Blob(BlobId::mint()),
        },
    }
}

pub(super) fn text(words: &str) -> Shown {
    Shown::Text(words.to_owned())
}

/// The bytes of a file, in two pieces. The second can be held back.
pub(super) struct Bytes2 {
    bytes: Bytes,
    held: watch::Sender<bool>,
    opened: watch::Sender<bool>,
}

impl Bytes2 {
    pub(super) fn new(bytes: Bytes, held: bool) -> Self {
        Self {
            bytes,
            held: watch::Sender::new(held),
            opened: watch::Sender::new(false),
        }
    }

    pub(super) fn was_opened(&self) -> bool {
        *self.opened.borrow()
    }

    pub(super) fn release(&self) {
        self.held.send_replace(false);
    }
}

#[async_trait]
impl OpenFile for Bytes2 {
    async fn open(&self) -> Result<OpenedFile, Outcome> {
        self.opened.send_replace(true);
        let half = self.bytes.len() / 2;
        let (first, second) = (self.bytes.slice(..half), self.bytes.slice(half..));
        let mut held = self.held.subscribe();
        let rest = stream::once(async move {
            // A trial that is over lets go of everything.
            held.wait_for(|held| !held).await.map_err(io::Error::other)?;
            Ok(second)
        });
        Ok(OpenedFile {
            bytes: Some(self.bytes.len() as u64),
            stream: stream::once(async move { Ok(first) }).chain(rest).boxed(),
        })
    }
}
