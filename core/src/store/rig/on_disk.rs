use std::{path::Path, sync::Arc};

use crate::store::{SqliteSettings, backend::Backend, sqlite::SqliteBackend};

/// Opens the database of a directory; `None` where this build has none.
pub(super) async fn open(dir: &Path) -> Option<Arc<dyn Backend>> {
    let address = format!("sqlite:{}", dir.join("ledger.db").display());
    let opened = SqliteBackend::open(&address, SqliteSettings::default()).await;
    Some(Arc::new(opened.expect("the database can be opened")))
}
