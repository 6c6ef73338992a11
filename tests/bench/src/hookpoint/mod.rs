//! `bench hookpoint`: hooks a second, each on the disk before its answer, beside a bare axum handler.
//!
//! The house is the real one, from socket to disk. Only its two ends are quick: a desk and a chat that take everything at
//! once. Load, baseline and house share the process and its cores.

mod bare;
mod compare;
mod ends;
mod house;
mod message;
mod report;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use clap::{Args, value_parser};
use escalator::{model::SessionId, store::SqliteSettings};

use self::{
    compare::Side,
    report::{Report, Setup},
};
use crate::environment::Environment;

/// What is measured, and for how long.
#[derive(Args)]
pub(crate) struct Options {
    /// Prints one JSON document instead of tables.
    #[arg(long)]
    json: bool,
    /// How many connections: one comparison for each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64], value_parser = value_parser!(u16).range(1..=512))]
    connections: Vec<u16>,
    /// What each flush is made slower by, in milliseconds: one comparison for each.
    #[arg(long, value_delimiter = ',', default_values_t = [0, 2], value_parser = value_parser!(u64).range(0..=1_000))]
    flush_delay_ms: Vec<u64>,
    /// What is compared. The ratios are those to the bare handler.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Side::Bare, Side::Durable, Side::Delivering, Side::Memory])]
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
    /// The folder that the databases are made in, and removed from. That of this program.
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// Measures, and prints what came of it.
///
/// # Errors
/// When anything is answered with less than 200 `ok`, or kept with less than a delivery.
pub(crate) async fn run(options: Options) -> Result<()> {
    let start = Instant::now();
    let folder = options.folder()?;
    let mut comparisons = Vec::new();
    for delay in options.flush_delay_ms.iter().copied().map(Duration::from_millis) {
        for &connections in &options.connections {
            eprintln!(
                "{connections} connections, {} ms added to each flush …",
                delay.as_millis()
            );
            comparisons.push(compare::compare(&options, &folder, connections.into(), delay).await?);
        }
    }
    let report = Report {
        bench: "hookpoint",
        environment: Environment::of(&folder),
        setup: options.setup(),
        comparisons,
        secs: start.elapsed().as_secs_f64(),
    };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", report.text());
    }
    Ok(())
}

impl Options {
    fn round(&self) -> Duration {
        Duration::from_secs(self.round_secs.into())
    }

    /// Connections are made, caches filled and statements prepared before anything counts.
    fn warm_up(&self) -> Duration {
        self.round() / 4
    }

    /// The program lies among what was built: on a disk, and out of version control's sight.
    fn folder(&self) -> Result<PathBuf> {
        if let Some(folder) = &self.folder {
            return Ok(folder.clone());
        }
        let program = std::env::current_exe()?;
        let folder = program.parent().context("a program lies in a folder")?;
        Ok(folder.to_owned())
    }

    fn setup(&self) -> Setup {
        Setup {
            journal_mode: SqliteSettings::JOURNAL_MODE,
            sync_mode: SqliteSettings::SYNC_MODE,
            sessions: self.sessions.into(),
            rounds: self.rounds.into(),
            round_secs: self.round().as_secs_f64(),
            body_bytes: message::body(SessionId::mint()).len(),
        }
    }
}
