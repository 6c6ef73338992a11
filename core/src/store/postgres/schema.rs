//! The schema, as migrations. One that was released never changes.

use sqlx::{
    PgConnection, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

use super::failure::failed;
use crate::store::StoreError;

const MIGRATIONS: [(i64, &str, &str); 3] = [
    (1, "ledger", include_str!("schema/0001_ledger.sql")),
    (2, "arrivals", include_str!("schema/0002_arrivals.sql")),
    (3, "writers", include_str!("schema/0003_writers.sql")),
];

/// Brings a database to the schema of this program. Instances that start together take turns.
pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), StoreError> {
    use sqlx::migrate::MigrateError;

    let migrations = MIGRATIONS.map(|(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.into())
        .run_direct(None, connection, false)
        .await
        .map_err(|error| match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failed(error),
            MigrateError::VersionMissing(version) => StoreError::unavailable(format_args!(
                "its schema is version {version}, made by a newer release than this one"
            )),
            error => StoreError::unavailable(error),
        })
}
