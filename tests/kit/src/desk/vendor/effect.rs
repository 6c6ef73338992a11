//! What a call that keeps the contract does at the desk, and its answer.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::form::Form;
use crate::desk::{
    call::Endpoint,
    rules::ABOUT_CUSTOMER,
    session::{ChatEvent, ChatbotLog, Content, Party},
    settings::IdStyle,
    state::{DeskState, RemarkKind, SessionRef},
};

/// The ticket that the call concerned, and the body of its answer.
type Taken = (Option<u64>, Value);

/// Lets the call have its effect, or names the rule that only the state could show to be broken.
pub(super) fn apply(endpoint: Endpoint, form: &Form, call: u64, state: &mut DeskState) -> Result<Taken, &'static str> {
    match endpoint {
        Endpoint::NewChatMessage => Ok(message(form, call, state)),
        Endpoint::AddAttachment => attachment(form, call, state),
        Endpoint::NewChatEvent => Ok(event(form, call, state)),
        Endpoint::EndChat => Ok(end(form, call, state)),
        Endpoint::Chatbot => Ok(chatbot(form, state)),
        Endpoint::ChatConfig => Ok((None, config(state))),
        Endpoint::Visited => Ok(visited(form, call, state)),
        Endpoint::Unknown => Err("path: not a call of the contract"),
    }
}

/// The same session goes to the same ticket, another one to a new ticket. What a message after the end does is not
/// documented: it opens a new ticket here, and a remark is made.
fn message(form: &Form, call: u64, state: &mut DeskState) -> Taken {
    let key = key(form);
    let ticket = match state.live_session(&key) {
        Some(session) => session.ticket,
        None => open(form, &key, call, state),
    };
    let session = state.session_mut(ticket).expect("it was found or opened above");
    for name in ABOUT_CUSTOMER {
        if let Some(value) = form.field(name) {
            session.customer.insert(name.to_owned(), value.to_owned());
        }
    }
    session.customer_typing = false;
    let line = session.add(Party::Customer, Content::text(field(form, "message")));
    line.message_number = form.field("messageNumber").and_then(|number| number.parse().ok());
    let answer = json!({ "type": "result", "message": "Message sent.", "ticketID": id(state, ticket) });
    (Some(ticket), answer)
}

fn open(form: &Form, key: &SessionRef, call: u64, state: &mut DeskState) -> u64 {
    let ended = state.ticket_of(key);
    let opened = state.open(field(form, "chatServer"), session_id(form)).ticket;
    if let Some(ended) = ended {
        state.remark(call, RemarkKind::MessageAfterEnd { ended, opened });
    }
    opened
}

fn attachment(form: &Form, call: u64, state: &mut DeskState) -> Result<Taken, &'static str> {
    let key = key(form);
    let ticket = state.ticket_of(&key);
    let ticket = ticket.ok_or("sessionID: no such session; a message opens it, an attachment does not")?;
    if state.live_session(&key).is_none() {
        state.remark(call, RemarkKind::FileAfterEnd { ended: ticket });
    }
    let file = state.call_mut(call).file.clone().ok_or("file: required")?;
    if let Some(session) = state.session_mut(ticket) {
        session.add(Party::Customer, Content::File { file });
    }
    let message = state.new_message_id();
    let answer = json!({
        "type": "result",
        "message": "Attachment uploaded.",
        "ticketID": id(state, ticket),
        "messageID": id(state, message),
    });
    Ok((Some(ticket), answer))
}

fn event(form: &Form, call: u64, state: &mut DeskState) -> Taken {
    let name = field(form, "event");
    let ticket = state.live_session(&key(form)).map(|session| {
        let now = Timestamp::now();
        match name {
            "startedtyping" => session.customer_typing = true,
            "stoppedtyping" => session.customer_typing = false,
            _ => {}
        }
        session.changed_at = now;
        session.events.push(ChatEvent {
            name: name.to_owned(),
            at: now,
        });
        session.ticket
    });
    if ticket.is_none() {
        state.remark(call, RemarkKind::EventWithoutSession);
    }
    (ticket, json!({ "type": "result", "message": "Event sent." }))
}

fn end(form: &Form, call: u64, state: &mut DeskState) -> Taken {
    let ticket = state.live_session(&key(form)).map(|session| {
        session.end(Party::Customer);
        session.ticket
    });
    if ticket.is_none() {
        state.remark(call, RemarkKind::EndWithoutSession);
    }
    (ticket, json!({ "type": "result", "message": "Session ended." }))
}

fn chatbot(form: &Form, state: &mut DeskState) -> Taken {
    let ticket = state.new_ticket();
    state.chatbot_logs.push(ChatbotLog {
        ticket,
        from: field(form, "from").to_owned(),
        subject: field(form, "subject").to_owned(),
        message: field(form, "message").to_owned(),
        brand: form.field("brandID").map(str::to_owned),
        at: Timestamp::now(),
    });
    (
        Some(ticket),
        json!({ "result": "success", "message": "Chatbot ticket created." }),
    )
}

fn config(state: &DeskState) -> Value {
    let settings = &state.settings;
    let mut instructions = settings.instructions.clone();
    if settings.hide_when_no_agents && !settings.agents_available {
        instructions.insert(0, json!({ "type": "hide_reason_no_agents_available" }));
    }
    json!({
        "type": "result",
        "message": "start instructions",
        "config": settings.chat_config,
        "instructions": instructions,
    })
}

fn visited(form: &Form, call: u64, state: &mut DeskState) -> Taken {
    let url = field(form, "url").to_owned();
    let ticket = state.live_session(&key(form)).map(|session| {
        session.customer.insert("url".to_owned(), url);
        session.ticket
    });
    if ticket.is_none() {
        state.remark(call, RemarkKind::VisitWithoutSession);
    }
    (ticket, json!({ "type": "result", "message": "Visit noted." }))
}

fn key(form: &Form) -> SessionRef {
    SessionRef::from((field(form, "chatServer"), session_id(form)))
}

/// `addAttachment` has another name for it than all other calls.
fn session_id(form: &Form) -> &str {
    form.field("chatSessionID").unwrap_or_else(|| field(form, "sessionID"))
}

/// A field that the rules demand, so that it is there.
fn field<'a>(form: &'a Form, name: &str) -> &'a str {
    form.field(name).expect("a call without it was refused")
}

fn id(state: &DeskState, id: u64) -> Value {
    match state.settings.ids {
        IdStyle::Number => id.into(),
        IdStyle::Text => id.to_string().into(),
    }
}
