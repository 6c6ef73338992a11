//! What a bot asks first: the gateway, itself, its application, direct messages.

use serde_json::{Value, json};

use super::{Ask, Outcome, Reply, id};
use crate::discord::{
    message::snowflake,
    people::Person,
    refusal::{Refusal, Unknown},
    world::World,
};

pub(super) fn run(world: &mut World, ask: &Ask<'_>, method: &str, parts: &[&str]) -> Outcome {
    match (method, parts) {
        ("GET", ["gateway"]) => Ok(Reply::json(json!({ "url": gateway(world) }))),
        ("GET", ["gateway", "bot"]) => Ok(Reply::json(json!({
            "url": gateway(world),
            "shards": 1,
            "session_start_limit": {
                "total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1,
            },
        }))),
        ("GET", ["users", "@me"]) => Ok(Reply::json(world.bot.to_own_json())),
        ("GET", ["users", "@me", "guilds"]) => Ok(Reply::json(own_guilds(world))),
        ("POST", ["users", "@me", "channels"]) => open_dm(world, ask.body),
        ("GET", ["users", user]) => {
            let user = world.people.get(&id(user, "user_id")?);
            let user = user.ok_or_else(|| Refusal::unknown(Unknown::User))?;
            Ok(Reply::json(user.to_json()))
        }
        ("GET", ["oauth2", "applications", "@me"] | ["applications", "@me"]) => Ok(Reply::json(application(world))),
        ("GET", ["oauth2", "@me"]) => Ok(Reply::json(json!({
            "application": application(world),
            "scopes": ["bot", "applications.commands"],
            "expires": "2100-01-01T00:00:00.000000+00:00",
            "user": world.bot.to_json(),
        }))),
        _ => Err(Refusal::not_found()),
    }
}

fn gateway(world: &World) -> Option<String> {
    world.addr.map(|addr| format!("ws://{addr}"))
}

fn own_guilds(world: &World) -> Value {
    let guilds = world.guilds.values().map(|guild| {
        json!({
            "id": guild.id.to_string(), "name": guild.name, "icon": null, "banner": null, "owner": false,
            "permissions": "0", "features": [],
        })
    });
    guilds.collect()
}

/// Opening direct messages always succeeds; sending in them may not.
fn open_dm(world: &mut World, body: &Value) -> Outcome {
    let user = snowflake(&body["recipient_id"]).ok_or_else(|| Refusal::snowflake("recipient_id"))?;
    let there = world.people.get(&user).is_some_and(|person| !person.bot);
    if !there {
        return Err(Refusal::unknown(Unknown::User));
    }
    let channel = world.open_dm(user);
    let json = world.channel(channel).map(|channel| world.channel_json(channel));
    Ok(Reply::json(json.unwrap_or_default()))
}

fn application(world: &World) -> Value {
    let owner = Person {
        id: 1,
        username: "team_lead".to_owned(),
        ..Person::default()
    };
    json!({
        "id": world.application.to_string(),
        "name": world.bot.username,
        "icon": null,
        "description": "",
        "summary": "",
        "type": null,
        "bot_public": true,
        "bot_require_code_grant": false,
        "verify_key": "0".repeat(64),
        "flags": world.application_flags(),
        "bot": world.bot.to_json(),
        "owner": owner.to_json(),
        "team": null,
        "redirect_uris": [],
        "interactions_endpoint_url": null,
        "role_connections_verification_url": null,
        "approximate_guild_count": world.guilds.len(),
    })
}
