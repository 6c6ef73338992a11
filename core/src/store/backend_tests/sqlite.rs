use async_trait::async_trait;
use tempfile::TempDir;

use super::Bed;
use crate::{
    delivery::{DeliveryId, Receipt},
    store::{SqliteSettings, backend::Backend, sqlite::SqliteBackend},
};

/// A database in a directory of its own.
pub(super) struct SqliteBed {
    backend: SqliteBackend,
    dir: TempDir,
}

impl SqliteBed {
    pub(super) async fn new() -> Self {
        let dir = TempDir::new().expect("a directory can be made");
        let backend = open(&dir).await;
        Self { backend, dir }
    }
}

async fn open(dir: &TempDir) -> SqliteBackend {
    let address = format!("sqlite:{}", dir.path().join("ledger.db").display());
    let opened = SqliteBackend::open(&address, SqliteSettings::default()).await;
    opened.expect("the database can be opened")
}

#[async_trait]
impl Bed for SqliteBed {
    fn backend(&self) -> &dyn Backend {
        &self.backend
    }

    async fn reopen(&mut self) {
        self.backend.close().await.expect("the database can be closed");
        self.backend = open(&self.dir).await;
    }

    async fn receipt(&self, id: DeliveryId) -> Option<Receipt> {
        self.backend.receipt(id).await.expect("the receipt can be read")
    }
}

#[tokio::test]
async fn sqlite_does_what_every_backend_does() {
    super::run(SqliteBed::new).await;
}
