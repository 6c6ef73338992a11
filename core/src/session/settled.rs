//! What follows when a delivery is over.

use super::{Draft, Leaving, State, Verdict, end};
use crate::{
    delivery::{ChatPayload, DeliveryId, DeskPayload, Lane, NoticeKind, Payload},
    model::{Address, EndReason},
};

/// The message that the customer left is at the desk.
pub(super) fn log_taken(draft: &mut Draft<'_>, leaving: &Leaving, id: DeliveryId) -> Verdict {
    if leaving.ticket() != Some(id) {
        return Verdict::Over;
    }
    let unsent = end::lines_outside_log(leaving);
    draft.hand_back(
        leaving.session.id,
        EndReason::LeftMessage,
        unsent,
        NoticeKind::LeftMessage,
    );
    Verdict::Kept
}

/// The history did not get through the chatbot log. The agent, if there is one, learns that there was one.
pub(super) fn log_dead(draft: &mut Draft<'_>, id: DeliveryId, detail: &str) -> Verdict {
    let session = draft
        .conversation
        .session()
        .filter(|session| session.lane() == id.lane)
        .map(|session| session.id);
    if session.is_some() && !matches!(draft.conversation.state, State::Leaving(_)) {
        draft.desk_text(
            &format!("The bot's history could not be handed over: {detail}").into(),
            false,
        );
    }
    draft.tell_undelivered(session, id, "the chatbot log", detail);
    Verdict::Kept
}

/// A session has its place: what is said from now on is said there.
pub(super) fn place_opened(draft: &mut Draft<'_>, place: &Address) -> Verdict {
    draft.conversation.place = Some(place.clone());
    Verdict::Kept
}

/// Another delivery arrived.
pub(super) fn taken(draft: &mut Draft<'_>, payload: &Payload) -> Verdict {
    if let Payload::Desk(DeskPayload::File { file, .. }) = payload {
        draft.notice(NoticeKind::FileReceived, Some(file.name.as_str()));
    }
    Verdict::Kept
}

/// Another delivery is a dead letter. Whoever can still be told is told; a line that tells is never told of itself.
pub(super) fn dead(draft: &mut Draft<'_>, id: DeliveryId, payload: &Payload, detail: &str) -> Verdict {
    let stands = draft.conversation.session().map(|session| session.id);
    let of_lane = match id.lane {
        Lane::Desk(session) => Some(session),
        Lane::Chat(_) | Lane::Bot(_) => stands,
    };
    let what = match payload {
        Payload::Desk(
            DeskPayload::Message {
                from_customer: true, ..
            }
            | DeskPayload::File { .. },
        ) => {
            let name = match payload {
                Payload::Desk(DeskPayload::File { file, .. }) => Some(file.name.as_str()),
                _ => None,
            };
            draft.undelivered(name, detail);
            "a message of the customer"
        }
        Payload::Chat(ChatPayload::Message { .. } | ChatPayload::File { .. }) => {
            // The name may have been on it.
            draft.answered();
            if matches!(draft.conversation.state, State::Waiting(_) | State::WithAgent(_)) {
                let line = format!("Your message did not reach the customer: {detail}");
                draft.desk_text(&line.into(), false);
            }
            "a message of the agent"
        }
        Payload::Chat(ChatPayload::Notice { .. } | ChatPayload::Question { .. }) => "a notice to the customer",
        // A session whose place is dead is over: `decide` has its own row for it.
        Payload::Chat(ChatPayload::Open { .. }) => "the opening of a place",
        Payload::Desk(DeskPayload::End) => "the end of the session",
        Payload::Desk(_) => "a line to the desk",
        // The bot's own handler did not take an event: there is nobody left to tell but the log.
        Payload::Bot(_) => return Verdict::Kept,
    };
    draft.tell_undelivered(of_lane, id, what, detail);
    Verdict::Kept
}
