//! The suite's way to the core's own stores. The faulty twins are made of it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use escalator::store::{ChannelFacts, Ledger, SqliteSettings, Store};
use uuid::Uuid;

use super::{Place, Setup, StoreHarness};
use crate::conformance::Patience;

/// The core's ledgers, in memory or in an SQLite file.
#[derive(Clone, Copy, Debug)]
pub struct LedgerHarness {
    is_on_disk: bool,
}

impl LedgerHarness {
    /// The ledger that is gone with its process.
    pub fn in_memory() -> Self {
        Self { is_on_disk: false }
    }

    /// The ledger in an SQLite file, each in a directory of its own among the system's temporary ones, which is removed
    /// afterwards.
    pub fn sqlite() -> Self {
        Self { is_on_disk: true }
    }
}

#[async_trait]
impl StoreHarness for LedgerHarness {
    async fn place(&self) -> Arc<dyn Place> {
        Arc::new(LedgerPlace {
            directory: self.is_on_disk.then(Directory::new).map(Mutex::new),
            open: Mutex::default(),
        })
    }

    fn patience(&self) -> Patience {
        Patience::default()
    }
}

struct LedgerPlace {
    /// Where the file lies; none for a ledger in memory.
    directory: Option<Mutex<Directory>>,
    open: Mutex<Option<Arc<Ledger>>>,
}

impl LedgerPlace {
    fn take(&self) -> Option<Arc<Ledger>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[async_trait]
impl Place for LedgerPlace {
    async fn open(&self, setup: Setup) -> Arc<dyn Store> {
        let address = self.directory.as_ref().map(|directory| {
            let directory = directory.lock().unwrap_or_else(PoisonError::into_inner);
            format!("sqlite:{}", directory.file().display())
        });
        let opened = match address {
            Some(address) => Ledger::sqlite(&address, SqliteSettings::default(), setup.settings).await,
            None => Ledger::in_memory(setup.settings).await,
        };
        let ledger = Arc::new(opened.expect("the ledger can be opened"));
        let facts = ChannelFacts {
            limits: setup.limits,
            files: true,
            places: false,
        };
        ledger.know_channel(setup.channel, facts);
        ledger.know_hook_address(setup.hook_address);
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&ledger));
        ledger
    }

    async fn close(&self) {
        if let Some(ledger) = self.take() {
            ledger.close().await;
        }
    }

    /// What a killed process leaves is what lies in its files at that moment: they are copied, and the copy is opened.
    async fn kill(&self) {
        let Some(ledger) = self.take() else { return };
        let left = self.directory.as_ref().map(|directory| {
            let mut directory = directory.lock().unwrap_or_else(PoisonError::into_inner);
            let copy = directory.copy();
            std::mem::replace(&mut *directory, copy)
        });
        ledger.close().await;
        drop(left);
    }

    fn keeps(&self) -> bool {
        self.directory.is_some()
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
