use escalator::model::RichText;
use serenity::model::channel::ReactionType;

use super::{
    markdown::formatted,
    tag::{self, Known},
};

/// A message as a person reads it, as much as is wanted: Discord writes formatting, people and emoji as signs and numbers.
pub(super) fn readable(content: &str, known: &Known<'_>) -> RichText {
    let content = &content[..content.floor_char_boundary(known.bytes_max)];
    formatted(content, &|tag| tag::shown(tag, known))
}

/// An emoji as a person reads it.
pub(super) fn emoji(emoji: &ReactionType) -> String {
    match emoji {
        ReactionType::Unicode(emoji) => emoji.clone(),
        ReactionType::Custom { name: Some(name), .. } => format!(":{name}:"),
        _ => ":emoji:".to_owned(),
    }
}
