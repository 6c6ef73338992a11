//! The suite's way to the core's own stores. The faulty twins are made of it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use escalator::store::{
    ChannelFacts, Heartbeats, Ledger, LedgerSettings, PostgresSettings, SqliteSettings, Store, StoreError,
};
use uuid::Uuid;

use super::{Place, Setup, StoreHarness};
use crate::{conformance::Patience, postgres};

/// How long a lease is in the trials: short enough to wait for its end, long enough for a busy machine to renew it.
const LEASE: Duration = Duration::from_secs(3);

/// The core's ledgers, in memory, in an SQLite file, or in PostgreSQL.
#[derive(Clone, Copy, Debug)]
pub struct LedgerHarness(Kind);

#[derive(Clone, Copy, Debug)]
enum Kind {
    Memory,
    Sqlite,
    Postgres,
}

impl LedgerHarness {
    /// The ledger that is gone with its process.
    pub fn in_memory() -> Self {
        Self(Kind::Memory)
    }

    /// The ledger in an SQLite file, each in a directory of its own among the system's temporary ones, which is removed
    /// afterwards.
    pub fn sqlite() -> Self {
        Self(Kind::Sqlite)
    }

    /// The ledger in PostgreSQL, each in a [database](postgres::database) of its own. Needs the feature `postgres` of
    /// `escalator`.
    pub fn postgres() -> Self {
        Self(Kind::Postgres)
    }
}

#[async_trait]
impl StoreHarness for LedgerHarness {
    async fn place(&self) -> Arc<dyn Place> {
        let kept = match self.0 {
            Kind::Memory => Kept::Nowhere,
            Kind::Sqlite => Kept::InDirectory(Mutex::new(Directory::new())),
            Kind::Postgres => {
                let made = tokio::task::spawn_blocking(postgres::database).await;
                let made = made.expect("the making of a database does not panic");
                Kept::InDatabase(made.expect("a database can be made"))
            }
        };
        Arc::new(LedgerPlace {
            kept,
            open: Mutex::default(),
            beside: Mutex::default(),
            heartbeats: Heartbeats::default(),
        })
    }

    fn patience(&self) -> Patience {
        Patience::default()
    }
}

struct LedgerPlace {
    kept: Kept,
    open: Mutex<Option<Arc<Ledger>>>,
    /// The second instance.
    beside: Mutex<Option<Arc<Ledger>>>,
    /// The first instance's.
    heartbeats: Heartbeats,
}

enum Kept {
    Nowhere,
    InDirectory(Mutex<Directory>),
    InDatabase(postgres::Database),
}

impl LedgerPlace {
    fn take(&self) -> Option<Arc<Ledger>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn opened(&self, settings: LedgerSettings, heartbeats: Heartbeats) -> Result<Ledger, StoreError> {
        match &self.kept {
            Kept::Nowhere => Ledger::in_memory(settings).await,
            Kept::InDirectory(directory) => {
                let file = directory.lock().unwrap_or_else(PoisonError::into_inner).file();
                let address = format!("sqlite:{}", file.display());
                Ledger::sqlite(&address, SqliteSettings::default(), settings).await
            }
            Kept::InDatabase(database) => {
                let mut postgres = PostgresSettings::default();
                postgres.lease = LEASE;
                postgres.heartbeats = heartbeats;
                Ledger::postgres(database.url(), postgres, settings).await
            }
        }
    }

    /// An instance that has not yet asked for the channel.
    async fn instance(&self, setup: Setup, heartbeats: Heartbeats) -> Arc<Ledger> {
        let opened = self.opened(setup.settings, heartbeats).await;
        let ledger = Arc::new(opened.expect("the ledger can be opened"));
        let facts = ChannelFacts {
            limits: setup.limits,
            files: true,
            places: false,
            receipts: false,
            buttons: false,
        };
        ledger.know_channel(setup.channel, facts);
        ledger.know_hook_address(setup.hook_address);
        ledger
    }
}

#[async_trait]
impl Place for LedgerPlace {
    /// Returns when it receives for the channel: after a crash, when the lease of the one before is over.
    async fn open(&self, setup: Setup) -> Arc<dyn Store> {
        let channel = setup.channel.clone();
        let ledger = self.instance(setup, self.heartbeats.clone()).await;
        ledger.hold(&channel).await;
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&ledger));
        ledger
    }

    async fn close(&self) {
        let beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner).take();
        for ledger in [self.take(), beside].into_iter().flatten() {
            ledger.close().await;
        }
    }

    /// What a killed process leaves is what lies in its files at that moment: they are copied, and the copy is opened. In a
    /// database it leaves its lease, which nobody renews.
    async fn kill(&self) {
        let Some(ledger) = self.take() else { return };
        let left = match &self.kept {
            Kept::InDatabase(_) => return drop(ledger),
            Kept::Nowhere => None,
            Kept::InDirectory(directory) => {
                let mut directory = directory.lock().unwrap_or_else(PoisonError::into_inner);
                let copy = directory.copy();
                Some(std::mem::replace(&mut *directory, copy))
            }
        };
        ledger.close().await;
        drop(left);
    }

    async fn open_beside(&self, setup: Setup) -> Option<Arc<dyn Store>> {
        if !matches!(self.kept, Kept::InDatabase(_)) {
            return None;
        }
        let ledger = self.instance(setup, Heartbeats::default()).await;
        *self.beside.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&ledger));
        Some(ledger)
    }

    fn pause(&self) {
        self.heartbeats.hold_back();
    }

    fn keeps(&self) -> bool {
        !matches!(self.kept, Kept::Nowhere)
    }
}

/// A directory that is removed when it is dropped.
struct Directory(PathBuf);

impl Directory {
    const FILE: &str = "ledger.db";

    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("escalator-conformance-{}", Uuid::new_v4()));
        std::fs::create_dir(&path).expect("a directory can be made");
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join(Self::FILE)
    }

    /// A directory with what lies in the files of this one. What is only an index into them is left out.
    fn copy(&self) -> Self {
        let copy = Self::new();
        for name in [Self::FILE, "ledger.db-wal"] {
            let from: &Path = &self.0.join(name);
            if from.exists() {
                std::fs::copy(from, copy.0.join(name)).expect("a file can be copied");
            }
        }
        copy
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "a directory of a trial was left behind");
        }
    }
}
