use escalator::{
    channel::{Inbound, Offered, Started, Turn},
    model::ConversationKey,
};
use serenity::model::{
    channel::Message,
    id::{ChannelId, GuildId, UserId},
    user::User,
};

use crate::{
    channel::Discord,
    config::History,
    inbound,
    places::{self, Whose},
};

impl Discord {
    /// The bot's turn to answer a message. Ask for it in the handler of each message that the bot is meant by: what the
    /// customer said stands in the transcript from then on. `None`: it is nobody's whom the bot serves, or it is on its
    /// way to a human, and the bot says nothing.
    pub async fn turn(&self, message: &Message) -> Option<Turn> {
        if !inbound::is_said(message) {
            return None;
        }
        let conversation = self
            .conversation_of(message.guild_id, message.channel_id, message.author.id)
            .await?;
        let post = self.post();
        let update = match post.settings.history {
            History::Turns => inbound::message(conversation, message, &post.memory),
            // Discord keeps what was said.
            History::Channel { .. } => inbound::unsaid(conversation, message.id.get(), &message.author),
        };
        let id = message.id.get();
        self.begin(id, update).await
    }

    /// The bot's turn to answer what is no plain message: a command, a button. `id` is the interaction's or the
    /// message's; what is said by it does not stand in the transcript. A command cannot wait for what was said before it
    /// for longer than Discord waits for its answer; what is still to be dealt with then goes to the human it asks for.
    pub async fn turn_at(&self, guild: Option<GuildId>, channel: ChannelId, user: &User, id: u64) -> Option<Turn> {
        let conversation = self.conversation_of(guild, channel, user.id).await?;
        self.begin(id, inbound::unsaid(conversation, id, user)).await
    }

    /// The conversation of a customer, for what a bot does of its own accord. `home` is the channel in which the customer
    /// speaks with the bot, no thread that was opened for them.
    pub fn conversation(&self, home: ChannelId, customer: UserId) -> ConversationKey {
        self.post().places.key(home, customer)
    }

    async fn conversation_of(
        &self,
        guild: Option<GuildId>,
        channel: ChannelId,
        person: UserId,
    ) -> Option<ConversationKey> {
        match self.post().whose(guild, channel, person).await {
            Whose::Conversation(conversation) => places::lane(&conversation).map(|_| conversation),
            Whose::Stranger(_) | Whose::Unknown => None,
        }
    }

    async fn begin(&self, id: u64, update: Inbound) -> Option<Turn> {
        let post = self.post();
        // Of what was too early the position would say that the bot has dealt with all before it.
        if post.is_early(id) || !post.begin(id) {
            return post.ingress.turn(&update.conversation);
        }
        if post.offer(&update).await == Offered::Kept {
            return None;
        }
        match post.ingress.start(&update.conversation, update.position).await {
            Started::Turn(turn) => Some(turn),
            Started::Taken => None,
        }
    }
}
