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
    let options = options(url, settings)?;
    let mut connection = within(settings.busy_max, options.connect()).await?;
    migrate(&mut connection).await?;
    connection.close().await.map_err(failed)?;
    let pool = PgPoolOptions::new()
        .max_connections(settings.connections.max(2))
        .acquire_timeout(settings.busy_max)
        .connect_lazy_with(options.clone());
    Ok((Writer::new(options, settings.busy_max), pool))
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

fn options(url: &str, settings: &PostgresSettings) -> Result<PgConnectOptions, StoreError> {
    const RIGHT: &str = "right would be `postgres://user:password@host/name`";
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(StoreError::unavailable(format_args!(
            "its address is not one of PostgreSQL; {RIGHT}"
        )));
    }
    let options = PgConnectOptions::from_str(url).map_err(|_may_show_the_password| {
        StoreError::unavailable(format_args!("its address cannot be read; {RIGHT}"))
    })?;
    let busy_ms = settings.busy_max.as_millis().to_string();
    // A process that is stopped in the middle of a commit locks nobody out for longer than it may be silent.
    let lease_ms = settings.lease.as_millis().to_string();
    let options = options
        .application_name("escalator")
        .options([
            ("statement_timeout", busy_ms.as_str()),
            ("lock_timeout", busy_ms.as_str()),
            ("idle_in_transaction_session_timeout", lease_ms.as_str()),
        ])
        .disable_statement_logging();
    Ok(options)
}
