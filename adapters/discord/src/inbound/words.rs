use escalator::model::RichText;
use serenity::model::{channel::ReactionType, user::User};

use super::markdown::formatted;

/// A message as a person reads it: Discord writes formatting, people and emoji as signs and numbers.
pub(super) fn readable(content: &str, mentions: &[User]) -> RichText {
    formatted(content, &|tag| shown(tag, mentions))
}

/// An emoji as a person reads it.
pub(super) fn emoji(emoji: &ReactionType) -> String {
    match emoji {
        ReactionType::Unicode(emoji) => emoji.clone(),
        ReactionType::Custom { name: Some(name), .. } => format!(":{name}:"),
        _ => "an emoji".to_owned(),
    }
}

/// What stands between `<` and `>`, where it is a person or an emoji.
fn shown(tag: &str, mentions: &[User]) -> Option<String> {
    if let Some(person) = tag.strip_prefix('@') {
        let id: u64 = person.trim_start_matches('!').parse().ok()?;
        let user = mentions.iter().find(|user| user.id.get() == id)?;
        return Some(format!("@{}", user.global_name.as_deref().unwrap_or(&user.name)));
    }
    let emoji = tag.strip_prefix("a:").or_else(|| tag.strip_prefix(':'))?;
    let (name, id) = emoji.split_once(':')?;
    let is_emoji = !name.is_empty() && !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    is_emoji.then(|| format!(":{name}:"))
}
