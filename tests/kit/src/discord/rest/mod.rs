//! What each address of REST does.

mod channels;
mod commands;
mod components;
mod draft;
mod embeds;
mod guilds;
mod interactions;
mod messages;
mod reactions;
mod start;
mod threads;
mod urls;
mod webhooks;

use std::time::Duration;

use serde_json::Value;

use super::{
    call::Upload,
    channel::{Channel, ChannelKind},
    permission::Permission,
    refusal::{Refusal, Unknown},
    world::World,
};

/// A call as an address sees it.
pub(crate) struct Ask<'a> {
    /// The call's number.
    pub(crate) number: usize,
    pub(crate) query: &'a [(String, String)],
    pub(crate) body: &'a Value,
    pub(crate) uploads: &'a [Upload],
    pub(crate) nonce_window: Duration,
}

/// What a call that went well is answered.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
}

/// What came of a call.
type Outcome = Result<Reply, Refusal>;

impl Reply {
    fn json(body: Value) -> Self {
        Self {
            status: 200,
            body: Some(body),
        }
    }

    fn created(body: Value) -> Self {
        Self {
            status: 201,
            body: Some(body),
        }
    }

    fn nothing() -> Self {
        Self {
            status: 204,
            body: None,
        }
    }
}

impl Ask<'_> {
    fn query(&self, name: &str) -> Option<&str> {
        let mut query = self.query.iter();
        query.find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn query_flag(&self, name: &str) -> bool {
        matches!(self.query(name), Some("true" | "True" | "1"))
    }

    fn query_id(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.query(name).map(|value| id(value, name)).transpose()
    }

    /// How many entries of a list are wanted.
    fn limit(&self, default: usize, max: usize) -> Result<usize, Refusal> {
        let Some(limit) = self.query("limit") else {
            return Ok(default);
        };
        let limit = limit.parse().ok().filter(|limit| (1..=max).contains(limit));
        limit.ok_or_else(|| {
            let words = format!("int value should be between 1 and {max}.");
            Refusal::form("limit", "NUMBER_TYPE_RANGE", words)
        })
    }
}

/// Whether an address wants the bot's token; others carry one of their own, or need none.
pub(crate) fn needs_token(path: &str) -> bool {
    let parts: Vec<_> = path.split('/').skip(1).collect();
    !matches!(
        parts.as_slice(),
        ["gateway"] | ["webhooks", _, _, ..] | ["interactions", _, _, "callback"]
    )
}

/// The most bytes that a file of a call may have.
pub(crate) fn file_bytes_max(world: &World, path: &str) -> u64 {
    let parts: Vec<_> = path.split('/').skip(1).collect();
    let number = |part: &str| part.parse().unwrap_or_default();
    let channel = match parts.as_slice() {
        ["channels", channel, ..] => number(channel),
        ["webhooks", webhook, token, ..] => match world.webhooks.get(&number(webhook)) {
            Some(webhook) => webhook.channel,
            None => interactions::by_token(world, token).map_or(0, |interaction| interaction.channel),
        },
        ["interactions", interaction, ..] => {
            let interaction = world.interactions.get(&number(interaction));
            interaction.map_or(0, |interaction| interaction.channel)
        }
        _ => 0,
    };
    world.file_bytes_max(channel)
}

/// Carries a call out.
pub(crate) fn run(world: &mut World, ask: &Ask<'_>, method: &str, path: &str) -> Outcome {
    let parts: Vec<_> = path.split('/').skip(1).collect();
    match parts.as_slice() {
        ["applications", _, "commands", ..] | ["applications", _, "guilds", _, "commands", ..] => {
            commands::run(world, ask, method, &parts)
        }
        ["gateway" | "oauth2" | "users" | "applications", ..] => start::run(world, ask, method, &parts),
        ["guilds", guild, rest @ ..] => guilds::run(world, ask, method, id(guild, "guild_id")?, rest),
        ["channels", channel, rest @ ..] => {
            let channel = id(channel, "channel_id")?;
            match rest {
                ["messages", _, "reactions", ..] => reactions::run(world, method, channel, rest),
                ["threads" | "thread-members", ..] | ["messages", _, "threads"] | ["users", "@me", "threads", ..] => {
                    threads::run(world, ask, method, channel, rest)
                }
                ["messages", ..] => messages::run(world, ask, method, channel, rest),
                ["webhooks"] => webhooks::of_channel(world, ask, method, channel),
                _ => channels::run(world, ask, method, channel, rest),
            }
        }
        ["webhooks", webhook, rest @ ..] => webhooks::run(world, ask, method, id(webhook, "webhook_id")?, rest),
        ["interactions", interaction, token, "callback"] if method == "POST" => {
            interactions::callback(world, ask, id(interaction, "interaction_id")?, token)
        }
        _ => Err(Refusal::not_found()),
    }
}

/// An id in an address or a query.
fn id(part: &str, name: &str) -> Result<u64, Refusal> {
    part.parse().map_err(|_| Refusal::snowflake(name))
}

/// A channel that the bot can see.
fn visible(world: &World, id: u64) -> Result<&Channel, Refusal> {
    let channel = world.channel(id).filter(|channel| !channel.deleted);
    let channel = channel.ok_or_else(|| Refusal::unknown(Unknown::Channel))?;
    let inside = channel.kind != ChannelKind::PrivateThread
        || channel.members.contains(&world.bot.id)
        || world.may(channel, Permission::ManageThreads);
    if inside && world.may(channel, Permission::ViewChannel) {
        Ok(channel)
    } else {
        Err(Refusal::missing_access())
    }
}

/// Refuses what the bot may not do in a channel.
fn need(world: &World, channel: &Channel, permission: Permission) -> Result<(), Refusal> {
    if world.may(channel, permission) {
        Ok(())
    } else {
        Err(Refusal::missing_permissions())
    }
}
