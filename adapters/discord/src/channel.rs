use std::{fmt, sync::Arc};

use async_trait::async_trait;
use escalator::{
    channel::{Capabilities, ChannelError, ChatDelivery, EscalateError, Escalated, EscalationChannel, Ingress, Turn},
    delivery::{OpenedFile, Outcome},
    model::{ChatLimits, ConversationKey, Escalation, FileRef, Formatting, LengthUnit, MessageId, Signal},
};
use tokio_util::sync::CancellationToken;

use crate::{
    bot::Bot,
    config::Settings,
    outbound::{self, TYPING_LASTS},
    post::Post,
};

/// A Discord bot as a channel. Clones are handles on the same channel.
#[derive(Clone)]
pub struct Discord {
    post: Arc<Post>,
}

impl Discord {
    /// Joins a bot to the way in, with the default settings.
    pub fn new(bot: &Bot, ingress: Ingress) -> Self {
        Self::with_settings(bot, ingress, Settings::default())
    }

    /// Joins a bot to the way in.
    pub fn with_settings(bot: &Bot, ingress: Ingress, settings: Settings) -> Self {
        Self {
            post: Post::new(bot, ingress, settings),
        }
    }

    pub(crate) fn post(&self) -> &Arc<Post> {
        &self.post
    }

    /// Finds out whether the token is good.
    async fn check(&self) -> Result<(), ChannelError> {
        let me = self.post.rest.me().await;
        let me = me.map_err(|failure| failure.as_channel_error())?;
        self.post.places.note_me(me.id);
        let channel = self.post.ingress.channel();
        tracing::info!(%channel, bot = me.username, "Discord knows the bot");
        Ok(())
    }
}

#[async_trait]
impl EscalationChannel for Discord {
    fn capabilities(&self) -> Capabilities {
        let settings = &self.post.settings;
        let limits = ChatLimits {
            text_max: outbound::CONTENT_MAX,
            text_unit: LengthUnit::Chars,
            formatting: Formatting::Own(outbound::fits),
            fetch_bytes_max: settings.fetch_bytes_max,
            send_bytes_max: settings.send_bytes_max,
        };
        let capabilities = Capabilities::text_only(limits).with_files().with_typing(true, true);
        // In the same channel too: a session is not held where an earlier one was, under another setting.
        let capabilities = capabilities
            .with_places()
            .with_typing_lasting(TYPING_LASTS)
            .with_buttons();
        if settings.receipt_emoji.is_some() {
            capabilities.with_receipts()
        } else {
            capabilities
        }
    }

    fn ingress(&self) -> &Ingress {
        &self.post.ingress
    }

    /// Checks the token; then fetches what came faster than it could be accepted, until the shutdown. Receiving is the
    /// framework's.
    async fn run(&self, shutdown: CancellationToken) -> Result<(), ChannelError> {
        drop(self.post.hold_places());
        tokio::select! {
            checked = self.check() => checked?,
            () = shutdown.cancelled() => return Ok(()),
        }
        tokio::select! {
            () = self.post.keep_up() => {}
            () = shutdown.cancelled() => {}
        }
        Ok(())
    }

    async fn deliver(&self, delivery: ChatDelivery<'_>) -> Outcome {
        outbound::deliver(&self.post, delivery).await
    }

    async fn fetch(&self, file: &FileRef) -> Result<OpenedFile, Outcome> {
        outbound::fetch(&self.post, file).await
    }

    async fn signal(&self, to: &ConversationKey, signal: Signal) {
        outbound::signal(&self.post, to, signal).await;
    }

    async fn received(&self, _to: &ConversationKey, message: &MessageId) {
        outbound::received(&self.post, message).await;
    }

    async fn escalate(&self, turn: Turn, mut escalation: Escalation) -> Result<Escalated, EscalateError> {
        let kept = self.post.history(turn.conversation()).await;
        escalation.history.splice(0..0, kept);
        self.ingress().escalate(turn, escalation).await
    }
}

/// Without the settings' texts and the token.
impl fmt::Debug for Discord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discord")
            .field("channel", self.post.ingress.channel())
            .finish_non_exhaustive()
    }
}
