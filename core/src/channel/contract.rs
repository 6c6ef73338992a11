use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::{Capabilities, ChannelError, EscalateError, Escalated, Ingress, IngressError, Turn};
use crate::{
    delivery::{ChatPayload, DeliveryId, OpenFile, OpenedFile, Outcome},
    model::{Address, ChannelId, ConversationKey, Escalation, FileRef, HistoryRoute, Line, MessageId, Signal},
};

/// One attempt at a delivery to a customer.
#[derive(Clone, Copy)]
pub struct ChatDelivery<'a> {
    /// The delivery's key: the same on every attempt. Where the platform removes doubles by a nonce, make it from this.
    pub id: DeliveryId,
    /// Whom it is for.
    pub to: &'a ConversationKey,
    /// Where it is shown, when that is not the conversation's own address: the receipt of the latest
    /// [`ChatPayload::Open`]. It stays with the conversation after the session, until another is opened
    /// or cannot be; a [`Receipt::None`](crate::delivery::Receipt::None) leaves it as it is.
    pub place: Option<&'a Address>,
    /// What to show. A text is no longer than [`text_max`](crate::model::ChatLimits::text_max), together with its author as
    /// [`ChatPayload::plain`] puts it in front.
    pub payload: &'a ChatPayload,
    /// The bytes: there when, and only when, the payload is a file.
    pub file: Option<&'a dyn OpenFile>,
    /// The attempt's number, from 1.
    pub attempt: u32,
}

/// A connected platform account.
///
/// An adapter implements the first six methods. A bot's author calls the last two.
#[async_trait]
pub trait EscalationChannel: Send + Sync + 'static {
    /// What the channel can do. Constant for the life of the value.
    fn capabilities(&self) -> Capabilities;

    /// The way in that the channel was built with.
    fn ingress(&self) -> &Ingress;

    /// The channel's own background work, until `shutdown` is cancelled: receiving, where no wrapper around the bot's
    /// own client does that. What is on its way when `shutdown` comes is finished first.
    ///
    /// Called at the start, and again, after a wait, when it failed or panicked. One that returns `Ok` before the shutdown
    /// is at the end of its input: it is not called again, and the channel still delivers.
    ///
    /// # Errors
    /// What makes it impossible to go on. It is logged.
    async fn run(&self, shutdown: CancellationToken) -> Result<(), ChannelError>;

    /// Makes at most one call that the customer can see, or a second one after a definite refusal of the first.
    /// Never retries, never waits for a rate limit: `dispatch` does both. The caller cuts it off at its own deadline
    /// ([`call_max`](crate::dispatch::DoorSettings::call_max), with a file
    /// [`file_call_max`](crate::dispatch::DoorSettings::file_call_max)), which counts as [`Outcome::Unknown`].
    ///
    /// Called for one delivery of a conversation at a time, in order; for many conversations at once. After a restart or
    /// an unknown outcome the same delivery comes again, an [`Open`](ChatPayload::Open) too: that finds the place that the
    /// first attempt may have opened.
    ///
    /// # Cancel safety
    /// When the future is dropped, the call may or may not have had its effect.
    async fn deliver(&self, delivery: ChatDelivery<'_>) -> Outcome;

    /// Opens a file of the platform, to be streamed to the desk. Called as the first step of a delivery, again for each
    /// attempt, and after a restart. A channel without files answers [`Outcome::Rejected`].
    ///
    /// # Errors
    /// The outcome of the attempt: of a delivery to the desk. So it speaks for [`Scope::Lane`](crate::delivery::Scope::Lane)
    /// alone, or it would close the desk's door; and since asking again shows nothing to anybody, what went wrong on the
    /// way is [`Outcome::NotSent`] and never `Unknown`. A stream that breaks off is repeated too, unless its error is of a
    /// kind that is final, as [`FileTooLarge`](std::io::ErrorKind::FileTooLarge) is of a file past the limit
    /// ([`ByteStream`](crate::delivery::ByteStream)).
    async fn fetch(&self, file: &FileRef) -> Result<OpenedFile, Outcome>;

    /// Shows a passing sign of the agent to the customer. Best effort; a channel without typing does nothing, and one whose
    /// platform takes the sign back by itself does nothing about [`Signal::TypingStopped`]. It is not told the place: a
    /// channel that has places remembers the last one, and after a restart asks [`Ingress::held`].
    async fn signal(&self, to: &ConversationKey, signal: Signal);

    /// Shows the customer that the desk has a message of theirs. Best effort, called once. Provided: a platform that cannot
    /// does nothing; one that can says so in [`receipts`](Capabilities::receipts).
    async fn received(&self, _to: &ConversationKey, _message: &MessageId) {}

    /// The channel's id.
    fn id(&self) -> &ChannelId {
        self.ingress().channel()
    }

    /// Hands in history of the bot's own, so that the agent can read it: with the first message of an escalation, or at
    /// once through the chatbot log when `route` is [`HistoryRoute::Log`] and the escalation carries a contact.
    ///
    /// What goes with the first message stands in memory until it is written behind
    /// ([`transcript_flush_max`](crate::intake::IntakeSettings::transcript_flush_max)): at most 1,000 lines of a
    /// conversation at a time, of which the newest are kept.
    ///
    /// # Errors
    /// [`IngressError`]: nothing was handed in, or with [`IngressError::InDoubt`] it is not known; [`IngressError::TakenOver`] when a human owned the conversation.
    async fn push_history(
        &self,
        turn: &Turn,
        history: Vec<Line>,
        route: HistoryRoute,
        details: Escalation,
    ) -> Result<(), IngressError> {
        self.ingress().push_history(turn, history, route, details).await
    }

    /// Hands the conversation to a human. Returns when the session's opening is committed; the rest comes as events.
    /// From a turn of an older epoch it answers with the session that exists and opens nothing.
    ///
    /// # Errors
    /// [`EscalateError`]: nothing was opened, and the bot owns the conversation. Where it is in doubt
    /// ([`IngressError::InDoubt`]) that is not known, for as long as the ledger is away: the escalation goes on, and the bot is
    /// silent in the conversation until it is known whose it is.
    async fn escalate(&self, turn: Turn, escalation: Escalation) -> Result<Escalated, EscalateError> {
        self.ingress().escalate(turn, escalation).await
    }
}
