use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use url::Url;

use super::{Escalator, StartError};
use crate::{
    channel::BotListener,
    desk::Desk,
    dispatch::DispatchSettings,
    hookpoint::HookpointSettings,
    intake::IntakeSettings,
    model::{Policy, Texts},
    store::{AgeOut, PostgresSettings, SqliteSettings},
};

/// Where everything that must survive is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Database {
    /// In one SQLite file, which belongs to one process.
    Sqlite(PathBuf),
    /// In a PostgreSQL database, which several instances share. Needs the feature `postgres`.
    Postgres(PostgresUrl),
    /// In memory, and gone with the process: for tests.
    Memory,
}

impl Database {
    /// Reads `sqlite:path` (also `sqlite://path`), `postgres://user:password@host/name` (also `postgresql://…`), or `memory:`.
    ///
    /// # Errors
    /// [`StartError::UnknownDatabase`] for anything else.
    pub fn parse(name: &str) -> Result<Self, StartError> {
        if name == "memory:" {
            return Ok(Self::Memory);
        }
        if let Some(url) = PostgresUrl::of(name) {
            return Ok(Self::Postgres(url));
        }
        let path = name.strip_prefix("sqlite://").or_else(|| name.strip_prefix("sqlite:"));
        // What stands behind `?` are options of other libraries; the ledger sets its own.
        let path = path
            .map(|path| path.split('?').next().unwrap_or_default())
            .filter(|path| !path.is_empty());
        path.filter(|path| *path != ":memory:")
            .map(|path| Self::Sqlite(path.into()))
            .ok_or_else(|| StartError::UnknownDatabase(kind_of(name).to_owned()))
    }
}

/// What stands up to the first colon; nothing where there is none.
fn kind_of(name: &str) -> &str {
    name.find(':').map_or("", |colon| &name[..=colon])
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => url.fmt(f),
            Self::Memory => f.write_str("memory:"),
        }
    }
}

/// Where a PostgreSQL database is, and how it is entered. Its password is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(Url);

impl PostgresUrl {
    fn of(name: &str) -> Option<Self> {
        if !name.starts_with("postgres://") && !name.starts_with("postgresql://") {
            return None;
        }
        Url::parse(name).ok().map(Self)
    }

    /// The whole address, with its password: for who opens the database.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

/// Host and name; not who enters, nor with what: a parameter can be a password too.
impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, path) = (self.0.host_str().unwrap_or_default(), self.0.path());
        match self.0.port() {
            Some(port) => write!(f, "postgres://{host}:{port}{path}"),
            None => write!(f, "postgres://{host}{path}"),
        }
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where an operator can ask a running house: see [`control`](crate::control).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ControlSocket {
    /// Beside the SQLite file, as in `escalator.db.sock`. Where it cannot be made, a warning says so and the house opens
    /// without. None where the database is no file.
    #[default]
    BesideDatabase,
    /// Here. Where it cannot be made, the house does not open.
    At(PathBuf),
    /// Nowhere.
    Off,
}

type Configure = Box<dyn FnOnce(&mut HookpointSettings) + Send + Sync>;

/// The settings of a house, before it is opened.
pub struct Builder {
    pub(super) desk: Arc<dyn Desk>,
    pub(super) database: Database,
    pub(super) listen: Option<SocketAddr>,
    pub(super) hookpoint_url: Option<String>,
    pub(super) hookpoint_secret: Option<String>,
    pub(super) hookpoint: Option<Configure>,
    pub(super) policy: Policy,
    pub(super) texts: Texts,
    pub(super) intake: IntakeSettings,
    pub(super) dispatch: DispatchSettings,
    pub(super) age_out: AgeOut,
    pub(super) bot: Option<Arc<dyn BotListener>>,
    pub(super) shutdown_max: Duration,
    pub(super) sqlite: SqliteSettings,
    pub(super) postgres: PostgresSettings,
    pub(super) control: ControlSocket,
    pub(super) writes_per_commit_max: usize,
}

impl Builder {
    pub(super) fn new(desk: Arc<dyn Desk>) -> Self {
        Self {
            desk,
            database: Database::Sqlite("escalator.db".into()),
            listen: None,
            hookpoint_url: None,
            hookpoint_secret: None,
            hookpoint: None,
            policy: Policy::default(),
            texts: Texts::default(),
            intake: IntakeSettings::default(),
            dispatch: DispatchSettings::default(),
            age_out: AgeOut::default(),
            bot: None,
            shutdown_max: Duration::from_secs(10),
            sqlite: SqliteSettings::default(),
            postgres: PostgresSettings::default(),
            control: ControlSocket::default(),
            writes_per_commit_max: 512,
        }
    }

    /// Where everything that must survive is kept. `sqlite:escalator.db` in the working folder.
    pub fn database(mut self, database: Database) -> Self {
        self.database = database;
        self
    }

