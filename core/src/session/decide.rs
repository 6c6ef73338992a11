use super::{
    Conversation, Env, Event, Settlement, State, TimerKind, Transition, Verdict, end, open, past, relay, settled,
    transition::Draft,
};
use crate::{
    delivery::{Availability, DeliveryId, DeskPayload, Payload, Receipt},
    model::{Contact, CustomerEvent, CustomerMessage, DeskEvent, EndReason, Escalation, Line, SessionId, Text},
};

/// What an event does to a conversation. Pure, and defined for every pair of state and event: the table below names
/// each of them, so that a new state or a new kind of event does not compile until somebody has thought about it.
pub fn decide(conversation: &Conversation, event: &Event, env: &Env<'_>) -> Transition {
    let mut draft = Draft::new(conversation, env);
    if let Event::Customer {
        position: Some(position),
        event,
    } = event
    {
        if !matches!(event, CustomerEvent::Escalate(_)) && conversation.is_human() {
            let former = conversation.is_former(*position, env.now);
            draft.conversation.accepted = draft.conversation.accepted.max((!former).then_some(*position));
        }
    }
    let verdict = table(&mut draft, &Occurrence::read(conversation, event, env));
    draft.end(verdict)
}

/// The table: each state, and what can happen in it.
#[allow(
    clippy::enum_glob_use,
    reason = "a table of two enums reads as a table only with bare names"
)]
fn table(draft: &mut Draft<'_>, occurrence: &Occurrence<'_>) -> Verdict {
    use Occurrence::*;
    use State::*;

    let state = draft.conversation.state.clone();
    match (state, occurrence) {
        // The customer.
        (WithBot, Message(_) | Edited(_) | CustomerEnded) => Verdict::Bots,
        (Opening(_) | Waiting(_) | WithAgent(_), Message(message)) => relay::message(draft, message),
        (Leaving(leaving), Message(message)) => open::left_line(draft, leaving, message),
        (Opening(_) | Waiting(_) | WithAgent(_), Edited(text)) => relay::edit(draft, text),
        (Leaving(leaving), Edited(text)) => open::left_edit(draft, leaving, text),
        (Opening(session), CustomerEnded) => end::cancel(draft, &session, EndReason::Customer),
        (Waiting(session) | WithAgent(session), CustomerEnded) => {
            end::at_our_side(draft, &session, EndReason::Customer)
        }
        (Leaving(leaving), CustomerEnded) => end::of_leaving(draft, &leaving, EndReason::Customer),
        (WithBot, Former) => Verdict::Kept,
        (Opening(_) | Waiting(_) | WithAgent(_) | Leaving(_), Former) => Verdict::Bots,

        // The bot.
        (WithBot, Escalate(escalation, mark)) => open::open(draft, escalation, *mark),
        (Opening(session) | Waiting(session) | WithAgent(session), Escalate(..)) => Verdict::Already(session.id),
        (Leaving(leaving), Escalate(..)) => Verdict::Already(leaving.session.id),
        (WithBot, BotEnded) => Verdict::Over,
        (Opening(session), BotEnded) => end::cancel(draft, &session, EndReason::Bot),
        (Waiting(session) | WithAgent(session), BotEnded) => end::at_our_side(draft, &session, EndReason::Bot),
        (Leaving(leaving), BotEnded) => end::of_leaving(draft, &leaving, EndReason::Bot),
        (WithBot, PushLog(from, subject, history)) => open::push_log(draft, from, subject, history),
        (Opening(_) | Waiting(_) | WithAgent(_) | Leaving(_), PushLog(..)) => Verdict::Over,

        // The desk, for the session that stands.
        (Opening(_) | Waiting(_) | WithAgent(_), AgentMessage(name, text)) => relay::agent_message(draft, *name, text),
        (Opening(_) | Waiting(_) | WithAgent(_), AgentFile(file)) => relay::agent_file(draft, file),
        (Opening(_) | Waiting(_) | WithAgent(_), AgentTyping) => relay::agent_shows(draft, None),
        (Opening(session) | Waiting(session) | WithAgent(session), AgentEnded) => end::at_the_desk(draft, &session),
        // The desk never heard of a session whose opening was taken back, and `WithBot` has none that stands.
        (WithBot | Leaving(_), AgentMessage(name, text)) => past::message(draft, None, *name, text),
        (WithBot | Leaving(_), AgentFile(file)) => past::file(draft, None, file),
        (WithBot | Leaving(_), AgentTyping | AgentEnded) => Verdict::Over,

        // The desk, for a session that is over.
        (_, Past(session, DeskEvent::Message { name, text, .. })) => {
            past::message(draft, Some(*session), name.as_ref(), text)
        }
        (_, Past(session, DeskEvent::File(file))) => past::file(draft, Some(*session), file),
        (_, Past(_, DeskEvent::Typing | DeskEvent::Ended)) => Verdict::Over,

        // Our deliveries.
        (Opening(session), Available(availability)) => open::availability(draft, &session, availability),
        (WithBot | Waiting(_) | WithAgent(_) | Leaving(_), Available(_)) => Verdict::Over,
        (Opening(session), OpenerTaken) => open::opened(draft, &session),
        (WithBot | Waiting(_) | WithAgent(_) | Leaving(_), OpenerTaken) => Verdict::Over,
        (Opening(session), OpenerDead(detail, maybe_sent)) => end::refused(draft, &session, detail, *maybe_sent),
        (WithBot | Waiting(_) | WithAgent(_) | Leaving(_), OpenerDead(..)) => Verdict::Over,
        (Leaving(leaving), LogTaken(seq)) => settled::log_taken(draft, &leaving, *seq),
        (WithBot | Opening(_) | Waiting(_) | WithAgent(_), LogTaken(_)) => Verdict::Over,
        (Leaving(leaving), LogDead(id, detail)) if leaving.log == Some(id.seq) => {
            end::not_left(draft, &leaving, detail)
        }
        (WithBot | Opening(_) | Waiting(_) | WithAgent(_) | Leaving(_), LogDead(id, detail)) => {
            settled::log_dead(draft, *id, detail)
        }
        (WithBot | Opening(_) | Waiting(_) | WithAgent(_) | Leaving(_), Taken(payload)) => {
            settled::taken(draft, payload)
        }
        (WithBot | Opening(_) | Waiting(_) | WithAgent(_) | Leaving(_), Dead(id, payload, detail)) => {
            settled::dead(draft, *id, payload, detail)
        }

        // The clock.
        (Opening(session), OpeningDue) => end::too_late(draft, &session),
        (WithBot | Waiting(_) | WithAgent(_) | Leaving(_), OpeningDue) | (_, PastDue) => Verdict::Over,
    }
}

