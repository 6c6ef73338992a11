use std::fmt;

use super::{Conversation, State};
use crate::{
    delivery::{ChatPayload, DeliveryId, DeskPayload, Lane, Payload},
    model::SessionId,
};

/// Why a dead letter is not sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotAgain {
    /// Its session does not stand at the desk: there it would open a ticket that nobody asked for.
    SessionOver,
    /// The session that the place was for is over.
    PlaceOver,
    /// The bytes of its file are gone.
    FileGone,
}

impl fmt::Display for NotAgain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SessionOver => {
                "its session is over, and at the desk it would open a ticket that nobody asked for; drop it instead"
            }
            Self::PlaceOver => "the session that the place was for is over; drop it instead",
            Self::FileGone => "the bytes of its file are gone; drop it instead",
        })
    }
}

/// Whether a dead letter may go back into its lane. Pure, like all of this room.
///
/// # Errors
/// [`NotAgain`]: why it may not.
pub fn may_go_again(conversation: &Conversation, id: DeliveryId, payload: &Payload) -> Result<(), NotAgain> {
    match (payload, id.lane) {
        // A ticket of its own, and the end of one: neither opens a chat at the desk, whatever stands.
        (Payload::Desk(DeskPayload::ChatbotLog { .. } | DeskPayload::End), _) => Ok(()),
        (Payload::Desk(_), Lane::Desk(session)) if is_at_desk(conversation, session) => Ok(()),
        (Payload::Desk(_), _) => Err(NotAgain::SessionOver),
        (Payload::Chat(ChatPayload::Open { session }), _) if !stands(conversation, *session) => {
            Err(NotAgain::PlaceOver)
        }
        // The chat and the bot's handler are there whoever owns the conversation.
        (Payload::Chat(_) | Payload::Bot(_), _) => Ok(()),
    }
}

fn is_at_desk(conversation: &Conversation, session: SessionId) -> bool {
    stands(conversation, session) && !matches!(conversation.state, State::Leaving(_))
}

fn stands(conversation: &Conversation, session: SessionId) -> bool {
    conversation.session().is_some_and(|stands| stands.id == session)
}
