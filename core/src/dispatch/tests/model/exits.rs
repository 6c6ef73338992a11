//! The desk, the channel and the bot's ear of a life, each a way into the world.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    Fault, number_of,
    world::{Course, Side, World},
};
use crate::{
    channel::{BotListener, Capabilities, ChannelError, ChatDelivery, EscalationChannel, Ingress},
    delivery::{Availability, ChatPayload, DeskPayload, OpenedFile, Outcome, Payload, Receipt},
    desk::{Desk, DeskDelivery, DeskSession, Hook, HookAnswer, HookError, HookFields, HookKind},
    model::{BotEvent, ChatLimits, ConversationKey, DeskLimits, FileRef, Formatting, LengthUnit, SessionId, Signal},
    store::{Ledger, Store},
};

/// What calls go through. What is left undone when it is dropped is never done: the process is dead.
pub(super) struct Line {
    pub(super) world: Arc<World>,
    pub(super) ledger: Arc<Ledger>,
    behind: std::sync::Mutex<JoinSet<()>>,
}

type Effect = Box<dyn Fn(&World) + Send + Sync>;

impl Line {
    pub(super) fn new(world: Arc<World>, ledger: Arc<Ledger>) -> Arc<Self> {
        Arc::new(Self {
            world,
            ledger,
            behind: std::sync::Mutex::default(),
        })
    }

    /// One call, as the side's mood has it, and as a faulty product would make it.
    async fn call(&self, side: Side, is_message: bool, effect: Effect) -> Outcome {
        let effect: Arc<Effect> = Arc::new(effect);
        if is_message && self.world.has(Fault::CursorBeforeSend) {
            self.later(side, effect);
            return Outcome::delivered();
        }
        let outcome = attempt(&self.world, side, is_message, &effect).await;
        match outcome {
            Outcome::NotSent {
                retry_after: Some(_), ..
            } if self.world.has(Fault::DropsOn429) => Outcome::delivered(),
            Outcome::NotSent { .. } | Outcome::Unknown { .. }
                if is_message && self.world.has(Fault::UnorderedRetry) =>
            {
                self.later(side, effect);
                Outcome::delivered()
            }
            outcome => outcome,
        }
    }

    /// Calls until it is taken, with nobody waiting for it.
    fn later(&self, side: Side, effect: Arc<Effect>) {
        let world = Arc::clone(&self.world);
        let mut behind = self.behind.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        behind.spawn(async move {
            loop {
                let pause = world.state().second * 3;
                tokio::time::sleep(pause).await;
                if matches!(attempt(&world, side, false, &effect).await, Outcome::Delivered(_)) {
                    return;
                }
            }
        });
    }
}

async fn attempt(world: &World, side: Side, is_message: bool, effect: &Arc<Effect>) -> Outcome {
    let course = world.state().course(side, is_message);
    match course {
        Course::Answer {
            after,
            effect: has_effect,
            outcome,
        } => {
            tokio::time::sleep(after).await;
            if has_effect {
                effect(world);
            }
            outcome
        }
        Course::Silence { effect: has_effect } => {
            if has_effect {
                effect(world);
            }
            std::future::pending().await
        }
    }
}

#[async_trait]
impl Desk for Line {
    fn limits(&self) -> DeskLimits {
        unreachable!("the ledger is told by the test")
    }

    async fn deliver(&self, delivery: DeskDelivery<'_>) -> Outcome {
        let session = delivery.session.id;
        let n = self.ledger.owners().of_session(session);
        let words = match delivery.payload {
            DeskPayload::Message { opener: true, .. } => "opener".to_owned(),
            payload => words(&Payload::Desk(payload.clone())),
        };
        let is_message = matches!(delivery.payload, DeskPayload::Message { opener: false, .. });
        let is_question = matches!(delivery.payload, DeskPayload::AskAvailability);
        let n = n.map_or(0, |(key, _)| number_of(&key));
        let effect: Effect = Box::new(move |world| {
            if !is_question {
                note_at_desk(world, session, n, &words);
            }
        });
        match self.call(Side::Desk, is_message, effect).await {
            Outcome::Delivered(Receipt::None) if is_question => {
                Outcome::Delivered(Receipt::Availability(Availability::default()))
            }
            outcome => outcome,
        }
    }

    async fn signal(&self, _: DeskSession<'_>, _: Signal) -> Outcome {
        Outcome::delivered()
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

fn note_at_desk(world: &World, session: SessionId, n: u32, words: &str) {
    let mut state = world.state();
    let ticket = state.tickets.entry(session).or_default();
    ticket.0 = ticket.0.max(n);
    ticket.1.push(words.to_owned());
}

fn words(payload: &Payload) -> String {
    let readable = payload.readable();
    readable.map_or_else(|| payload.word().to_owned(), |text| text.as_str().to_owned())
}

/// The platform account of a life.
pub(super) struct Account {
    pub(super) line: Arc<Line>,
    pub(super) ingress: Ingress,
}

#[async_trait]
impl EscalationChannel for Account {
    fn capabilities(&self) -> Capabilities {
        Capabilities::text_only(ChatLimits {
            text_max: 4_096,
            text_unit: LengthUnit::Utf16,
            formatting: Formatting::None,
            fetch_bytes_max: 1 << 20,
            send_bytes_max: 1 << 20,
        })
    }

    fn ingress(&self) -> &Ingress {
        &self.ingress
    }

    async fn run(&self, _: CancellationToken) -> Result<(), ChannelError> {
        Ok(())
    }

    async fn deliver(&self, delivery: ChatDelivery<'_>) -> Outcome {
        let (n, words) = (number_of(delivery.to), words(&Payload::Chat(delivery.payload.clone())));
        let is_message = matches!(delivery.payload, ChatPayload::Message { .. });
        let effect: Effect = Box::new(move |world| {
            world.state().shown.entry(n).or_default().push(words.clone());
        });
        self.line.call(Side::Chat, is_message, effect).await
    }

    async fn fetch(&self, _: &FileRef) -> Result<OpenedFile, Outcome> {
        Err(Outcome::rejected("there are no files"))
    }

    async fn signal(&self, _: &ConversationKey, _: Signal) {}
}

/// The bot author's ear.
pub(super) struct Ear(pub(super) Arc<World>);

#[async_trait]
impl BotListener for Ear {
    async fn hear(&self, event: BotEvent) {
        self.0.state().events.push(event);
    }
}
