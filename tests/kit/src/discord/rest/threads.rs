//! Threads: opened, joined, listed.

use serde_json::{Value, json};

use super::{
    Ask, Outcome, Reply, id,
    messages::{check_thread_open, there},
    need, visible,
};
use crate::discord::{
    channel::{Channel, ChannelKind, Invites},
    permission::Permission,
    refusal::{Refusal, Unknown},
    world::World,
};

/// The minutes after which a thread may be archived.
const ARCHIVE_MINUTES: [u64; 4] = [60, 1440, 4320, 10080];

pub(super) fn run(world: &mut World, ask: &Ask<'_>, method: &str, channel: u64, rest: &[&str]) -> Outcome {
    match (method, rest) {
        ("POST", ["threads"]) => open(world, ask, channel, None),
        ("POST", ["messages", message, "threads"]) => open(world, ask, channel, Some(id(message, "message_id")?)),
        ("GET", ["threads", "archived", "private"]) => {
            let record = visible(world, channel)?;
            need(world, record, Permission::ReadMessageHistory)?;
            need(world, record, Permission::ManageThreads)?;
            archived(world, ask, channel, |thread| thread.kind == ChannelKind::PrivateThread)
        }
        ("GET", ["threads", "archived", "public"]) => {
            archived(world, ask, channel, |thread| thread.kind == ChannelKind::PublicThread)
        }
        ("GET", ["users", "@me", "threads", "archived", "private"]) => {
            let bot = world.bot.id;
            let mine = |thread: &Channel| thread.kind == ChannelKind::PrivateThread && thread.members.contains(&bot);
            archived(world, ask, channel, mine)
        }
        (_, ["thread-members", rest @ ..]) => members(world, method, channel, rest),
        _ => Err(Refusal::not_found()),
    }
}

fn open(world: &mut World, ask: &Ask<'_>, parent: u64, message: Option<u64>) -> Outcome {
    let record = visible(world, parent)?;
    if record.kind != ChannelKind::Text {
        return Err(Refusal::new(400, 50024, "Cannot execute action on this channel type"));
    }
    let kind = match (message, ask.body["type"].as_u64()) {
        (None, None | Some(12)) => ChannelKind::PrivateThread,
        (Some(_), _) | (None, Some(11)) => ChannelKind::PublicThread,
        _ => return Err(Refusal::choice("type")),
    };
    if kind == ChannelKind::PrivateThread {
        need(world, record, Permission::CreatePrivateThreads)?;
    }
    if let Some(message) = message {
        there(record, message)?;
    }
    let name = ask.body["name"].as_str().ok_or_else(|| Refusal::required("name"))?;
    if name.is_empty() || name.chars().count() > 100 {
        return Err(Refusal::form(
            "name",
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 100 in length.",
        ));
    }
    let minutes = ask.body["auto_archive_duration"].as_u64().unwrap_or(1440);
    if !ARCHIVE_MINUTES.contains(&minutes) {
        return Err(Refusal::choice("auto_archive_duration"));
    }
    let guild = record.guild;
    // A thread on a message has that message's id.
    let id = message.unwrap_or_else(|| world.mint.next());
    let thread = Channel {
        guild,
        parent: Some(parent),
        name: name.to_owned(),
        owner: Some(world.bot.id),
        members: [world.bot.id].into(),
        auto_archive_minutes: minutes,
        invites: if ask.body["invitable"] == false {
            Invites::Managers
        } else {
            Invites::Members
        },
        ..Channel::new(id, kind)
    };
    let json = thread.guild_json(world.bot.id);
    world.channels.insert(id, thread);
    world.tell_channel("THREAD_CREATE", id);
    Ok(Reply::created(json))
}

fn members(world: &mut World, method: &str, thread: u64, rest: &[&str]) -> Outcome {
    let record = visible(world, thread)?;
    if !record.kind.is_thread() {
        return Err(Refusal::new(400, 50024, "Cannot execute action on this channel type"));
    }
    let user = match rest {
        [] if method == "GET" => {
            let members: Vec<_> = record.members.iter().map(|user| record.member_json(*user)).collect();
            return Ok(Reply::json(members.into()));
        }
        ["@me"] => world.bot.id,
        [user] => id(user, "user_id")?,
        _ => return Err(Refusal::not_found()),
    };
    match method {
        "GET" if record.members.contains(&user) => Ok(Reply::json(record.member_json(user))),
        "GET" => Err(Refusal::unknown(Unknown::Member)),
        "PUT" => add(world, thread, user),
        "DELETE" => remove(world, thread, user),
        _ => Err(Refusal::wrong_method()),
    }
}

fn add(world: &mut World, thread: u64, user: u64) -> Outcome {
    let record = visible(world, thread)?;
    check_thread_open(world, record)?;
    if !world.people.contains_key(&user) {
        return Err(Refusal::unknown(Unknown::User));
    }
    let guild = record.guild.and_then(|guild| world.guilds.get(&guild));
    if guild.is_none_or(|guild| !guild.members.contains_key(&user)) {
        return Err(Refusal::unknown(Unknown::Member));
    }
    let added = world
        .channels
        .get_mut(&thread)
        .is_some_and(|thread| thread.members.insert(user));
    if added {
        world.tell_thread_members(thread, &[user], &[]);
    }
    Ok(Reply::nothing())
}

fn remove(world: &mut World, thread: u64, user: u64) -> Outcome {
    let record = visible(world, thread)?;
    if user != world.bot.id && record.owner != Some(world.bot.id) {
        need(world, record, Permission::ManageThreads)?;
    }
    let removed = world
        .channels
        .get_mut(&thread)
        .is_some_and(|thread| thread.members.remove(&user));
    if removed {
        world.tell_thread_members(thread, &[], &[user]);
    }
    Ok(Reply::nothing())
}

/// The active threads of a guild that the bot can see.
pub(super) fn active(world: &World, guild: u64) -> Value {
    let there = world.channels.values().filter(|channel| {
        channel.guild == Some(guild) && channel.kind.is_thread() && !channel.archived && !channel.deleted
    });
    let threads: Vec<_> = there.filter(|thread| visible(world, thread.id).is_ok()).rev().collect();
    listed(world, &threads, false)
}

/// The archived threads of a channel, the last archived first.
fn archived(world: &World, ask: &Ask<'_>, channel: u64, wanted: impl Fn(&Channel) -> bool) -> Outcome {
    need(world, visible(world, channel)?, Permission::ReadMessageHistory)?;
    let limit = ask.limit(50, 100)?;
    let earlier = |thread: &Channel| match ask.query("before") {
        Some(before) => match before.parse::<u64>() {
            Ok(id) => thread.id < id,
            Err(_) => thread.archived_at.as_str() < before,
        },
        None => true,
    };
    let threads = world
        .threads(channel)
        .filter(|thread| thread.archived && !thread.deleted);
    let mut threads: Vec<_> = threads.filter(|thread| wanted(thread) && earlier(thread)).collect();
    threads.sort_by(|left, right| right.archived_at.cmp(&left.archived_at).then(right.id.cmp(&left.id)));
    let more = threads.len() > limit;
    threads.truncate(limit);
    Ok(Reply::json(listed(world, &threads, more)))
}

fn listed(world: &World, threads: &[&Channel], more: bool) -> Value {
    let bot = world.bot.id;
    let members = threads.iter().filter(|thread| thread.members.contains(&bot));
    let members: Vec<_> = members.map(|thread| thread.member_json(bot)).collect();
    let threads: Vec<_> = threads.iter().map(|thread| thread.guild_json(bot)).collect();
    json!({ "threads": threads, "members": members, "has_more": more })
}
