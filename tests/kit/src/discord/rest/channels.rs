//! A channel itself: seen, changed, deleted; and typing in it.

use std::time::SystemTime;

use serde_json::Value;

use super::{Ask, Outcome, Reply, messages::check_sending, need, visible};
use crate::discord::{
    channel::ChannelKind, message::SeenTyping, permission::Permission, refusal::Refusal, snowflake::now, world::World,
};

pub(super) fn run(world: &mut World, ask: &Ask<'_>, method: &str, channel: u64, rest: &[&str]) -> Outcome {
    match (method, rest) {
        ("GET", []) => Ok(Reply::json(world.channel_json(visible(world, channel)?))),
        ("PATCH", []) => change(world, channel, ask.body),
        ("DELETE", []) => delete(world, channel),
        ("POST", ["typing"]) => typing(world, ask, channel),
        _ => Err(Refusal::not_found()),
    }
}

fn typing(world: &mut World, ask: &Ask<'_>, channel: u64) -> Outcome {
    check_sending(world, channel)?;
    if let Some(record) = world.channels.get_mut(&channel) {
        record.transcript.typing.push(SeenTyping {
            at: SystemTime::now(),
            call: ask.number,
        });
    }
    world.tell_typing(channel, world.bot.id);
    Ok(Reply::nothing())
}

fn change(world: &mut World, channel: u64, body: &Value) -> Outcome {
    let record = visible(world, channel)?;
    let (wanted, event) = match record.kind {
        ChannelKind::Dm => return Err(Refusal::new(403, 50003, "Cannot execute action on a DM channel")),
        ChannelKind::Text => (Permission::ManageChannels, "CHANNEL_UPDATE"),
        _ => (Permission::ManageThreads, "THREAD_UPDATE"),
    };
    // Whoever opened a thread may change it.
    if record.owner != Some(world.bot.id) {
        need(world, record, wanted)?;
    }
    let name = body["name"].as_str();
    if name.is_some_and(|name| name.is_empty() || name.chars().count() > 100) {
        return Err(Refusal::form(
            "name",
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 100 in length.",
        ));
    }
    if let Some(record) = world.channels.get_mut(&channel) {
        if let Some(name) = name {
            name.clone_into(&mut record.name);
        }
        if let Some(archived) = body["archived"]
            .as_bool()
            .filter(|archived| *archived != record.archived)
        {
            record.archived = archived;
            record.archived_at = now();
        }
        if let Some(locked) = body["locked"].as_bool() {
            record.locked = locked;
        }
        if let Some(minutes) = body["auto_archive_duration"].as_u64() {
            record.auto_archive_minutes = minutes;
        }
    }
    world.tell_channel(event, channel);
    Ok(Reply::json(world.channel_json(visible(world, channel)?)))
}

fn delete(world: &mut World, channel: u64) -> Outcome {
    let record = visible(world, channel)?;
    let json = world.channel_json(record);
    match record.kind {
        // Direct messages are closed, and open again with the next word.
        ChannelKind::Dm => return Ok(Reply::json(json)),
        ChannelKind::Text => need(world, record, Permission::ManageChannels)?,
        _ => need(world, record, Permission::ManageThreads)?,
    }
    world.delete_channel(channel);
    Ok(Reply::json(json))
}
