use super::{Text, Timestamp};

/// One line of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was said.
    pub at: Timestamp,
    /// Who said it.
    pub speaker: Speaker,
    /// What was said; a file stands as `[image: cat.png]`.
    pub text: Text,
}

/// Who said a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The customer.
    Customer,
    /// The bot.
    Bot,
    /// An agent, by the name that the desk gave.
    Agent(Text),
}

impl Line {
    /// A line of the customer.
    pub fn customer(at: Timestamp, text: impl Into<Text>) -> Self {
        Self {
            at,
            speaker: Speaker::Customer,
            text: text.into(),
        }
    }

    /// A line of the bot.
    pub fn bot(at: Timestamp, text: impl Into<Text>) -> Self {
        Self {
            at,
            speaker: Speaker::Bot,
            text: text.into(),
        }
    }

    /// A line of an agent.
    pub fn agent(at: Timestamp, name: Text, text: impl Into<Text>) -> Self {
        Self {
            at,
            speaker: Speaker::Agent(name),
            text: text.into(),
        }
    }
}
