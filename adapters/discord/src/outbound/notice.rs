use escalator::{
    channel::ChatDelivery,
    delivery::Outcome,
    model::{Author, Text},
};
use serde_json::{Value, json};
use serenity::model::id::ChannelId;

use super::{content::Content, outcome, text, voice};
use crate::{config::AgentPicture, error::Failure, post::Post, rest::NewMessage};

/// A text of ours.
pub(super) struct Notice<'n> {
    pub(super) text: &'n Text,
    /// The agent that it presents.
    pub(super) agent: Option<&'n Author>,
    pub(super) buttons: Vec<Value>,
}

/// Delivers a text of ours with its buttons, and with the agent's picture where no webhook will show it.
pub(super) async fn send(post: &Post, delivery: &ChatDelivery<'_>, place: ChannelId, notice: Notice<'_>) -> Outcome {
    let content = Content::of(&notice.text.clone().into());
    let mut message = NewMessage {
        content: content.written.clone(),
        components: notice.buttons,
        embeds: picture(post, place, notice.agent).await.into_iter().collect(),
        ..text::as_bot(post, delivery)
    };
    let mut sent = post.rest.send(place, &message).await;
    let plain = content.instead(&sent);
    let is_of_embeds = !message.embeds.is_empty() && is_of_embeds(&sent);
    let is_of_buttons = !message.components.is_empty() && is_of_buttons(&sent);
    if plain.is_some() || is_of_embeds || is_of_buttons {
        // It was refused for good, so a second call makes no double.
        message.content = plain.unwrap_or(message.content);
        message.embeds.clear();
        if is_of_buttons {
            tracing::warn!(channel = %post.ingress.channel(), "Discord does not take the buttons of a text, which goes without");
            message.components.clear();
        }
        sent = post.rest.send(place, &message).await;
    }
    outcome(sent).repeatable()
}

/// The agent's name and picture on a card, where that is wanted and there is one.
async fn picture(post: &Post, place: ChannelId, agent: Option<&Author>) -> Option<Value> {
    /// How long an author's name on a card may be, in characters.
    const NAME_MAX: usize = 256;
    let agent = agent.filter(|_| post.settings.agent_picture == AgentPicture::Card)?;
    let picture = voice::picture(agent)?;
    // Where that is not known yet, the picture is not worth the wait.
    let is_by_line = matches!(post.through(place).await, Ok(None));
    let name: String = agent.name.as_str().trim().chars().take(NAME_MAX).collect();
    (is_by_line && !name.is_empty()).then(|| json!({"author": {"name": name, "icon_url": picture}}))
}

/// Whether a card was refused: its picture, or any card for want of "Embed Links".
fn is_of_embeds<T>(sent: &Result<T, Failure>) -> bool {
    matches!(sent, Err(Failure::Refused(refusal)) if refusal.is_of_field("embeds") || refusal.is_of_permission())
}

/// Whether the buttons were refused, or may have been.
fn is_of_buttons<T>(sent: &Result<T, Failure>) -> bool {
    sent.as_ref().is_err_and(|failure| failure.is_of_field("components"))
}
