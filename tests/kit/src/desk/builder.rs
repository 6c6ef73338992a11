//! Sets up a desk before it starts.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use serde_json::Value;
use thiserror::Error;

use super::{
    DeskSimulator,
    call::{Encoding, Stage},
    gate::Gate,
    office::{Credentials, Office, OnCall},
    settings::{Accept, EndPath, IdStyle, Settings},
};

/// Sets up a [`DeskSimulator`]; made by [`DeskSimulator::builder`].
pub struct DeskSimulatorBuilder {
    listen: SocketAddr,
    credentials: Credentials,
    settings: Settings,
    on_call: Option<OnCall>,
}

/// Why the desk could not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("the desk cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The client for hooks could not be made.
    #[error("the client for hooks could not be made: {reason}")]
    Client {
        /// Why.
        reason: String,
    },
}

impl DeskSimulatorBuilder {
    pub(super) fn new() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            credentials: Credentials {
                account_token: "simulatoraccount".to_owned(),
                server_token: "simulatorserver".to_owned(),
                api_key: None,
            },
            settings: Settings::default(),
            on_call: None,
        }
    }

    /// Address to listen on. Default: a free port of 127.0.0.1.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// The `chatAccountToken` that is valid. Default: `simulatoraccount`.
    pub fn account_token(mut self, token: impl Into<String>) -> Self {
        self.credentials.account_token = token.into();
        self
    }

    /// The `chatServerToken` that is valid. Default: `simulatorserver`.
    pub fn server_token(mut self, token: impl Into<String>) -> Self {
        self.credentials.server_token = token.into();
        self
    }

    /// Demands this `apiKey` on every `/api/v2` call. Default: none is demanded.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.credentials.api_key = Some(key.into());
        self
    }

    /// Encodings that are read. Default: all.
    pub fn accept(mut self, accept: Accept) -> Self {
        self.settings.accept = accept;
        self
    }

    /// Where `notifyUserEndChat` answers. Default: on both paths.
    pub fn end_path(mut self, end_path: EndPath) -> Self {
        self.settings.end_path = end_path;
        self
    }

    /// How ids are written. Default: as numbers.
    pub fn ids(mut self, ids: IdStyle) -> Self {
        self.settings.ids = ids;
        self
    }

    /// Whether an agent is there. Default: yes.
    pub fn agents_available(mut self, available: bool) -> Self {
        self.settings.agents_available = available;
        self
    }

    /// The `config` of `requestChatConfig`. Default: the guide's example.
    pub fn chat_config(mut self, config: Value) -> Self {
        self.settings.chat_config = config;
        self
    }

    /// Encoding of hooks. Default: JSON.
    pub fn hook_encoding(mut self, encoding: Encoding) -> Self {
        self.settings.hooks.encoding = encoding;
        self
    }

    /// Any other switch.
    pub fn configure(mut self, configure: impl FnOnce(&mut Settings)) -> Self {
        configure(&mut self.settings);
        self
    }

    /// Is called at each stage of each call. It may block: the call waits for it.
    pub fn on_call(mut self, on_call: impl Fn(Stage, &super::Call) + Send + Sync + 'static) -> Self {
        self.on_call = Some(std::sync::Arc::new(on_call));
        self
    }

    /// Starts the desk.
    ///
    /// # Errors
    /// Nothing runs afterwards.
    pub async fn start(self) -> Result<DeskSimulator, StartError> {
        let address = self.listen;
        let listen = |source| StartError::Listen { address, source };
        let gate = Gate::bind(address).map_err(listen)?;
        let client = hook_client()?;
        let office = Office::new(self.credentials, self.settings, gate, client, self.on_call);
        let desk = DeskSimulator::new(office);
        desk.open_port().await.map_err(listen)?;
        Ok(desk)
    }
}

/// Hooks go straight to the product, and follow nobody elsewhere.
fn hook_client() -> Result<reqwest::Client, StartError> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    client.build().map_err(|error| StartError::Client {
        reason: error.to_string(),
    })
}
