use std::{collections::HashMap, fmt, net::SocketAddr, sync::Arc};

use tokio::net::TcpListener;

use super::{Builder, ControlSocket, Database, Running, StartError};
use crate::{
    channel::{Capabilities, EscalationChannel, Ingress},
    control::Socket,
    delivery::Outcome,
    desk::Desk,
    dispatch::{Dispatch, Exits},
    hookpoint::{Hookpoint, HookpointSettings, HookpointUrl, HookpointUrlError, Router, Secret},
    intake::{Intake, Port, Signals, SignalsEnd},
    model::{ChannelId, Clock, SystemClock},
    session::UnsentTo,
    store::{ChannelFacts, Ledger, LedgerSettings, Maintained, Maintenance, Store, StoreError},
};

/// A house that is open: its ledger is read, its hookpoint has a socket. Connect channels, then [`start`](Self::start).
pub struct Escalator {
    pub(super) builder: Builder,
    pub(super) ledger: Arc<Ledger>,
    pub(super) intake: Arc<Intake>,
    pub(super) signals: SignalsEnd,
    pub(super) listener: Option<TcpListener>,
    pub(super) hookpoint: Hookpoint,
    pub(super) control: Option<Socket>,
    pub(super) hook_address: String,
    /// The hookpoint's address without the secret.
    url: String,
    channels: HashMap<ChannelId, Arc<dyn EscalationChannel>>,
    port: Arc<Port>,
}

impl Escalator {
    /// Begins to set up a house for a desk.
    pub fn builder(desk: impl Desk) -> Builder {
        Builder::new(Arc::new(desk))
    }

    pub(super) async fn open(mut builder: Builder) -> Result<Self, StartError> {
        // What is said can be checked before anything is opened.
        let (url, secret) = (url(&builder)?, secret(&builder)?);
        let ledger = Arc::new(open_ledger(&builder).await?);
        let control = control_socket(&builder)?;
        let listener = match builder.listen {
            Some(address) => Some(listen(&builder, address, &ledger).await?),
            None => None,
        };
        let url = base(url, listener.as_ref())?;
        let store: Arc<dyn Store> = Arc::<Ledger>::clone(&ledger);
        warn_of_other_addresses(&ledger, &url);
        let secret = match secret {
            Some(secret) => secret,
            None => kept_secret(&builder, &ledger).await?,
        };
        let base = url.as_str().to_owned();
        let mut hookpoint = HookpointSettings::new(url, secret);
        // A session keeps the address that it was opened with, also for a late reply.
        hookpoint.accepted = ledger
            .hook_addresses()
            .iter()
            .filter_map(|address| Secret::of_address(address.as_str()))
            .collect();
        if let Some(configure) = builder.hookpoint.take() {
            configure(&mut hookpoint);
        }
        let hook_address = hookpoint.hook_address();
        ledger.know_hook_address(hook_address.clone());
        let (signals, signals_end) = Signals::channel();
        let intake = Intake::new(Arc::clone(&store), || SystemClock.now(), builder.intake, signals);
        let hookpoint = Hookpoint::new(
            Arc::clone(&intake),
            Arc::clone(&builder.desk),
            ledger.blobs(),
            hookpoint,
        );
        let port = Port::new(Arc::clone(&intake));
        Ok(Self {
            builder,
            ledger,
            intake,
            signals: signals_end,
            listener,
            hookpoint,
            control,
            hook_address,
            url: base,
            channels: HashMap::new(),
            port,
        })
    }

    /// The way in for a channel of this name. Build the channel with it, then [`connect`](Self::connect) it.
    pub fn ingress(&self, name: &str) -> Ingress {
        Ingress::new(ChannelId::new(name), Arc::<Port>::clone(&self.port) as _)
    }

