//! Users and chats.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{message::Transcript, refusal::Refusal};

/// A person, or the bot itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    pub(crate) id: i64,
    pub(crate) is_bot: bool,
    pub(crate) first_name: String,
    pub(crate) last_name: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) language_code: Option<String>,
}

impl Person {
    pub(crate) fn to_json(&self) -> Value {
        let mut json = json!({
            "id": self.id,
            "is_bot": self.is_bot,
            "first_name": self.first_name,
        });
        put(&mut json, "last_name", self.last_name.as_ref());
        put(&mut json, "username", self.username.as_ref());
        put(&mut json, "language_code", self.language_code.as_ref());
        json
    }
}

/// The kinds of chats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatKind {
    /// One customer and the bot.
    Private,
    /// A small group, which can migrate.
    Group,
    /// A group with its own message numbers.
    Supergroup,
}

/// Whether the bot may speak in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Open,
    Blocked,
    Deactivated,
    Kicked,
    MigratedTo(i64),
}

/// A chat with all that was said in it.
pub(crate) struct ChatRecord {
    pub(crate) id: i64,
    pub(crate) kind: ChatKind,
    pub(crate) title: Option<String>,
    pub(crate) person: Option<Person>,
    pub(crate) access: Access,
    /// Who speaks when nobody is named.
    pub(crate) speaker: i64,
    /// The last message number, where the chat counts for itself.
    pub(crate) own_count: i64,
    /// The customers' reactions, by the message and by who reacts.
    pub(crate) reactions: HashMap<(i64, i64), String>,
    pub(crate) transcript: Transcript,
}

impl ChatRecord {
    pub(crate) fn to_json(&self) -> Value {
        let mut json = json!({ "id": self.id, "type": self.kind.name() });
        put(&mut json, "title", self.title.as_ref());
        if let Some(person) = &self.person {
            json["first_name"] = json!(person.first_name);
            put(&mut json, "last_name", person.last_name.as_ref());
            put(&mut json, "username", person.username.as_ref());
        }
        json
    }

    /// Refuses what the bot may not do here.
    pub(crate) fn check_access(&self) -> Result<(), Refusal> {
        match (self.access, self.kind) {
            (Access::Open, _) => Ok(()),
            (Access::Blocked, _) => Err(Refusal::forbidden("bot was blocked by the user")),
            (Access::Deactivated, _) => Err(Refusal::forbidden("user is deactivated")),
            (Access::Kicked, ChatKind::Supergroup) => {
                Err(Refusal::forbidden("bot was kicked from the supergroup chat"))
            }
            (Access::Kicked, _) => Err(Refusal::forbidden("bot was kicked from the group chat")),
            (Access::MigratedTo(chat), _) => Err(Refusal::migrated(chat)),
        }
    }
}

impl ChatKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Group => "group",
            Self::Supergroup => "supergroup",
        }
    }
}

fn put(json: &mut Value, field: &str, value: Option<&String>) {
    if let Some(value) = value {
        json[field] = json!(value);
    }
}
