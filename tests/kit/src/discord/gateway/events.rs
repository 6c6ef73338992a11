//! What the bot is told of, and in which words.

use serde_json::{Value, json};

use super::{intents, session::Dispatch};
use crate::discord::{
    channel::Channel, interaction::Interaction, message::emoji_json, snowflake::unix_millis, world::World,
};

impl World {
    /// The first event of a session.
    pub(crate) fn ready_json(&self, session: &str, shard: &Value) -> Value {
        let guilds: Vec<_> = self
            .guilds
            .keys()
            .map(|id| json!({ "id": id.to_string(), "unavailable": true }))
            .collect();
        let gateway = self.addr.map(|addr| format!("ws://{addr}"));
        json!({
            "v": 10,
            "user": self.bot.to_own_json(),
            "guilds": guilds,
            "session_id": session,
            "session_type": "normal",
            "resume_gateway_url": gateway,
            "shard": shard,
            "application": { "id": self.application.to_string(), "flags": self.application_flags() },
            "private_channels": [], "relationships": [], "presences": [], "user_settings": {}, "_trace": [],
        })
    }

    /// A guild with everything in it that the bot can see.
    pub(crate) fn guild_create_json(&self, guild: u64) -> Value {
        let Some(record) = self.guilds.get(&guild) else {
            return Value::Null;
        };
        let inside = || {
            self.channels
                .values()
                .filter(move |channel| channel.guild == Some(guild) && !channel.deleted)
        };
        let (threads, channels): (Vec<_>, Vec<_>) = inside().partition(|channel| channel.kind.is_thread());
        let bot = self.bot.id;
        let shown = |channels: Vec<&Channel>| -> Vec<_> {
            channels.into_iter().map(|channel| channel.guild_json(bot)).collect()
        };
        let mut json = record.to_json();
        json["joined_at"] = json!(record.members.get(&bot).map(|member| &member.joined_at));
        json["large"] = json!(false);
        json["unavailable"] = json!(false);
        json["member_count"] = json!(record.members.len());
        json["members"] = self.member_json(guild, bot).into_iter().collect();
        json["channels"] = shown(channels).into();
        json["threads"] = shown(threads.into_iter().filter(|thread| !thread.archived).collect()).into();
        for field in [
            "voice_states",
            "presences",
            "stage_instances",
            "guild_scheduled_events",
            "soundboard_sounds",
        ] {
            json[field] = json!([]);
        }
        json
    }

    /// What the application is, as bits: whether it may read content is among them.
    pub(crate) fn application_flags(&self) -> u64 {
        if self.privileges & intents::MESSAGE_CONTENT == 0 {
            0
        } else {
            1 << 19
        }
    }

    pub(crate) fn tell_message(&mut self, name: &'static str, channel: u64, id: u64) {
        let private = !self.readable(channel, id);
        let mut data = self.message_json(channel, id);
        let author = self
            .transcript(channel)
            .and_then(|said| said.message(id))
            .map(|message| message.author.clone());
        let place = self.place(channel);
        if let Some(guild) = place.guild {
            data["guild_id"] = json!(guild.to_string());
            let author = author.filter(|author| author.webhook.is_none());
            let member = author.and_then(|author| self.guilds.get(&guild)?.members.get(&author.id));
            if let Some(member) = member {
                data["member"] = member.to_json();
            }
        }
        data["channel_type"] = json!(place.channel_type);
        let needs = place.either(intents::GUILD_MESSAGES, intents::DIRECT_MESSAGES);
        self.gateway.emit(&Dispatch {
            name,
            data,
            needs,
            private,
        });
    }

    pub(crate) fn tell_message_deleted(&mut self, channel: u64, id: u64) {
        let place = self.place(channel);
        let mut data = json!({ "id": id.to_string(), "channel_id": channel.to_string() });
        place.put_guild(&mut data);
        let needs = place.either(intents::GUILD_MESSAGES, intents::DIRECT_MESSAGES);
        self.tell("MESSAGE_DELETE", data, needs);
    }

    pub(crate) fn tell_reaction(&mut self, added: bool, channel: u64, message: u64, user: u64, emoji: &str) {
        let place = self.place(channel);
        let mut data = json!({
            "user_id": user.to_string(), "channel_id": channel.to_string(), "message_id": message.to_string(),
            "emoji": emoji_json(emoji), "burst": false, "type": 0,
        });
        place.put_guild(&mut data);
        if added {
            data["burst_colors"] = json!([]);
            let author = self.transcript(channel).and_then(|said| said.message(message));
            data["message_author_id"] = json!(author.map(|message| message.author.id.to_string()));
            let member = place.guild.and_then(|guild| self.member_json(guild, user));
            if let Some(member) = member {
                data["member"] = member;
            }
        }
        let name = if added {
            "MESSAGE_REACTION_ADD"
        } else {
            "MESSAGE_REACTION_REMOVE"
        };
        let needs = place.either(intents::GUILD_MESSAGE_REACTIONS, intents::DIRECT_MESSAGE_REACTIONS);
        self.tell(name, data, needs);
    }

