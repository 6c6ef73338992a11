//! How the world is shown to the bot: the objects of Discord's reference.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    channel::{Channel, ChannelKind},
    file::StoredFile,
    interaction::{Act, Interaction},
    message::{Forwarded, Message},
    people::Person,
    permission::bits_without,
    snowflake::time_of,
    world::World,
};

impl World {
    pub(crate) fn person_json(&self, id: u64) -> Value {
        self.people.get(&id).map(Person::to_json).unwrap_or_default()
    }

    /// A member of a guild, with the user.
    pub(crate) fn member_json(&self, guild: u64, user: u64) -> Option<Value> {
        let membership = self.guilds.get(&guild)?.members.get(&user)?;
        let mut json = membership.to_json();
        json["user"] = self.person_json(user);
        Some(json)
    }

    /// A channel as REST shows it.
    pub(crate) fn channel_json(&self, channel: &Channel) -> Value {
        if channel.kind != ChannelKind::Dm {
            return channel.guild_json(self.bot.id);
        }
        let recipient = self.recipient(channel).map(Person::to_json);
        json!({
            "id": channel.id.to_string(),
            "type": channel.kind.number(),
            "flags": 0,
            "last_message_id": channel.last_message_id(),
            "recipients": recipient.into_iter().collect::<Vec<_>>(),
        })
    }

    /// A message as REST shows it, with fresh addresses of its files.
    pub(crate) fn message_json(&mut self, channel: u64, id: u64) -> Value {
        let Some(message) = self.transcript(channel).and_then(|said| said.message(id)) else {
            return Value::Null;
        };
        let message = message.clone();
        let mut json = self.plain_json(&message);
        if let Some(answered) = message.reply_to {
            let guild = self.channel(channel).and_then(|channel| channel.guild);
            json["message_reference"] = json!({
                "type": 0, "message_id": answered.to_string(), "channel_id": channel.to_string(),
            });
            if let Some(guild) = guild {
                json["message_reference"]["guild_id"] = json!(guild.to_string());
            }
            let shown = self.transcript(channel).and_then(|said| said.message(answered));
            let shown = shown.filter(|answered| !answered.deleted).cloned();
            json["referenced_message"] = shown.map(|shown| self.plain_json(&shown)).unwrap_or_default();
        }
        json
    }

    /// Whether the bot may read the words of a message: its own, those that name it, those in
    /// direct messages.
    pub(crate) fn readable(&self, channel: u64, id: u64) -> bool {
        let Some(channel) = self.channel(channel) else {
            return false;
        };
        channel.guild.is_none()
            || channel
                .transcript
                .message(id)
                .is_none_or(|message| message.author.bot || message.pings.users.contains(&self.bot.id))
    }

    pub(crate) fn interaction_json(&mut self, interaction: &Interaction) -> Value {
        let channel = self.channel(interaction.channel).cloned();
        let guild = channel.as_ref().and_then(|channel| channel.guild);
        let locale = self.people.get(&interaction.user).map(|person| person.locale.clone());
        let mut json = json!({
            "id": interaction.id.to_string(),
            "application_id": self.application.to_string(),
            "token": interaction.token,
            "version": 1,
            "channel_id": interaction.channel.to_string(),
            "channel": channel.as_ref().map(|channel| self.channel_json(channel)),
            "locale": locale,
            "entitlements": [],
            "authorizing_integration_owners": { "0": guild.unwrap_or_default().to_string() },
            "context": u8::from(guild.is_none()),
            "attachment_size_limit": self.file_bytes_max(interaction.channel),
            "app_permissions": self.permission_bits(channel.as_ref()).to_string(),
        });
        match guild {
            Some(guild) => {
                let mut member = self.member_json(guild, interaction.user).unwrap_or_default();
                member["permissions"] = json!("1024");
                json["member"] = member;
                json["guild_id"] = json!(guild.to_string());
                json["guild_locale"] = json!("en-US");
                json["guild"] = json!({ "id": guild.to_string(), "locale": "en-US", "features": [] });
                json["channel"]["permissions"] = json!("1024");
            }
            None => json["user"] = self.person_json(interaction.user),
        }
        self.put_act(&mut json, interaction, guild);
        json
    }

    fn put_act(&mut self, json: &mut Value, interaction: &Interaction, guild: Option<u64>) {
        match &interaction.act {
            Act::Command { name, options } => {
                json["type"] = json!(2);
                json["data"] = json!({
                    "id": self.command_id(guild, name), "name": name, "type": 1, "options": options,
                });
            }
            Act::Button { message, custom_id } => {
                json["type"] = json!(3);
                json["data"] = json!({ "custom_id": custom_id, "component_type": 2, "id": 2 });
                json["message"] = self.message_json(interaction.channel, *message);
            }
        }
    }

    /// The id of a slash command where it can be used: that of the guild, or the global one.
    pub(crate) fn command_id(&self, guild: Option<u64>, name: &str) -> Option<String> {
        let mut commands = self.commands(guild).iter().chain(self.commands(None));
        let command = commands.find(|command| command["name"] == name)?;
        command["id"].as_str().map(str::to_owned)
    }

