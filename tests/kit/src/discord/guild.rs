//! Guilds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::permission::{Permission, bits_without};

/// A guild that the bot is in.
pub(crate) struct GuildRecord {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) owner: u64,
    pub(crate) members: BTreeMap<u64, Membership>,
    /// The roles beside `@everyone`, by id.
    pub(crate) roles: BTreeMap<u64, String>,
    /// The emoji of its own, by id.
    pub(crate) emoji: BTreeMap<u64, String>,
    pub(crate) boost_tier: u8,
    pub(crate) forbidden: BTreeSet<Permission>,
}

/// A person in a guild.
pub(crate) struct Membership {
    pub(crate) nick: Option<String>,
    pub(crate) roles: BTreeSet<u64>,
    pub(crate) joined_at: String,
}

impl Membership {
    /// The member as it stands in a message, without the user.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "nick": self.nick,
            "avatar": null,
            "banner": null,
            "roles": self.roles.iter().map(u64::to_string).collect::<Vec<_>>(),
            "joined_at": self.joined_at,
            "premium_since": null,
            "deaf": false,
            "mute": false,
            "flags": 0,
            "pending": false,
            "communication_disabled_until": null,
        })
    }
}

impl GuildRecord {
    /// The most bytes that one file may have here.
    pub(crate) fn file_bytes_max(&self) -> u64 {
        match self.boost_tier {
            0 | 1 => 10 << 20,
            2 => 50 << 20,
            _ => 100 << 20,
        }
    }

    /// The guild as `GET /guilds/{id}` shows it.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "name": self.name,
            "owner_id": self.owner.to_string(),
            "icon": null, "splash": null, "discovery_splash": null, "banner": null,
            "description": null, "vanity_url_code": null,
            "region": "deprecated",
            "afk_channel_id": null, "afk_timeout": 300,
            "application_id": null,
            "system_channel_id": null, "system_channel_flags": 0,
            "rules_channel_id": null, "public_updates_channel_id": null,
            "safety_alerts_channel_id": null,
            "widget_enabled": false, "widget_channel_id": null,
            "verification_level": 1, "default_message_notifications": 1,
            "explicit_content_filter": 0, "mfa_level": 0, "nsfw": false, "nsfw_level": 0,
            "roles": self.roles_json(),
            "emojis": self.emoji_json(), "stickers": [], "features": [],
            "premium_tier": self.boost_tier,
            "premium_subscription_count": u32::from(self.boost_tier) * 7,
            "premium_progress_bar_enabled": false,
            "preferred_locale": "en-US",
            "max_presences": null, "max_members": 500_000,
            "max_video_channel_users": 25, "max_stage_video_channel_users": 50,
            "hub_type": null, "home_header": null, "incidents_data": null,
        })
    }

    /// All roles; that of everybody has the guild's id.
    pub(crate) fn roles_json(&self) -> Value {
        let everyone = self.role_json(self.id, "@everyone");
        let others = self.roles.iter().map(|(id, name)| self.role_json(*id, name));
        std::iter::once(everyone).chain(others).collect()
    }

    pub(crate) fn emoji_json(&self) -> Value {
        let emoji = self.emoji.iter().map(|(id, name)| {
            json!({
                "id": id.to_string(), "name": name, "roles": [], "require_colons": true, "managed": false,
                "animated": false, "available": true,
            })
        });
        emoji.collect()
    }

    pub(crate) fn role_json(&self, id: u64, name: &str) -> Value {
        json!({
            "id": id.to_string(),
            "name": name,
            "color": 0,
            "colors": { "primary_color": 0, "secondary_color": null, "tertiary_color": null },
            "hoist": false, "managed": false, "mentionable": false,
            "position": 0, "flags": 0,
            "icon": null, "unicode_emoji": null, "description": null,
            "permissions": bits_without(&self.forbidden).to_string(),
        })
    }
}
