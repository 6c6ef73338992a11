//! How a session opens: availability first, then the history and the first message; or a message that is left.

use super::{Draft, Effect, Leaving, Mark, Session, State, TimerKind, Verdict, compose, end};
use crate::{
    delivery::{Availability, DeliveryId, DeskCustomer, DeskPayload, Lane, NoticeKind, Payload},
    model::{
        BotEvent, Contact, CustomerMessage, EndReason, Escalation, HistoryRoute, Line, OnNoAgents, Position, Text,
    },
};

/// The bot hands over. The rows of the opening stand in the lane before anything the customer says from here on.
pub(super) fn open(draft: &mut Draft<'_>, escalation: &Escalation, mark: Option<Position>) -> Verdict {
    let env = draft.env;
    let id = env.fresh;
    if let Some(position) = mark {
        draft.conversation.mark = Some(Mark { position, at: env.now });
    }
    draft.conversation.accepted = None;
    draft.conversation.epoch = draft.conversation.epoch.next();
    draft.conversation.state = State::Opening(Session {
        id,
        hook_address: env.hook_address.to_owned(),
        opened_at: env.now,
        desk_seq: 0,
        messages: 0,
        opener: 0,
        profile: escalation.profile.clone(),
        url: escalation.url.clone().or_else(|| env.policy.url.clone()),
        agent: None,
    });
    for line in &escalation.history {
        draft.effect(Effect::Record(None, line.clone()));
    }
    draft.desk(DeskPayload::AskAvailability);
    opening_rows(draft, escalation);
    let due = env.now + env.policy.opening_max;
    draft.effect(Effect::SetTimer {
        session: id,
        kind: TimerKind::Opening,
        due,
    });
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
                subject: subject(escalation),
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
    draft.desk_message(first, true, Some(Box::new(customer)), false);
    if let Some(session) = draft.conversation.state.session_mut() {
        session.opener = session.desk_seq;
    }
}

fn subject(escalation: &Escalation) -> Text {
    escalation
        .reason
        .clone()
        .filter(|reason| !reason.is_blank())
        .unwrap_or_else(|| "Chat with the bot".into())
}

/// The bot hands its history in without asking for a human. It has a lane of its own, and no session stands for it.
pub(super) fn push_log(draft: &mut Draft<'_>, from: &Contact, subject: &Text, history: &[Line]) -> Verdict {
    for line in history {
        draft.effect(Effect::Record(None, line.clone()));
    }
    let lines: Vec<Line> = draft.env.history.iter().chain(history).cloned().collect();
    let (policy, chars_max) = (draft.env.policy, draft.env.desk.message_chars_max);
    let text = compose::with_history(subject.as_str(), &lines, policy.history_lines_max, chars_max);
    let id = DeliveryId {
        lane: Lane::Desk(draft.env.fresh),
        seq: 1,
    };
    let payload = DeskPayload::ChatbotLog {
        from: from.clone(),
        subject: subject.clone(),
        text,
    };
    draft.effect(Effect::Deliver(id, Payload::Desk(payload)));
    Verdict::Kept
}

/// The desk said whether agents are there.
pub(super) fn availability(draft: &mut Draft<'_>, session: &Session, availability: &Availability) -> Verdict {
    if !availability.no_agents {
        return Verdict::Kept;
    }
    match draft.env.policy.on_no_agents {
        OnNoAgents::EscalateAnyway => {}
        OnNoAgents::StayWithBot => {
            let unsent = end::withdraw(draft, session, false);
            draft.hand_back(session.id, EndReason::NoAgents, unsent, NoticeKind::NoAgents);
        }
        OnNoAgents::LeaveMessage => leave_message(draft, session),
    }
    Verdict::Kept
}

fn leave_message(draft: &mut Draft<'_>, session: &Session) {
    let header: Vec<Text> = draft
        .env
        .queued
        .iter()
        .filter_map(|row| match &row.payload {
            Payload::Desk(DeskPayload::Message { opener: true, text, .. } | DeskPayload::ChatbotLog { text, .. }) => {
                Some(text.clone())
            }
            _ => None,
        })
        .collect();
    let unsent = end::withdraw(draft, session, false);
    // The log says the same as the opener, and more: one of the two is enough.
    let header: Vec<Text> = header.into_iter().take(1).collect();
    let session = draft
        .conversation
        .session()
        .cloned()
        .expect("the session stands until it is handed back");
    let contact = session.profile.contact.clone();
    let mut leaving = Leaving {
        session,
        header: header.len(),
        lines: header,
        log: None,
        logged: 0,
    };
    leaving.lines.extend(unsent.into_iter().map(|line| line.text));
    draft.conversation.state = State::Leaving(leaving.clone());
    match contact {
        Some(contact) => leave(draft, leaving, contact),
        None => draft.notice(NoticeKind::AskContact, None),
    }
}

/// The customer wrote while a message is being left: a contact completes it, anything else becomes part of it.
pub(super) fn left_line(draft: &mut Draft<'_>, mut leaving: Leaving, message: &CustomerMessage) -> Verdict {
    let Some(line) = message.readable().filter(|line| !line.is_blank()) else {
        return Verdict::Kept;
    };
    draft.record(Line::customer(draft.env.now, line.clone()));
    let contact = Contact::find(line.as_str()).filter(|_| leaving.log.is_none());
    leaving.lines.push(line);
    draft.conversation.state = State::Leaving(leaving.clone());
    match contact {
        Some(contact) => leave(draft, leaving, contact),
        None if leaving.log.is_none() => draft.notice(NoticeKind::AskContact, None),
        None => {}
    }
    Verdict::Kept
}

/// An edit while a message is being left.
pub(super) fn left_edit(draft: &mut Draft<'_>, leaving: Leaving, text: &Text) -> Verdict {
    let line = CustomerMessage::text(format!("Edited: {}", text.as_str()));
    left_line(draft, leaving, &line)
}

/// The ticket is made up of what stands so far; what comes later goes to the bot.
fn leave(draft: &mut Draft<'_>, mut leaving: Leaving, from: Contact) {
    let text = leaving.lines.iter().map(Text::as_str).collect::<Vec<_>>().join("\n\n");
    draft.desk(DeskPayload::ChatbotLog {
        from,
        subject: "A message was left".into(),
        text: Text::new(text),
    });
    leaving.session = draft
        .conversation
        .session()
        .cloned()
        .expect("the session stands until it is handed back");
    leaving.log = Some(leaving.session.desk_seq);
    leaving.logged = leaving.lines.len();
    draft.conversation.state = State::Leaving(leaving);
}

/// The desk has the session.
pub(super) fn opened(draft: &mut Draft<'_>, session: &Session) -> Verdict {
    draft.effect(Effect::ClearTimer {
        session: session.id,
        kind: TimerKind::Opening,
    });
    draft.conversation.state = State::Waiting(session.clone());
    draft.notice(NoticeKind::Waiting, None);
    let conversation = draft.conversation.key.clone();
    draft.tell_bot(BotEvent::Waiting {
        conversation,
        session: session.id,
    });
    Verdict::Kept
}
