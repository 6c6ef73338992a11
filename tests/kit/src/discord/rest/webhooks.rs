//! Webhooks: listed, made, spoken through.

use serde_json::Value;

use super::{
    Ask, Outcome, Reply,
    draft::Form,
    id, interactions,
    messages::{change, check_thread_open, there},
    need, urls, visible,
};
use crate::discord::{
    channel::ChannelKind,
    message::{Author, Message},
    permission::Permission,
    refusal::{Refusal, Unknown},
    webhook::Webhook,
    world::World,
};

/// The most webhooks of a channel.
const WEBHOOKS_MAX: usize = 15;
/// The most characters of a webhook's name: "A webhook name is valid if [...] It follows the nickname guidelines",
/// "1-80 characters", <https://discord.com/developers/docs/resources/webhook#create-webhook>.
const NAME_MAX: usize = 80;
/// Words that no webhook may have in its name, ibidem: "It does not contain the substrings clyde or discord
/// (case-insensitive)".
const NAMES_TAKEN: [&str; 2] = ["clyde", "discord"];
/// Words that no webhook may have as its name: "Usernames cannot be: everyone, here",
/// <https://discord.com/developers/docs/resources/user#usernames-and-nicknames>.
const NAMES_FORBIDDEN: [&str; 2] = ["everyone", "here"];

/// The webhooks of a channel.
pub(super) fn of_channel(world: &mut World, ask: &Ask<'_>, method: &str, channel: u64) -> Outcome {
    let record = visible(world, channel)?;
    let Some(guild) = record.guild.filter(|_| record.kind == ChannelKind::Text) else {
        return Err(Refusal::new(400, 50024, "Cannot execute action on this channel type"));
    };
    need(world, record, Permission::ManageWebhooks)?;
    let bot = world.bot.to_json();
    let here = world.webhooks.values().filter(|webhook| webhook.channel == channel);
    match method {
        "GET" => {
            let webhooks: Vec<_> = here.map(|webhook| webhook.to_json(&bot, world.application)).collect();
            Ok(Reply::json(webhooks.into()))
        }
        "POST" => {
            if here.count() >= WEBHOOKS_MAX {
                let words = format!("Maximum number of webhooks reached ({WEBHOOKS_MAX})");
                return Err(Refusal::new(400, 30007, words));
            }
            let name = ask.body["name"].as_str().ok_or_else(|| Refusal::required("name"))?;
            check_name("name", name)?;
            let id = world.mint.next();
            let webhook = Webhook {
                id,
                token: format!("fake-webhook-token-{id:x}"),
                channel,
                guild,
                name: name.to_owned(),
                own: true,
            };
            let json = webhook.to_json(&bot, world.application);
            world.webhooks.insert(id, webhook);
            Ok(Reply::json(json))
        }
        _ => Err(Refusal::wrong_method()),
    }
}

pub(super) fn run(world: &mut World, ask: &Ask<'_>, method: &str, webhook: u64, rest: &[&str]) -> Outcome {
    let (token, rest) = match rest {
        [] => return by_id(world, method, webhook),
        [token, rest @ ..] => (*token, rest),
    };
    if webhook == world.application {
        return interactions::follow_up(world, ask, method, token, rest);
    }
    let found = world.webhooks.get(&webhook).cloned();
    let found = found.ok_or_else(|| Refusal::unknown(Unknown::Webhook))?;
    if found.token != token {
        return Err(Refusal::new(401, 50027, "Invalid Webhook Token"));
    }
    match (method, rest) {
        ("POST", []) => execute(world, ask, &found),
        ("GET", []) => Ok(Reply::json(found.to_json(&Value::Null, world.application))),
        ("DELETE", []) => {
            world.webhooks.remove(&webhook);
            Ok(Reply::nothing())
        }
        (_, ["messages", message]) => own_message(world, ask, method, &found, id(message, "message_id")?),
        _ => Err(Refusal::not_found()),
    }
}

