use super::{error::PostgresError, server::Server};

/// What a commit waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// For the write, not for the disk: a commit outlives a server that is killed, and not a machine that loses its power.
    /// Quick, and what tests need.
    #[default]
    Process,
    /// For the disk, as a server does by default. What a benchmark must have.
    Disk,
}

/// The settings of a private server; each has a default.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    durability: Durability,
    settings: Vec<(String, String)>,
}

impl Builder {
    /// What a commit waits for; [`Durability::Process`] if it is not set.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// One of the server's own settings (`max_connections`, `log_statement`), over ours.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Starts the server and waits until it takes connections.
    ///
    /// # Errors
    /// [`PostgresError::Missing`] where PostgreSQL is not installed. Nothing runs and nothing is left behind.
    pub fn start(self) -> Result<Server, PostgresError> {
        Server::with(&self)
    }

    /// All settings as arguments; of two with one name the later counts.
    pub(super) fn arguments(&self) -> impl Iterator<Item = String> {
        let ours = [
            ("listen_addresses", "127.0.0.1"),
            ("max_connections", "200"),
            ("max_worker_processes", "4"),
            ("autovacuum_naptime", "1h"),
            ("log_min_messages", "warning"),
        ];
        let quick = [("fsync", "off"), ("full_page_writes", "off")];
        let quick = quick.into_iter().filter(|_| self.durability == Durability::Process);
        let ours = ours
            .into_iter()
            .chain(quick)
            .map(|(name, value)| format!("{name}={value}"));
        let theirs = self.settings.iter().map(|(name, value)| format!("{name}={value}"));
        let all: Vec<String> = ours.chain(theirs).collect();
        all.into_iter().flat_map(|setting| ["-c".to_owned(), setting])
    }
}
