//! The house under load: the real hookpoint, intake and ledger, with open sessions.

use std::{
    net::SocketAddr,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use escalator::{
    channel::Ingress,
    dispatch::DispatchSettings,
    model::{Address, ConversationKey, CustomerId, Escalation, SessionId},
    runtime::{Database, Escalator, Running},
    store::{Flushes, PostgresSettings, SqliteSettings, Store},
};
use escalator_testkit::postgres;
use futures::{StreamExt, TryStreamExt, stream};
use tempfile::TempDir;
use tokio::time::timeout;

use super::{
    ends::{QuickChat, QuickDesk},
    message,
};
use crate::load::{self, Requests};

/// How long the house may take to get ready, or to deliver what waits.
const PATIENCE: Duration = Duration::from_mins(5);

const CHANNEL: &str = "bench";

/// How long calls that are under way at a shut door may hold up the end.
const STOP_MAX: Duration = Duration::from_secs(1);

/// Where a house keeps its ledger.
#[derive(Clone, Copy)]
pub(crate) enum Ledger<'d> {
    /// On a disk, each flush this much slower.
    On(Disk<'d>, Duration),
    /// The same, with a commit for each write.
    CommitARow(Disk<'d>, Duration),
    /// In memory: nothing is on a disk.
    Memory,
}

/// What keeps it.
#[derive(Clone, Copy)]
pub(crate) enum Disk<'d> {
    /// A new SQLite file in this folder.
    File(&'d Path),
    /// A new database in this PostgreSQL, whose flushes are as slow as they are to be.
    Server(&'d postgres::Server),
}

impl<'d> Ledger<'d> {
    /// On a disk as it is.
    pub(crate) const fn on(disk: Disk<'d>) -> Self {
        Self::On(disk, Duration::ZERO)
    }
}

/// A house with open sessions, each with its agent.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    /// A hook for each session.
    pub(crate) hooks: Requests,
    sessions: Vec<SessionId>,
    pub(crate) flushes: Flushes,
    running: Running,
    chat: Arc<QuickChat>,
    ingress: Ingress,
    place: Place,
}

/// Where a house is, running or not.
struct Place {
    database: Database,
    delay: Duration,
    writes_per_commit_max: Option<usize>,
    /// Holds the database, and goes with it.
    _keeper: Keeper,
}

/// Whose end is the database's.
enum Keeper {
    Folder { _folder: TempDir },
    Server { _database: postgres::Database },
    Nobody,
}

/// A house that stands still: its sessions are open and its ledger is on the disk.
pub(crate) struct Stopped {
    sessions: Vec<SessionId>,
    place: Place,
}

impl House {
    /// Opens a house and its sessions, and waits until nothing is left to deliver.
    pub(crate) async fn open(ledger: Ledger<'_>, sessions: usize) -> Result<Self> {
        let place = Place::new(ledger).await?;
        let empty = Stopped {
            sessions: Vec::new(),
            place,
        };
        let mut house = empty.start(true).await?;
        house.open_sessions(0..sessions).await?;
        if !matches!(ledger, Ledger::CommitARow(..)) {
            return Ok(house);
        }
        // Sessions are opened with group commit, or it would take minutes.
        let mut stopped = house.stop().await?;
        stopped.place.writes_per_commit_max = Some(1);
        stopped.start(true).await
    }

    /// Opens sessions for customers, whose hooks are then those of the house.
    pub(crate) async fn open_sessions(&mut self, customers: Range<usize>) -> Result<()> {
        self.sessions = open_sessions(&self.ingress, customers).await?;
        self.hooks = hooks(&self.sessions);
        // The first message of an agent takes a session, and is not what is measured.
        load::once(self.address, &self.hooks, 16).await?;
        self.drained().await
    }

    /// Its ledger.
    pub(crate) fn ledger(&self) -> &Arc<escalator::store::Ledger> {
        self.running.ledger()
    }

    /// Stops the house, and keeps what it stands on. What waits is not delivered.
    pub(crate) async fn stop(self) -> Result<Stopped> {
        if !self.running.shutdown().await {
            eprintln!("calls at a shut door were cut off");
        }
        let Self { sessions, place, .. } = self;
        if let Database::Sqlite(file) = &place.database {
            std::fs::write(
                sessions_of(file),
                serde_json::to_vec(&sessions.iter().map(ToString::to_string).collect::<Vec<_>>())?,
            )?;
        }
        Ok(Stopped { sessions, place })
    }

    /// Leads a session of one more customer to its end.
    pub(crate) async fn end_one(&self, customer: usize) -> Result<()> {
        let sessions = open_sessions(&self.ingress, [customer].into_iter()).await?;
        load::once(self.address, &hooks(&sessions), 1).await?;
        let conversation = private(&self.ingress, &customer.to_string());
        self.ingress.end(&conversation).await?;
        self.drained().await
    }

    /// Lets the chat take deliveries, or lets them wait.
    pub(crate) fn open_chat(&self, open: bool) {
        self.chat.open(open);
    }

    /// How many deliveries the chat has taken.
    pub(crate) fn delivered(&self) -> u64 {
        self.chat.delivered()
    }

    /// How many deliveries wait.
    pub(crate) async fn waiting(&self) -> u64 {
        self.ledger().outstanding().await as u64
    }

    /// Waits until nothing is left to deliver.
    pub(crate) async fn drained(&self) -> Result<()> {
        timeout(PATIENCE, self.running.drained())
            .await
            .context("the chat did not get everything in time")
    }

    /// Stops the house. What waits is not delivered.
    pub(crate) async fn close(self) -> Result<()> {
        self.open_chat(true);
        self.stop().await.map(drop)
    }
}

impl Stopped {
    /// One that another process has left.
    pub(crate) fn at(file: PathBuf) -> Result<Self> {
        let sessions: Vec<String> = serde_json::from_slice(&std::fs::read(sessions_of(&file))?)?;
        let sessions = sessions
            .iter()
            .map(|session| SessionId::parse(session).context("it is a session's id"));
        Ok(Self {
            sessions: sessions.collect::<Result<_>>()?,
            place: Place {
                database: Database::Sqlite(file),
                delay: Duration::ZERO,
                writes_per_commit_max: None,
                _keeper: Keeper::Nobody,
            },
        })
    }

    /// The file of its ledger, where it has one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.place.database {
            Database::Sqlite(file) => Some(file),
            _ => None,
        }
    }

    /// Starts the house, its chat open or not.
    pub(crate) async fn start(self, open: bool) -> Result<House> {
        let Self { sessions, place } = self;
        let flushes = Flushes::default();
        let (mut sqlite, mut postgres) = (SqliteSettings::default(), PostgresSettings::default());
        sqlite.flush_delay = (!place.delay.is_zero()).then_some(place.delay);
        (sqlite.flushes, postgres.flushes) = (flushes.clone(), flushes.clone());
        let mut house = Escalator::builder(QuickDesk)
            .database(place.database.clone())
            .sqlite(sqlite)
            .postgres(postgres)
            .shutdown_max(STOP_MAX);
        if let Some(writes) = place.writes_per_commit_max {
            house = house.writes_per_commit_max(writes);
        }
        let mut house = house
            .dispatch(dispatch())
            .hookpoint_listen(([127, 0, 0, 1], 0).into())
            .hookpoint_secret(message::SECRET)
            .open()
            .await?;
        let ingress = house.ingress(CHANNEL);
        let chat = QuickChat::new(ingress.clone(), open);
        house.connect(Arc::<QuickChat>::clone(&chat))?;
        let running = house.start().await?;
        let held = timeout(PATIENCE, running.holds(CHANNEL)).await;
        held.context("the house did not get its channel in time")?;
        Ok(House {
            address: running.hookpoint_listens_on().context("it is served here")?,
            hooks: hooks(&sessions),
            sessions,
            flushes,
            running,
            chat,
            ingress,
            place,
        })
    }
}