    /// Connects a channel that was built with an [`ingress`](Self::ingress) of this house.
    ///
    /// # Errors
    /// [`StartError::TwoChannels`] when one of the same name is connected.
    pub fn connect(&mut self, channel: Arc<dyn EscalationChannel>) -> Result<(), StartError> {
        let name = channel.id().clone();
        if self.channels.contains_key(&name) {
            return Err(StartError::TwoChannels(name));
        }
        let Capabilities {
            limits,
            files,
            places,
            receipts,
            buttons,
            ..
        } = channel.capabilities();
        let facts = ChannelFacts {
            limits,
            files,
            places,
            receipts,
            buttons,
        };
        self.ledger.know_channel(name.clone(), facts);
        self.channels.insert(name, channel);
        Ok(())
    }

    /// The hookpoint as a router, to be mounted under any path of a server of your own.
    pub fn hookpoint(&self) -> Router {
        self.hookpoint.router()
    }

    /// Where the hookpoint is served, if it is.
    pub fn hookpoint_listens_on(&self) -> Option<SocketAddr> {
        self.listener.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Asks the desk once whether it knows us, then starts everything. A desk that is away is no reason not to start, nor
    /// is one that refuses us while sessions stand, or ended so lately that a late
    /// reply is welcome: their agents' hooks must find somebody.
    ///
    /// # Errors
    /// [`StartError::DeskRefused`] when the desk refuses us and no session stands: nothing was started.
    pub async fn start(self) -> Result<Running, StartError> {
        match self.builder.desk.availability(&self.hook_address).await {
            Ok(availability) => self.ledger.know_desk_texts(availability.texts),
            Err(Outcome::Refused { detail, .. }) if self.ledger.hook_addresses().is_empty() => {
                return Err(StartError::DeskRefused(detail));
            }
            Err(Outcome::Refused { detail, .. }) => {
                tracing::error!(
                    detail,
                    "the desk refuses us; what is said in the sessions that stand is kept"
                );
            }
            Err(Outcome::Rejected { detail }) => {
                tracing::warn!(
                    detail,
                    "the desk does not tell its chat configuration: is the account's name or address right?"
                );
            }
            Err(outcome) => {
                let why = outcome.detail().unwrap_or(outcome.word());
                tracing::warn!("the desk is away: {why}; what is said meanwhile is kept");
            }
        }
        let channels: Vec<&str> = self.channels.keys().map(ChannelId::as_str).collect();
        tracing::info!(
            hookpoint = self.url,
            listens_on = self.hookpoint_listens_on().map(tracing::field::display),
            database = %self.builder.database,
            ?channels,
            "the house is open"
        );
        Ok(Running::start(self).await)
    }

    fn exits(&self) -> Exits {
        Exits {
            desk: Arc::clone(&self.builder.desk),
            channels: self.channels.clone(),
            bot: self.builder.bot.clone(),
        }
    }

    pub(super) fn dispatch(&self) -> Arc<Dispatch> {
        let store: Arc<dyn Store> = Arc::<Ledger>::clone(&self.ledger);
        let (intake, settings) = (Arc::clone(&self.intake), self.builder.dispatch);
        Dispatch::new(store, intake, Arc::new(SystemClock), self.exits(), settings)
    }
}

/// The hookpoint's address that is set. Where none is, the desk is told where the hookpoint is served, and that has to be
/// an address for the desk.
fn url(builder: &Builder) -> Result<Option<HookpointUrl>, StartError> {
    match (&builder.hookpoint_url, builder.listen) {
        (Some(url), _) => Ok(Some(HookpointUrl::parse(url)?)),
        (None, Some(address)) if address.is_ipv6() || address.ip().is_unspecified() => {
            Err(HookpointUrlError::ServedAt(address).into())
        }
        (None, Some(_)) => Ok(None),
        (None, None) => Err(StartError::NoHookpoint),
    }
}

/// Takes the address to listen on. Where any port will do, that of the sessions which stand: the desk knows no other.
async fn listen(builder: &Builder, address: SocketAddr, ledger: &Ledger) -> Result<TcpListener, StartError> {
    if address.port() == 0 && builder.hookpoint_url.is_none() {
        for before in ledger.hook_addresses() {
            if let Some(port) = port_of(before.as_str(), address)
                && let Ok(listener) = TcpListener::bind((address.ip(), port)).await
            {
                return Ok(listener);
            }
        }
    }
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| StartError::Listen { address, source })
}

