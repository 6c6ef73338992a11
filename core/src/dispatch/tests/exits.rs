//! What deliveries leave by.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    channel::{BotListener, Capabilities, ChannelError, ChatDelivery, EscalationChannel, Ingress},
    delivery::{Availability, DeskPayload, OpenFile, OpenedFile, Outcome, Payload, Receipt, Scope},
    desk::{Desk, DeskDelivery, DeskSession, Hook, HookAnswer, HookError, HookFields, HookKind},
    model::{BotEvent, ChatLimits, ConversationKey, DeskLimits, FileRef, Formatting, LengthUnit, MessageId, Signal},
    store::rig::{Gate, within},
};

/// How the other side answers a call.
#[derive(Clone)]
pub(super) enum Answer {
    Outcome(Outcome),
    /// At the gate, until the test opens it; then as delivered.
    AtTheGate,
    Never,
    Panic,
}

impl Answer {
    pub(super) fn not_sent(scope: Scope, wait_secs: Option<u64>) -> Self {
        Self::Outcome(Outcome::NotSent {
            detail: "429".to_owned(),
            retry_after: wait_secs.map(Duration::from_secs),
            scope,
        })
    }

    pub(super) fn refused(scope: Scope) -> Self {
        Self::Outcome(Outcome::Refused {
            detail: "401".to_owned(),
            scope,
        })
    }

    pub(super) fn rejected() -> Self {
        Self::Outcome(Outcome::rejected("blocked"))
    }

    pub(super) fn unknown() -> Self {
        Self::Outcome(Outcome::unknown("reset"))
    }
}

/// A call that was made.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// What it said; for what says nothing, its kind.
    pub(super) words: String,
    pub(super) at: Instant,
}

type Behaviour = Box<dyn FnMut(&str) -> Answer + Send>;

/// The other side of a door: notes each call, and answers as the test has it.
pub(super) struct OtherSide {
    pub(super) gate: Gate,
    behaviour: Mutex<Behaviour>,
    calls: watch::Sender<Vec<Call>>,
    delivered: Mutex<Vec<String>>,
    /// How many calls are under way, and how many were at the most.
    under_way: Mutex<(usize, usize)>,
}

impl Default for OtherSide {
    fn default() -> Self {
        Self {
            gate: Gate::default(),
            behaviour: Mutex::new(Box::new(|_| Answer::Outcome(Outcome::delivered()))),
            calls: watch::Sender::default(),
            delivered: Mutex::default(),
            under_way: Mutex::default(),
        }
    }
}

impl OtherSide {
    /// How it answers from now on, by the words of a call.
    pub(super) fn answers(&self, behaviour: impl FnMut(&str) -> Answer + Send + 'static) {
        *locked(&self.behaviour) = Box::new(behaviour);
    }

    /// How it answers the calls of these words, one after the other; everything else is delivered.
    pub(super) fn answers_first(&self, answers: impl IntoIterator<Item = (&'static str, Vec<Answer>)>) {
        let mut answers: HashMap<&str, Vec<Answer>> = answers.into_iter().collect();
        self.answers(move |words| match answers.get_mut(words) {
            Some(left) if !left.is_empty() => left.remove(0),
            _ => Answer::Outcome(Outcome::delivered()),
        });
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.borrow().clone()
    }

    pub(super) fn words(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.words).collect()
    }

    /// Waits until so many calls were made.
    pub(super) async fn called(&self, count: usize) {
        let mut calls = self.calls.subscribe();
        within(calls.wait_for(|calls| calls.len() >= count))
            .await
            .expect("it outlives who waits for it");
    }

    /// What it has taken, in order.
    pub(super) fn delivered(&self) -> Vec<String> {
        locked(&self.delivered).clone()
    }

    pub(super) fn under_way_max(&self) -> usize {
        locked(&self.under_way).1
    }

