//! A way to reach the customer, asked for where the desk wants one, and told to it once it is known.

use std::mem;

use super::{Asks, Draft, State};
use crate::{
    delivery::{Availability, DeskCustomer, NoticeKind},
    model::{Contact, ContactQuestion, CustomerMessage, Text},
};

/// The desk said what it asks for. What is known is not asked.
pub(super) fn asked_by(draft: &mut Draft<'_>, availability: &Availability) {
    if draft.env.policy.contact_question == ContactQuestion::Never {
        return;
    }
    let Some(session) = draft.conversation.state.session_mut() else {
        return;
    };
    let known = session.profile.contact.as_ref();
    session.asks = Asks {
        phone: availability.asks_phone && !known.is_some_and(|known| matches!(known, Contact::Phone(_))),
        email: availability.asks_email && !known.is_some_and(|known| matches!(known, Contact::Email(_))),
    };
}

/// Asks the customer, who waits. What is not asked, since its text is switched off, is not waited for.
pub(super) fn ask(draft: &mut Draft<'_>) {
    let asks = draft
        .conversation
        .session()
        .map(|session| session.asks)
        .unwrap_or_default();
    let asks = Asks {
        phone: asks.phone && draft.says(NoticeKind::AskPhone),
        email: asks.email && draft.says(NoticeKind::AskEmail),
    };
    if asks.phone {
        draft.notice(NoticeKind::AskPhone, None);
    }
    if asks.email {
        draft.notice(NoticeKind::AskEmail, None);
    }
    if let Some(session) = draft.conversation.state.session_mut() {
        session.asks = asks;
    }
}

/// What a message tells of how to reach the customer: what the platform vouches for, or the answer to what was asked. The
/// desk is told with the message. What the session knows of another kind stays.
pub(super) fn told(draft: &mut Draft<'_>, message: &CustomerMessage) -> Option<Box<DeskCustomer>> {
    let contact = message
        .contact
        .clone()
        .or_else(|| answer(&draft.conversation.state, message))?;
    let session = draft.conversation.state.session_mut()?;
    match contact {
        Contact::Phone(_) => session.asks.phone = false,
        Contact::Email(_) => session.asks.email = false,
    }
    let is_of_its_kind = |known: &Contact| mem::discriminant(known) == mem::discriminant(&contact);
    if session.profile.contact.as_ref().is_none_or(is_of_its_kind) {
        session.profile.contact = Some(contact.clone());
    }
    Some(Box::new(DeskCustomer {
        name: session.profile.name.clone(),
        contact: Some(contact),
    }))
}

/// What the desk reads of a contact that came without words.
pub(super) fn shared(contact: &Contact) -> Text {
    Text::new(format!("Contact: {}", contact.as_str()))
}

/// The answer to the question: a message that is a contact and nothing else, of a kind that was asked for, before an agent
/// asks for other numbers.
fn answer(state: &State, message: &CustomerMessage) -> Option<Contact> {
    let State::Waiting(session) = state else {
        return None;
    };
    let words = message.text.as_ref()?.own_words();
    let contact = Contact::parse(words.trim()).ok()?;
    let is_asked = match contact {
        Contact::Phone(_) => session.asks.phone,
        Contact::Email(_) => session.asks.email,
    };
    is_asked.then_some(contact)
}
