use escalator::{
    channel::ChatDelivery,
    delivery::Outcome,
    model::{Author, RichText},
};
use serenity::model::id::{ChannelId, MessageId};

use super::{content::Content, nonce, outcome, voice};
use crate::{
    error::{Failure, Refusal},
    post::Post,
    rest::{NewMessage, Through},
};

/// What an agent said, or a part of it.
#[derive(Clone, Copy)]
pub(super) struct Said<'s> {
    pub(super) author: Option<&'s Author>,
    pub(super) text: &'s RichText,
}

/// Delivers an agent's text: through a webhook where there is one, else as a line of the bot's.
pub(super) async fn agents(post: &Post, delivery: &ChatDelivery<'_>, place: ChannelId, said: Said<'_>) -> Outcome {
    let through = match said.author {
        Some(author) => match post.through(place).await {
            Ok(through) => through.map(|through| (through, author)),
            // Nothing was shown.
            Err(failure) => return failure.outcome_of_harmless(),
        },
        None => None,
    };
    let Some((through, author)) = through else {
        return line(post, delivery, place).await;
    };
    match speak(post, &through, author, said.text).await {
        Err(failure) if is_gone(&failure) => {
            post.forget_gone(&through, &failure);
            // It was refused for good, so a second call makes no double.
            line(post, delivery, place).await
        }
        sent if voice::is_of_name(&sent) => line(post, delivery, place).await,
        sent => outcome(sent),
    }
}

/// What a message in the bot's name carries beside its content.
pub(super) fn as_bot(post: &Post, delivery: &ChatDelivery<'_>) -> NewMessage {
    NewMessage {
        nonce: Some(nonce::of(post.ingress.channel(), delivery.id)),
        enforce_nonce: true,
        ..NewMessage::default()
    }
}

/// What a message in the bot's name says: the agent's name in front, once for all that is said in a row.
pub(super) fn as_line(delivery: &ChatDelivery<'_>) -> Content {
    Content::of(&delivery.payload.rich().unwrap_or_default())
}

/// Whether a webhook was refused because it does not exist any more, or not in that channel: a thread of another one is
/// unknown to it.
pub(super) fn is_gone(failure: &Failure) -> bool {
    let gone = [
        Refusal::UNKNOWN_WEBHOOK,
        Refusal::INVALID_WEBHOOK_TOKEN,
        Refusal::UNKNOWN_CHANNEL,
    ];
    gone.into_iter().any(|code| failure.is(code))
}

async fn speak(post: &Post, through: &Through, author: &Author, text: &RichText) -> Result<Option<MessageId>, Failure> {
    let content = Content::of(text);
    let mut message = NewMessage {
        content: content.written.clone(),
        author: Some(post.spoken(author)),
        ..NewMessage::default()
    };
    let mut sent = post.rest.speak(through, &message).await;
    if let Some(spoken) = message
        .author
        .as_mut()
        .filter(|spoken| voice::is_of_picture(spoken, &sent))
    {
        let picture = spoken.avatar_url.take();
        sent = post.rest.speak(through, &message).await;
        post.sent_without(picture, &sent);
    }
    if let Some(plain) = content.instead(&sent) {
        message.content = plain;
        sent = post.rest.speak(through, &message).await;
    }
    sent
}

async fn line(post: &Post, delivery: &ChatDelivery<'_>, place: ChannelId) -> Outcome {
    let content = as_line(delivery);
    let mut message = NewMessage {
        content: content.written.clone(),
        ..as_bot(post, delivery)
    };
    let mut sent = post.rest.send(place, &message).await;
    if let Some(plain) = content.instead(&sent) {
        message.content = plain;
        sent = post.rest.send(place, &message).await;
    }
    outcome(sent).repeatable()
}