    async fn call(&self, words: String) -> Outcome {
        let at = Instant::now();
        let answer = (locked(&self.behaviour))(&words);
        self.calls.send_modify(|calls| {
            let words = words.clone();
            calls.push(Call { words, at });
        });
        let _under_way = UnderWay::new(&self.under_way);
        let outcome = match answer {
            Answer::Outcome(outcome) => outcome,
            Answer::AtTheGate => {
                self.gate.pass().await;
                Outcome::delivered()
            }
            Answer::Never => std::future::pending().await,
            Answer::Panic => panic!("as the test wants it"),
        };
        if matches!(outcome, Outcome::Delivered(_)) {
            locked(&self.delivered).push(words);
        }
        outcome
    }
}

struct UnderWay<'c>(&'c Mutex<(usize, usize)>);

impl<'c> UnderWay<'c> {
    fn new(count: &'c Mutex<(usize, usize)>) -> Self {
        let mut calls = locked(count);
        calls.0 += 1;
        calls.1 = calls.1.max(calls.0);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        locked(self.0).0 -= 1;
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn words(payload: &Payload) -> String {
    match payload.readable() {
        Some(text) if !matches!(payload, Payload::Desk(DeskPayload::Message { opener: true, .. })) => {
            text.as_str().to_owned()
        }
        _ => payload.word().to_owned(),
    }
}

/// Reads a file to its end, as an upload does.
async fn upload(file: Option<&dyn OpenFile>) -> Result<Option<Vec<u8>>, Outcome> {
    let Some(file) = file else { return Ok(None) };
    let parts: Result<Vec<Bytes>, _> = file.open().await?.stream.try_collect().await;
    let parts = parts.map_err(|cut| Outcome::unknown(cut.to_string()))?;
    Ok(Some(parts.concat()))
}

/// A desk.
#[derive(Default)]
pub(super) struct FakeDesk {
    pub(super) side: OtherSide,
    /// The bytes of each file that it took.
    pub(super) files: Mutex<Vec<Vec<u8>>>,
    /// The media type of each.
    pub(super) types: Mutex<Vec<Option<String>>>,
    pub(super) signals: watch::Sender<Vec<Signal>>,
}

#[async_trait]
impl Desk for FakeDesk {
    fn limits(&self) -> DeskLimits {
        unreachable!("the ledger is told by the test")
    }

    async fn deliver(&self, delivery: DeskDelivery<'_>) -> Outcome {
        assert!(delivery.session.hook_address.as_str().starts_with("https://") || words_of(&delivery) == "desk.log");
        match upload(delivery.file).await {
            Ok(Some(bytes)) => locked(&self.files).push(bytes),
            Ok(None) => {}
            Err(outcome) => return outcome,
        }
        if let DeskPayload::File { file, .. } = delivery.payload {
            locked(&self.types).push(file.media_type.clone());
        }
        match self.side.call(words_of(&delivery)).await {
            Outcome::Delivered(Receipt::None) if matches!(delivery.payload, DeskPayload::AskAvailability) => {
                Outcome::Delivered(Receipt::Availability(Availability::default()))
            }
            outcome => outcome,
        }
    }

    async fn signal(&self, _: DeskSession<'_>, signal: Signal) -> Outcome {
        self.signals.send_modify(|signals| signals.push(signal));
        match self.side.call("signal".to_owned()).await {
            Outcome::Delivered(_) => Outcome::delivered(),
            outcome => outcome,
        }
    }

    async fn availability(&self, _: &str) -> Result<Availability, Outcome> {
        unreachable!("availability is asked by a delivery")
    }

    fn hook_kind(&self, _: &str) -> Option<HookKind> {
        unreachable!("no hook comes this way")
    }

    fn read_hook(&self, _: HookKind, _: &HookFields) -> Result<Hook, HookError> {
        unreachable!("no hook comes this way")
    }

    fn hook_answer(&self, _: HookKind) -> HookAnswer {
        unreachable!("no hook comes this way")
    }
}

fn words_of(delivery: &DeskDelivery<'_>) -> String {
    words(&Payload::Desk(delivery.payload.clone()))
}

/// A platform account.
pub(super) struct FakeChannel {
    pub(super) side: OtherSide,
    pub(super) ingress: Ingress,
    pub(super) files: Mutex<Vec<Vec<u8>>>,
    /// The bytes behind each of the platform's own handles.
    pub(super) remote: Mutex<HashMap<String, Vec<u8>>>,
    /// Whether it gives its files out. Where it does not, who asks for one waits.
    pub(super) gives_files: watch::Sender<bool>,
    pub(super) signals: watch::Sender<Vec<Signal>>,
    /// How long it shows typing.
    pub(super) typing_lasts: Mutex<Option<Duration>>,
}

impl FakeChannel {
    pub(super) fn new(ingress: Ingress) -> Arc<Self> {
        Arc::new(Self {
            side: OtherSide::default(),
            ingress,
            files: Mutex::default(),
            remote: Mutex::default(),
            gives_files: watch::Sender::new(true),
            signals: watch::Sender::default(),
            typing_lasts: Mutex::default(),
        })
    }
}

#[async_trait]
impl EscalationChannel for FakeChannel {
    fn capabilities(&self) -> Capabilities {
        let capabilities = Capabilities::text_only(ChatLimits {
            text_max: 4_096,
            text_unit: LengthUnit::Utf16,
            formatting: Formatting::None,
            fetch_bytes_max: 1 << 20,
            send_bytes_max: 1 << 20,
        });
        match *locked(&self.typing_lasts) {
            Some(lasts) => capabilities.with_typing_lasting(lasts),
            None => capabilities,
        }
    }

    fn ingress(&self) -> &Ingress {
        &self.ingress
    }

    async fn run(&self, _: CancellationToken) -> Result<(), ChannelError> {
        Ok(())
    }

    async fn deliver(&self, delivery: ChatDelivery<'_>) -> Outcome {
        match upload(delivery.file).await {
            Ok(Some(bytes)) => locked(&self.files).push(bytes),
            Ok(None) => {}
            Err(outcome) => return outcome,
        }
        self.side.call(words(&Payload::Chat(delivery.payload.clone()))).await
    }

    async fn fetch(&self, file: &FileRef) -> Result<OpenedFile, Outcome> {
        let mut gives = self.gives_files.subscribe();
        gives
            .wait_for(|gives| *gives)
            .await
            .expect("it lives as long as the channel");
        let found = locked(&self.remote).get(file.as_str()).cloned();
        let bytes = found.ok_or_else(|| Outcome::rejected("there is no such file"))?;
        let rest = bytes.get(3..).unwrap_or_default();
        let first = &bytes[..bytes.len() - rest.len()];
        let pieces = [first, rest].map(|piece| Ok(Bytes::copy_from_slice(piece)));
        // It panics when it is asked again after its end.
        let stream = stream::unfold(pieces.into_iter(), |mut pieces| async move {
            Some((pieces.next()?, pieces))
        });
        Ok(OpenedFile {
            bytes: Some(bytes.len() as u64),
            stream: stream.boxed(),
        })
    }

    async fn received(&self, _: &ConversationKey, _: &MessageId) {
        self.side.call("received".to_owned()).await;
    }

    async fn signal(&self, _: &ConversationKey, signal: Signal) {
        self.signals.send_modify(|signals| signals.push(signal));
        self.side.call("signal".to_owned()).await;
    }
}

/// The bot author's handler: keeps what it hears.
#[derive(Default)]
pub(super) struct FakeBot {
    pub(super) side: OtherSide,
    pub(super) heard: Mutex<Vec<BotEvent>>,
}

#[async_trait]
impl BotListener for FakeBot {
    async fn hear(&self, event: BotEvent) {
        self.side.call("event".to_owned()).await;
        locked(&self.heard).push(event);
    }
}

impl FakeBot {
    pub(super) fn heard(&self) -> Vec<BotEvent> {
        locked(&self.heard).clone()
    }
}
