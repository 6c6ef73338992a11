//! The webhook's settings. What is posted to it is [`posting`](crate::telegram::posting)'s.

use serde_json::{Value, json};

use super::Ask;
use crate::telegram::{
    polling,
    refusal::Refusal,
    world::{Webhook, World},
};

/// An empty address deletes the webhook, as `deleteWebhook` does.
pub(crate) fn change(world: &mut World, ask: &Ask<'_>, set: bool) -> Result<Value, Refusal> {
    let url = ask.params.text("url").filter(|_| set).unwrap_or_default();
    let is_local = ask.shared.limits.local_webhooks && url.starts_with("http://");
    if !(url.is_empty() || is_local || url.starts_with("https://")) {
        return Err(Refusal::bad_request(
            "bad webhook: An HTTPS URL must be provided for webhook",
        ));
    }
    let secret = ask.params.text("secret_token").filter(|secret| !secret.is_empty());
    if !url.is_empty() {
        check_secret(secret.as_deref().unwrap_or_default())?;
    }
    if ask.params.flag("drop_pending_updates") {
        world.queue.drop_pending();
    }
    if set {
        polling::remember_allowed(world, ask.params);
    }
    world.webhook = (!url.is_empty()).then(|| Webhook {
        url,
        secret,
        failed: None,
        has_certificate: ask.params.upload("certificate").is_some(),
        max_connections: ask.params.integer("max_connections").unwrap_or(40).clamp(1, 100),
        ip_address: ask.params.text("ip_address"),
    });
    Ok(json!(true))
}

fn check_secret(secret: &str) -> Result<(), Refusal> {
    if secret.len() > 256 {
        return Err(Refusal::bad_request("secret token is too long"));
    }
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !secret.chars().all(is_fit) {
        return Err(Refusal::bad_request("secret token contains unallowed characters"));
    }
    Ok(())
}

pub(crate) fn info(world: &World) -> Value {
    let mut info = json!({
        "url": "",
        "has_custom_certificate": false,
        "pending_update_count": world.queue.len(),
    });
    if let Some(webhook) = &world.webhook {
        info["url"] = json!(webhook.url);
        info["has_custom_certificate"] = json!(webhook.has_certificate);
        info["max_connections"] = json!(webhook.max_connections);
        if let Some((date, why)) = &webhook.failed {
            info["last_error_date"] = json!(date);
            info["last_error_message"] = json!(why);
        }
        if let Some(address) = &webhook.ip_address {
            info["ip_address"] = json!(address);
        }
    }
    if !world.queue.allowed().is_empty() {
        info["allowed_updates"] = json!(world.queue.allowed());
    }
    info
}
