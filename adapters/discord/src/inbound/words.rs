use serenity::model::{channel::ReactionType, user::User};

/// The words of a message as a person reads them: Discord writes people and emoji as numbers.
pub(super) fn readable(content: &str, mentions: &[User]) -> String {
    let mut words = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = rest.find('<') {
        words.push_str(&rest[..at]);
        rest = &rest[at..];
        let tag = rest.find('>').map(|end| &rest[1..end]);
        if let Some((tag, shown)) = tag.and_then(|tag| Some((tag, shown(tag, mentions)?))) {
            words.push_str(&shown);
            rest = &rest[tag.len() + 2..];
        } else {
            words.push('<');
            rest = &rest[1..];
        }
    }
    words.push_str(rest);
    words
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
