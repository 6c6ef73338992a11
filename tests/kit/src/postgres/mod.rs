//! A PostgreSQL of a test's own, run by the system's programs.
//!
//! [`database`] gives a fresh, empty database. Its server is private: a temporary folder, a free port of `127.0.0.1`, one
//! server for all the tests of a process, since a start takes about a second. A test that stops or pauses its server starts
//! one of its own, with [`Server::start`]. With `DATABASE_URL` set to a `postgres://` address, [`database`] makes its
//! databases there and starts nothing.
//!
//! ```no_run
//! # fn connect(_url: &str) {}
//! # fn main() -> Result<(), escalator_testkit::postgres::PostgresError> {
//! let database = escalator_testkit::postgres::database()?;
//! connect(database.url());
//!
//! let server = escalator_testkit::postgres::Server::start()?;
//! let database = server.database()?;
//! server.stop()?;
//! // ... what holds on to `database.url()` finds that it is away ...
//! server.start_again()?;
//! # Ok(())
//! # }
//! ```
//!
//! The calls block, for seconds at a start. The programs are searched for in `/usr/lib/postgresql`, then where `pg_config`
//! says, then in the `PATH`. Where they are missing the error names the line that installs them.
//!
//! # Invariants
//! - A server never outlives its process, however that ends: a watcher stops it and removes its folder.
//! - Root starts PostgreSQL as `postgres` or `nobody`, since it refuses to be root's.
//! - The port is held from the first start to the end, also while the server is away.
//!
//! # Not here
//! Windows; replication; more than one version at once.

mod access;
mod builder;
mod database;
mod error;
mod folder;
mod programs;
mod server;
mod shared;
mod stopped;
mod user;
mod watcher;

pub use self::{
    builder::{Builder, Durability},
    database::Database,
    error::PostgresError,
    server::Server,
    shared::database,
};
