use std::fmt;

/// What a bot may react with: <https://core.telegram.org/bots/api#reactiontypeemoji>.
#[rustfmt::skip]
const FREE: [&str; 73] = [
    "❤", "👍", "👎", "🔥", "🥰", "👏", "😁", "🤔", "🤯", "😱", "🤬", "😢", "🎉", "🤩", "🤮", "💩", "🙏", "👌", "🕊",
    "🤡", "🥱", "🥴", "😍", "🐳", "❤\u{200d}🔥", "🌚", "🌭", "💯", "🤣", "⚡", "🍌", "🏆", "💔", "🤨", "😐", "🍓",
    "🍾", "💋", "🖕", "😈", "😴", "😭", "🤓", "👻", "👨\u{200d}💻", "👀", "🎃", "🙈", "😇", "😨", "🤝", "✍", "🤗",
    "🫡", "🎅", "🎄", "☃", "💅", "🤪", "🗿", "🆒", "💘", "🙉", "🦄", "😘", "💊", "🙊", "😎", "👾", "🤷\u{200d}♂",
    "🤷", "🤷\u{200d}♀", "😡",
];

/// Asks an emoji to be drawn in colour. People type it behind some, and Telegram's list is without.
const IN_COLOUR: char = '\u{fe0f}';

/// An emoji that a bot may react with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ReactionEmoji(&'static str);

/// A text that is no emoji a bot may react with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Telegram lets bots react with emoji of a list alone (👌 👍 👀 ✍ …): core.telegram.org/bots/api#reactiontypeemoji"
)]
pub struct ReactionEmojiError;

impl ReactionEmoji {
    /// Takes an emoji that is on Telegram's list of those that every bot may react with.
    ///
    /// # Errors
    /// [`ReactionEmojiError`] when it is not.
    pub fn parse(emoji: &str) -> Result<Self, ReactionEmojiError> {
        let emoji = emoji.trim().trim_end_matches(IN_COLOUR);
        let listed = FREE.into_iter().find(|listed| *listed == emoji);
        listed.map(Self).ok_or(ReactionEmojiError)
    }

    /// The emoji as Telegram takes it.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl Default for ReactionEmoji {
    /// 👌
    fn default() -> Self {
        Self("👌")
    }
}

impl fmt::Debug for ReactionEmoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_telegram_lists_is_taken_as_people_type_it() {
        for (typed, emoji) in [
            ("👌", "👌"),
            (" 👀 ", "👀"),
            ("❤\u{fe0f}", "❤"),
            ("🤷\u{200d}♂\u{fe0f}", "🤷\u{200d}♂"),
        ] {
            assert_eq!(
                ReactionEmoji::parse(typed).map(ReactionEmoji::as_str),
                Ok(emoji),
                "{typed}"
            );
        }
        for typed in ["", "✅", "👌👌", "ok"] {
            assert_eq!(ReactionEmoji::parse(typed), Err(ReactionEmojiError), "{typed}");
        }
        let default = ReactionEmoji::default();
        assert_eq!(ReactionEmoji::parse(default.as_str()), Ok(default));
    }
}
