use std::{fmt, sync::Arc};

use async_trait::async_trait;
use escalator::{
    channel::{
        Capabilities, ChannelError, ChatDelivery, EscalateError, Escalated, EscalationChannel, Ingress, IngressError,
        Turn,
    },
    delivery::{OpenedFile, Outcome},
    model::{
        ChatLimits, ConversationKey, Escalation, FileRef, Formatting, HistoryRoute, LengthUnit, Line, MessageId, Signal,
    },
};
use futures::Stream;
use teloxide::{
    RequestError,
    net::Download,
    requests::{Request, Requester},
    types::WebhookInfo,
};
use tokio_util::sync::CancellationToken;

use crate::{
    asides,
    config::{Receiving, Settings},
    error,
    listener::WEBHOOK_IS_SET,
    outbound::{self, Flood, PhoneKeys, TYPING_LASTS},
    post::Post,
    webhook::Registering,
};

/// What a bot must be able to do: teloxide's [`Bot`](teloxide::Bot) and its adaptors.
pub trait TelegramBot:
    Requester<Err = RequestError>
    + Download<StreamErr: std::error::Error + Send + Sync + 'static, Stream: Stream + Send + 'static>
    + Send
    + Sync
    + 'static
{
}

impl<R> TelegramBot for R where
    R: Requester<Err = RequestError>
        + Download<StreamErr: std::error::Error + Send + Sync + 'static, Stream: Stream + Send + 'static>
        + Send
        + Sync
        + 'static
{
}

/// A Telegram bot as a channel. Clones are handles on the same channel.
pub struct Telegram<R> {
    inner: Arc<Inner<R>>,
}

struct Inner<R> {
    bot: R,
    post: Arc<Post>,
    flood: Flood,
    phone_keys: PhoneKeys,
}

impl<R> Telegram<R> {
    /// Joins a bot to the way in, with the default settings.
    pub fn new(bot: R, ingress: Ingress) -> Self {
        Self::with_settings(bot, ingress, Settings::default())
    }

    /// Joins a bot to the way in.
    pub fn with_settings(bot: R, ingress: Ingress, settings: Settings) -> Self {
        let post = Post::new(ingress, settings);
        Self {
            inner: Arc::new(Inner {
                bot,
                post,
                flood: Flood::default(),
                phone_keys: PhoneKeys::default(),
            }),
        }
    }

    /// The bot that it was made with.
    pub fn bot(&self) -> &R {
        &self.inner.bot
    }

    /// Stops listening: what was pulled is dealt with first, then the dispatcher that listens now through
    /// [`install`](Self::install) ends. Teloxide's own `ShutdownToken` goes unheard when it is used at the moment in which
    /// the dispatcher takes an update; this is always heard, from the moment of the installation on. A dispatcher that is
    /// starting still waits for its first answer from Telegram.
    pub fn stop(&self) {
        self.post().stop();
    }

    /// The conversation of a customer, for what a bot does of its own accord: in a private chat, the customer's id is the
    /// chat's.
    pub fn conversation(&self, customer: teloxide::types::UserId) -> ConversationKey {
        crate::inbound::private(self.post().ingress.channel(), customer)
    }

    pub(crate) fn post(&self) -> &Arc<Post> {
        &self.inner.post
    }
}

impl<R: TelegramBot> Telegram<R> {
    /// Finds out whether the token is good and nothing stands in the way of the updates.
    async fn check(&self) -> Result<(), ChannelError> {
        let bot = &self.inner.bot;
        let me = error::in_time(bot.get_me().send()).await;
        let me = me.map_err(|failure| failure.as_channel_error())?;
        match (self.post().webhook(), self.post().settings.receiving) {
            (None, Receiving::Polling) => self.check_polling().await?,
            (Some(Registering::ByAuthor), _) => self.check_webhook().await?,
            // We set it when the listener begins, or it is the author's own.
            (Some(Registering::AtStart { .. }), _) | (None, Receiving::Other) => {}
        }
        let channel = self.post().ingress.channel();
        tracing::info!(%channel, bot = me.user.username.as_deref(), "Telegram knows the bot");
        Ok(())
    }

