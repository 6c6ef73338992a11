use super::{Intake, Received, SignalTo, minted, refused};
use crate::{
    channel::IngressError,
    model::{ConversationKey, DeskEvent, EventKey, MessageId, SessionId, Signal},
    session::{Event, Verdict},
    store::{Accepted, DueTimer, Incoming, Target},
};

/// What came of a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is committed.
    Taken,
    /// Its session is over; nothing was changed, or it became a dead letter.
    Over,
    /// There is no such session; nothing was changed.
    Unknown,
}

impl Intake {
    /// Commits what the desk said.
    ///
    /// # Errors
    /// [`IngressError`]: nothing was recorded, or with [`IngressError::InDoubt`] it is not known; the desk may say it again.
    ///
    /// # Cancel safety
    /// When the future is dropped, the event may be committed or lost. Run it in a task that its caller cannot cancel, as
    /// the hookpoint does.
    pub async fn hear(&self, session: SessionId, event: DeskEvent) -> Result<Heard, IngressError> {
        let incoming = Incoming {
            // Nobody ever looks for it, and minting asks the system for randomness.
            key: EventKey::new("hook"),
            target: Target::Session(session),
            event: Event::Desk { session, event },
            is_new: true,
        };
        let accepted = self
            .store
            .accept(vec![incoming])
            .await
            .map_err(|failed| refused(&failed))?;
        Ok(match accepted.first() {
            Some(Accepted::UnknownSession) | None => Heard::Unknown,
            Some(Accepted::New(Verdict::Over)) => Heard::Over,
            Some(Accepted::New(_) | Accepted::Duplicate) => Heard::Taken,
        })
    }

    /// Passes an agent's typing on. The first sign of an agent takes the session, and so is committed like a message;
    /// after that typing is a signal.
    ///
    /// # Errors
    /// [`IngressError`] when the first sign could not be committed, or the session not be looked up.
    ///
    /// # Cancel safety
    /// As [`hear`](Self::hear).
    pub async fn hear_typing(&self, session: SessionId, on: bool) -> Result<Heard, IngressError> {
        let standing = self.store.standing(session).await;
        let Some((conversation, standing)) = standing.map_err(|failed| refused(&failed))? else {
            return Ok(Heard::Unknown);
        };
        if on && !standing.with_agent {
            self.hear(session, DeskEvent::Typing).await?;
        }
        let signal = if on {
            Signal::TypingStarted
        } else {
            Signal::TypingStopped
        };
        self.signals.send(SignalTo::Customer {
            conversation,
            session,
            signal,
        });
        Ok(Heard::Taken)
    }

    /// The desk has a message of the customer: they are shown it, should the way there be free.
    pub fn has_received(&self, conversation: ConversationKey, message: MessageId) {
        self.signals.received(Received { conversation, message });
    }

    /// Commits that a timer is due.
    ///
    /// # Errors
    /// [`IngressError`]: it is still due.
    pub async fn due(&self, timer: DueTimer) -> Result<(), IngressError> {
        let DueTimer { session, kind, .. } = timer;
        let incoming = Incoming {
            key: minted("timer"),
            target: Target::Session(session),
            event: Event::Due { session, kind },
            is_new: true,
        };
        self.store
            .accept(vec![incoming])
            .await
            .map(drop)
            .map_err(|failed| refused(&failed))
    }
}
