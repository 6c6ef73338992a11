//! Starting a fake server.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use super::{
    call::{Call, Observer, Stage},
    exchange::app,
    fake::FakeDiscord,
    gateway::{MESSAGE_CONTENT, PRIVILEGED},
    shared::{Habits, Shared},
    spec::{Spec, SpecError},
    world::World,
};
use crate::port::Port;

/// The settings of a fake server; each has a default.
#[derive(Default)]
pub struct Builder {
    token: Option<String>,
    listen: Option<SocketAddr>,
    spec: Option<PathBuf>,
    bot: Option<String>,
    no_message_content: bool,
    habits: Habits,
    observer: Option<Observer>,
}

/// A fake server that could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {addr}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The specification that was named cannot be read.
    #[error(transparent)]
    Spec(#[from] SpecError),
}

impl Builder {
    /// The bot's token; if it is not set, one of the usual shape.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The address to listen on; a free port of `127.0.0.1` if it is not set.
    pub fn listen(mut self, addr: SocketAddr) -> Self {
        self.listen = Some(addr);
        self
    }

    /// The file of the specification; searched for if it is not set, see [`Spec::find`].
    pub fn spec(mut self, path: impl Into<PathBuf>) -> Self {
        self.spec = Some(path.into());
        self
    }

    /// The bot's username.
    pub fn bot(mut self, username: impl Into<String>) -> Self {
        self.bot = Some(username.into());
        self
    }

    /// Takes from the application the leave to read the content of messages: a bot that asks for
    /// it is turned away with 4014.
    pub fn without_message_content(mut self) -> Self {
        self.no_message_content = true;
        self
    }

    /// The time between `identify` and READY; 20 ms if it is not set.
    pub fn ready_after(mut self, time: Duration) -> Self {
        self.habits.ready_after = time;
        self
    }

    /// The time between heartbeats; 41.25 s if it is not set. A client that leaves out two of
    /// them is closed with 4009.
    pub fn heartbeat_interval(mut self, time: Duration) -> Self {
        self.habits.heartbeat_interval = time;
        self
    }

    /// How long a nonce keeps a second message from being made; five minutes if it is not set.
    pub fn nonce_window(mut self, time: Duration) -> Self {
        self.habits.nonce_window = time;
        self
    }

    /// Who is told of each stage of each call.
    pub fn observer(mut self, observer: impl Fn(Stage, &Call) + Send + Sync + 'static) -> Self {
        self.observer = Some(std::sync::Arc::new(observer));
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// When the address is taken, or a specification that was named cannot be read.
    pub async fn start(self) -> Result<FakeDiscord, StartError> {
        let spec = match self.spec.or_else(Spec::find) {
            Some(path) => Some(Spec::load(&path)?),
            None => None,
        };
        let token = self
            .token
            .unwrap_or_else(|| "MTIzNDU2Nzg5MDEyMzQ1Njc4.fakeXX.fake-token-of-a-fake-discord-server".to_owned());
        let privileges = if self.no_message_content {
            PRIVILEGED & !MESSAGE_CONTENT
        } else {
            PRIVILEGED
        };
        let world = World::new(self.bot.as_deref().unwrap_or("escalator_test_bot"), privileges);
        let shared = Shared::new(token, self.habits, spec, self.observer, world);
        let addr = self
            .listen
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let port = Port::open(addr, app(&shared))
            .await
            .map_err(|source| StartError::Listen { addr, source })?;
        let addr = port.addr().unwrap_or(addr);
        shared.set_addr(addr);
        Ok(FakeDiscord::new(shared, port, addr))
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("listen", &self.listen)
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}
