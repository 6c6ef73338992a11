//! The history of a conversation as Discord keeps it.

use escalator::model::{ConversationKey, Line};
use serenity::model::{
    channel::Message,
    id::{ChannelId, UserId},
};

use crate::{config::History, inbound, memory::Memory, places, post::Post};

impl Post {
    /// The last lines of a conversation's channel, where the settings ask for them. None when Discord does not give
    /// them: an escalation does not fail for its history.
    pub(crate) async fn history(&self, conversation: &ConversationKey) -> Vec<Line> {
        let History::Channel { messages_max } = self.settings.history else {
            return Vec::new();
        };
        let (Some(home), Some(customer)) = (places::home(conversation), places::customer(conversation)) else {
            return Vec::new();
        };
        match self.last_messages(home, usize::from(messages_max)).await {
            Some(messages) => lines(&messages, customer, self.places.me(), &self.memory),
            None => Vec::new(),
        }
    }

    async fn last_messages(&self, channel: ChannelId, count: usize) -> Option<Vec<Message>> {
        match self.rest.last_messages(channel, count).await {
            Ok(messages) => Some(messages),
            Err(failure) => {
                tracing::warn!(%channel, error = failure.detail(), "the history of a channel cannot be read");
                None
            }
        }
    }
}

/// What the customer said, and the bot to that customer: in answer, by name, or right behind.
fn lines(messages: &[Message], customer: UserId, me: Option<UserId>, memory: &Memory) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut last_person = None;
    for message in messages {
        let is_bots = Some(message.author.id) == me && message.webhook_id.is_none();
        if !is_bots && !message.author.bot {
            last_person = Some(message.author.id);
        }
        let Some(text) = inbound::line(message, memory) else {
            continue;
        };
        let at = inbound::moment(message.id.get());
        if inbound::is_told(message) && message.author.id == customer {
            lines.push(Line::customer(at, text));
        } else if is_bots && is_to(message, customer, last_person) {
            lines.push(Line::bot(at, text));
        }
    }
    lines
}

fn is_to(message: &Message, customer: UserId, last_person: Option<UserId>) -> bool {
    let answered = message.referenced_message.as_ref().map(|answered| answered.author.id);
    let named = message.mentions.iter().any(|user| user.id == customer);
    match answered {
        Some(answered) => answered == customer,
        None => named || last_person == Some(customer),
    }
}
