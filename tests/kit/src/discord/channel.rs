//! Channels: direct messages, channels of a guild, and threads.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    message::{Message, Transcript},
    permission::{Permission, bits},
    snowflake::{now, time_of},
};

/// A channel with all that was said in it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Channel {
    /// Its id.
    pub id: u64,
    /// What it is.
    pub kind: ChannelKind,
    /// The guild that it is in; none for a direct message.
    pub guild: Option<u64>,
    /// The channel that a thread belongs to.
    pub parent: Option<u64>,
    /// Its name; empty for a direct message.
    pub name: String,
    /// Who opened a thread.
    pub owner: Option<u64>,
    /// Who is in a thread or a direct message, the bot among them.
    pub members: BTreeSet<u64>,
    /// Whether a thread is archived.
    pub archived: bool,
    /// Whether a thread is closed to all but those who manage threads.
    pub locked: bool,
    /// Whether it was deleted.
    pub deleted: bool,
    /// What was said in it.
    pub transcript: Transcript,
    pub(crate) archived_at: String,
    pub(crate) auto_archive_minutes: u64,
    pub(crate) invites: Invites,
    pub(crate) forbidden: BTreeSet<Permission>,
}

/// The kinds of channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChannelKind {
    /// A text channel of a guild.
    Text,
    /// One person and the bot.
    Dm,
    /// A thread that everybody in the channel sees.
    PublicThread,
    /// A thread that its members alone see.
    PrivateThread,
}

/// Who may let others into a private thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Invites {
    Members,
    Managers,
}

impl ChannelKind {
    /// The `type` by which Discord names it.
    pub fn number(self) -> u8 {
        match self {
            Self::Text => 0,
            Self::Dm => 1,
            Self::PublicThread => 11,
            Self::PrivateThread => 12,
        }
    }

    /// Whether it is a thread.
    pub fn is_thread(self) -> bool {
        matches!(self, Self::PublicThread | Self::PrivateThread)
    }
}

impl Channel {
    pub(crate) fn new(id: u64, kind: ChannelKind) -> Self {
        Self {
            id,
            kind,
            guild: None,
            parent: None,
            name: String::new(),
            owner: None,
            members: BTreeSet::new(),
            archived: false,
            locked: false,
            deleted: false,
            transcript: Transcript::default(),
            archived_at: now(),
            auto_archive_minutes: 1440,
            invites: Invites::Members,
            forbidden: BTreeSet::new(),
        }
    }

    /// A channel of a guild as Discord shows it; the bot's id is that of whom it is shown to.
    pub(crate) fn guild_json(&self, bot: u64) -> Value {
        let mut json = json!({
            "id": self.id.to_string(),
            "type": self.kind.number(),
            "guild_id": self.guild.map(|id| id.to_string()),
            "name": self.name,
            "parent_id": self.parent.map(|id| id.to_string()),
            "last_message_id": self.last_message_id(),
            "flags": 0,
            "rate_limit_per_user": 0,
        });
        if self.kind.is_thread() {
            self.put_thread(&mut json, bot);
        } else {
            json["position"] = json!(0);
            json["topic"] = Value::Null;
            json["nsfw"] = json!(false);
            json["permission_overwrites"] = self.overwrites(bot);
        }
        json
    }

    /// A thread's membership as Discord shows it.
    pub(crate) fn member_json(&self, user: u64) -> Value {
        json!({
            "id": self.id.to_string(),
            "user_id": user.to_string(),
            "join_timestamp": time_of(self.id),
            "flags": 0,
        })
    }

    pub(crate) fn last_message_id(&self) -> Option<String> {
        let last = self.transcript.messages().last();
        last.map(|message| message.id.to_string())
    }

    pub(crate) fn message(&self, id: u64) -> Option<&Message> {
        let message = self.transcript.message(id)?;
        (!message.deleted).then_some(message)
    }

    /// Whether a person can see it: only members see direct messages and private threads.
    pub(crate) fn seen_by(&self, user: u64) -> bool {
        match self.kind {
            ChannelKind::Dm | ChannelKind::PrivateThread => self.members.contains(&user),
            _ => true,
        }
    }

    fn put_thread(&self, json: &mut Value, bot: u64) {
        let mut metadata = json!({
            "archived": self.archived,
            "archive_timestamp": self.archived_at,
            "auto_archive_duration": self.auto_archive_minutes,
            "locked": self.locked,
            "create_timestamp": time_of(self.id),
        });
        if self.kind == ChannelKind::PrivateThread {
            metadata["invitable"] = json!(self.invites == Invites::Members);
        }
        let count = self.transcript.messages().len();
        json["owner_id"] = json!(self.owner.map(|id| id.to_string()));
        json["message_count"] = json!(count);
        json["total_message_sent"] = json!(count);
        json["member_count"] = json!(self.members.len().min(50));
        json["thread_metadata"] = metadata;
        if self.members.contains(&bot) {
            json["member"] = self.member_json(bot);
        }
    }

    fn overwrites(&self, bot: u64) -> Value {
        if self.forbidden.is_empty() {
            return json!([]);
        }
        json!([{
            "id": bot.to_string(), "type": 1, "allow": "0", "deny": bits(&self.forbidden).to_string(),
        }])
    }
}
