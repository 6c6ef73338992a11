//! Messages of a channel: made, seen, changed, deleted.

use std::time::Instant;

use serde_json::{Value, json};

use super::{Ask, Outcome, Reply, draft::Form, id, need, visible};
use crate::discord::{
    channel::{Channel, ChannelKind},
    gateway::MESSAGE_CONTENT,
    message::Message,
    permission::Permission,
    refusal::{Refusal, Unknown},
    show::hide,
    world::{Noted, World},
};

pub(super) fn run(world: &mut World, ask: &Ask<'_>, method: &str, channel: u64, rest: &[&str]) -> Outcome {
    match (method, rest) {
        ("POST", ["messages"]) => create(world, ask, channel),
        ("GET", ["messages"]) => list(world, ask, channel),
        ("GET", ["messages", message]) => get(world, channel, id(message, "message_id")?),
        ("PATCH", ["messages", message]) => edit(world, ask, channel, id(message, "message_id")?),
        ("DELETE", ["messages", message]) => delete(world, channel, id(message, "message_id")?),
        _ => Err(Refusal::not_found()),
    }
}

/// Refuses to let the bot speak where it may not.
pub(super) fn check_sending(world: &World, channel: u64) -> Result<(), Refusal> {
    let channel = visible(world, channel)?;
    if world
        .recipient(channel)
        .is_some_and(|person| channel.guild.is_none() && person.dm_closed)
    {
        return Err(Refusal::closed_dm());
    }
    if channel.kind.is_thread() {
        check_thread_open(world, channel)?;
        return need(world, channel, Permission::SendMessagesInThreads);
    }
    need(world, channel, Permission::SendMessages)
}

/// A message opens an archived thread again, unless it is locked.
pub(super) fn check_thread_open(world: &World, thread: &Channel) -> Result<(), Refusal> {
    if thread.locked && thread.archived && !world.may(thread, Permission::ManageThreads) {
        return Err(Refusal::new(400, 50083, "Thread is archived"));
    }
    Ok(())
}

/// A message for the bot, without the words that it may not read.
pub(super) fn shown(world: &mut World, channel: u64, message: u64) -> Value {
    let mut json = world.message_json(channel, message);
    if world.privileges & MESSAGE_CONTENT == 0 && !world.readable(channel, message) {
        hide(&mut json);
    }
    json
}

fn create(world: &mut World, ask: &Ask<'_>, channel: u64) -> Outcome {
    check_sending(world, channel)?;
    if !ask.uploads.is_empty() {
        need(world, visible(world, channel)?, Permission::AttachFiles)?;
    }
    let form = Form::top(ask);
    let message = form.message(world, ask, channel)?;
    let enforced = form.get("enforce_nonce") == Some(&Value::Bool(true));
    let nonce = message.nonce.clone();
    if let Some((channel, first)) = nonce
        .as_ref()
        .filter(|_| enforced)
        .and_then(|nonce| first(world, ask, nonce))
    {
        return Ok(Reply::json(world.message_json(channel, first)));
    }
    let author = world.author(world.bot.id);
    let id = world.post(Message { author, ..message });
    if let Some(nonce) = nonce {
        let since = Instant::now();
        let noted = Noted {
            since,
            channel,
            message: id,
        };
        world.nonces.insert(nonce, noted);
    }
    Ok(Reply::json(world.message_json(channel, id)))
}

/// The message that was made with that nonce a short while ago.
fn first(world: &World, ask: &Ask<'_>, nonce: &str) -> Option<(u64, u64)> {
    let noted = world.nonces.get(nonce)?;
    (noted.since.elapsed() < ask.nonce_window).then_some((noted.channel, noted.message))
}

