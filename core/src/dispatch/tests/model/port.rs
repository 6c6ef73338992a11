//! The way in, as a faulty product would have it.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Fault, world::World};
use crate::{
    channel::{EscalateError, Escalated, Held, Inbound, IngressError, IngressPort, Offered, Owner, Started, Turn},
    model::{ChannelId, ConversationKey, Escalation, HistoryRoute, Line, Position, Signal},
};

pub(super) struct FaultyPort {
    pub(super) inner: Arc<dyn IngressPort>,
    pub(super) world: Arc<World>,
}

#[async_trait]
impl IngressPort for FaultyPort {
    fn owner(&self, conversation: &ConversationKey) -> Owner {
        self.inner.owner(conversation)
    }

    fn held(&self, channel: &ChannelId) -> Vec<Held> {
        self.inner.held(channel)
    }

    async fn offer(&self, update: Inbound) -> Result<Offered, IngressError> {
        let is_human = self.inner.owner(&update.conversation) == Owner::Human;
        if is_human && self.world.has(Fault::AcknowledgesBeforeCommit) {
            let inner = Arc::clone(&self.inner);
            tokio::spawn(async move {
                // Whether it was taken, nobody asks.
                drop(inner.offer(update).await);
            });
            return Ok(Offered::Kept);
        }
        self.inner.offer(update).await
    }

    async fn start(&self, conversation: &ConversationKey, position: Position) -> Started {
        match self.inner.start(conversation, position).await {
            Started::Turn(_) if self.world.has(Fault::EpochIgnored) => {
                Started::Turn(Turn::unbound(conversation.clone()))
            }
            started => started,
        }
    }

    fn turn(&self, conversation: &ConversationKey) -> Option<Turn> {
        self.inner.turn(conversation)
    }

    async fn escalate(&self, turn: Turn, escalation: Escalation) -> Result<Escalated, EscalateError> {
        let turn = if self.world.has(Fault::EpochIgnored) {
            self.inner.turn(turn.conversation()).ok_or(EscalateError::TurnOver)?
        } else {
            turn
        };
        self.inner.escalate(turn, escalation).await
    }

    async fn push_history(
        &self,
        turn: &Turn,
        history: Vec<Line>,
        route: HistoryRoute,
        details: Escalation,
    ) -> Result<(), IngressError> {
        self.inner.push_history(turn, history, route, details).await
    }

    async fn end(&self, conversation: &ConversationKey) -> Result<bool, IngressError> {
        self.inner.end(conversation).await
    }

    fn signal(&self, conversation: &ConversationKey, signal: Signal) {
        self.inner.signal(conversation, signal);
    }
}
