use std::sync::Arc;

use serenity::{
    async_trait,
    client::{Client, Context, EventHandler, FullEvent},
    framework::Framework,
    gateway::ShardManager,
};

use crate::{bot::INTENTS, channel::Discord, order};

/// A bot behind us. Made by [`Discord::wrap`].
pub struct Wrapped<F> {
    discord: Discord,
    bot: F,
}

/// An event handler as a framework, so that it can be wrapped. serenity calls every event handler that a client is given,
/// and none of them can keep an event from another: what is not to hear a human's conversations belongs in here.
pub struct Handler<H>(pub H);

impl Discord {
    /// Puts us in front of the bot: poise's framework, one of the author's own, or a [`Handler`]. Give the result to the
    /// client, as its framework.
    pub fn wrap<F: Framework>(&self, bot: F) -> Wrapped<F> {
        Wrapped {
            discord: self.clone(),
            bot,
        }
    }

    /// Begins to note the order of the gateway. For a bot that dispatches by hand, once, before the client starts;
    /// [`wrap`](Self::wrap) does it for every other.
    pub fn watch(&self, shards: &Arc<ShardManager>) {
        let lacking = INTENTS.difference(shards.intents());
        if !lacking.is_empty() {
            let channel = self.post().ingress.channel();
            tracing::error!(%channel, intents = ?lacking, "the client lacks intents: what they tell of stays unheard");
        }
        tokio::spawn(order::watch(Arc::downgrade(shards), Arc::downgrade(self.post())));
    }
}

#[async_trait]
impl<F: Framework> Framework for Wrapped<F> {
    async fn init(&mut self, client: &Client) {
        self.discord.watch(&client.shard_manager);
        self.bot.init(client).await;
    }

    async fn dispatch(&self, ctx: Context, event: FullEvent) {
        if let Some(_admitted) = self.discord.admit(&ctx, &event).await {
            self.bot.dispatch(ctx, event).await;
        }
    }
}

#[async_trait]
impl<H: EventHandler> Framework for Handler<H> {
    async fn dispatch(&self, ctx: Context, event: FullEvent) {
        event.dispatch(ctx, &self.0).await;
    }
}