/// The newest come first, whichever end was asked for.
fn list(world: &mut World, ask: &Ask<'_>, channel: u64) -> Outcome {
    let limit = ask.limit(50, 100)?;
    let (after, before, around) = (ask.query_id("after")?, ask.query_id("before")?, ask.query_id("around")?);
    let record = visible(world, channel)?;
    if !world.may(record, Permission::ReadMessageHistory) {
        return Ok(Reply::json(json!([])));
    }
    let messages = record.transcript.messages().iter();
    let there: Vec<u64> = messages
        .filter(|message| !message.deleted && message.only_for.is_none())
        .map(|message| message.id)
        .collect();
    let place = |id: u64| there.partition_point(|other| *other < id);
    let (from, to) = match (around, before, after) {
        (Some(around), ..) => {
            let from = place(around).saturating_sub(limit / 2);
            (from, from + limit)
        }
        (_, Some(before), _) => (place(before).saturating_sub(limit), place(before)),
        (.., Some(after)) => (place(after + 1), place(after + 1) + limit),
        _ => (there.len().saturating_sub(limit), there.len()),
    };
    let chosen = there[from..to.min(there.len())].to_vec();
    let messages: Vec<_> = chosen.into_iter().rev().map(|id| shown(world, channel, id)).collect();
    Ok(Reply::json(messages.into()))
}

fn get(world: &mut World, channel: u64, message: u64) -> Outcome {
    let record = visible(world, channel)?;
    need(world, record, Permission::ReadMessageHistory)?;
    there(record, message)?;
    Ok(Reply::json(shown(world, channel, message)))
}

fn edit(world: &mut World, ask: &Ask<'_>, channel: u64, message: u64) -> Outcome {
    let author = &there(visible(world, channel)?, message)?.author;
    if author.id != world.bot.id {
        return Err(Refusal::other_author());
    }
    change(world, ask, Form::top(ask), channel, message)
}

/// Changes what a form names of a message, and answers with the message.
pub(super) fn change(world: &mut World, ask: &Ask<'_>, form: Form<'_>, channel: u64, message: u64) -> Outcome {
    let content = form.content()?;
    let (embeds, components) = (form.embeds()?, form.components()?);
    let allowed_mentions = form.allowed_mentions()?;
    let files = form.files(world, ask, channel)?;
    let record = world.channels.get_mut(&channel);
    let record = record.and_then(|channel| channel.transcript.message_mut(message));
    let Some(record) = record else {
        return Err(Refusal::unknown(Unknown::Message));
    };
    let emptied = Message {
        content: content.clone().unwrap_or_else(|| record.content.clone()),
        embeds: embeds.clone().unwrap_or_else(|| record.embeds.clone()),
        components: components.clone().unwrap_or_else(|| record.components.clone()),
        files: record.files.iter().chain(&files).cloned().collect(),
        ..Message::default()
    };
    if emptied.is_empty() {
        return Err(Refusal::empty_message());
    }
    if let Some(embeds) = embeds {
        record.embeds = embeds;
    }
    if let Some(components) = components {
        record.components = components;
    }
    record.allowed_mentions = allowed_mentions;
    record.files.extend(files);
    let content = content.unwrap_or_else(|| record.content.clone());
    world.edit_content(channel, message, content);
    Ok(Reply::json(world.message_json(channel, message)))
}

fn delete(world: &mut World, channel: u64, message: u64) -> Outcome {
    let record = visible(world, channel)?;
    if there(record, message)?.author.id != world.bot.id {
        if record.kind == ChannelKind::Dm {
            return Err(Refusal::new(403, 50003, "Cannot execute action on a DM channel"));
        }
        need(world, record, Permission::ManageMessages)?;
    }
    world.delete_message(channel, message);
    Ok(Reply::nothing())
}

/// A message that the bot can find; one that a single person sees is none.
pub(super) fn there(channel: &Channel, message: u64) -> Result<&Message, Refusal> {
    let message = channel.message(message).filter(|message| message.only_for.is_none());
    message.ok_or_else(|| Refusal::unknown(Unknown::Message))
}
