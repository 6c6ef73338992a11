/// A command as Telegram writes it: `/end`, in a group also `/end@some_bot`.
pub(crate) struct Command<'a> {
    name: &'a str,
    /// The bot that it names.
    to: Option<&'a str>,
}

/// The command that a text begins with.
pub(crate) fn command(text: &str) -> Option<Command<'_>> {
    let word = text.strip_prefix('/')?.split_whitespace().next()?;
    let (name, to) = match word.split_once('@') {
        Some((name, to)) => (name, Some(to)),
        None => (word, None),
    };
    Some(Command { name, to })
}

impl Command<'_> {
    /// Whether it is the command of that name, and meant for the bot. In a private chat, where nobody else is, give no
    /// bot: then any is meant.
    pub(crate) fn is(&self, name: &str, bot: Option<&str>) -> bool {
        let meant = match (self.to, bot) {
            (Some(to), Some(bot)) => to.eq_ignore_ascii_case(bot),
            _ => true,
        };
        meant && self.name.eq_ignore_ascii_case(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_the_first_word_and_may_name_its_bot() {
        for (text, bot, is) in [
            ("/end", None, true),
            ("/End", None, true),
            ("/end now please", None, true),
            ("/end@my_bot", None, true),
            ("/end@My_Bot", Some("my_bot"), true),
            ("/end@other_bot", Some("my_bot"), false),
            ("/end", Some("my_bot"), true),
            ("/ending", None, false),
            ("end", None, false),
            ("say /end", None, false),
            ("/", None, false),
            ("", None, false),
        ] {
            let read = command(text).is_some_and(|command| command.is("end", bot));
            assert_eq!(read, is, "{text} for {bot:?}");
        }
    }
}
