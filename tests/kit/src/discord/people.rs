//! People and the bot.

use serde_json::{Value, json};

/// A person, or the bot itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) bot: bool,
    pub(crate) username: String,
    pub(crate) global_name: Option<String>,
    pub(crate) locale: String,
    /// Whether the person takes direct messages from the bot.
    pub(crate) dm_closed: bool,
}

impl Person {
    pub(crate) fn to_json(&self) -> Value {
        let mut json = json!({
            "id": self.id.to_string(),
            "username": self.username,
            "discriminator": if self.bot { "4242" } else { "0" },
            "global_name": self.global_name,
            "avatar": null,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": null,
        });
        if self.bot {
            json["bot"] = json!(true);
        }
        json
    }

    /// The person as they see themselves.
    pub(crate) fn to_own_json(&self) -> Value {
        let mut json = self.to_json();
        json["mfa_enabled"] = json!(true);
        json["verified"] = json!(true);
        json["email"] = Value::Null;
        json["locale"] = json!("en-US");
        json
    }

    /// The name that is shown.
    pub(crate) fn shown_name(&self) -> &str {
        self.global_name.as_deref().unwrap_or(&self.username)
    }
}
