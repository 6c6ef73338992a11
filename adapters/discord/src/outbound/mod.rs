//! Deliveries: one call that the customer can see, and what its failure means.
//!
//! # Invariants
//! - A text of an agent pings nobody, whatever stands in it.
//! - What an agent says stands in a channel that others read only where the settings say so.
//! - A call in the bot's name carries a nonce made from the delivery's key, so that Discord removes its double. A webhook
//!   has none.

mod buttons;
mod content;
mod fetch;
mod file;
mod markdown;
mod nonce;
mod notice;
mod open;
mod receipt;
mod signal;
mod target;
mod text;
mod voice;

use escalator::{
    channel::ChatDelivery,
    delivery::{ChatPayload, Outcome, Receipt},
};
use serenity::model::id::MessageId;

#[cfg(feature = "fuzzing")]
pub(crate) use self::markdown::written;
pub(crate) use self::{
    fetch::fetch,
    markdown::fits,
    receipt::{Receipts, received},
    signal::{TYPING_LASTS, signal},
    voice::Voices,
};
use crate::{error::Failure, places, post::Post};

/// How long the content of a message may be, in characters.
pub(crate) const CONTENT_MAX: usize = 2_000;

/// Delivers, once.
pub(crate) async fn deliver(post: &Post, delivery: ChatDelivery<'_>) -> Outcome {
    let Some(home) = places::home(delivery.to) else {
        return Outcome::rejected("the conversation's address is no channel of Discord's");
    };
    let place = match delivery.place.and_then(places::channel) {
        Some(place) => place,
        None if !is_agents(delivery.payload) => home,
        None => match post.may_speak_at(home).await {
            Ok(true) => home,
            Ok(false) => return Outcome::rejected("the chat has no private place, and its channel is open to others"),
            Err(failure) => return failure.outcome_of_harmless(),
        },
    };
    if let ChatPayload::Open { .. } = delivery.payload {
        return open::open(post, &delivery, home).await;
    }
    post.places.show(place, delivery.to);
    match delivery.payload {
        ChatPayload::Message { author, text, .. } => {
            let said = text::Said {
                author: author.as_ref(),
                text,
            };
            text::agents(post, &delivery, place, said).await
        }
        ChatPayload::Notice { kind, text, agent } => {
            let notice = notice::Notice {
                text,
                agent: agent.as_ref(),
                buttons: buttons::under_notice(&post.settings.texts, *kind),
            };
            notice::send(post, &delivery, place, notice).await
        }
        ChatPayload::Question { session, text } => {
            let Some(buttons) = buttons::under_question(&post.settings.texts, *session, delivery.to) else {
                return Outcome::rejected("the conversation is none of Discord's");
            };
            let question = notice::Notice {
                text,
                agent: None,
                buttons,
            };
            notice::send(post, &delivery, place, question).await
        }
        ChatPayload::File { author, file, .. } => match delivery.file {
            Some(source) => file::send(post, &delivery, place, author.as_ref(), file, source).await,
            None => Outcome::rejected("the file came without its bytes"),
        },
        _ => Outcome::rejected("Discord cannot show this kind of message"),
    }
}

/// Whether it is what an agent says, which is the customer's affair alone. What we say ourselves is not.
const fn is_agents(payload: &ChatPayload) -> bool {
    matches!(payload, ChatPayload::Message { .. } | ChatPayload::File { .. })
}

/// The outcome of a message that was sent.
fn outcome(sent: Result<Option<MessageId>, Failure>) -> Outcome {
    match sent {
        Ok(message) => Outcome::Delivered(message.map_or(Receipt::None, |id| Receipt::Message { id: id.to_string() })),
        Err(failure) => failure.outcome(),
    }
}