    /// How the SQLite file is used.
    pub fn sqlite(mut self, settings: SqliteSettings) -> Self {
        self.sqlite = settings;
        self
    }

    /// How a PostgreSQL database is shared.
    pub fn postgres(mut self, settings: PostgresSettings) -> Self {
        self.postgres = settings;
        self
    }

    /// How many writes one commit takes at the most: 512. For benchmarks: with one a commit, group commit is off.
    pub fn writes_per_commit_max(mut self, writes: usize) -> Self {
        self.writes_per_commit_max = writes;
        self
    }

    /// Serves the hookpoint here. Without it, mount [`Escalator::hookpoint`] into a server of your own.
    pub fn hookpoint_listen(mut self, address: SocketAddr) -> Self {
        self.listen = Some(address);
        self
    }

    /// The address at which the desk reaches the hookpoint, without the secret. Where none is set, it is the address that
    /// the hookpoint is served at: that has to be one that the desk can reach, so not `0.0.0.0`, and in characters that it
    /// takes, so no IPv6 address.
    pub fn hookpoint_url(mut self, url: impl Into<String>) -> Self {
        self.hookpoint_url = Some(url.into());
        self
    }

    /// The secret in the hookpoint's address. Where none is set, one is made once and kept in the ledger.
    pub fn hookpoint_secret(mut self, secret: impl Into<String>) -> Self {
        self.hookpoint_secret = Some(secret.into());
        self
    }

    /// Changes the hookpoint's limits.
    pub fn hookpoint(mut self, configure: impl FnOnce(&mut HookpointSettings) + Send + Sync + 'static) -> Self {
        self.hookpoint = Some(Box::new(configure));
        self
    }

    /// The rules of a session.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The texts to the customer.
    pub fn texts(mut self, texts: Texts) -> Self {
        self.texts = texts;
        self
    }

    /// How updates are taken in.
    pub fn intake(mut self, settings: IntakeSettings) -> Self {
        self.intake = settings;
        self
    }

    /// How deliveries are made.
    pub fn dispatch(mut self, settings: DispatchSettings) -> Self {
        self.dispatch = settings;
        self
    }

    /// What is too old to be kept.
    pub fn age_out(mut self, age_out: AgeOut) -> Self {
        self.age_out = age_out;
        self
    }

    /// Who is told when a conversation waits, is connected, comes back or fails.
    pub fn on_event(mut self, listener: impl BotListener) -> Self {
        self.bot = Some(Arc::new(listener));
        self
    }

    /// How long a shutdown waits for what is under way. 10 seconds.
    pub fn shutdown_max(mut self, wait_max: Duration) -> Self {
        self.shutdown_max = wait_max;
        self
    }

    /// Where an operator's program asks the house. Beside the SQLite file.
    pub fn control(mut self, socket: ControlSocket) -> Self {
        self.control = socket;
        self
    }

    /// Opens the ledger and the hookpoint's socket. Nothing is received or sent before [`Escalator::start`].
    ///
    /// # Errors
    /// [`StartError`] says what was wrong and what would be right.
    pub async fn open(self) -> Result<Escalator, StartError> {
        Escalator::open(self).await
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("database", &self.database)
            .field("listen", &self.listen)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_by_its_kind() {
        let file = |path: &str| Database::Sqlite(path.into());
        let postgres = |url: &str| Database::Postgres(PostgresUrl::of(url).expect("it is one"));
        for (name, database) in [
            ("sqlite:escalator.db", file("escalator.db")),
            ("sqlite:///var/lib/e.db", file("/var/lib/e.db")),
            ("sqlite:/var/lib/e.db?mode=rwc", file("/var/lib/e.db")),
            ("memory:", Database::Memory),
            ("postgres://localhost/x", postgres("postgres://localhost/x")),
            (
                "postgresql://anna:word@db:5433/x",
                postgres("postgresql://anna:word@db:5433/x"),
            ),
        ] {
            assert_eq!(Database::parse(name).expect("the name is right"), database, "{name}");
        }
        for name in ["", "escalator.db", "sqlite:", "sqlite::memory:", "mysql://localhost/x"] {
            assert!(Database::parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn an_unknown_database_is_named_without_its_password() {
        for name in ["mysql://anna:hunter2@db/x", "anna:hunter2@db", "hunter2@db"] {
            let error = Database::parse(name).expect_err("there is none of that kind");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn a_postgres_database_is_shown_without_its_password() {
        for name in [
            "postgres://anna:hunter2@db:5433/x",
            "postgresql://db:5433/x?user=anna&password=hunter2",
        ] {
            let database = Database::parse(name).expect("the name is right");
            assert_eq!(database.to_string(), "postgres://db:5433/x");
            assert!(!format!("{database:?}").contains("hunter2"), "{database:?}");
        }
    }
}
