//! Reactions of the bot.

use super::{Outcome, Reply, id, messages::there, need, visible};
use crate::discord::{emoji, permission::Permission, refusal::Refusal, world::World};

pub(super) fn run(world: &mut World, method: &str, channel: u64, rest: &[&str]) -> Outcome {
    let (message, emoji) = match rest {
        ["messages", message, "reactions", emoji, "@me"] => (id(message, "message_id")?, decode(emoji)?),
        _ => return Err(Refusal::not_found()),
    };
    if !known(world, &emoji) {
        return Err(Refusal::unknown_emoji());
    }
    let record = visible(world, channel)?;
    there(record, message)?;
    match method {
        "PUT" => {
            need(world, record, Permission::AddReactions)?;
            need(world, record, Permission::ReadMessageHistory)?;
            world.react(channel, message, world.bot.id, &emoji);
        }
        "DELETE" => world.unreact(channel, message, world.bot.id, &emoji),
        _ => return Err(Refusal::wrong_method()),
    }
    Ok(Reply::nothing())
}

/// An emoji in an address is percent-encoded.
fn decode(part: &str) -> Result<String, Refusal> {
    let encoded = format!("e={}", part.replace('+', "%2B"));
    let emoji = url::form_urlencoded::parse(encoded.as_bytes()).next();
    let emoji = emoji.map(|(_, emoji)| emoji.into_owned()).unwrap_or_default();
    if emoji.contains('\u{fffd}') {
        return Err(Refusal::unknown_emoji());
    }
    Ok(emoji)
}

/// One of Unicode's, or one of a guild that the bot is in: anything else is 10014, "Unknown Emoji",
/// <https://discord.com/developers/docs/resources/message#create-reaction>.
fn known(world: &World, emoji: &str) -> bool {
    match emoji::custom(emoji) {
        Some(id) => world.guilds.values().any(|guild| guild.emoji.contains_key(&id)),
        None => emoji::is_unicode(emoji),
    }
}