/// What an event is for the conversation as it stands.
pub(super) enum Occurrence<'e> {
    Message(&'e CustomerMessage),
    Edited(&'e Text),
    CustomerEnded,
    /// An update at or below the last change of hands.
    Former,
    Escalate(&'e Escalation, Option<crate::model::Position>),
    BotEnded,
    PushLog(&'e Contact, &'e Text, &'e [Line]),
    AgentMessage(Option<&'e Text>, &'e Text),
    AgentFile(&'e crate::model::Attachment),
    AgentTyping,
    AgentEnded,
    /// A hook of another session than the one that stands.
    Past(SessionId, &'e DeskEvent),
    Available(&'e Availability),
    OpenerTaken,
    OpenerDead(&'e str, bool),
    LogTaken(u64),
    LogDead(DeliveryId, &'e str),
    /// Another delivery arrived.
    Taken(&'e Payload),
    /// Another delivery is a dead letter.
    Dead(DeliveryId, &'e Payload, &'e str),
    OpeningDue,
    /// A timer of a session that is over.
    PastDue,
}

impl<'e> Occurrence<'e> {
    fn read(conversation: &Conversation, event: &'e Event, env: &Env<'_>) -> Self {
        let stands = conversation.session().map(|session| session.id);
        match event {
            Event::Customer { position, event } => {
                let former = position.is_some_and(|position| conversation.is_former(position, env.now));
                Self::customer(event, *position, former)
            }
            // Where no session stands, every hook is one of a session that is over.
            Event::Desk { session, event } if stands != Some(*session) => Self::Past(*session, event),
            Event::Desk { event, .. } => Self::desk(event),
            Event::Settled(settled) => Self::settled(settled, conversation),
            Event::Due { session, .. } if stands != Some(*session) => Self::PastDue,
            Event::Due {
                kind: TimerKind::Opening,
                ..
            } => Self::OpeningDue,
        }
    }

    fn customer(event: &'e CustomerEvent, position: Option<crate::model::Position>, former: bool) -> Self {
        match event {
            CustomerEvent::Escalate(escalation) => Self::Escalate(escalation, position),
            CustomerEvent::BotEnded => Self::BotEnded,
            CustomerEvent::PushLog { from, subject, history } => Self::PushLog(from, subject, history),
            CustomerEvent::Message(_) | CustomerEvent::Edited(_) | CustomerEvent::Ended if former => Self::Former,
            CustomerEvent::Message(message) => Self::Message(message),
            CustomerEvent::Edited(text) => Self::Edited(text),
            CustomerEvent::Ended => Self::CustomerEnded,
        }
    }

    fn desk(event: &'e DeskEvent) -> Self {
        match event {
            DeskEvent::Message { name, text, .. } => Self::AgentMessage(name.as_ref(), text),
            DeskEvent::File(file) => Self::AgentFile(file),
            DeskEvent::Typing => Self::AgentTyping,
            DeskEvent::Ended => Self::AgentEnded,
        }
    }

    fn settled(settled: &'e super::Settled, conversation: &Conversation) -> Self {
        let of_session = conversation
            .session()
            .is_some_and(|session| session.lane() == settled.id.lane);
        match (&settled.payload, &settled.settlement) {
            (Payload::Desk(DeskPayload::AskAvailability), Settlement::Delivered(Receipt::Availability(answer)))
                if of_session =>
            {
                Self::Available(answer)
            }
            (Payload::Desk(DeskPayload::Message { opener: true, .. }), Settlement::Delivered(_)) if of_session => {
                Self::OpenerTaken
            }
            (Payload::Desk(DeskPayload::Message { opener: true, .. }), Settlement::Dead { detail, maybe_sent })
                if of_session =>
            {
                Self::OpenerDead(detail, *maybe_sent)
            }
            (Payload::Desk(DeskPayload::ChatbotLog { .. }), Settlement::Delivered(_)) if of_session => {
                Self::LogTaken(settled.id.seq)
            }
            (Payload::Desk(DeskPayload::ChatbotLog { .. }), Settlement::Dead { detail, .. }) => {
                Self::LogDead(settled.id, detail)
            }
            (payload, Settlement::Delivered(_)) => Self::Taken(payload),
            (payload, Settlement::Dead { detail, .. }) => Self::Dead(settled.id, payload, detail),
        }
    }
}
