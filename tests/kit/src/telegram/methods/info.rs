//! Asking about the bot, a chat or a file.

use serde_json::{Value, json};

use super::Ask;
use crate::telegram::{params::Params, refusal::Refusal, world::World};

/// With every field that clients insist on.
pub(crate) fn me(world: &World) -> Value {
    let mut me = world.bot.to_json();
    for flag in [
        "can_read_all_group_messages",
        "supports_guest_queries",
        "supports_inline_queries",
        "can_connect_to_business",
        "has_main_web_app",
        "has_topics_enabled",
        "allows_users_to_create_topics",
        "can_manage_bots",
        "supports_join_request_queries",
    ] {
        me[flag] = json!(false);
    }
    me["can_join_groups"] = json!(true);
    me
}

pub(crate) fn chat(world: &mut World, ask: &Ask<'_>) -> Result<Value, Refusal> {
    let chat = world.open_chat(ask.chat_name().as_deref())?;
    let mut full = chat.to_json();
    full["accent_color_id"] = json!(chat.id.unsigned_abs() % 7);
    full["max_reaction_count"] = json!(11);
    full["accepted_gift_types"] = json!({
        "unlimited_gifts": false,
        "limited_gifts": false,
        "unique_gifts": false,
        "premium_subscription": false,
        "gifts_from_channels": false,
    });
    if let Some(username) = full.get("username").cloned() {
        full["active_usernames"] = json!([username]);
    }
    Ok(full)
}

/// A file that is too big to be fetched is refused here, before any byte.
pub(crate) fn file(world: &World, ask: &Ask<'_>) -> Result<Value, Refusal> {
    let id = ask.params.text("file_id").unwrap_or_default();
    if id.is_empty() {
        return Err(Refusal::bad_request("file_id not specified"));
    }
    let file = world.files.by_id(&id);
    let file = file.ok_or_else(|| Refusal::bad_request("invalid file_id"))?;
    if file.size > ask.shared.limits.download_bytes_max {
        return Err(Refusal::bad_request("file is too big"));
    }
    Ok(json!({
        "file_id": file.file_id,
        "file_unique_id": file.file_unique_id,
        "file_size": file.size,
        "file_path": file.path,
    }))
}

pub(crate) fn set_commands(world: &mut World, ask: &Ask<'_>) -> Value {
    let commands = ask.params.json("commands").unwrap_or(json!([]));
    world.commands.insert(place(ask.params), commands);
    json!(true)
}

pub(crate) fn commands(world: &World, params: &Params) -> Value {
    let commands = world.commands.get(&place(params));
    commands.cloned().unwrap_or(json!([]))
}

pub(crate) fn delete_commands(world: &mut World, ask: &Ask<'_>) -> Value {
    world.commands.remove(&place(ask.params));
    json!(true)
}

/// Commands are kept for each scope and language.
fn place(params: &Params) -> String {
    let scope = params.json("scope");
    let scope = scope.unwrap_or_else(|| json!({ "type": "default" }));
    let language = params.text("language_code").unwrap_or_default();
    format!("{scope} {language}")
}