    async fn check_polling(&self) -> Result<(), ChannelError> {
        let webhook = self.webhook_info().await?;
        if webhook.url.is_some() {
            return Err(ChannelError::new(WEBHOOK_IS_SET));
        }
        Ok(())
    }

    /// Tells what a webhook lacks that the author has to set.
    async fn check_webhook(&self) -> Result<(), ChannelError> {
        let webhook = self.webhook_info().await?;
        let channel = self.post().ingress.channel();
        if webhook.url.is_none() {
            tracing::error!(%channel, "no webhook is set, so no update will come: call setWebhook");
        }
        asides::tell_what_is_missing(&webhook);
        Ok(())
    }

    async fn webhook_info(&self) -> Result<WebhookInfo, ChannelError> {
        let info = error::in_time(self.inner.bot.get_webhook_info().send()).await;
        info.map_err(|failure| failure.as_channel_error())
    }
}

#[async_trait]
impl<R: TelegramBot> EscalationChannel for Telegram<R> {
    fn capabilities(&self) -> Capabilities {
        let settings = &self.post().settings;
        let limits = ChatLimits {
            text_max: outbound::TEXT_MAX,
            text_unit: LengthUnit::Utf16,
            formatting: Formatting::Own(outbound::fits),
            fetch_bytes_max: settings.fetch_bytes_max,
            send_bytes_max: settings.send_bytes_max,
        };
        let able = Capabilities::text_only(limits)
            .with_files()
            .with_typing(true, false)
            .with_typing_lasting(TYPING_LASTS)
            .with_buttons();
        match settings.receipt {
            Some(_) => able.with_receipts(),
            None => able,
        }
    }

    fn ingress(&self) -> &Ingress {
        &self.post().ingress
    }

    /// Checks the token, and that no webhook is in the way of polling; then makes the small answers (pressed buttons, the hint in
    /// groups) until the shutdown. Receiving is the listener's.
    async fn run(&self, shutdown: CancellationToken) -> Result<(), ChannelError> {
        tokio::select! {
            checked = self.check() => checked?,
            () = shutdown.cancelled() => return Ok(()),
        }
        self.post().asides.run(&self.inner.bot, &shutdown).await;
        Ok(())
    }

    async fn deliver(&self, delivery: ChatDelivery<'_>) -> Outcome {
        let Inner {
            bot,
            post,
            flood,
            phone_keys,
        } = &*self.inner;
        outbound::deliver(bot, &post.settings, flood, phone_keys, delivery).await
    }

    async fn fetch(&self, file: &FileRef) -> Result<OpenedFile, Outcome> {
        outbound::fetch(&self.inner.bot, self.post().settings.fetch_bytes_max, file).await
    }

    async fn signal(&self, to: &ConversationKey, signal: Signal) {
        outbound::signal(&self.inner.bot, to, signal).await;
    }

    async fn received(&self, to: &ConversationKey, message: &MessageId) {
        if let Some(emoji) = self.post().settings.receipt {
            outbound::received(&self.inner.bot, emoji, to, message).await;
        }
    }

    async fn push_history(
        &self,
        turn: &Turn,
        history: Vec<Line>,
        route: HistoryRoute,
        details: Escalation,
    ) -> Result<(), IngressError> {
        private_only(turn)?;
        self.ingress().push_history(turn, history, route, details).await
    }

    async fn escalate(&self, turn: Turn, escalation: Escalation) -> Result<Escalated, EscalateError> {
        private_only(&turn)?;
        self.ingress().escalate(turn, escalation).await
    }
}

/// A group's turn leads to no human: nobody would keep the group's updates from the bot.
fn private_only(turn: &Turn) -> Result<(), IngressError> {
    if crate::inbound::is_private(turn.conversation()) {
        return Ok(());
    }
    Err(IngressError::Invalid("only a private chat can be handed to a human"))
}

impl<R> Clone for Telegram<R> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

/// Without the bot, whose own `Debug` shows the token.
impl<R> fmt::Debug for Telegram<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telegram")
            .field("channel", self.post().ingress.channel())
            .finish_non_exhaustive()
    }
}
