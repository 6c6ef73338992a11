//! Guilds: themselves, their channels, members, threads and webhooks.

use serde_json::json;

use super::{Ask, Outcome, Reply, id, threads};
use crate::discord::{
    permission::Permission,
    refusal::{Refusal, Unknown},
    world::World,
};

pub(super) fn run(world: &mut World, ask: &Ask<'_>, method: &str, guild: u64, rest: &[&str]) -> Outcome {
    let record = world
        .guilds
        .get(&guild)
        .ok_or_else(|| Refusal::unknown(Unknown::Guild))?;
    match (method, rest) {
        ("GET", []) => {
            let mut json = record.to_json();
            if ask.query_flag("with_counts") {
                json["approximate_member_count"] = json!(record.members.len());
                json["approximate_presence_count"] = json!(record.members.len());
            }
            Ok(Reply::json(json))
        }
        ("GET", ["channels"]) => {
            let inside = world
                .channels
                .values()
                .filter(|channel| channel.guild == Some(guild) && !channel.deleted);
            let channels: Vec<_> = inside
                .filter(|channel| !channel.kind.is_thread())
                .map(|channel| channel.guild_json(world.bot.id))
                .collect();
            Ok(Reply::json(channels.into()))
        }
        ("GET", ["threads", "active"]) => Ok(Reply::json(threads::active(world, guild))),
        ("GET", ["members", user]) => {
            let user = if *user == "@me" {
                world.bot.id
            } else {
                id(user, "user_id")?
            };
            let member = world.member_json(guild, user);
            Ok(Reply::json(member.ok_or_else(|| Refusal::unknown(Unknown::Member))?))
        }
        ("GET", ["webhooks"]) => {
            if record.forbidden.contains(&Permission::ManageWebhooks) {
                return Err(Refusal::missing_permissions());
            }
            let bot = world.bot.to_json();
            let webhooks = world.webhooks.values().filter(|webhook| webhook.guild == guild);
            let webhooks: Vec<_> = webhooks
                .map(|webhook| webhook.to_json(&bot, world.application))
                .collect();
            Ok(Reply::json(webhooks.into()))
        }
        _ => Err(Refusal::not_found()),
    }
}
