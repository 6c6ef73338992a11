//! A way to reach the customer, asked for where the desk wants one, and told to it once it is known.

use super::{Asks, Draft};
use crate::{
    delivery::{Availability, DeskCustomer, NoticeKind},
    model::{Contact, ContactQuestion, CustomerMessage},
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

/// Asks the customer, who waits.
pub(super) fn ask(draft: &mut Draft<'_>) {
    let asks = draft
        .conversation
        .session()
        .map(|session| session.asks)
        .unwrap_or_default();
    if asks.phone {
        draft.notice(NoticeKind::AskPhone, None);
    }
    if asks.email {
        draft.notice(NoticeKind::AskEmail, None);
    }
}

/// What a message tells of how to reach the customer: what the platform vouches for, or the answer to what was asked. The
/// session knows it from now on, and the desk is told with the message.
pub(super) fn told(draft: &mut Draft<'_>, message: &CustomerMessage) -> Option<Box<DeskCustomer>> {
    let session = draft.conversation.state.session_mut()?;
    let answer = || {
        let words = message.text.as_ref().filter(|_| session.asks.any())?;
        Contact::find(words.own_words())
    };
    let contact = message.contact.clone().or_else(answer)?;
    match contact {
        Contact::Phone(_) => session.asks.phone = false,
        Contact::Email(_) => session.asks.email = false,
    }
    session.profile.contact = Some(contact.clone());
    Some(Box::new(DeskCustomer {
        name: session.profile.name.clone(),
        contact: Some(contact),
    }))
}
