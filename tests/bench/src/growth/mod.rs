//! `bench growth`: a ledger with many sessions of which few are active, beside one with few.
//!
//! Each ledger is measured in a process of its own, so that its memory is what one process needs.

mod at;
mod seed;

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use clap::{Args, value_parser};
use serde::Serialize;

pub(crate) use self::at::{Measured, OptionsAt, run_at};
use crate::{
    environment::Environment,
    hookpoint::house::{Disk, House, Ledger, Stopped},
    output::Output,
    plot::{Bar, Group, Plot, Scale},
    table::{draw, thousands},
};

/// What is measured.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    output: Output,
    /// How many sessions there are that are over. The ratios are those to the first.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 1_000_000], value_parser = value_parser!(u32).range(1_000..=100_000_000))]
    sessions: Vec<u32>,
    /// How many sessions are active beside them.
    #[arg(long, default_value_t = 1_000, value_parser = value_parser!(u16).range(64..))]
    active: u16,
    /// How often each is measured.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(1..=20))]
    rounds: u16,
    /// How long a round takes, in seconds.
    #[arg(long, default_value_t = 2, value_parser = value_parser!(u16).range(1..=60))]
    round_secs: u16,
}

#[derive(Serialize)]
struct Report {
    bench: &'static str,
    environment: Environment,
    active: u16,
    rounds: u16,
    ledgers: Vec<LedgerReport>,
    secs: f64,
}

#[derive(Serialize)]
struct LedgerReport {
    sessions: u32,
    file_mib: f64,
    #[serde(flatten)]
    measured: Measured,
    /// Processor time for a hook, as a multiple of the first ledger's.
    hook_ratio: f64,
    /// Processor time for a delivery, claimed, made and settled, as a multiple of the first ledger's.
    delivery_ratio: f64,
}

/// Measures, and prints what came of it.
///
/// # Errors
/// When a ledger cannot be made or measured.
pub(crate) async fn run(options: Options) -> Result<()> {
    let start = Instant::now();
    let folder = options.output.folder()?;
    let mut places = Vec::new();
    for &sessions in &options.sessions {
        eprintln!("{sessions} sessions are made …");
        places.push((sessions, prepare(&folder, sessions, options.active.into()).await?));
    }
    let mut rounds: Vec<Vec<Measured>> = places.iter().map(|_| Vec::new()).collect();
    for round in 0..options.rounds {
        eprintln!("round {} …", round + 1);
        for ((_, place), measured) in places.iter().zip(&mut rounds) {
            measured.push(measure(place, &options, round + 1 == options.rounds)?);
        }
    }
    let mut ledgers: Vec<LedgerReport> = Vec::new();
    for ((sessions, place), rounds) in places.iter().zip(rounds) {
        let measured = Measured::median(&rounds);
        let base = ledgers.first().map_or(&measured, |first| &first.measured);
        ledgers.push(LedgerReport {
            sessions: *sessions,
            file_mib: mib(std::fs::metadata(place.file()?)?.len()),
            hook_ratio: measured.hook_cpu_us / base.hook_cpu_us,
            delivery_ratio: measured.delivery_cpu_us / base.delivery_cpu_us,
            measured,
        });
    }
    let report = Report {
        bench: "growth",
        environment: Environment::of(&folder),
        active: options.active,
        rounds: options.rounds,
        ledgers,
        secs: start.elapsed().as_secs_f64(),
    };
    options.output.put("growth", &report, &report.text(), &report.plot())
}

/// A ledger that stands ready.
struct Prepared {
    stopped: Stopped,
}

impl Prepared {
    fn file(&self) -> Result<&Path> {
        self.stopped.file().context("it lies in a file")
    }
}

/// Makes a ledger: its active sessions in the ordinary way, the old ones as copies of one that was led to its end.
async fn prepare(folder: &Path, sessions: u32, active: usize) -> Result<Prepared> {
    let house = House::open(Ledger::on(Disk::File(folder)), active).await?;
    house.end_one(seed::TEMPLATE).await?;
    let stopped = house.stop().await?;
    let prepared = Prepared { stopped };
    seed::copies(prepared.file()?, sessions).await?;
    Ok(prepared)
}

/// Measures in a process of its own. The last one removes what is old, too.
fn measure(prepared: &Prepared, options: &Options, age_out: bool) -> Result<Measured> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("growth-at")
        .arg(prepared.file()?)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    command.arg("--round-secs").arg(options.round_secs.to_string());
    if age_out {
        command.arg("--age-out");
    }
    let told = command.output()?;
    ensure!(
        told.status.success(),
        "the process that measures failed: {}",
        told.status
    );
    Ok(serde_json::from_slice(&told.stdout)?)
}

fn mib(bytes: u64) -> f64 {
    crate::figures::float(bytes) / f64::from(1 << 20)
}

impl Report {
    fn text(&self) -> String {
        let row = |ledger: &LedgerReport| {
            let measured = &ledger.measured;
            vec![
                thousands(ledger.sessions.into()),
                format!("{:.0}", ledger.file_mib),
                format!("{:.3}", measured.start_secs),
                format!("{:.0}", measured.rss_started_mib),
                format!("{:.0}", measured.rss_max_mib),
                format!("{:.1}", measured.hook_cpu_us),
                format!("{:.2}", ledger.hook_ratio),
                format!("{:.1}", measured.delivery_cpu_us),
                format!("{:.2}", ledger.delivery_ratio),
                format!("{:.1}", measured.age_out_step_ms_max),
            ]
        };
        let head = [
            "sessions",
            "file MiB",
            "start s",
            "MiB after it",
            "MiB at most",
            "hook CPU µs",
            "ratio",
            "delivery CPU µs",
            "ratio",
            "age-out stall ms",
        ];
        let table = draw(&head, &self.ledgers.iter().map(row).collect::<Vec<_>>());
        let environment = self.environment.lines().join("\n- ");
        format!(
            "- {environment}\n- {} sessions are active, 64 connections, median of {} rounds, each in a process of its own\n- \
             {:.0} s in all\n\n{table}",
            self.active, self.rounds, self.secs
        )
    }

    fn plot(&self) -> Plot {
        let group = |head: &str, of: fn(&LedgerReport) -> f64, unit: &str| Group {
            head: head.to_owned(),
            bars: self
                .ledgers
                .iter()
                .enumerate()
                .map(|(colour, ledger)| Bar {
                    label: format!("{} sessions", thousands(ledger.sessions.into())),
                    value: of(ledger),
                    shown: format!("{:.2} {unit}", of(ledger)),
                    colour,
                })
                .collect(),
        };
        Plot {
            title: "Few and many sessions, a thousand active (logarithmic)".to_owned(),
            scale: Scale::Logarithmic,
            groups: vec![
                group("processor time for a hook", |ledger| ledger.measured.hook_cpu_us, "µs"),
                group(
                    "processor time for a delivery",
                    |ledger| ledger.measured.delivery_cpu_us,
                    "µs",
                ),
                group("memory at most", |ledger| ledger.measured.rss_max_mib, "MiB"),
                group("start", |ledger| ledger.measured.start_secs * 1e3, "ms"),
            ],
        }
    }
}
