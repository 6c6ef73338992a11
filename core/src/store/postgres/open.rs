//! Opening a database: its address, its settings and its schema.

use std::{str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, Connection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{PostgresSettings, failure::failed, schema::migrate, writer::Writer};
use crate::store::StoreError;

/// Readies the connections, and brings the schema up to date.
pub(super) async fn open(url: &str, settings: &PostgresSettings) -> Result<(Writer, PgPool), StoreError> {
    let unlimited = address(url)?;
    let mut connection = within(settings.busy_max, unlimited.connect()).await?;
    // A migration takes as long as it takes.
    migrate(&mut connection).await?;
    connection.close().await.map_err(failed)?;
    let options = limited(unlimited, settings);
    let pool = PgPoolOptions::new()
        .max_connections(settings.connections.max(2))
        .acquire_timeout(settings.busy_max)
        .connect_lazy_with(options.clone());
    Ok((Writer::new(options, settings.busy_max, settings.flushes.clone()), pool))
}

/// Waits for the database as long as it may take.
pub(super) async fn within<T>(
    busy_max: Duration,
    call: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(busy_max, call).await {
        Ok(answered) => answered.map_err(failed),
        Err(_elapsed) => Err(StoreError::unavailable(format_args!(
            "no answer within {} seconds",
            busy_max.as_secs()
        ))),
    }
}

/// What a URL says, and nothing beside it: an error may show the password, and is not told.
fn address(url: &str) -> Result<PgConnectOptions, StoreError> {
    const RIGHT: &str = "right would be `postgres://user:password@host/name`";
    let is_one = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let read = is_one.then(|| PgConnectOptions::from_str(url).ok()).flatten();
    let options =
        read.ok_or_else(|| StoreError::unavailable(format_args!("its address is not one of PostgreSQL; {RIGHT}")))?;
    Ok(options.application_name("escalator").disable_statement_logging())
}

/// A statement ends in time. Between two statements of a transaction nothing is waited for, so one that stands idle is that of
/// a process which was stopped in the middle of a commit: it is taken back before those whom it locks out give up.
fn limited(options: PgConnectOptions, settings: &PostgresSettings) -> PgConnectOptions {
    let busy_ms = settings.busy_max.as_millis().to_string();
    let idle_ms = settings.lease.min(settings.busy_max / 2).as_millis().to_string();
    options.options([
        ("statement_timeout", busy_ms.as_str()),
        ("lock_timeout", busy_ms.as_str()),
        ("idle_in_transaction_session_timeout", idle_ms.as_str()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_something_else_is_refused_without_its_password() {
        for url in [
            "mysql://anna:hunter2@db/x",
            "postgres://anna:hunter2@db:port/x",
            "hunter2",
        ] {
            let refused = address(url).expect_err("it is none").to_string();
            assert!(refused.contains("postgres://user:password@host/name"), "{refused}");
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }
}
