//! Webhooks.

use serde_json::{Value, json};

/// A webhook of a channel.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) id: u64,
    pub(crate) token: String,
    pub(crate) channel: u64,
    pub(crate) guild: u64,
    pub(crate) name: String,
    /// Whether the bot made it, so that it may know the token.
    pub(crate) own: bool,
}

impl Webhook {
    /// The webhook as Discord shows it to the bot.
    pub(crate) fn to_json(&self, bot: &Value, application: u64) -> Value {
        let mut json = json!({
            "id": self.id.to_string(),
            "type": 1,
            "name": self.name,
            "avatar": null,
            "channel_id": self.channel.to_string(),
            "guild_id": self.guild.to_string(),
            "application_id": null,
        });
        if self.own {
            json["application_id"] = json!(application.to_string());
            json["user"] = bot.clone();
            json["token"] = json!(self.token);
        }
        json
    }
}
