use escalator::{
    channel::ChatDelivery,
    delivery::{NoticeKind, Outcome},
    model::Author,
};
use serde_json::{Value, json};
use serenity::model::id::ChannelId;

use super::{CONTENT_MAX, markdown, nonce, outcome, voice};
use crate::{
    config::Settings,
    error::{Failure, Refusal},
    inbound::END_BUTTON,
    post::Post,
    rest::{NewMessage, Through},
};

/// What an agent said, or a part of it.
#[derive(Clone, Copy)]
pub(super) struct Said<'s> {
    pub(super) author: Option<&'s Author>,
    /// Whether it goes on with the part before.
    pub(super) continues: bool,
    pub(super) text: &'s str,
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
        return line(post, delivery, place, said).await;
    };
    match speak(post, &through, author, said.text).await {
        Err(failure) if is_gone(&failure) => {
            post.forget_gone(&through, &failure);
            // It was refused for good, so a second call makes no double.
            line(post, delivery, place, said).await
        }
        sent => outcome(sent),
    }
}

/// Delivers a text of ours, with the end button where the customer learns that a human has the conversation.
pub(super) async fn notice(
    post: &Post,
    delivery: &ChatDelivery<'_>,
    place: ChannelId,
    kind: NoticeKind,
    text: &str,
) -> Outcome {
    let message = NewMessage {
        content: text.to_owned(),
        components: buttons(&post.settings, kind),
        ..as_bot(post, delivery)
    };
    outcome(post.rest.send(place, &message).await).repeatable()
}

/// What a message in the bot's name carries beside its content.
pub(super) fn as_bot(post: &Post, delivery: &ChatDelivery<'_>) -> NewMessage {
    NewMessage {
        nonce: Some(nonce::of(post.ingress.channel(), delivery.id)),
        enforce_nonce: true,
        ..NewMessage::default()
    }
}

/// The agent's name as it stands in front of a line.
pub(super) fn in_front(author: &Author) -> String {
    format!("**{}**:", markdown::plain_name(author.name.as_str()))
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

async fn speak(
    post: &Post,
    through: &Through,
    author: &Author,
    text: &str,
) -> Result<Option<serenity::model::id::MessageId>, Failure> {
    let message = NewMessage {
        content: markdown::escaped(text, CONTENT_MAX),
        author: Some(voice::spoken(author)),
        ..NewMessage::default()
    };
    post.rest.speak(through, &message).await
}

async fn line(post: &Post, delivery: &ChatDelivery<'_>, place: ChannelId, said: Said<'_>) -> Outcome {
    let shown = said.author.filter(|_| !said.continues);
    let front = shown.map_or_else(String::new, |author| format!("{} ", in_front(author)));
    let room = CONTENT_MAX.saturating_sub(front.chars().count());
    let message = NewMessage {
        content: format!("{front}{}", markdown::escaped(said.text, room)),
        ..as_bot(post, delivery)
    };
    outcome(post.rest.send(place, &message).await).repeatable()
}

fn buttons(settings: &Settings, kind: NoticeKind) -> Vec<Value> {
    /// A row, a button, and its grey look.
    const ROW: u8 = 1;
    const BUTTON: u8 = 2;
    const SECONDARY: u8 = 2;
    match (&settings.texts.end_button, kind) {
        (Some(label), NoticeKind::Waiting | NoticeKind::Connected) => vec![json!({"type": ROW, "components": [
            {"type": BUTTON, "style": SECONDARY, "label": label, "custom_id": END_BUTTON},
        ]})],
        _ => Vec::new(),
    }
}
