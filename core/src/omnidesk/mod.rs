//! The Omnidesk client and the reader of its hooks. All of the vendor's quirks live here.
//!
//! Usable on its own: [`Omnidesk`] has one method for each call of the desk, with typed requests and results. The same
//! value is the [`Desk`](crate::desk::Desk) that the rest of the crate delivers to.
//!
//! ```no_run
//! use escalator::omnidesk::{
//!     Account, AccountToken, ChatServer, ChatSessionId, Filled, NewMessage, Omnidesk, OmnideskConfig,
//! };
//!
//! # async fn tell() -> Result<(), Box<dyn std::error::Error>> {
//! let config = OmnideskConfig::new(Account::parse("acme")?, AccountToken::new("x7Kq2mV9pL")?);
//! let omnidesk = Omnidesk::new(config)?;
//! let hooks = ChatServer::new("https://bot.example.com/omnidesk/4f1c9d7e2b")?;
//! let session = ChatSessionId::new("5f0b0f5c-7d0c-4f6e-9a53-3f6f0e1c2b3a")?;
//! let message = Filled::new("message", "Hello, is anybody there?")?;
//! let taken = omnidesk.new_message(&NewMessage::new(&hooks, &session, message)).await?;
//! println!("ticket {:?}", taken.ticket_id);
//! # Ok(())
//! # }
//! ```
//!
//! The facts about the desk come from its guide ("Livechat chatbot and app integration") and, where named, from its
//! OpenAPI pages ("API specification"). What neither tells is a setting of [`OmnideskConfig`].
//!
//! # Invariants
//! - A call is made once. Only the end of a chat can make a second, to the other of its two paths, when the first path
//!   does not exist or is not allowed.
//! - An error says whether the desk can have the call. It shows no token, no address with a secret, no message text.
//! - A file is never whole in memory. Every body, wait and reason has a limit.
//!
//! # Not here
//! - When a call is made, and made again: `dispatch`.
//! - The server that the desk's hooks reach: `hookpoint`.

mod agent_text;
mod answer;
mod client;
mod config;
mod desk;
mod echo;
mod encoding;
mod endpoints;
mod error;
mod failure;
mod hook;
mod name;
mod recent;
mod upload;
mod values;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{Arc, atomic::AtomicBool},
};

pub use self::{
    agent_text::AgentText,
    config::{Account, AccountToken, ApiKey, BrandId, ChatUrl, OmnideskConfig, ServerToken},
    encoding::Encoding,
    endpoints::{
        AddAttachment, AttachmentTaken, ChatConfig, ChatEvent, ChatbotLog, Instruction, MessageTaken, NewMessage,
    },
    error::{ErrorKind, OmnideskError, ValueError},
    hook::{hook_answer, hook_kind, read_hook},
    values::{
        ChatServer, ChatSessionId, CustomerName, Email, FileName, Filled, MessageNumber, NumbersPast50, PhoneNumber,
    },
};
use self::{client::Client, recent::Recent};

/// An Omnidesk account. Clones share connections and memory.
#[derive(Clone)]
pub struct Omnidesk {
    client: Arc<Client>,
    /// Whether the OpenAPI pages' path ends a chat here, and not the guide's. Learned from the first that exists.
    ends_at_chat: Arc<AtomicBool>,
    recent: Recent,
}

impl Omnidesk {
    /// Takes the settings. Nothing is called yet; [`check`](Self::check) does that.
    ///
    /// # Errors
    /// [`ValueError`] for settings that contradict each other.
    pub fn new(config: OmnideskConfig) -> Result<Self, ValueError> {
        let recent = Recent::new(config.availability_max);
        Ok(Self {
            client: Arc::new(Client::new(config)?),
            ends_at_chat: Arc::default(),
            recent,
        })
    }

    /// The settings.
    pub fn config(&self) -> &OmnideskConfig {
        self.client.config()
    }

    /// Asks for the chat configuration, to find out at the start whether the desk knows us. Worth a line in the log
    /// before the first customer comes.
    ///
    /// # Errors
    /// [`OmnideskError`], which names the setting that is likely to be wrong.
    ///
    /// # Cancel safety
    /// It only asks: dropping it changes nothing.
    pub async fn check(&self, chat_server: &ChatServer) -> Result<ChatConfig, OmnideskError> {
        self.chat_config(chat_server).await.map_err(|error| {
            let hint = self.hint(&error);
            error.hint(&hint)
        })
    }

    /// Which setting a failed check points to.
    fn hint(&self, error: &OmnideskError) -> String {
        let config = self.config();
        let by_server_token = config.server_token.is_some();
        let (address, setting) = if by_server_token {
            (config.chat_url.as_str(), "`chat_url`")
        } else {
            (config.account.as_str(), "`account`")
        };
        match error.kind() {
            ErrorKind::Refused | ErrorKind::Rejected if matches!(error.status(), Some(300..400 | 404 | 405 | 410)) => {
                format!(" (no Omnidesk at {address}? See {setting})")
            }
            ErrorKind::Refused | ErrorKind::Rejected if by_server_token => {
                " (see `account_token` and `server_token`)".to_owned()
            }
            ErrorKind::Refused | ErrorKind::Rejected if config.api_key.is_some() => {
                " (see `account_token`, and whether `api_key` has the permission API_CHAT)".to_owned()
            }
            ErrorKind::Refused | ErrorKind::Rejected => {
                " (see `account_token`; `api_key` is not set, and the desk may want one)".to_owned()
            }
            _ => format!(" (asked {address}, see {setting})"),
        }
    }
}

impl fmt::Debug for Omnidesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Omnidesk")
            .field("config", self.config())
            .finish_non_exhaustive()
    }
}
