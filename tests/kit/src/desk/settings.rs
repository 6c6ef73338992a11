//! What the contract leaves open or to the account: the switches of a desk that is well.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::Encoding;

/// The desk's switches. They can be changed while it runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Encodings that are read.
    pub accept: Accept,
    /// Where `notifyUserEndChat` answers.
    pub end_path: EndPath,
    /// How `ticketID` and `messageID` are written.
    pub ids: IdStyle,
    /// Whether an agent is there.
    pub agents_available: bool,
    /// Whether "Hide chat when there are no agents available" is ticked, so that a missing agent shows.
    pub hide_when_no_agents: bool,
    /// Whether the chatbot log needs a `brandID`. The guide does not call it optional, so it does unless told otherwise.
    pub brand_required: bool,
    /// The `config` of `requestChatConfig`.
    pub chat_config: Value,
    /// Its `instructions`, besides the one that says that no agent is available.
    pub instructions: Vec<Value>,
    /// Largest file that is taken, from either side.
    pub file_bytes_max: u64,
    /// How hooks are sent.
    pub hooks: HookSettings,
}

/// Encodings that the desk reads besides multipart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accept {
    /// Whether `application/x-www-form-urlencoded` is read.
    pub urlencoded: bool,
    /// Whether `application/json` is read.
    pub json: bool,
}

/// Paths on which `notifyUserEndChat` answers; the other one answers 404.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndPath {
    /// `/api/v2/message/notifyUserEndChat`, as in the guide.
    Guide,
    /// `/api/v2/chat/notifyUserEndChat`, as in the vendor's OpenAPI pages.
    Specification,
    /// Both.
    Both,
}

/// How ids are written in answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdStyle {
    /// As numbers.
    Number,
    /// As strings of digits.
    Text,
}

/// How hooks are sent, unless a call says otherwise.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct HookSettings {
    /// Encoding.
    pub encoding: Encoding,
    /// How long an answer is waited for.
    pub timeout: Duration,
    /// Whether a hook that was not answered with 2xx is sent again.
    pub retry: HookRetry,
    /// Whether a second `/` stands before the name.
    pub double_slash: bool,
}

/// Whether the desk sends a hook again. The contract does not say what the real one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookRetry {
    /// Never.
    Off,
    /// With waits that double, as the vendor's newer webhooks do.
    Growing {
        /// Attempts after the first.
        retries_max: u32,
        /// Wait before the first of them.
        first_wait: Duration,
    },
}

impl Accept {
    /// Multipart, urlencoded and JSON.
    pub const ALL: Self = Self {
        urlencoded: true,
        json: true,
    };
    /// Multipart alone, as the vendor's OpenAPI pages have it.
    pub const MULTIPART_ONLY: Self = Self {
        urlencoded: false,
        json: false,
    };

    pub(super) fn takes(self, encoding: Encoding) -> bool {
        match encoding {
            Encoding::Multipart | Encoding::Query => true,
            Encoding::Urlencoded => self.urlencoded,
            Encoding::Json => self.json,
        }
    }
}

impl HookRetry {
    /// Five more attempts, the first after a second.
    pub const LIKE_NEWER_WEBHOOKS: Self = Self::Growing {
        retries_max: 5,
        first_wait: Duration::from_secs(1),
    };
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            accept: Accept::ALL,
            end_path: EndPath::Both,
            ids: IdStyle::Number,
            agents_available: true,
            hide_when_no_agents: true,
            brand_required: true,
            chat_config: example_config(),
            instructions: example_instructions(),
            file_bytes_max: 100 * 1024 * 1024,
            hooks: HookSettings::default(),
        }
    }
}

impl Default for HookSettings {
    fn default() -> Self {
        Self {
            encoding: Encoding::Json,
            timeout: Duration::from_secs(10),
            retry: HookRetry::Off,
            double_slash: false,
        }
    }
}

/// The `config` of the guide's example.
fn example_config() -> Value {
    json!({
        "chat_logo": "https://www.omnidesk.nl/img/logo_white.svg",
        "header_color": "#18e2ae",
        "chat_logo_height": "30",
        "chat_logo_width": "100",
        "chat_background_color": "#e5e5e5",
        "chat_message_customer_color": "#ffffff",
        "chat_message_customer_text_color": "#000000",
        "chat_message_agent_color": "#18e2ae",
        "chat_message_agent_text_color": "#000000",
        "chat_textarea_placeholder": "Type je vraag en druk op enter",
        "chat_introduction_html": "",
        "label_provide_email_address": "Please provide your mail address",
        "label_provide_phone_number": "Please provide your phone number",
        "placeholder_email_address": "name@domain.com",
        "placeholder_telephone_number": "0612345678",
        "start_button_color": "#232541",
        "start_chat_instructions": "Welkom! Typ je vraag, iemand van onze klantenservice komt zo bij je.",
        "session_timeout_warning": "notice: due to inactivity this session will soon close",
        "session_timeout_message": "session closed, refresh window to start a new chat",
        "file_uploaded_text": "File uploaded.",
        "agent_typing_text": "Agent typing..",
        "show_survey_after_chat": null
    })
}

fn example_instructions() -> Vec<Value> {
    vec![
        json!({ "type": "phoneNumber", "key": "phoneNumber" }),
        json!({ "type": "show_team", "team_profile_pictures": [] }),
    ]
}
