//! The bot's answers to slash commands and buttons.

use serde_json::json;

use super::{Ask, Outcome, Reply, draft::Form, id, messages::change};
use crate::discord::{
    interaction::{Act, Interaction, InteractionAnswer},
    message::{EPHEMERAL, Message},
    refusal::{Refusal, Unknown},
    world::World,
};

pub(super) fn by_token<'a>(world: &'a World, token: &str) -> Option<&'a Interaction> {
    world
        .interactions
        .values()
        .rev()
        .find(|interaction| interaction.token == token)
}

/// The first answer.
pub(super) fn callback(world: &mut World, ask: &Ask<'_>, id: u64, token: &str) -> Outcome {
    let found = world
        .interactions
        .get(&id)
        .filter(|interaction| interaction.token == token);
    let interaction = found.cloned().ok_or_else(|| Refusal::unknown(Unknown::Interaction))?;
    if interaction.answer.is_some() {
        return Err(Refusal::new(400, 40060, "Interaction has already been acknowledged."));
    }
    if interaction.too_late() {
        return Err(Refusal::unknown(Unknown::Interaction));
    }
    let kind = ask.body["type"].as_u64();
    let button = matches!(interaction.act, Act::Button { .. });
    let form = Form::data(ask);
    let (kind, message) = match kind {
        Some(4) => (4, Some(say(world, ask, form, &interaction)?)),
        Some(5) => (5, None),
        Some(6) if button => (6, interaction.original),
        Some(7) if button => {
            let original = interaction.original.unwrap_or_default();
            change(world, ask, form, interaction.channel, original)?;
            (7, Some(original))
        }
        _ => return Err(Refusal::choice("type")),
    };
    let deferred_flags = form.flags();
    if let Some(interaction) = world.interactions.get_mut(&id) {
        interaction.answer = Some(InteractionAnswer {
            kind,
            message,
            call: ask.number,
        });
        interaction.original = message;
        interaction.flags = deferred_flags;
    }
    if !ask.query_flag("with_response") {
        return Ok(Reply::nothing());
    }
    let shown = message.map(|message| world.message_json(interaction.channel, message));
    Ok(Reply::json(json!({
        "interaction": { "id": id.to_string(), "type": if button { 3 } else { 2 } },
        "resource": { "type": kind, "message": shown },
    })))
}

/// What comes after the first answer, at the address of a webhook.
pub(super) fn follow_up(world: &mut World, ask: &Ask<'_>, method: &str, token: &str, rest: &[&str]) -> Outcome {
    let found = by_token(world, token).cloned();
    let interaction = found.ok_or_else(|| Refusal::new(401, 50027, "Invalid Webhook Token"))?;
    let Some(answer) = &interaction.answer else {
        return Err(Refusal::unknown(Unknown::Webhook));
    };
    match (method, rest) {
        // The first word after a deferral takes its place.
        ("POST", []) if answer.kind == 5 && interaction.original.is_none() => fill(world, ask, &interaction),
        ("POST", []) => {
            let message = say(world, ask, Form::top(ask), &interaction)?;
            Ok(Reply::json(world.message_json(interaction.channel, message)))
        }
        ("PATCH", ["messages", "@original"]) if answer.kind == 5 && interaction.original.is_none() => {
            fill(world, ask, &interaction)
        }
        (_, ["messages", "@original"]) => {
            let original = interaction.original.ok_or_else(|| Refusal::unknown(Unknown::Message))?;
            own_message(world, ask, method, &interaction, original)
        }
        (_, ["messages", message]) => own_message(world, ask, method, &interaction, id(message, "message_id")?),
        _ => Err(Refusal::not_found()),
    }
}

/// Puts the message there that was deferred; who sees it was said at the deferral.
fn fill(world: &mut World, ask: &Ask<'_>, interaction: &Interaction) -> Outcome {
    let mut message = Form::top(ask).message(world, ask, interaction.channel)?;
    message.flags = interaction.flags;
    let message = post(world, interaction, message);
    if let Some(interaction) = world.interactions.get_mut(&interaction.id) {
        interaction.original = Some(message);
        if let Some(answer) = &mut interaction.answer {
            answer.message = Some(message);
        }
    }
    Ok(Reply::json(world.message_json(interaction.channel, message)))
}

fn own_message(world: &mut World, ask: &Ask<'_>, method: &str, interaction: &Interaction, message: u64) -> Outcome {
    let channel = interaction.channel;
    let record = world.channel(channel).and_then(|channel| channel.message(message));
    let mine = record
        .is_some_and(|message| message.interaction == Some(interaction.id) || interaction.original == Some(message.id));
    if !mine {
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

fn say(world: &mut World, ask: &Ask<'_>, form: Form<'_>, interaction: &Interaction) -> Result<u64, Refusal> {
    let message = form.message(world, ask, interaction.channel)?;
    Ok(post(world, interaction, message))
}

fn post(world: &mut World, interaction: &Interaction, message: Message) -> u64 {
    let command = matches!(interaction.act, Act::Command { .. });
    let message = Message {
        author: world.author(world.bot.id),
        interaction: Some(interaction.id),
        kind: if command { 20 } else { 0 },
        only_for: (message.flags & EPHEMERAL != 0).then_some(interaction.user),
        nonce: None,
        nonce_json: None,
        ..message
    };
    world.post(message)
}
