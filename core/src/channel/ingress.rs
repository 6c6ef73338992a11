use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{Arrivals, EscalateError, Held, Inbound, IngressError, Offered, Owner, Started, Turn};
use crate::model::{
    ChannelId, ConversationKey, Escalation, HistoryRoute, Line, Position, SessionId, Signal, Timestamp,
};

/// How much older than its session what belongs to it can look: the platform's clock and ours are not one.
const CLOCKS_APART_MAX: Duration = Duration::from_mins(1);

/// An escalation that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escalated {
    /// The session was opened by this call.
    Opened(SessionId),
    /// The session stood already: a double click, or a replay.
    Already(SessionId),
}

impl Escalated {
    /// The session, whoever opened it.
    pub const fn session(self) -> SessionId {
        match self {
            Self::Opened(session) | Self::Already(session) => session,
        }
    }
}

/// A channel's way into the core. Cheap to clone; it reaches intake and desk, never another channel.
#[derive(Clone)]
pub struct Ingress {
    channel: ChannelId,
    port: Arc<dyn IngressPort>,
}

impl Ingress {
    /// Joins a channel to what receives its updates.
    pub fn new(channel: ChannelId, port: Arc<dyn IngressPort>) -> Self {
        Self { channel, port }
    }

    /// The channel that it belongs to.
    pub fn channel(&self) -> &ChannelId {
        &self.channel
    }

    /// Who owns a conversation now.
    pub fn owner(&self, conversation: &ConversationKey) -> Owner {
        self.port.owner(conversation)
    }

    /// The conversations of this channel that a human owns. Where the platform keeps what a channel missed, while it was
    /// away, the channel asks for what came behind each, and offers it.
    pub fn held(&self) -> Vec<Held> {
        self.port.held(&self.channel)
    }

    /// Whether a human has a conversation in a session that began after a button's text was shown, by the platform's clock and
    /// up to a minute: a button to end the chat is then one of an earlier session, and ends nothing.
    pub fn is_before_session(&self, conversation: &ConversationKey, shown: Timestamp) -> bool {
        let held = self.held().into_iter().find(|of| of.conversation == *conversation);
        let later = held.filter(|of| shown + CLOCKS_APART_MAX < of.since);
        if let Some(session) = &later {
            tracing::info!(
                channel = %self.channel,
                button_secs = shown.as_millis() / 1_000,
                session_secs = session.since.as_millis() / 1_000,
                "a button to end the chat ends nothing: its text is of before the session, by the platform's clock and ours"
            );
        }
        later.is_some()
    }

    /// Offers an update, in the order of its channel, before it is acknowledged and before the bot sees it. The update
    /// of a conversation that the bot owns waits for no disk.
    ///
    /// # Errors
    /// [`IngressError::Refused`]: the update is lost. Acknowledge it, keep it from the bot, and log it as an error. Any other:
    /// do not acknowledge it; offer it again.
    ///
    /// # Cancel safety
    /// When the future is dropped, the update may have been committed. Offer it again: its key removes the double.
    pub async fn offer(&self, update: Inbound) -> Result<Offered, IngressError> {
        self.port.offer(update).await
    }

    /// Asks, at the moment the bot's handler starts, whether the update is still the bot's. Call it for each update that
    /// [`offer`](Self::offer) passed and [that has a handler](Inbound::has_handler), in order, and for the next of a
    /// conversation only when the handler of the one before is done: an escalation takes what was not started. While an
    /// escalation of the conversation is under way it waits: only then is it known whose the update is.
    ///
    /// # Cancel safety
    /// When the future is dropped, nothing was noted: ask again.
    pub async fn start(&self, conversation: &ConversationKey, position: Position) -> Started {
        self.port.start(conversation, position).await
    }

    /// What keeps the updates of a platform that posts them to any of several instances. Where it is there, each that comes
    /// is kept, at whichever instance; the one that receives for the channel takes them from here, in order. `None` where
    /// one instance alone has the ledger: updates go straight to [`offer`](Self::offer).
    pub fn arrivals(&self) -> Option<Arc<dyn Arrivals>> {
        self.port.arrivals(&self.channel)
    }

    /// A turn outside a handler, for what a bot says of its own accord; `None` while a human owns the conversation.
    pub fn turn(&self, conversation: &ConversationKey) -> Option<Turn> {
        self.port.turn(conversation)
    }

    /// See [`EscalationChannel::escalate`](super::EscalationChannel::escalate).
    ///
    /// # Errors
    /// [`EscalateError`]: nothing was opened, or it is not known.
    ///
    /// # Cancel safety
    /// The escalation goes on when the future is dropped.
    pub async fn escalate(&self, turn: Turn, escalation: Escalation) -> Result<Escalated, EscalateError> {
        self.port.escalate(turn, escalation).await
    }

    /// See [`EscalationChannel::push_history`](super::EscalationChannel::push_history).
    ///
    /// # Errors
    /// [`IngressError`]: nothing was handed in, or it is not known.
    pub async fn push_history(
        &self,
        turn: &Turn,
        history: Vec<Line>,
        route: HistoryRoute,
        details: Escalation,
    ) -> Result<(), IngressError> {
        self.port.push_history(turn, history, route, details).await
    }

    /// Takes a conversation back for the bot. `Ok(false)` when no human owned it.
    ///
    /// # Errors
    /// [`IngressError`]: nothing was changed, or it is not known.
    pub async fn end(&self, conversation: &ConversationKey) -> Result<bool, IngressError> {
        self.port.end(conversation).await
    }

    /// Passes a sign of the customer on, if a human owns the conversation. May be dropped.
    pub fn signal(&self, conversation: &ConversationKey, signal: Signal) {
        self.port.signal(conversation, signal);
    }
}

impl fmt::Debug for Ingress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ingress")
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

/// What an [`Ingress`] reaches. `intake` implements it; a test may put something else there. Each method is documented
/// on [`Ingress`].
#[async_trait]
#[allow(
    missing_docs,
    reason = "each method is documented on Ingress, which is what people call"
)]
pub trait IngressPort: Send + Sync + 'static {
    fn owner(&self, conversation: &ConversationKey) -> Owner;
    fn held(&self, channel: &ChannelId) -> Vec<Held>;
    async fn offer(&self, update: Inbound) -> Result<Offered, IngressError>;
    async fn start(&self, conversation: &ConversationKey, position: Position) -> Started;
    fn turn(&self, conversation: &ConversationKey) -> Option<Turn>;
    async fn escalate(&self, turn: Turn, escalation: Escalation) -> Result<Escalated, EscalateError>;
    async fn push_history(
        &self,
        turn: &Turn,
        history: Vec<Line>,
        route: HistoryRoute,
        details: Escalation,
    ) -> Result<(), IngressError>;
    async fn end(&self, conversation: &ConversationKey) -> Result<bool, IngressError>;
    fn signal(&self, conversation: &ConversationKey, signal: Signal);

    /// Provided, since what is shared with nobody has none.
    fn arrivals(&self, _channel: &ChannelId) -> Option<Arc<dyn Arrivals>> {
        None
    }
}
