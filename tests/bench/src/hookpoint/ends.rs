//! The two ends of the house: a desk and a chat that take everything at once.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use escalator::{
    channel::{Capabilities, ChannelError, ChatDelivery, EscalationChannel, Ingress},
    delivery::{Availability, DeskPayload, OpenedFile, Outcome, Receipt},
    desk::{Desk, DeskDelivery, DeskSession, Hook, HookAnswer, HookError, HookFields, HookKind},
    model::{ChatLimits, ConversationKey, DeskLimits, FileRef, Formatting, LengthUnit, Signal},
    omnidesk::{self, AgentText},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A desk without a network: its hooks are read as Omnidesk's, and every call is taken.
pub(crate) struct QuickDesk;

#[async_trait]
impl Desk for QuickDesk {
    fn limits(&self) -> DeskLimits {
        DeskLimits {
            message_chars_max: 10_000,
            file_bytes_max: 100_000_000,
        }
    }

    async fn deliver(&self, delivery: DeskDelivery<'_>) -> Outcome {
        Outcome::Delivered(match delivery.payload {
            DeskPayload::AskAvailability => Receipt::Availability(Availability::default()),
            _ => Receipt::None,
        })
    }

    async fn signal(&self, _: DeskSession<'_>, _: Signal) -> Outcome {
        Outcome::delivered()
    }

    async fn availability(&self, _: &str) -> Result<Availability, Outcome> {
        Ok(Availability::default())
    }

    fn hook_kind(&self, name: &str) -> Option<HookKind> {
        omnidesk::hook_kind(name)
    }

    fn read_hook(&self, kind: HookKind, fields: &HookFields) -> Result<Hook, HookError> {
        omnidesk::read_hook(kind, fields, AgentText::Plain)
    }

    fn hook_answer(&self, kind: HookKind) -> HookAnswer {
        omnidesk::hook_answer(kind)
    }
}

/// A chat that takes every delivery at once, or none at all while its door is shut.
pub(crate) struct QuickChat {
    ingress: Ingress,
    open: watch::Sender<bool>,
    delivered: AtomicU64,
}

impl QuickChat {
    /// Makes the chat, its door open or shut.
    pub(crate) fn new(ingress: Ingress, open: bool) -> Arc<Self> {
        Arc::new(Self {
            ingress,
            open: watch::Sender::new(open),
            delivered: AtomicU64::new(0),
        })
    }

    /// Opens or shuts the door. A delivery at a shut door is under way until it is opened.
    pub(crate) fn open(&self, open: bool) {
        self.open.send_replace(open);
    }

    /// How many deliveries it has taken.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl EscalationChannel for QuickChat {
    fn capabilities(&self) -> Capabilities {
        Capabilities::text_only(ChatLimits {
            text_max: 4_096,
            text_unit: LengthUnit::Utf16,
            formatting: Formatting::None,
            fetch_bytes_max: 20_000_000,
            send_bytes_max: 50_000_000,
        })
    }

    fn ingress(&self) -> &Ingress {
        &self.ingress
    }

    async fn run(&self, shutdown: CancellationToken) -> Result<(), ChannelError> {
        shutdown.cancelled().await;
        Ok(())
    }

    async fn deliver(&self, _: ChatDelivery<'_>) -> Outcome {
        let mut open = self.open.subscribe();
        let opened = open.wait_for(|open| *open).await.is_ok();
        if !opened {
            return Outcome::not_sent("the chat is gone");
        }
        self.delivered.fetch_add(1, Ordering::Relaxed);
        Outcome::delivered()
    }

    async fn fetch(&self, _: &FileRef) -> Result<OpenedFile, Outcome> {
        Err(Outcome::rejected("a chat of text alone"))
    }

    async fn signal(&self, _: &ConversationKey, _: Signal) {}
}
