use std::{path::Path, sync::Arc};

use crate::store::backend::Backend;

/// Opens the database of a directory; `None` where this build has none.
pub(super) async fn open(_: &Path) -> Option<Arc<dyn Backend>> {
    println!("skipped: this build has no SQLite");
    None
}
