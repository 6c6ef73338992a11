use escalator::model::{self, ConversationKey};
use teloxide::{
    payloads::SetMessageReactionSetters,
    requests::Request,
    types::{MessageId, ReactionType},
};

use crate::{channel::TelegramBot, error, inbound, reaction::ReactionEmoji};

/// Reacts to a message of the customer.
pub(crate) async fn received<R: TelegramBot>(
    bot: &R,
    emoji: ReactionEmoji,
    to: &ConversationKey,
    message: &model::MessageId,
) {
    let number = message.as_str().parse().ok().map(MessageId);
    let (Some(chat), Some(number)) = (inbound::chat(to), number) else {
        return;
    };
    let reaction = ReactionType::Emoji {
        emoji: emoji.as_str().to_owned(),
    };
    let reacting = bot.set_message_reaction(chat, number).reaction([reaction]);
    if let Err(failure) = error::in_time(reacting.send()).await {
        tracing::debug!(channel = %to.channel, error = failure.detail(), "a message got no reaction");
    }
}
