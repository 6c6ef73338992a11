use super::{Conversation, Settlement, TimerKind};
use crate::{
    delivery::{DeliveryId, Payload},
    model::{Line, SessionId, Timestamp},
};

/// What an event does: the conversation after it, what is to be written, and what to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The conversation after the event.
    pub conversation: Conversation,
    /// What is to be written with it, in order.
    pub effects: Vec<Effect>,
    /// What to tell whoever brought the event.
    pub verdict: Verdict,
}

/// One thing to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A delivery joins its lane.
    Deliver(DeliveryId, Payload),
    /// A delivery that is over before it began: it goes straight to the dead letters.
    Bury(DeliveryId, Payload, String),
    /// A waiting row is taken back. An attempt under way ends as it ends, and is not repeated.
    TakeBack(DeliveryId),
    /// A line joins the transcript: of the session, or of the bot's part where there is none.
    Record(Option<SessionId>, Line),
    /// A timer is set.
    SetTimer {
        /// Of which session.
        session: SessionId,
        /// Which timer.
        kind: TimerKind,
        /// When.
        due: Timestamp,
    },
    /// A timer is no longer wanted.
    ClearTimer {
        /// Of which session.
        session: SessionId,
        /// Which timer.
        kind: TimerKind,
    },
}

/// What to tell whoever brought the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken.
    Kept,
    /// It is the bot's.
    Bots,
    /// A session was opened.
    Opened(SessionId),
    /// A session stood already.
    Already(SessionId),
    /// The event came for something that is over, and changed nothing or became a dead letter.
    Over,
}

/// A transition that is being made.
pub(super) struct Draft<'e> {
    pub(super) conversation: Conversation,
    pub(super) effects: Vec<Effect>,
    pub(super) env: &'e super::Env<'e>,
}

impl<'e> Draft<'e> {
    pub(super) fn new(conversation: &Conversation, env: &'e super::Env<'e>) -> Self {
        Self {
            conversation: conversation.clone(),
            effects: Vec::new(),
            env,
        }
    }

    pub(super) fn end(self, verdict: Verdict) -> Transition {
        Transition {
            conversation: self.conversation,
            effects: self.effects,
            verdict,
        }
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }
}

impl Settlement {
    /// Why it is dead; `None` when it is not.
    pub fn dead(&self) -> Option<&str> {
        match self {
            Self::Delivered(_) => None,
            Self::Dead { detail, .. } => Some(detail),
        }
    }
}
