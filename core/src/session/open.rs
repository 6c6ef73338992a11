//! How a session opens: availability first, then the history and the first message.

use super::{
    Asks, Draft, Effect, Mark, Session, Speaking, State, Verdict, Watch, compose, contact, end, leave, relay::Said,
};
use crate::{
    delivery::{Availability, ChatPayload, DeliveryId, DeskCustomer, DeskPayload, Lane, NoticeKind, Payload},
    model::{BotEvent, Contact, EndReason, Escalation, HistoryRoute, Line, OnNoAgents, Position, Text},
};

/// The bot hands over. The rows of the opening stand in the lane before anything the customer says from here on.
pub(super) fn open(draft: &mut Draft<'_>, escalation: &Escalation, mark: Option<Position>) -> Verdict {
    let env = draft.env;
    let id = env.fresh;
    // A mark that still holds is never drawn back: what lies below it was dealt with.
    if let Some(position) = mark.filter(|position| !draft.conversation.is_former(*position, env.now)) {
        draft.conversation.mark = Some(Mark { position, at: env.now });
    }
    draft.conversation.accepted = None;
    draft.conversation.epoch = draft.conversation.epoch.next();
    draft.conversation.state = State::Opening(Session {
        id,
        hook_address: env.hook_address.clone(),
        opened_at: env.now,
        desk_seq: 0,
        messages: 0,
        opener: 0,
        profile: escalation.profile.clone(),
        url: escalation.url.clone().or_else(|| env.policy.url.clone()),
        agent: None,
        speaking: Speaking::Begins,
        asks: Asks::default(),
        watch: Watch::since(env.now),
        album: None,
    });
    for line in &escalation.history {
        draft.effect(Effect::Record(None, line.clone()));
    }
    draft.desk(DeskPayload::AskAvailability);
    opening_rows(draft, escalation);
    draft.set_timer();
    Verdict::Opened(id)
}

fn opening_rows(draft: &mut Draft<'_>, escalation: &Escalation) {
    let (policy, chars_max) = (draft.env.policy, draft.env.desk.message_chars_max);
    let history: Vec<Line> = draft.env.history.iter().chain(&escalation.history).cloned().collect();
    let context = compose::context(&draft.conversation.key, escalation);
    let route = escalation.history_route.unwrap_or(policy.history_route);
    let contact = escalation.profile.contact.clone();
    let whole = compose::with_history(&context, &history, policy.history_lines_max, chars_max);

    let through_log = match (route, &contact) {
        (HistoryRoute::Log | HistoryRoute::Both, Some(from)) => {
            draft.desk(DeskPayload::ChatbotLog {
                from: from.clone(),
                subject: subject(escalation.reason.as_ref()),
                text: whole.clone(),
            });
            true
        }
        _ => false,
    };
    let first = if through_log && route == HistoryRoute::Log {
        compose::with_history(&context, &[], policy.history_lines_max, chars_max)
    } else {
        whole
    };
    let customer = DeskCustomer {
        name: escalation.profile.name.clone(),
        contact,
    };
    let said = Said {
        opener: true,
        customer: Some(Box::new(customer)),
        ..Said::default()
    };
    draft.desk_message(first, said);
    if let Some(session) = draft.conversation.state.session_mut() {
        session.opener = session.desk_seq;
    }
}

impl Draft<'_> {
    /// Asks for the place of a session, where the channel has places. It stands in front of all that is said there.
    fn open_place(&mut self, session: &Session) {
        if self.env.places {
            self.chat(ChatPayload::Open { session: session.id });
        }
    }
}

/// A ticket has a subject: the desk takes none that is empty.
fn subject(given: Option<&Text>) -> Text {
    given
        .filter(|given| !given.is_blank())
        .cloned()
        .unwrap_or_else(|| "Chat with the bot".into())
}

/// The bot hands its history in without asking for a human. It has a lane of its own, and no session stands for it.
pub(super) fn push_log(draft: &mut Draft<'_>, from: &Contact, subject: &Text, history: &[Line]) -> Verdict {
    for line in history {
        draft.effect(Effect::Record(None, line.clone()));
    }
    let lines: Vec<Line> = draft.env.history.iter().chain(history).cloned().collect();
    let (policy, chars_max) = (draft.env.policy, draft.env.desk.message_chars_max);
    let subject = self::subject(Some(subject));
    let text = compose::with_history(subject.as_str(), &lines, policy.history_lines_max, chars_max);
    let id = DeliveryId {
        lane: Lane::Desk(draft.env.fresh),
        seq: 1,
    };
    let payload = DeskPayload::ChatbotLog {
        from: from.clone(),
        subject,
        text,
    };
    draft.effect(Effect::Deliver(id, Payload::Desk(payload)));
    Verdict::Kept
}

/// The desk said whether agents are there.
pub(super) fn availability(draft: &mut Draft<'_>, session: &Session, availability: &Availability) -> Verdict {
    contact::asked_by(draft, availability);
    if !availability.no_agents {
        draft.open_place(session);
        return Verdict::Kept;
    }
    match draft.env.policy.on_no_agents {
        OnNoAgents::EscalateAnyway => draft.open_place(session),
        OnNoAgents::StayWithBot => {
            // The question stood in front of the opener until now: nobody can have tried it meanwhile.
            let unsent = end::withdraw(draft, session, end::opener_tried(draft, session));
            draft.hand_back(session.id, EndReason::NoAgents, unsent, NoticeKind::NoAgents);
        }
        OnNoAgents::LeaveMessage => {
            draft.open_place(session);
            leave::begin(draft, session);
        }
    }
    Verdict::Kept
}

/// The desk has the session.
pub(super) fn opened(draft: &mut Draft<'_>, session: &Session) -> Verdict {
    draft.enter(session.clone(), State::Waiting);
    draft.notice(NoticeKind::Waiting, None);
    contact::ask(draft);
    let conversation = draft.conversation.key.clone();
    draft.tell_bot(BotEvent::Waiting {
        conversation,
        session: session.id,
    });
    Verdict::Kept
}
