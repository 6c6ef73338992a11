use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{
    delivery::Availability,
    omnidesk::{
        ChatServer, ErrorKind, Omnidesk, OmnideskError, ServerToken,
        answer::Reply,
        client::{Call, Host},
        encoding::Fields,
    },
};

/// The configuration of a live chat (guide, "Request if agents available").
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ChatConfig {
    /// The texts and colours of `config`, by the desk's names: those that are a text and not empty.
    pub texts: BTreeMap<String, String>,
    /// What the desk tells a chat to do, in its order.
    pub instructions: Vec<Instruction>,
}

/// What the desk tells a chat to do.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Instruction {
    /// `hide_reason_no_agents_available`: nobody is there. Told only when the account ticked "Hide chat when there are no
    /// agents available", so its absence proves nothing.
    NoAgents,
    /// `phoneNumber`: the customer should be asked for a phone number.
    AskPhoneNumber {
        /// The field that it belongs in.
        key: Option<String>,
    },
    /// `emailAddress`: the customer should be asked for an e-mail address. No page shows it; it is read
    /// like the one about the phone number.
    AskEmailAddress {
        /// The field that it belongs in.
        key: Option<String>,
    },
    /// `show_team`: the team should be shown.
    ShowTeam {
        /// Addresses of their pictures.
        pictures: Vec<String>,
    },
    /// One that this version does not know.
    Other {
        /// Its `type`.
        kind: String,
        /// All of its fields.
        fields: Map<String, Value>,
    },
}

impl ChatConfig {
    /// What it says of the agents.
    pub fn availability(&self) -> Availability {
        Availability {
            no_agents: self.instructions.contains(&Instruction::NoAgents),
            asks_phone: self.asks(|asked| matches!(asked, Instruction::AskPhoneNumber { .. })),
            asks_email: self.asks(|asked| matches!(asked, Instruction::AskEmailAddress { .. })),
            texts: self.texts.clone(),
        }
    }

    fn asks(&self, what: impl Fn(&Instruction) -> bool) -> bool {
        self.instructions.iter().any(what)
    }

    fn of_reply(reply: &Reply) -> Self {
        Self {
            texts: reply.get("config").map(texts).unwrap_or_default(),
            instructions: reply.get("instructions").map(instructions).unwrap_or_default(),
        }
    }
}

impl Omnidesk {
    /// Asks for the configuration of the live chat. With a server token by `GET {chat_url}/requestChatConfig` (guide),
    /// without one by `POST {account}/api/v2/chat/requestChatConfig` (OpenAPI pages). `chat_server` is told in the
    /// second form alone.
    ///
    /// # Errors
    /// [`OmnideskError`]; of the kind [`Uncertain`](ErrorKind::Uncertain) also when the answer cannot be read.
    ///
    /// # Cancel safety
    /// It only asks: dropping it changes nothing.
    pub async fn chat_config(&self, chat_server: &ChatServer) -> Result<ChatConfig, OmnideskError> {
        let call = match &self.config().server_token {
            Some(server_token) => self.by_get(server_token),
            None => self.by_post(chat_server),
        };
        let reply = self.client.call(&call).await?;
        if reply.is_empty() {
            return Err(call.fails(ErrorKind::Uncertain, "the answer is no chat configuration"));
        }
        Ok(ChatConfig::of_reply(&reply))
    }

    fn by_get(&self, server_token: &ServerToken) -> Call {
        let fields = Fields::default()
            .private("chatAccountToken", self.config().account_token.expose())
            .private("chatServerToken", server_token.expose());
        Call::new("requestChatConfig", "/requestChatConfig", fields).to(Host::Chat)
    }

    fn by_post(&self, chat_server: &ChatServer) -> Call {
        let fields = Fields::default()
            .private("chatServer", chat_server.as_str())
            .private("chatAccountToken", self.config().account_token.expose());
        Call::new("requestChatConfig", "/api/v2/chat/requestChatConfig", fields).to(Host::AccountAsked)
    }
}

/// Texts, and switches (`show_…`), which may also be written as booleans and numbers.
fn texts(config: &Value) -> BTreeMap<String, String> {
    let entries = config.as_object().into_iter().flatten();
    let told = entries.filter_map(|(name, value)| {
        let told = match value {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) if name.starts_with("show_") => value.to_string(),
            _ => return None,
        };
        Some((name.clone(), told))
    });
    told.filter(|(_, text)| !text.trim().is_empty()).collect()
}

/// A list; or, as some servers write a list with gaps, an object with its numbers as names.
fn instructions(list: &Value) -> Vec<Instruction> {
    match list {
        Value::Array(entries) => entries.iter().filter_map(instruction).collect(),
        Value::Object(entries) => entries.values().filter_map(instruction).collect(),
        _ => Vec::new(),
    }
}

fn instruction(entry: &Value) -> Option<Instruction> {
    let fields = entry.as_object()?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let kind = text("type")?;
    Some(match kind.as_str() {
        "hide_reason_no_agents_available" => Instruction::NoAgents,
        "phoneNumber" => Instruction::AskPhoneNumber { key: text("key") },
        "emailAddress" => Instruction::AskEmailAddress { key: text("key") },
        "show_team" => Instruction::ShowTeam {
            pictures: fields.get("team_profile_pictures").map(strings).unwrap_or_default(),
        },
        _ => Instruction::Other {
            kind,
            fields: fields.clone(),
        },
    })
}

fn strings(list: &Value) -> Vec<String> {
    let entries = list.as_array().into_iter().flatten();
    entries.filter_map(|entry| entry.as_str().map(str::to_owned)).collect()
}
