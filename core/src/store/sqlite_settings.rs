use std::time::Duration;

use super::Flushes;

/// How an SQLite ledger works.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SqliteSettings {
    /// How many connections read beside the one that writes. 4.
    pub readers: u32,
    /// How long a statement waits for another connection, and a read for a free one, before the ledger counts as away.
    /// 5 seconds.
    pub busy_max: Duration,
    /// How many bytes the write-ahead log may have before it is moved into the database. More is faster; what is there
    /// is read again after a crash. 32 MiB.
    pub wal_bytes_max: u32,
    /// How many bytes of the database the writer keeps in memory at the most. 16 MiB.
    pub cache_bytes_max: u32,
    /// Makes every flush take this much longer. For benchmarks: what a slower disk costs. None.
    pub flush_delay: Option<Duration>,
    /// Counts the flushes. Keep a clone to read it.
    pub flushes: Flushes,
}

impl SqliteSettings {
    /// SQLite's `journal_mode` of every ledger. Not a setting: see [`SYNC_MODE`](Self::SYNC_MODE).
    pub const JOURNAL_MODE: &str = "WAL";
    /// SQLite's `synchronous` of every ledger: a commit is on the disk before it is answered.
    pub const SYNC_MODE: &str = "FULL";
}

impl Default for SqliteSettings {
    fn default() -> Self {
        Self {
            readers: 4,
            busy_max: Duration::from_secs(5),
            wal_bytes_max: 32 << 20,
            cache_bytes_max: 16 << 20,
            flush_delay: None,
            flushes: Flushes::default(),
        }
    }
}
