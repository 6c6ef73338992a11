//! Starting a fake server.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use super::{
    call::{Call, Observer, Stage},
    exchange::app,
    fake::FakeTelegram,
    people::Person,
    posting,
    shared::{Limits, Shared},
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
    bot: Option<(String, String)>,
    limits: Limits,
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
    /// The bot's token; `7000000001:fake-token` if it is not set. Its digits are the bot's id.
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

    /// The bot's name and username.
    pub fn bot(mut self, name: impl Into<String>, username: impl Into<String>) -> Self {
        self.bot = Some((name.into(), username.into()));
        self
    }

    /// The most bytes of files that one request may upload; 50 MiB if it is not set.
    pub fn upload_bytes_max(mut self, bytes: u64) -> Self {
        self.limits.upload_bytes_max = bytes;
        self
    }

    /// The largest file that the bot may fetch; 20 MiB if it is not set.
    pub fn download_bytes_max(mut self, bytes: u64) -> Self {
        self.limits.download_bytes_max = bytes;
        self
    }

    /// Takes webhooks at `http://` addresses of this machine and posts the updates there, as a Bot API server of one's own
    /// does in its `--local` mode. Other webhooks are remembered, and nothing is posted to them.
    pub fn local_webhooks(mut self) -> Self {
        self.limits.local_webhooks = true;
        self
    }

    /// The longest wait before an update is posted again, whatever the bot or the real server's own growing waits say;
    /// 2 minutes if it is not set, as there.
    pub fn post_wait_max(mut self, wait: Duration) -> Self {
        self.limits.post_wait_max = wait;
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
    pub async fn start(self) -> Result<FakeTelegram, StartError> {
        let spec = match self.spec.or_else(Spec::find) {
            Some(path) => Some(Spec::load(&path)?),
            None => None,
        };
        let token = self.token.unwrap_or_else(|| "7000000001:fake-token".to_owned());
        let world = World::new(bot(&token, self.bot));
        let shared = Shared::new(token, self.limits, spec, self.observer, world);
        let addr = self
            .listen
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let port = Port::open(addr, app(&shared))
            .await
            .map_err(|source| StartError::Listen { addr, source })?;
        let addr = port.addr().unwrap_or(addr);
        posting::start(&shared);
        Ok(FakeTelegram::new(shared, port, addr))
    }
}

fn bot(token: &str, names: Option<(String, String)>) -> Person {
    let digits = token.split(':').next().unwrap_or_default();
    let (name, username) = names.unwrap_or_else(|| ("Test Bot".to_owned(), "escalator_test_bot".to_owned()));
    Person {
        id: digits.parse().unwrap_or(7_000_000_001),
        is_bot: true,
        first_name: name,
        username: Some(username),
        ..Person::default()
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