    fn permission_bits(&self, channel: Option<&Channel>) -> u64 {
        let guild = channel.and_then(|channel| self.guilds.get(&channel.guild?));
        let Some((channel, guild)) = channel.zip(guild) else {
            return bits_without(&std::collections::BTreeSet::new());
        };
        let parent = channel.parent.and_then(|parent| self.channels.get(&parent));
        let placed = parent.unwrap_or(channel);
        let forbidden = guild.forbidden.iter().chain(&placed.forbidden).copied().collect();
        bits_without(&forbidden)
    }

    fn plain_json(&mut self, message: &Message) -> Value {
        let mentions: Vec<_> = message.pings.users.iter().map(|user| self.person_json(*user)).collect();
        let roles: Vec<_> = message.pings.roles.iter().map(u64::to_string).collect();
        let mut json = json!({
            "id": message.id.to_string(),
            "channel_id": message.channel.to_string(),
            "type": message.kind,
            "author": self.author_json(message),
            "content": message.content,
            "timestamp": time_of(message.id),
            "edited_timestamp": message.edited_at,
            "tts": false,
            "mention_everyone": message.pings.everyone,
            "mentions": mentions,
            "mention_roles": roles,
            "attachments": self.attachments_json(&message.files),
            "embeds": list(&message.embeds),
            "components": list(&message.components),
            "pinned": false,
            "flags": message.flags,
        });
        if !message.reactions.is_empty() {
            json["reactions"] = message.reactions_json(self.bot.id);
        }
        if !message.stickers.is_empty() {
            json["sticker_items"] = stickers_json(&message.stickers);
        }
        if let Some(forwarded) = &message.forwarded {
            self.put_forwarded(&mut json, forwarded);
        }
        if let Some(nonce) = &message.nonce_json {
            json["nonce"] = nonce.clone();
        }
        if let Some(webhook) = message.author.webhook {
            json["webhook_id"] = json!(webhook.to_string());
            json["application_id"] = json!(self.application.to_string());
        }
        for (field, value) in &message.extra {
            json[field] = value.clone();
        }
        self.put_interaction(&mut json, message);
        json
    }

    /// What is forwarded stands in the message, without its author.
    fn put_forwarded(&mut self, json: &mut Value, forwarded: &Forwarded) {
        json["message_reference"] = json!({
            "type": 1, "message_id": json["id"], "channel_id": json["channel_id"],
        });
        json["message_snapshots"] = json!([{ "message": {
            "type": 0,
            "content": forwarded.content,
            "timestamp": json["timestamp"],
            "edited_timestamp": null,
            "mentions": [],
            "mention_roles": [],
            "attachments": self.attachments_json(&forwarded.files),
            "embeds": [],
            "components": [],
            "flags": 0,
            "sticker_items": stickers_json(&forwarded.stickers),
        }}]);
    }

    fn put_interaction(&self, json: &mut Value, message: &Message) {
        let Some(interaction) = message.interaction.and_then(|id| self.interactions.get(&id)) else {
            return;
        };
        let Act::Command { name, .. } = &interaction.act else {
            return;
        };
        json["application_id"] = json!(self.application.to_string());
        json["interaction_metadata"] = json!({
            "id": interaction.id.to_string(), "type": 2, "name": name,
            "user": self.person_json(interaction.user),
            "authorizing_integration_owners": {},
        });
    }

    fn author_json(&self, message: &Message) -> Value {
        let author = &message.author;
        if author.webhook.is_none() {
            return self.person_json(author.id);
        }
        json!({
            "id": author.id.to_string(), "username": author.name, "discriminator": "0000",
            "global_name": null, "avatar": null, "bot": true, "public_flags": 0, "flags": 0,
            "primary_guild": null,
        })
    }

    fn attachments_json(&mut self, files: &[Arc<StoredFile>]) -> Value {
        let origin = self.addr.map(|addr| format!("http://{addr}")).unwrap_or_default();
        let files = files.iter().map(|file| {
            let url = format!("{origin}{}?{}", file.path(), self.files.sign(file));
            file.to_json(&url)
        });
        files.collect()
    }
}

/// Takes the words out of a message, as for a bot that may not read them.
pub(crate) fn hide(message: &mut Value) {
    message["content"] = json!("");
    for field in ["attachments", "embeds", "components", "message_snapshots"] {
        message[field] = json!([]);
    }
    if message["referenced_message"].is_object() {
        hide(&mut message["referenced_message"]);
    }
}

fn stickers_json(stickers: &[(String, Arc<StoredFile>)]) -> Value {
    let items = stickers.iter();
    items
        .map(|(name, sticker)| json!({ "id": sticker.id.to_string(), "name": name, "format_type": 1 }))
        .collect()
}

fn list(value: &Value) -> Value {
    if value.is_array() { value.clone() } else { json!([]) }
}
