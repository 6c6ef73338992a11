//! What an agent said, apart from the name that is shown with it.
//!
//! The name stands before the first message of a turn. Which message that is depends on what the customer wrote meanwhile,
//! so whoever compares lines takes the name off; that it is shown as it should be is tested on its own.

use std::time::Duration;

use escalator_testkit::telegram::{Chat, Message, TimedOut};

/// What stands before the words of the agent who answers in this house.
const NAME: &str = "Anna: ";

/// A line as it was said.
pub fn said(shown: &str) -> &str {
    shown.strip_prefix(NAME).unwrap_or(shown)
}

/// Waits until a customer on Telegram sees exactly these words, with or without the agent's name.
///
/// # Errors
/// When they do not within the time.
pub async fn sees(chat: &Chat, within: Duration, words: &str) -> Result<Message, TimedOut> {
    chat.sees(within, |message| message.words().map(said) == Some(words))
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_part_of_what_was_said() {
        for (shown, words) in [
            ("Anna: Hi", "Hi"),
            ("Hi", "Hi"),
            ("Anna is with you now.", "Anna is with you now."),
            ("Bot: Hi", "Bot: Hi"),
            ("Hi, Anna: Hi", "Hi, Anna: Hi"),
        ] {
            assert_eq!(said(shown), words);
        }
    }
}
