//! Slash commands and buttons, and the bot's answers to them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long the first answer may take.
const FIRST_ANSWER: Duration = Duration::from_secs(3);

/// A slash command that was used or a button that was pressed, and what the bot answered.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Interaction {
    /// Its id.
    pub id: u64,
    /// Who did it.
    pub user: u64,
    /// Where.
    pub channel: u64,
    /// What was done.
    pub act: Act,
    /// The bot's first answer, once it came.
    pub answer: Option<InteractionAnswer>,
    pub(crate) token: String,
    pub(crate) since: Instant,
    pub(crate) expired: bool,
    /// The flags of a deferred answer.
    pub(crate) flags: u64,
    /// The message that `@original` names.
    pub(crate) original: Option<u64>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Act {
    /// A slash command.
    Command {
        /// Its name, without the slash.
        name: String,
        /// Its options, as Discord sends them.
        options: Vec<Value>,
    },
    /// A button.
    Button {
        /// The message that it stands on.
        message: u64,
        /// Its `custom_id`.
        custom_id: String,
    },
}

/// The first answer to an interaction.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InteractionAnswer {
    /// The callback's `type`: 4 a message, 5 a message that is to come, 6 nothing to see, 7 the
    /// button's message changed.
    pub kind: u64,
    /// The message that was made, once there is one.
    pub message: Option<u64>,
    /// The call that made it.
    pub call: usize,
}

impl Interaction {
    /// Whether it is too late for a first answer.
    pub(crate) fn too_late(&self) -> bool {
        self.expired || self.since.elapsed() > FIRST_ANSWER
    }

    /// The value of an option that is text.
    pub fn option(&self, name: &str) -> Option<&str> {
        let Act::Command { options, .. } = &self.act else {
            return None;
        };
        let option = options.iter().find(|option| option["name"] == name)?;
        option["value"].as_str()
    }
}

/// An option of a slash command that is text.
pub(crate) fn text_option(name: &str, value: &str) -> Value {
    json!({ "name": name, "type": 3, "value": value })
}
