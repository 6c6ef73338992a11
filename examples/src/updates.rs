//! How Telegram's updates come: polled, or posted to a webhook that this program serves.

use anyhow::{Context, Result};
use escalator::hookpoint::{ServeSettings, serve};
use escalator_telegram::{Telegram, Webhook};
use teloxide::Bot;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::settings::Settings;

/// How the updates come.
pub enum Updates {
    /// Telegram is asked for them.
    Polled,
    /// Telegram posts them.
    Posted(Posted),
}

/// A webhook and the socket that it is served on.
pub struct Posted {
    /// The way in.
    pub webhook: Webhook<Bot>,
    listener: TcpListener,
}

impl Updates {
    /// Reads the settings, and takes the port where there is one. To be called before the house starts.
    ///
    /// # Errors
    /// The variable that is wrong, and what would be right.
    pub async fn of(settings: &Settings, telegram: &Telegram<Bot>) -> Result<Self> {
        let Some((webhook, listen)) = settings.telegram_webhook()? else {
            return Ok(Self::Polled);
        };
        let listener = TcpListener::bind(listen).await;
        let listener = listener.with_context(|| format!("TELEGRAM_WEBHOOK_LISTEN: {listen} cannot be listened on"))?;
        tracing::info!(listens_on = %listener.local_addr()?, "the webhook is served");
        Ok(Self::Posted(Posted {
            webhook: telegram.webhook(webhook),
            listener,
        }))
    }
}

impl Posted {
    /// Serves the webhook while something else goes on.
    pub async fn while_served<T>(self, other: impl Future<Output = T>) -> T {
        let shutdown = CancellationToken::new();
        let guard = shutdown.clone().drop_guard();
        let served = serve(self.listener, self.webhook.router(), shutdown, ServeSettings::default());
        let other = async {
            let done = other.await;
            drop(guard);
            done
        };
        let ((), done) = tokio::join!(served, other);
        done
    }
}
