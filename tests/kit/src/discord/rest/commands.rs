//! The bot's slash commands.

use serde_json::{Value, json};

use super::{Ask, Outcome, Reply, id};
use crate::discord::{
    refusal::{Refusal, Unknown},
    world::World,
};

pub(super) fn run(world: &mut World, ask: &Ask<'_>, method: &str, parts: &[&str]) -> Outcome {
    let (application, guild, rest) = match parts {
        ["applications", application, "guilds", guild, "commands", rest @ ..] => {
            (application, Some(id(guild, "guild_id")?), rest)
        }
        ["applications", application, "commands", rest @ ..] => (application, None, rest),
        _ => return Err(Refusal::not_found()),
    };
    if id(application, "application_id")? != world.application {
        return Err(Refusal::new(
            403,
            20012,
            "You are not authorized to perform this action on this application",
        ));
    }
    if guild.is_some_and(|guild| !world.guilds.contains_key(&guild)) {
        return Err(Refusal::missing_access());
    }
    match (method, rest) {
        ("GET", []) => Ok(Reply::json(world.commands(guild).to_vec().into())),
        ("PUT", []) => overwrite(world, ask.body, guild),
        ("POST", []) => add(world, ask.body, guild),
        ("DELETE", [command]) => delete(world, guild, command),
        _ => Err(Refusal::not_found()),
    }
}

fn overwrite(world: &mut World, body: &Value, guild: Option<u64>) -> Outcome {
    let wanted = body
        .as_array()
        .ok_or_else(|| Refusal::form("_", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"))?;
    let mut commands = Vec::new();
    for (place, command) in wanted.iter().enumerate() {
        check(command, &format!("{place}."))?;
        commands.push(stored(world, command, guild));
    }
    world.commands.insert(guild, commands.clone());
    Ok(Reply::json(commands.into()))
}

fn add(world: &mut World, body: &Value, guild: Option<u64>) -> Outcome {
    check(body, "")?;
    let known = world
        .commands(guild)
        .iter()
        .any(|command| command["name"] == body["name"]);
    let command = stored(world, body, guild);
    let commands = world.commands.entry(guild).or_default();
    commands.retain(|other| other["name"] != command["name"]);
    commands.push(command.clone());
    Ok(if known {
        Reply::json(command)
    } else {
        Reply::created(command)
    })
}

fn delete(world: &mut World, guild: Option<u64>, command: &str) -> Outcome {
    let commands = world.commands.entry(guild).or_default();
    let before = commands.len();
    commands.retain(|other| other["id"] != command);
    if commands.len() == before {
        return Err(Refusal::unknown(Unknown::Command));
    }
    Ok(Reply::nothing())
}

/// A command keeps its id as long as its name stays.
fn stored(world: &mut World, command: &Value, guild: Option<u64>) -> Value {
    let name = command["name"].as_str().unwrap_or_default();
    let known = world.commands(guild).iter().find(|other| other["name"] == name);
    let known = known.and_then(|known| known["id"].as_str()).map(str::to_owned);
    let id = known.unwrap_or_else(|| world.mint.next().to_string());
    let mut stored = command.clone();
    stored["id"] = json!(id);
    stored["version"] = json!(world.mint.next().to_string());
    stored["application_id"] = json!(world.application.to_string());
    if stored["type"].is_null() {
        stored["type"] = json!(1);
    }
    if stored["description"].is_null() {
        stored["description"] = json!("");
    }
    if let Some(guild) = guild {
        stored["guild_id"] = json!(guild.to_string());
    }
    stored
}

fn check(command: &Value, prefix: &str) -> Result<(), Refusal> {
    let path = |field: &str| format!("{prefix}{field}");
    let name = command["name"]
        .as_str()
        .ok_or_else(|| Refusal::required(&path("name")))?;
    let slash = matches!(command["type"].as_u64(), None | Some(1));
    let letter = |letter: char| "-_'".contains(letter) || letter.is_alphanumeric() && !letter.is_uppercase();
    let fits = !name.is_empty() && name.chars().count() <= 32;
    if !fits || slash && !name.chars().all(letter) {
        let words = "Command name is invalid";
        return Err(Refusal::form(&path("name"), "APPLICATION_COMMAND_INVALID_NAME", words));
    }
    let description = command["description"].as_str().unwrap_or_default();
    if slash && description.is_empty() {
        return Err(Refusal::required(&path("description")));
    }
    if description.chars().count() > 100 {
        return Err(Refusal::form(
            &path("description"),
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 100 in length.",
        ));
    }
    Ok(())
}
