//! What the example bots know.

/// Whether a message asks for a human: the command, or the word alone, in any case of letters.
pub fn wants_human(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    matches!(text.as_str(), "/human" | "human" | "agent")
}

/// Whether a message asks for the end.
pub fn wants_end(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("/end")
}

/// The bot's answer. Every line of it starts with `Bot:`.
pub fn answer(text: &str) -> String {
    let question = text.to_lowercase();
    let known = ANSWERS.iter().find(|(word, _)| question.contains(word));
    let answer = known.map_or(
        "I do not know that. Ask me about opening hours or delivery, or write \"human\".",
        |(_, a)| a,
    );
    format!("Bot: {answer}")
}

/// An answer as it stands in the history, where each line names its speaker already.
pub fn spoken(answer: &str) -> &str {
    answer.trim_start_matches("Bot: ")
}

/// The bot's answer to somebody who asks for a human in a group.
pub const IN_PRIVATE: &str = "Bot: Write to me in a private chat, and I will get you a human.";

/// The bot's answer when nobody can be asked for.
pub const NO_HUMAN: &str = "Bot: I cannot reach a human now. Try again in a minute.";

const ANSWERS: [(&str, &str); 4] = [
    ("hours", "We are open on weekdays from 9 to 17."),
    ("deliver", "Delivery takes two to three days."),
    (
        "hello",
        "Hello! Ask me about opening hours or delivery, or write \"human\" to talk to a person.",
    ),
    (
        "/start",
        "Hello! Ask me about opening hours or delivery, or write \"human\" to talk to a person.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_escalate_count_as_a_whole_message_only() {
        for text in ["/human", "human", " Agent ", "HUMAN"] {
            assert!(wants_human(text), "{text}");
        }
        for text in ["", "I am human", "agents", "human?"] {
            assert!(!wants_human(text), "{text}");
        }
    }

    #[test]
    fn every_answer_is_the_bot_s() {
        for text in ["Your hours?", "Do you deliver?", "hello", "what"] {
            assert!(answer(text).starts_with("Bot: "), "{text}");
        }
        for text in [IN_PRIVATE, NO_HUMAN] {
            assert!(text.starts_with("Bot: "), "{text}");
        }
    }
}
