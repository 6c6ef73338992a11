//! What is true of all that a customer is read to have done.

use escalator::{
    channel::Inbound,
    model::{CustomerEvent, CustomerMessage},
};

use crate::rich;

/// Checks it, and looks at it in each way in which the house does.
pub(crate) fn check(inbound: &Inbound) {
    drop(format!("{inbound:?}"));
    match &inbound.event {
        CustomerEvent::Message(message) => check_message(message),
        CustomerEvent::Edited(text) => rich::check(text),
        _ => {}
    }
    drop(inbound.event.readable());
}

/// Whether somebody reads anything of it.
pub(crate) fn is_said(inbound: &Inbound) -> bool {
    match &inbound.event {
        CustomerEvent::Message(message) => message.text.is_some() || !message.files.is_empty(),
        _ => true,
    }
}

fn check_message(message: &CustomerMessage) {
    message.text.iter().for_each(rich::check);
    for file in &message.files {
        assert!(!file.label().is_blank(), "a file has a label");
    }
}
