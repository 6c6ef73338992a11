//! Reacting to a message.

use serde_json::{Value, json};

use super::Ask;
use crate::telegram::{refusal::Refusal, world::World};

/// The emoji that a reaction may be: <https://core.telegram.org/bots/api#reactiontypeemoji>.
const EMOJI: [&str; 73] = [
    "❤",
    "👍",
    "👎",
    "🔥",
    "🥰",
    "👏",
    "😁",
    "🤔",
    "🤯",
    "😱",
    "🤬",
    "😢",
    "🎉",
    "🤩",
    "🤮",
    "💩",
    "🙏",
    "👌",
    "🕊",
    "🤡",
    "🥱",
    "🥴",
    "😍",
    "🐳",
    "❤\u{200d}🔥",
    "🌚",
    "🌭",
    "💯",
    "🤣",
    "⚡",
    "🍌",
    "🏆",
    "💔",
    "🤨",
    "😐",
    "🍓",
    "🍾",
    "💋",
    "🖕",
    "😈",
    "😴",
    "😭",
    "🤓",
    "👻",
    "👨\u{200d}💻",
    "👀",
    "🎃",
    "🙈",
    "😇",
    "😨",
    "🤝",
    "✍",
    "🤗",
    "🫡",
    "🎅",
    "🎄",
    "☃",
    "💅",
    "🤪",
    "🗿",
    "🆒",
    "💘",
    "🙉",
    "🦄",
    "😘",
    "💊",
    "🙊",
    "😎",
    "👾",
    "🤷\u{200d}♂",
    "🤷",
    "🤷\u{200d}♀",
    "😡",
];

/// A bot has one reaction on a message, or none: "bots can set up to one reaction per message",
/// <https://core.telegram.org/bots/api#setmessagereaction>.
const REACTIONS_MAX: usize = 1;

/// An empty list takes the reaction back.
pub(crate) fn set(world: &mut World, ask: &Ask<'_>) -> Result<Value, Refusal> {
    let wanted = read(ask)?;
    let id = ask.params.integer("message_id");
    let id = id.ok_or_else(|| Refusal::bad_request("message identifier is not specified"))?;
    let chat = world.open_chat(ask.chat_name().as_deref())?;
    let message = chat.transcript.message_mut(id).filter(|message| !message.deleted);
    let message = message.ok_or_else(|| Refusal::bad_request("message to react not found"))?;
    if wanted.len() > REACTIONS_MAX {
        return Err(Refusal::bad_request("REACTIONS_TOO_MANY"));
    }
    if wanted.iter().any(|emoji| !EMOJI.contains(&emoji.as_str())) {
        return Err(Refusal::bad_request("REACTION_INVALID"));
    }
    message.reaction = wanted.into_iter().next();
    Ok(json!(true))
}

/// A custom emoji is read as what no bot may react with here; a paid reaction cannot be read at all.
fn read(ask: &Ask<'_>) -> Result<Vec<String>, Refusal> {
    if ask.params.get("reaction").is_none_or(|raw| raw == "") {
        return Ok(Vec::new());
    }
    let Some(reactions) = ask.params.json("reaction") else {
        return Err(Refusal::bad_request("can't parse reaction types JSON object"));
    };
    let Value::Array(reactions) = reactions else {
        return Err(Refusal::bad_request("expected an Array of ReactionType"));
    };
    let read = |reaction: &Value| match (reaction["type"].as_str(), reaction["emoji"].as_str()) {
        (Some("emoji"), Some(emoji)) => Ok(emoji.to_owned()),
        (Some("emoji"), None) => Err("Can't find field \"emoji\""),
        (Some("custom_emoji"), _) => Ok(String::new()),
        (Some(_), _) => Err("invalid reaction type specified"),
        (None, _) => Err("Can't find field \"type\""),
    };
    let read: Result<_, _> = reactions.iter().map(read).collect();
    read.map_err(|why| Refusal::bad_request(format!("can't parse ReactionType: {why}")))
}
