use escalator::delivery::RetryPolicy;
use teloxide::{
    requests::{HasPayload, Request},
    types::AllowedUpdate,
};

use super::{Registering, WebhookSettings};
use crate::{Telegram, TelegramBot, error};

/// Tells Telegram where to post, where we are to, again and again until it is taken.
pub(super) async fn register<R: TelegramBot>(
    telegram: Telegram<R>,
    settings: &WebhookSettings,
    kinds: Vec<AllowedUpdate>,
) {
    let Registering::AtStart { url } = &settings.registering else {
        return;
    };
    let channel = telegram.post().ingress.channel();
    let waits = RetryPolicy::default();
    for attempt in 1.. {
        let request = telegram.bot().set_webhook(url.clone()).with_payload_mut(|asked| {
            asked.secret_token = Some(settings.secret.expose().to_owned());
            asked.max_connections = Some(settings.connections_max);
            asked.allowed_updates = Some(kinds.clone());
        });
        let Err(failed) = error::in_time(request.send()).await else {
            let host = url.host_str();
            tracing::info!(%channel, host, ?kinds, "Telegram posts the updates to the webhook");
            return;
        };
        let wait = waits.wait(attempt, 0.5, None);
        let error = failed.as_channel_error();
        let wait_millis = wait.as_millis();
        tracing::error!(%channel, attempt, wait_millis, %error, "Telegram does not take the webhook");
        tokio::time::sleep(wait).await;
    }
}
