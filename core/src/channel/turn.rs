use std::{fmt, future::IntoFuture, sync::Arc};

use super::{SayError, Seat, TakenOver};
use crate::model::{Clock, ConversationKey, SystemClock, Text};

/// The bot's right to speak in one conversation, for as long as no human has taken it over since.
///
/// What is sent through [`say`](Self::say) stands in the transcript and is refused after a takeover. What is sent past a
/// turn is neither fenced nor recorded.
#[derive(Clone)]
pub struct Turn {
    seat: Arc<Seat>,
    /// The seat's generation when the turn was given. An older one is refused.
    generation: u64,
}

impl Turn {
    /// The generation of a turn that was over before it was given: of an update that comes again after a takeover.
    pub(crate) const OVER: u64 = 0;

    pub(crate) fn new(seat: Arc<Seat>, generation: u64) -> Self {
        Self { seat, generation }
    }

    /// A turn that nobody takes over and whose lines stand in no transcript: for a place that is no conversation (a
    /// group), and for a test's own [`IngressPort`](super::IngressPort).
    pub fn unbound(place: ConversationKey) -> Self {
        let seat = Seat::new(place, || SystemClock.now());
        let generation = seat.generation();
        Self { seat, generation }
    }

    /// A turn that is over: every line is refused. For what a platform shows to the bot while a human owns the
    /// conversation.
    pub fn over(conversation: ConversationKey) -> Self {
        Self::new(Seat::new(conversation, || SystemClock.now()), Self::OVER)
    }

    pub(crate) fn seat(&self) -> &Arc<Seat> {
        &self.seat
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The conversation that the turn is for.
    pub fn conversation(&self) -> &ConversationKey {
        self.seat.key()
    }

    /// Whether the bot may still speak. It can change at any moment: [`say`](Self::say) is what holds.
    pub fn is_current(&self) -> bool {
        self.seat.is_current(self.generation)
    }

    /// Sends a line of the bot: `send` is the platform's own call, and `line` is what it says, for the transcript.
    ///
    /// A takeover waits a while for a line that is on its way, then cuts it off.
    ///
    /// # Errors
    /// [`SayError::TakenOver`] when a human owns the conversation; `send` was not started, or was cut off.
    /// [`SayError::Send`] with the platform's own error.
    ///
    /// # Cancel safety
    /// When the future is dropped, `send` is dropped; the line is not recorded.
    pub async fn say<T, E>(
        &self,
        line: impl Into<Text>,
        send: impl IntoFuture<Output = Result<T, E>>,
    ) -> Result<T, SayError<E>> {
        let permit = self.seat.enter(self.generation)?;
        let answer = tokio::select! {
            // First, so that a line that was cut off makes not one step more.
            biased;
            () = permit.cut_off() => return Err(TakenOver.into()),
            answer = send.into_future() => answer.map_err(SayError::Send)?,
        };
        permit.said(line.into());
        Ok(answer)
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn")
            .field("conversation", self.conversation())
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}
