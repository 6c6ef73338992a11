use super::{
    Conversation, Env, Event, Mark, Settled, Settlement, State, TimerKind, Transition, Verdict, album, answer, end,
    leave, open, past, relay, settled, timers, transition::Draft,
};
use crate::{
    delivery::{Availability, ChatPayload, DeliveryId, DeskPayload, Payload, Receipt},
    model::{
        Address, Answer, Attachment, Author, Contact, CustomerEvent, CustomerMessage, DeskEvent, EndReason, Escalation,
        Line, Position, RichText, SessionId, Text, Timestamp,
    },
};

/// What an event does to a conversation. Pure, and defined for every pair of state and event: the table below names
/// each of them, so that a new state or a new kind of event does not compile until somebody has thought about it.
pub fn decide(conversation: &Conversation, event: &Event, env: &Env<'_>) -> Transition {
    match album::closed(conversation, &Occurrence::read(conversation, event, env), env) {
        Some(closed) => closed.then(|conversation, env| decide_on(conversation, event, env)),
        None => decide_on(conversation, event, env),
    }
}

fn decide_on(conversation: &Conversation, event: &Event, env: &Env<'_>) -> Transition {
    let mut draft = Draft::new(conversation, env);
    // Before the table, so that the update that ends a session lies at its mark.
    if let Event::Customer {
        position: Some(position),
        event: CustomerEvent::Message(_) | CustomerEvent::Edited(_) | CustomerEvent::Ended,
    } = event
        && conversation.is_human()
        && !conversation.is_former(*position, env.now)
    {
        draft.accept(*position);
    }
    // Of every delivery, whatever it carried.
    if let Event::Settled(settled) = event {
        draft.desk_moved(settled.id);
        draft.chat_moved(settled.id);
    }
    let verdict = table(&mut draft, &Occurrence::read(conversation, event, env));
    draft.end(verdict)
}

impl Draft<'_> {
    /// An update of a human-owned conversation is dealt with. One out of order does not draw the mark back.
    fn accept(&mut self, position: Position) {
        let (so_far, at) = (self.conversation.accepted, self.env.now);
        if !so_far.is_some_and(|mark| mark.covers(position, at)) {
            self.conversation.accepted = Some(Mark { position, at });
        }
    }
}