fn by_id(world: &mut World, method: &str, webhook: u64) -> Outcome {
    let found = world.webhooks.get(&webhook).cloned();
    let found = found.ok_or_else(|| Refusal::unknown(Unknown::Webhook))?;
    need(world, visible(world, found.channel)?, Permission::ManageWebhooks)?;
    match method {
        "GET" => Ok(Reply::json(found.to_json(&world.bot.to_json(), world.application))),
        "DELETE" => {
            world.webhooks.remove(&webhook);
            Ok(Reply::nothing())
        }
        _ => Err(Refusal::wrong_method()),
    }
}

/// A webhook speaks whatever the bot may do; without `wait` it does not say what it made.
fn execute(world: &mut World, ask: &Ask<'_>, webhook: &Webhook) -> Outcome {
    let channel = place(world, ask, webhook)?;
    let form = Form::top(ask);
    let name = form.get("username").and_then(Value::as_str);
    if let Some(name) = name {
        check_name("username", name)?;
    }
    if let Some(url) = form.get("avatar_url").and_then(Value::as_str) {
        urls::check("avatar_url", url)?;
    }
    let author = Author {
        id: webhook.id,
        name: name.unwrap_or(&webhook.name).to_owned(),
        avatar_url: form.get("avatar_url").and_then(Value::as_str).map(str::to_owned),
        bot: true,
        webhook: Some(webhook.id),
    };
    let message = form.message(world, ask, channel)?;
    // A webhook knows no nonce and answers nothing.
    let id = world.post(Message {
        author,
        nonce: None,
        nonce_json: None,
        reply_to: None,
        kind: 0,
        ..message
    });
    if ask.query_flag("wait") {
        Ok(Reply::json(world.message_json(channel, id)))
    } else {
        Ok(Reply::nothing())
    }
}

/// The webhook's channel, or the thread of it that the call names.
fn place(world: &World, ask: &Ask<'_>, webhook: &Webhook) -> Result<u64, Refusal> {
    let Some(thread) = ask.query_id("thread_id")? else {
        return Ok(webhook.channel);
    };
    let record = world.channel(thread).filter(|thread| !thread.deleted);
    let record = record.filter(|thread| thread.parent == Some(webhook.channel));
    let record = record.ok_or_else(|| Refusal::unknown(Unknown::Channel))?;
    check_thread_open(world, record)?;
    Ok(thread)
}

fn own_message(world: &mut World, ask: &Ask<'_>, method: &str, webhook: &Webhook, message: u64) -> Outcome {
    let channel = place(world, ask, webhook)?;
    let record = world
        .channel(channel)
        .ok_or_else(|| Refusal::unknown(Unknown::Channel))?;
    if there(record, message)?.author.webhook != Some(webhook.id) {
        return Err(Refusal::unknown(Unknown::Message));
    }
    match method {
        "GET" => Ok(Reply::json(world.message_json(channel, message))),
        "PATCH" => change(world, ask, Form::top(ask), channel, message),
        "DELETE" => {
            world.delete_message(channel, message);
            Ok(Reply::nothing())
        }
        _ => Err(Refusal::wrong_method()),
    }
}

fn check_name(field: &str, name: &str) -> Result<(), Refusal> {
    let length = name.chars().count();
    if name.trim().is_empty() || length > NAME_MAX {
        return Err(Refusal::bad_length(field, NAME_MAX));
    }
    let lower = name.to_lowercase();
    if let Some(taken) = NAMES_TAKEN.iter().find(|taken| lower.contains(*taken)) {
        let words = format!("Username cannot contain \"{taken}\"");
        return Err(Refusal::form(field, "USERNAME_INVALID_CONTAINS", words));
    }
    if NAMES_FORBIDDEN.contains(&lower.trim()) {
        let words = format!("Username cannot be \"{}\"", lower.trim());
        return Err(Refusal::form(field, "USERNAME_INVALID", words));
    }
    Ok(())
}