impl Place {
    async fn new(ledger: Ledger<'_>) -> Result<Self> {
        let (disk, delay) = match ledger {
            Ledger::On(disk, delay) | Ledger::CommitARow(disk, delay) => (Some(disk), delay),
            Ledger::Memory => (None, Duration::ZERO),
        };
        let (database, keeper) = match disk {
            None => (Database::Memory, Keeper::Nobody),
            Some(Disk::File(folder)) => {
                let folder = tempfile::Builder::new().prefix("escalator-bench-").tempdir_in(folder)?;
                let file = folder.path().join("ledger.db");
                (Database::Sqlite(file), Keeper::Folder { _folder: folder })
            }
            Some(Disk::Server(server)) => {
                let server = server.clone();
                let database = tokio::task::spawn_blocking(move || server.database()).await??;
                let address = Database::parse(database.url())?;
                (address, Keeper::Server { _database: database })
            }
        };
        Ok(Self {
            database,
            delay,
            writes_per_commit_max: None,
            _keeper: keeper,
        })
    }
}

/// The chat takes deliveries as fast as they come, and may let them wait for as long as it likes.
fn dispatch() -> DispatchSettings {
    let mut settings = DispatchSettings::default();
    settings.channel.pace = Duration::ZERO;
    settings.channel.call_max = PATIENCE;
    settings
}

/// Opens a session for each customer of a channel, in private chats.
pub(crate) async fn open_sessions(
    ingress: &Ingress,
    customers: impl Iterator<Item = impl ToString>,
) -> Result<Vec<SessionId>> {
    let opened = stream::iter(customers)
        .map(|customer| open_session(ingress, customer.to_string()))
        .buffered(64)
        .try_collect();
    timeout(PATIENCE, opened)
        .await
        .context("the sessions were not opened in time")?
}

fn hooks(sessions: &[SessionId]) -> Requests {
    sessions.iter().copied().map(message::request).collect()
}

/// Where a house that stopped has left which sessions are active.
fn sessions_of(file: &Path) -> PathBuf {
    file.with_extension("sessions.json")
}

fn private(ingress: &Ingress, customer: &str) -> ConversationKey {
    ConversationKey {
        channel: ingress.channel().clone(),
        address: Address::new(customer),
        customer: CustomerId::new(customer),
    }
}

async fn open_session(ingress: &Ingress, customer: String) -> Result<SessionId> {
    let conversation = private(ingress, &customer);
    let turn = ingress.turn(&conversation).context("the bot owns a new conversation")?;
    let escalation = Escalation::because("the customer asked for a human");
    Ok(ingress.escalate(turn, escalation).await?.session())
}