/// The port in a hookpoint's address that was served where `address` is.
fn port_of(hook_address: &str, address: SocketAddr) -> Option<u16> {
    let (served_at, _secret) = hook_address.strip_prefix("http://")?.split_once('/')?;
    let served_at: SocketAddr = served_at.parse().ok()?;
    (served_at.ip() == address.ip()).then(|| served_at.port())
}

/// Sessions that stand are called where they were opened.
fn warn_of_other_addresses(ledger: &Ledger, url: &HookpointUrl) {
    let (url, standing) = (url.as_str().to_owned(), ledger.owners().hook_addresses());
    let elsewhere = standing.iter().filter(|address| !address.as_str().starts_with(&url));
    let elsewhere = elsewhere.count();
    if elsewhere > 0 {
        tracing::warn!(
            elsewhere,
            hookpoint = url,
            "sessions stand that were opened at another hookpoint address: the desk goes on calling them there"
        );
    }
}

/// The hookpoint's address without the secret.
fn base(url: Option<HookpointUrl>, listener: Option<&TcpListener>) -> Result<HookpointUrl, StartError> {
    let served_at = listener.and_then(|listener| listener.local_addr().ok());
    match (url, served_at) {
        (Some(url), _) => Ok(url),
        (None, Some(address)) => Ok(HookpointUrl::parse(&format!("http://{address}"))?),
        (None, None) => Err(StartError::NoHookpoint),
    }
}

async fn open_ledger(builder: &Builder) -> Result<Ledger, StartError> {
    let settings = LedgerSettings {
        policy: builder.policy.clone(),
        texts: builder.texts.clone(),
        unsent_to: builder.bot.as_ref().map_or(UnsentTo::Nobody, |_| UnsentTo::Bot),
        batch_max: builder.writes_per_commit_max,
        ..LedgerSettings::new(builder.desk.limits())
    };
    let opened = match &builder.database {
        Database::Memory => Ledger::in_memory(settings).await,
        Database::Postgres(url) => Ledger::postgres(url.expose(), builder.postgres.clone(), settings).await,
        database @ Database::Sqlite(_) => Ledger::sqlite(&database.to_string(), builder.sqlite.clone(), settings).await,
    };
    opened.map_err(|source| StartError::Store {
        database: builder.database.to_string(),
        source,
    })
}

/// The socket that an operator asks at. A bot that can run without one does.
fn control_socket(builder: &Builder) -> Result<Option<Socket>, StartError> {
    match (&builder.control, &builder.database) {
        (ControlSocket::At(path), _) => {
            let refused = |source| StartError::Control {
                path: path.clone(),
                source,
            };
            Socket::bind(path).map(Some).map_err(refused)
        }
        (ControlSocket::BesideDatabase, Database::Sqlite(database)) => {
            let path = Socket::beside(database);
            let bound = Socket::bind(&path);
            Ok(bound
                .inspect_err(|error| {
                    tracing::warn!(socket = %path.display(), %error, "no operator can ask this process: there is no control socket");
                })
                .ok())
        }
        (ControlSocket::BesideDatabase | ControlSocket::Off, _) => Ok(None),
    }
}

/// The secret that is set.
fn secret(builder: &Builder) -> Result<Option<Secret>, StartError> {
    let set = builder.hookpoint_secret.as_deref();
    Ok(set.map(Secret::parse).transpose()?)
}

/// The secret that was made when none was set.
async fn kept_secret(builder: &Builder, ledger: &Ledger) -> Result<Secret, StartError> {
    let fresh = Secret::mint();
    let kept = ledger.maintain(Maintenance::Secret(fresh.expose().to_owned())).await;
    let failed = |source| StartError::Store {
        database: builder.database.to_string(),
        source,
    };
    match kept.map_err(failed)? {
        Maintained::Secret(secret) => Ok(Secret::parse(&secret)?),
        // A secret that is not kept would be lost with the process, and every session with it.
        other => Err(failed(StoreError::corrupt(format_args!(
            "it answered {other:?} to a secret"
        )))),
    }
}

impl fmt::Debug for Escalator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Escalator")
            .field("channels", &self.channels.keys())
            .finish_non_exhaustive()
    }
}