/// The table: each state, and what can happen in it.
#[allow(
    clippy::enum_glob_use,
    clippy::match_same_arms,
    reason = "a table of two enums reads as a table only with bare names, and in its own order"
)]
fn table(draft: &mut Draft<'_>, occurrence: &Occurrence<'_>) -> Verdict {
    use Occurrence::*;
    use State::*;

    let state = draft.conversation.state.clone();
    match (state, occurrence) {
        // The customer.
        (WithBot, Message(_) | Edited(_) | CustomerEnded) => Verdict::Bots,
        (Opening(_) | Waiting(_) | WithAgent(_), Message(message)) => relay::message(draft, message),
        (Leaving(leaving), Message(message)) => leave::line(draft, leaving, message),
        (Opening(_) | Waiting(_) | WithAgent(_), Edited(text)) => relay::edit(draft, text),
        (Leaving(leaving), Edited(text)) => leave::edit(draft, leaving, text),
        (Opening(session), CustomerEnded) => end::cancel(draft, &session, EndReason::Customer),
        (Waiting(session) | WithAgent(session), CustomerEnded) => {
            end::at_our_side(draft, &session, EndReason::Customer)
        }
        (Leaving(leaving), CustomerEnded) => end::of_leaving(draft, &leaving, EndReason::Customer),
        (_, Answered(session, answer)) => answer::given(draft, *session, *answer),
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
        (Opening(_) | Waiting(_) | WithAgent(_), AgentMessage(author, text)) => {
            relay::agent_message(draft, author.as_ref(), text)
        }
        (Opening(_) | Waiting(_) | WithAgent(_), AgentFile(file)) => relay::agent_file(draft, file),
        (Opening(_) | Waiting(_) | WithAgent(_), AgentTyping) => relay::agent_shows(draft, None),
        (Opening(session) | Waiting(session) | WithAgent(session), AgentEnded) => end::at_the_desk(draft, &session),
        // Whatever reached the desk is over there. For a while an agent's late word still goes out.
        (Leaving(leaving), AgentMessage(author, text)) => {
            past::message(draft, leaving.session.id, author.as_ref(), text)
        }
        (Leaving(leaving), AgentFile(file)) => past::file(draft, leaving.session.id, file),
        (Leaving(leaving), AgentEnded) => end::at_the_desk_too(draft, leaving.session.id),
        (Leaving(_), AgentTyping) => Verdict::Over,
        // Where no session stands, `Occurrence::read` makes a `Past` of each of them.
        (WithBot, AgentMessage(..) | AgentFile(_) | AgentTyping | AgentEnded) => Verdict::Over,

        // The desk, for a session that is over.
        (_, Past(session, DeskEvent::Message { name, picture, text })) => past::message(
            draft,
            *session,
            author(name.as_ref(), picture.as_deref()).as_ref(),
            text,
        ),
        (_, Past(session, DeskEvent::File(file))) => past::file(draft, *session, file),
        (WithBot, Past(session, DeskEvent::Ended)) => end::at_the_desk_too(draft, *session),
        (Opening(_) | Waiting(_) | WithAgent(_) | Leaving(_), Past(_, DeskEvent::Ended)) => Verdict::Over,
        (_, Past(_, DeskEvent::Typing)) => Verdict::Over,

        // Our deliveries.
        (Opening(session), Available(availability)) => open::availability(draft, &session, availability),
        (WithBot | Waiting(_) | WithAgent(_) | Leaving(_), Available(_)) => Verdict::Over,
        (Opening(session), OpenerTaken) => open::opened(draft, &session),
        (WithBot | Waiting(_) | WithAgent(_) | Leaving(_), OpenerTaken) => Verdict::Over,
        (Opening(session), OpenerDead(detail, maybe_sent)) => end::refused(draft, &session, detail, *maybe_sent),
        (WithBot | Waiting(_) | WithAgent(_) | Leaving(_), OpenerDead(..)) => Verdict::Over,
        (Leaving(leaving), LogTaken(id)) => settled::log_taken(draft, &leaving, *id),
        (WithBot | Opening(_) | Waiting(_) | WithAgent(_), LogTaken(_)) => Verdict::Over,
        (Leaving(leaving), LogDead(id, detail)) if leaving.ticket() == Some(*id) => {
            end::not_left(draft, &leaving, detail)
        }
        (WithBot | Opening(_) | Waiting(_) | WithAgent(_) | Leaving(_), LogDead(id, detail)) => {
            settled::log_dead(draft, *id, detail)
        }
        (Opening(session) | Waiting(session) | WithAgent(session), PlaceDead(of, detail)) if session.id == *of => {
            end::without_place(draft, &session, detail)
        }
        (Leaving(leaving), PlaceDead(of, detail)) if leaving.session.id == *of => {
            end::not_left_without_place(draft, &leaving, detail)
        }
        (WithBot | Opening(_) | Waiting(_) | WithAgent(_) | Leaving(_), PlaceDead(..)) => Verdict::Over,
        (WithBot | Opening(_) | Waiting(_) | WithAgent(_) | Leaving(_), PlaceOpened(place)) => {
            settled::place_opened(draft, place)
        }
        (WithBot | Opening(_) | Waiting(_) | WithAgent(_) | Leaving(_), Taken(payload)) => {
            settled::taken(draft, payload)
        }
        (WithBot | Opening(_) | Waiting(_) | WithAgent(_) | Leaving(_), Dead(id, payload, detail)) => {
            settled::dead(draft, *id, payload, detail)
        }

        // The clock.
        (Opening(session), OpeningDue) => end::too_late(draft, &session),
        (WithBot | Waiting(_) | WithAgent(_) | Leaving(_), OpeningDue) => Verdict::Over,
        (Waiting(session), WaitingDue) => timers::nobody_came(draft, &session),
        (WithBot | Opening(_) | WithAgent(_) | Leaving(_), WaitingDue) => Verdict::Over,
        (WithAgent(session), SilenceDue) => timers::silence(draft, &session),
        (WithBot | Opening(_) | Waiting(_) | Leaving(_), SilenceDue) => Verdict::Over,
        (Leaving(leaving), LeavingDue) => end::of_leaving(draft, &leaving, EndReason::NoAgents),
        (WithBot | Opening(_) | Waiting(_) | WithAgent(_), LeavingDue) => Verdict::Over,
        (Opening(_) | Waiting(_) | WithAgent(_) | Leaving(_), DeskAwayDue) => timers::desk_away(draft),
        (WithBot, DeskAwayDue) => Verdict::Over,
        (WithBot | Opening(_) | Waiting(_) | WithAgent(_) | Leaving(_), AlbumDue) => album::over(draft),
        (Opening(session) | Waiting(session) | WithAgent(session), TooEarly(kind, due)) => {
            draft.again(session.id, *kind, *due)
        }
        (Leaving(leaving), TooEarly(kind, due)) => draft.again(leaving.session.id, *kind, *due),
        (WithBot, TooEarly(..)) | (_, PastDue) => Verdict::Over,
    }
}

