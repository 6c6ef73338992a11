//! One ledger, in a process of its own.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use clap::Args;
use escalator::store::{AgeOut, Maintained, Maintenance, Store};
use serde::{Deserialize, Serialize};

use crate::{
    figures::{float, median},
    hookpoint::house::Stopped,
    load,
};

/// The ledger that is measured.
#[derive(Args)]
pub(crate) struct OptionsAt {
    /// Its file.
    file: PathBuf,
    /// How long the load is, in seconds.
    #[arg(long)]
    round_secs: u64,
    /// Whether what is old is removed at the end.
    #[arg(long)]
    age_out: bool,
}

/// What it gave.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) start_secs: f64,
    /// The memory of the process once it takes hooks.
    pub(crate) rss_started_mib: f64,
    /// The most that it had, with the load's own, before anything was removed.
    pub(crate) rss_max_mib: f64,
    pub(crate) hook_cpu_us: f64,
    pub(crate) hooks_per_sec: f64,
    /// A delivery, claimed, made and settled.
    pub(crate) delivery_cpu_us: f64,
    pub(crate) deliveries_per_sec: f64,
    /// How long the writer had no time for anything else, at the longest.
    pub(crate) age_out_step_ms_max: f64,
    pub(crate) age_out_removed: u64,
}

/// Old sessions are removed in so many steps at the most.
const STEPS_MAX: usize = 50;

/// Measures, and prints what came of it for the process that asked.
///
/// # Errors
/// When the ledger cannot be opened, or a hook is lost.
pub(crate) async fn run_at(options: OptionsAt) -> Result<()> {
    let stopped = Stopped::at(options.file)?;
    let began = Instant::now();
    let house = stopped.start(true).await?;
    let mut measured = Measured {
        start_secs: began.elapsed().as_secs_f64(),
        rss_started_mib: status_mib("VmRSS")?,
        ..Measured::default()
    };
    house.drained().await?;
    house.open_chat(false);
    // Connections are made, caches filled and statements prepared before anything counts.
    load::steady(house.address, &house.hooks, 64, Duration::from_millis(500)).await?;
    let load = load::steady(house.address, &house.hooks, 64, Duration::from_secs(options.round_secs)).await?;
    measured.hook_cpu_us =
        load.cpu.context("the processor time is told here")?.as_secs_f64() * 1e6 / float(load.answered());
    measured.hooks_per_sec = load.per_sec();
    let (waiting, cpu_before, began) = (house.waiting().await, crate::cpu::spent(), Instant::now());
    house.open_chat(true);
    house.drained().await?;
    let cpu = crate::cpu::spent()
        .zip(cpu_before)
        .map(|(after, before)| after.saturating_sub(before));
    measured.delivery_cpu_us = cpu.context("the processor time is told here")?.as_secs_f64() * 1e6 / float(waiting);
    measured.deliveries_per_sec = float(waiting) / began.elapsed().as_secs_f64();
    measured.rss_max_mib = status_mib("VmHWM")?;
    if options.age_out {
        let step = AgeOut {
            history_for: Duration::from_hours(10 * 24),
            ..AgeOut::default()
        };
        for _ in 0..STEPS_MAX {
            let began = Instant::now();
            let removed = house.ledger().maintain(Maintenance::AgeOut(step)).await?;
            let Maintained::Removed(rows) = removed else {
                anyhow::bail!("removing what is old answered something else");
            };
            measured.age_out_step_ms_max = measured.age_out_step_ms_max.max(began.elapsed().as_secs_f64() * 1e3);
            measured.age_out_removed += rows;
        }
        ensure!(measured.age_out_removed > 0, "nothing was old enough");
    }
    house.close().await?;
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

impl Measured {
    /// The medians of rounds; of a stall, the longest.
    pub(crate) fn median(rounds: &[Self]) -> Self {
        let of = |part: fn(&Self) -> f64| median(&rounds.iter().map(part).collect::<Vec<f64>>());
        let stalls = rounds.iter().map(|round| round.age_out_step_ms_max);
        Self {
            start_secs: of(|round| round.start_secs),
            rss_started_mib: of(|round| round.rss_started_mib),
            rss_max_mib: of(|round| round.rss_max_mib),
            hook_cpu_us: of(|round| round.hook_cpu_us),
            hooks_per_sec: of(|round| round.hooks_per_sec),
            delivery_cpu_us: of(|round| round.delivery_cpu_us),
            deliveries_per_sec: of(|round| round.deliveries_per_sec),
            age_out_step_ms_max: stalls.fold(0.0, f64::max),
            age_out_removed: rounds.iter().map(|round| round.age_out_removed).sum(),
        }
    }
}

/// A line of proc_pid_status(5), which tells kibibytes.
fn status_mib(wanted: &str) -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(wanted)?.strip_prefix(':'));
    let kib: u64 = line
        .and_then(|line| line.split_ascii_whitespace().next())
        .context("the memory of a process is told here")?
        .parse()?;
    Ok(float(kib) / 1_024.0)
}
