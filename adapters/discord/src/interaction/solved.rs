use std::sync::Arc;

use escalator::model::Answer;
use serenity::model::{
    application::{ComponentInteraction, Interaction},
    id::{ChannelId, MessageId},
};

use super::Soon;
use crate::{
    inbound::{self, Asked},
    post::Post,
};

/// How often the buttons of a question are taken away, should that fail.
const ATTEMPTS_MAX: u32 = 3;

impl Post {
    /// Somebody answers whether it was solved. Only the one who was asked may.
    pub(super) async fn take_answer(
        self: &Arc<Self>,
        interaction: &Interaction,
        press: &ComponentInteraction,
        (asked, answer): (Asked, Answer),
        turn: Soon,
    ) {
        let texts = &self.settings.texts;
        if press.user.id != asked.customer {
            return self.answer(interaction, texts.not_yours.as_deref()).await;
        }
        if matches!(turn, Soon::GivenUp) {
            return self.answer(interaction, texts.answer_failed.as_deref()).await;
        }
        let conversation = self.places.key(asked.home, asked.customer);
        let update = inbound::answered(conversation, press, asked.session, answer);
        let (channel, message) = (press.channel_id, press.message.id);
        let post = Arc::clone(self);
        // A task of its own: the commit may take as long as it takes, and the answer has three seconds.
        drop(tokio::spawn(async move {
            let Some(_turn) = turn.come().await else { return };
            post.caught_up(&update.conversation).await;
            post.offer(&update).await;
            post.take_buttons_away(channel, message).await;
        }));
        self.answer(interaction, None).await;
    }

    /// What is answered needs no buttons any more. Where they stay, another press does nothing.
    async fn take_buttons_away(&self, channel: ChannelId, message: MessageId) {
        let mut attempt = 1;
        while let Err(failure) = self.rest.take_buttons_away(channel, message).await {
            let (account, error) = (self.ingress.channel(), failure.detail());
            tracing::debug!(channel = %account, error, attempt, "the buttons of a question were not taken away");
            if !failure.is_passing() || attempt >= ATTEMPTS_MAX {
                return;
            }
            tokio::time::sleep(failure.wait(attempt)).await;
            attempt += 1;
        }
    }
}