/// What an event is for the conversation as it stands.
pub(super) enum Occurrence<'e> {
    Message(&'e CustomerMessage),
    Edited(&'e RichText),
    CustomerEnded,
    Answered(SessionId, Answer),
    /// An update at or below the last change of hands.
    Former,
    Escalate(&'e Escalation, Option<Position>),
    BotEnded,
    PushLog(&'e Contact, &'e Text, &'e [Line]),
    AgentMessage(Option<Author>, &'e RichText),
    AgentFile(&'e Attachment),
    AgentTyping,
    AgentEnded,
    /// A hook of another session than the one that stands.
    Past(SessionId, &'e DeskEvent),
    Available(&'e Availability),
    OpenerTaken,
    OpenerDead(&'e str, bool),
    LogTaken(DeliveryId),
    LogDead(DeliveryId, &'e str),
    /// The place of a session is open.
    PlaceOpened(&'e Address),
    /// The place of a session could not be opened.
    PlaceDead(SessionId, &'e str),
    /// Another delivery arrived.
    Taken(&'e Payload),
    /// Another delivery is a dead letter.
    Dead(DeliveryId, &'e Payload, &'e str),
    OpeningDue,
    WaitingDue,
    SilenceDue,
    LeavingDue,
    DeskAwayDue,
    AlbumDue,
    /// A timer came before it was due by what is remembered, and when that is.
    TooEarly(TimerKind, Timestamp),
    /// A timer of a session that is over.
    PastDue,
}

impl<'e> Occurrence<'e> {
    pub(super) fn read(conversation: &Conversation, event: &'e Event, env: &Env<'_>) -> Self {
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
            Event::Due { kind, .. } => match conversation.due(*kind, env.policy) {
                Some(due) if env.now < due => Self::TooEarly(*kind, due),
                _ => Self::due(*kind),
            },
        }
    }

    fn due(kind: TimerKind) -> Self {
        match kind {
            TimerKind::Opening => Self::OpeningDue,
            TimerKind::Waiting => Self::WaitingDue,
            TimerKind::Silence => Self::SilenceDue,
            TimerKind::Leaving => Self::LeavingDue,
            TimerKind::DeskAway => Self::DeskAwayDue,
            TimerKind::Album => Self::AlbumDue,
        }
    }

    fn customer(event: &'e CustomerEvent, position: Option<Position>, former: bool) -> Self {
        match event {
            CustomerEvent::Escalate(escalation) => Self::Escalate(escalation, position),
            CustomerEvent::BotEnded => Self::BotEnded,
            CustomerEvent::PushLog { from, subject, history } => Self::PushLog(from, subject, history),
            CustomerEvent::Message(_) | CustomerEvent::Edited(_) | CustomerEvent::Ended if former => Self::Former,
            CustomerEvent::Message(message) => Self::Message(message),
            CustomerEvent::Edited(text) => Self::Edited(text),
            CustomerEvent::Ended => Self::CustomerEnded,
            CustomerEvent::Answered { session, answer } => Self::Answered(*session, *answer),
        }
    }

    fn desk(event: &'e DeskEvent) -> Self {
        match event {
            DeskEvent::Message { name, picture, text } => {
                Self::AgentMessage(author(name.as_ref(), picture.as_deref()), text)
            }
            DeskEvent::File(file) => Self::AgentFile(file),
            DeskEvent::Typing => Self::AgentTyping,
            DeskEvent::Ended => Self::AgentEnded,
        }
    }

    fn settled(settled: &'e Settled, conversation: &Conversation) -> Self {
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
                Self::LogTaken(settled.id)
            }
            (Payload::Desk(DeskPayload::ChatbotLog { .. }), Settlement::Dead { detail, .. }) => {
                Self::LogDead(settled.id, detail)
            }
            (Payload::Chat(ChatPayload::Open { .. }), Settlement::Delivered(Receipt::Place { place })) => {
                Self::PlaceOpened(place)
            }
            (Payload::Chat(ChatPayload::Open { session }), Settlement::Dead { detail, .. }) => {
                Self::PlaceDead(*session, detail)
            }
            (payload, Settlement::Delivered(_)) => Self::Taken(payload),
            (payload, Settlement::Dead { detail, .. }) => Self::Dead(settled.id, payload, detail),
        }
    }
}

/// Who wrote, where there is something to read in the name.
fn author(name: Option<&Text>, picture: Option<&str>) -> Option<Author> {
    name.filter(|name| !name.is_blank()).map(|name| Author {
        name: name.clone(),
        picture: picture.map(str::to_owned),
    })
}