    pub(crate) fn tell_typing(&mut self, channel: u64, user: u64) {
        let place = self.place(channel);
        let mut data = json!({
            "channel_id": channel.to_string(), "user_id": user.to_string(), "timestamp": unix_millis() / 1000,
        });
        place.put_guild(&mut data);
        let member = place.guild.and_then(|guild| self.member_json(guild, user));
        if let Some(member) = member {
            data["member"] = member;
        }
        let needs = place.either(intents::GUILD_MESSAGE_TYPING, intents::DIRECT_MESSAGE_TYPING);
        self.tell("TYPING_START", data, needs);
    }

    /// An interaction needs no intent.
    pub(crate) fn tell_interaction(&mut self, interaction: &Interaction) {
        let data = self.interaction_json(interaction);
        self.tell("INTERACTION_CREATE", data, 0);
    }

    /// A channel or thread was made, changed or deleted.
    pub(crate) fn tell_channel(&mut self, name: &'static str, channel: u64) {
        let Some(record) = self.channel(channel) else { return };
        let mut data = record.guild_json(self.bot.id);
        match name {
            "THREAD_CREATE" => data["newly_created"] = json!(true),
            "THREAD_DELETE" => {
                data = json!({
                    "id": data["id"], "guild_id": data["guild_id"], "parent_id": data["parent_id"], "type": data["type"],
                });
            }
            _ => {}
        }
        self.tell(name, data, intents::GUILDS);
    }

    /// Somebody came into a thread or left it; of others than the bot only those are told who
    /// hear of members.
    pub(crate) fn tell_thread_members(&mut self, thread: u64, added: &[u64], removed: &[u64]) {
        let Some(record) = self.channel(thread) else { return };
        let added: Vec<_> = added
            .iter()
            .map(|user| {
                let mut member = record.member_json(*user);
                member["member"] = record
                    .guild
                    .and_then(|guild| self.member_json(guild, *user))
                    .unwrap_or_default();
                member["presence"] = Value::Null;
                member
            })
            .collect();
        let removed: Vec<_> = removed.iter().map(u64::to_string).collect();
        let data = json!({
            "id": thread.to_string(),
            "guild_id": record.guild.map(|guild| guild.to_string()),
            "member_count": record.members.len().min(50),
            "added_members": added,
            "removed_member_ids": removed,
        });
        self.tell("THREAD_MEMBERS_UPDATE", data, intents::GUILD_MEMBERS);
    }

    pub(crate) fn tell_member(&mut self, guild: u64, user: u64) {
        let mut data = self.member_json(guild, user).unwrap_or_default();
        data["guild_id"] = json!(guild.to_string());
        self.tell("GUILD_MEMBER_ADD", data, intents::GUILD_MEMBERS);
    }

    pub(crate) fn tell_guild(&mut self, name: &'static str, guild: u64) {
        let data = match name {
            "GUILD_CREATE" => self.guild_create_json(guild),
            _ => self
                .guilds
                .get(&guild)
                .map(super::super::guild::GuildRecord::to_json)
                .unwrap_or_default(),
        };
        self.tell(name, data, intents::GUILDS);
    }

    pub(crate) fn tell_role(&mut self, guild: u64, role: u64) {
        let record = self.guilds.get(&guild);
        let shown = record.and_then(|record| Some(record.role_json(role, record.roles.get(&role)?)));
        let data = json!({ "guild_id": guild.to_string(), "role": shown });
        self.tell("GUILD_ROLE_CREATE", data, intents::GUILDS);
    }

    fn tell(&mut self, name: &'static str, data: Value, needs: u64) {
        self.gateway.emit(&Dispatch {
            name,
            data,
            needs,
            private: false,
        });
    }

    fn place(&self, channel: u64) -> Place {
        let channel = self.channel(channel);
        Place {
            guild: channel.and_then(|channel| channel.guild),
            channel_type: channel.map(|channel| channel.kind.number()),
        }
    }
}

/// Where something happened.
struct Place {
    guild: Option<u64>,
    channel_type: Option<u8>,
}

impl Place {
    fn either(&self, in_guild: u64, direct: u64) -> u64 {
        if self.guild.is_some() { in_guild } else { direct }
    }

    fn put_guild(&self, data: &mut Value) {
        if let Some(guild) = self.guild {
            data["guild_id"] = json!(guild.to_string());
        }
    }
}
