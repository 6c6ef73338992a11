use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;

use super::{Faults, TestClock, faults::Faulty, on_disk};
use crate::{
    model::{ChannelId, ChatLimits, Clock, DeskLimits, Formatting, LengthUnit},
    store::{ChannelFacts, Ledger, LedgerSettings, backend::Backend, memory::MemoryBackend},
};

/// Where the desk's hooks go. Its secret must stand in no log.
const HOOK_ADDRESS: &str = "https://bot.example/hooks/0123456789abcdef";

/// Where a test's ledger is stored: it can be closed and opened again.
pub(crate) struct Place {
    pub(crate) faults: Arc<Faults>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) settings: LedgerSettings,
    /// What stands open, so that it can be looked into.
    backend: Mutex<Option<Arc<dyn Backend>>>,
    kept: Kept,
}

enum Kept {
    InMemory(Arc<MemoryBackend>),
    OnDisk(TempDir),
}

impl Place {
    /// One of each kind.
    pub(crate) async fn each() -> Vec<Self> {
        let dir = TempDir::new().expect("a directory can be made");
        let mut places = vec![Self::in_memory()];
        if let Some(probed) = on_disk::open(dir.path()).await {
            probed.close().await.expect("it can be closed");
            places.push(Self::new(Kept::OnDisk(dir)));
        }
        places
    }

    pub(crate) fn in_memory() -> Self {
        Self::new(Kept::InMemory(Arc::default()))
    }

    fn new(kept: Kept) -> Self {
        let clock = Arc::new(TestClock::new());
        let desk = DeskLimits {
            message_chars_max: 10_000,
            file_bytes_max: 1 << 20,
        };
        let settings = LedgerSettings {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ..LedgerSettings::new(desk)
        };
        Self {
            faults: Arc::default(),
            clock,
            settings,
            backend: Mutex::default(),
            kept,
        }
    }

    /// Opens the ledger. One that was opened before must be closed.
    pub(crate) async fn open(&self) -> Arc<Ledger> {
        let inner = match &self.kept {
            Kept::InMemory(memory) => Arc::clone(memory) as Arc<dyn Backend>,
            Kept::OnDisk(dir) => on_disk::open(dir.path()).await.expect("this build has it"),
        };
        *self.backend.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&inner));
        let faulty = Faulty::new(inner, Arc::clone(&self.faults));
        let ledger = Ledger::open(Box::new(faulty), self.settings.clone())
            .await
            .expect("the ledger can be opened");
        ledger.know_hook_address(HOOK_ADDRESS.to_owned());
        ledger.know_channel(ChannelId::new("test"), CHAT);
        Arc::new(ledger)
    }

    /// Closes a ledger and opens it again, as a restart does.
    pub(crate) async fn reopen(&self, ledger: Arc<Ledger>) -> Arc<Ledger> {
        ledger.close().await;
        drop(ledger);
        self.open().await
    }

    /// What stands open, past the faults.
    pub(crate) fn backend(&self) -> Arc<dyn Backend> {
        let backend = self.backend.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(backend.as_ref().expect("it was opened"))
    }
}

/// What the channel of the tests takes.
pub(crate) const CHAT: ChannelFacts = ChannelFacts {
    limits: ChatLimits {
        text_max: 4_096,
        text_unit: LengthUnit::Utf16,
        formatting: Formatting::None,
        fetch_bytes_max: 1 << 20,
        send_bytes_max: 1 << 20,
    },
    files: true,
    places: false,
    receipts: false,
    buttons: false,
};
