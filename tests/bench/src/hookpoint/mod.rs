//! `bench hookpoint`: hooks a second, each on the disk before its answer, beside a bare axum handler.
//!
//! The house is the real one, from socket to disk. Only its two ends are quick: a desk and a chat that take everything at
//! once. Load, baseline and house share the process and its cores.

mod bare;
mod compare;
pub(crate) mod ends;
pub(crate) mod house;
pub(crate) mod message;
mod report;

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::{Args, ValueEnum, value_parser};
use escalator::{model::SessionId, store::SqliteSettings};
use escalator_testkit::postgres::{Durability, Server};

use self::{
    compare::Side,
    house::Disk,
    report::{Report, Setup, StoreFacts},
};
use crate::{environment::Environment, output::Output};

/// What is measured, and for how long.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    output: Output,
    /// The store of the durable sides.
    #[arg(long, value_enum, default_value_t = Store::Sqlite)]
    database: Store,
    /// How many connections: one comparison for each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64], value_parser = value_parser!(u16).range(1..=512))]
    connections: Vec<u16>,
    /// What each flush is made slower by, in milliseconds: one comparison for each.
    #[arg(long, value_delimiter = ',', default_values_t = [0, 2], value_parser = value_parser!(u64).range(0..=100))]
    flush_delay_ms: Vec<u64>,
    /// What is compared. The ratios are those to the bare handler.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Side::Bare, Side::Durable, Side::Delivering, Side::CommitARow, Side::Memory])]
    sides: Vec<Side>,
    /// How often each side is measured.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// How long a round takes, in seconds.
    #[arg(long, default_value_t = 2, value_parser = value_parser!(u16).range(1..=60))]
    round_secs: u16,
    /// How many sessions are open.
    #[arg(long, default_value_t = 1_000, value_parser = value_parser!(u16).range(512..))]
    sessions: u16,
}

/// Where a durable house keeps its ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Store {
    /// An SQLite file of its own.
    Sqlite,
    /// A database of its own, in a private PostgreSQL with its data in the folder for temporary files.
    Postgres,
}

/// Measures, and prints what came of it.
///
/// # Errors
/// When anything is answered with less than 200 `ok`, or kept with less than a delivery.
pub(crate) async fn run(options: Options) -> Result<()> {
    let start = Instant::now();
    let folder = match options.database {
        Store::Sqlite => options.output.folder()?,
        Store::Postgres => std::env::temp_dir(),
    };
    let mut store = StoreFacts::Sqlite {
        journal_mode: SqliteSettings::JOURNAL_MODE,
        sync_mode: SqliteSettings::SYNC_MODE,
    };
    let mut comparisons = Vec::new();
    for delay in options.flush_delay_ms.iter().copied().map(Duration::from_millis) {
        let server = match options.database {
            Store::Sqlite => None,
            Store::Postgres => Some(tokio::task::spawn_blocking(move || postgres_server(delay)).await??),
        };
        let disk = match &server {
            None => Disk::File(&folder),
            Some((server, _)) => Disk::Server(server),
        };
        for &connections in &options.connections {
            eprintln!(
                "{connections} connections, {} ms added to each flush …",
                delay.as_millis()
            );
            comparisons.push(compare::compare(&options, disk, connections.into(), delay).await?);
        }
        if let Some((_, version)) = server {
            store = StoreFacts::Postgres { version };
        }
    }
    let report = Report {
        bench: "hookpoint",
        environment: Environment::of(&folder),
        setup: options.setup(store),
        comparisons,
        secs: start.elapsed().as_secs_f64(),
    };
    let plot = match options.database {
        Store::Sqlite => "hookpoint",
        Store::Postgres => "hookpoint-postgres",
    };
    options.output.put(plot, &report, &report.text(), &report.plot())
}

/// Starts a PostgreSQL whose flushes are this much slower, and tells its version.
fn postgres_server(delay: Duration) -> Result<(Server, String)> {
    // It waits so long before each flush, whoever else is busy.
    let server = Server::builder()
        .durability(Durability::Disk)
        .setting("commit_delay", delay.as_micros().to_string())
        .setting("commit_siblings", "0")
        .start()?;
    let version = server.database()?.run(&["SHOW server_version"])?;
    Ok((server, version.trim().to_owned()))
}

impl Options {
    fn round(&self) -> Duration {
        Duration::from_secs(self.round_secs.into())
    }

    /// Connections are made, caches filled and statements prepared before anything counts.
    fn warm_up(&self) -> Duration {
        self.round() / 4
    }

    fn setup(&self, store: StoreFacts) -> Setup {
        Setup {
            store,
            sessions: self.sessions.into(),
            rounds: self.rounds.into(),
            round_secs: self.round().as_secs_f64(),
            body_bytes: message::body(SessionId::mint()).len(),
        }
    }
}
