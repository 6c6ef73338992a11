//! Opening a database: its address, its lock, its settings and its schema.

use std::path::{Path, PathBuf, absolute};

use sqlx::{
    ConnectOptions, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use super::{SqliteSettings, failure::failed, lock::lock, schema::migrate, statement::STATEMENTS_MAX, writer::Writer};
use crate::store::StoreError;

const PAGE_BYTES: u32 = 4_096;

/// Opens the connection that writes, and readies those that read.
pub(super) async fn open(address: &str, settings: &SqliteSettings) -> Result<(Writer, SqlitePool), StoreError> {
    let file = file_of(address)?;
    let lock = lock(&file)?;
    let options = options(&file, settings);
    let mut connection = options
        .clone()
        .pragma("cache_size", format!("-{}", settings.cache_bytes_max / 1_024))
        .connect()
        .await
        .map_err(|error| cannot_open(&file, error))?;
    migrate(&mut connection).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(settings.readers.max(1))
        .acquire_timeout(settings.busy_max)
        .connect_lazy_with(options.create_if_missing(false).read_only(true));
    Ok((Writer::new(connection, lock, settings), readers))
}

fn options(file: &Path, settings: &SqliteSettings) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .page_size(PAGE_BYTES)
        .pragma("journal_mode", SqliteSettings::JOURNAL_MODE)
        .pragma("synchronous", SqliteSettings::SYNC_MODE)
        .foreign_keys(true)
        .busy_timeout(settings.busy_max)
        .statement_cache_capacity(STATEMENTS_MAX)
        .pragma(
            "wal_autocheckpoint",
            (settings.wal_bytes_max / PAGE_BYTES).max(1).to_string(),
        )
        .pragma("journal_size_limit", settings.wal_bytes_max.to_string())
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging()
}

/// The file that an address names: `sqlite:path`, `sqlite:///path`, or a path.
fn file_of(address: &str) -> Result<PathBuf, StoreError> {
    const RIGHT: &str = "right would be `sqlite:escalator.db` or `sqlite:///var/lib/bot/escalator.db`";
    let refused = |why: &str| Err(StoreError::unavailable(format_args!("{why}; {RIGHT}")));
    let path = match address.strip_prefix("sqlite:") {
        Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
        None if address.contains("://") => return refused("its address is not one of SQLite"),
        None => address,
    };
    if path.contains(":memory:") || path.contains("mode=memory") {
        return refused(
            "an SQLite database in memory is gone with the process: take the memory ledger if that is meant",
        );
    }
    if path.is_empty() {
        return refused("its address names no file");
    }
    if path.contains('?') {
        return refused("its address takes no parameters");
    }
    // One database has one lock, by whichever way it is named.
    let file = Path::new(path);
    file.canonicalize()
        .or_else(|_| absolute(file))
        .map_err(|error| StoreError::unavailable(format_args!("{}: {error}", file.display())))
}

fn cannot_open(file: &Path, error: sqlx::Error) -> StoreError {
    match failed(error) {
        StoreError::Unavailable { detail } => {
            StoreError::unavailable(format_args!("{} cannot be opened: {detail}", file.display()))
        }
        StoreError::Corrupt { detail } => StoreError::corrupt(format_args!("{}: {detail}", file.display())),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let here = absolute("ledger.db").expect("there is a current directory");
        for address in ["sqlite:ledger.db", "sqlite://ledger.db", "ledger.db"] {
            assert_eq!(file_of(address).expect("it is one"), here, "{address}");
        }
        let file = file_of("sqlite:///no/such/ledger.db").expect("it is one");
        assert_eq!(file, Path::new("/no/such/ledger.db"));
    }

    #[test]
    fn an_address_of_something_else_is_refused_with_a_reason() {
        for (address, why) in [
            ("sqlite::memory:", "in memory"),
            ("sqlite:x.db?mode=memory", "in memory"),
            ("sqlite:", "names no file"),
            ("sqlite:x.db?mode=rwc", "no parameters"),
            ("postgres://localhost/x", "not one of SQLite"),
        ] {
            let refused = file_of(address).expect_err("it is none").to_string();
            assert!(
                refused.contains(why) && refused.contains("sqlite:escalator.db"),
                "{refused}"
            );
        }
    }
}
