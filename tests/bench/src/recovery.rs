//! `bench recovery`: a start with a long queue, and how long it takes to be delivered.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::{Args, value_parser};
use serde::Serialize;

use crate::{
    environment::Environment,
    figures::median,
    hookpoint::house::{Disk, House, Ledger},
    load,
    output::Output,
    plot::{Bar, Group, Plot, Scale},
    table::{draw, thousands},
};

/// What is measured.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    output: Output,
    /// How many deliveries wait, one comparison for each.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 100_000], value_parser = value_parser!(u32).range(1_000..=10_000_000))]
    deliveries: Vec<u32>,
    /// In how many sessions.
    #[arg(long, default_value_t = 1_000, value_parser = value_parser!(u16).range(64..))]
    sessions: u16,
    /// How often each is measured.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(1..=20))]
    rounds: u16,
}

/// A start with so many deliveries waiting: medians of the rounds.
#[derive(Serialize)]
struct Recovery {
    deliveries: u32,
    /// From nothing to a house that takes hooks.
    start_secs: f64,
    /// From there until the last one was delivered, to a chat that takes everything at once.
    drain_secs: f64,
    delivered_per_sec: f64,
}

#[derive(Serialize)]
struct Report {
    bench: &'static str,
    environment: Environment,
    sessions: u16,
    rounds: u16,
    recoveries: Vec<Recovery>,
    secs: f64,
}

/// Measures, and prints what came of it.
///
/// # Errors
/// When a delivery is lost, or the house does not start.
pub(crate) async fn run(options: Options) -> Result<()> {
    let start = Instant::now();
    let folder = options.output.folder()?;
    let mut recoveries = Vec::new();
    for &deliveries in &options.deliveries {
        eprintln!("{deliveries} deliveries …");
        let (mut starts, mut drains) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            let (started, drained) = recover(&options, Ledger::on(Disk::File(&folder)), deliveries).await?;
            starts.push(started.as_secs_f64());
            drains.push(drained.as_secs_f64());
        }
        let drain_secs = median(&drains);
        recoveries.push(Recovery {
            deliveries,
            start_secs: median(&starts),
            drain_secs,
            delivered_per_sec: f64::from(deliveries) / drain_secs,
        });
    }
    let report = Report {
        bench: "recovery",
        environment: Environment::of(&folder),
        sessions: options.sessions,
        rounds: options.rounds,
        recoveries,
        secs: start.elapsed().as_secs_f64(),
    };
    options.output.put("recovery", &report, &report.text(), &report.plot())
}

/// Lets so many deliveries wait, stops, and starts again.
async fn recover(options: &Options, ledger: Ledger<'_>, deliveries: u32) -> Result<(Duration, Duration)> {
    let house = House::open(ledger, options.sessions.into()).await?;
    house.open_chat(false);
    let rounds = deliveries as usize / house.hooks.len();
    for _ in 0..rounds {
        load::once(house.address, &house.hooks, 64).await?;
    }
    let waiting = house.waiting().await;
    ensure!(
        waiting >= (rounds * house.hooks.len()) as u64,
        "{waiting} deliveries wait"
    );
    let stopped = house.stop().await?;

    let began = Instant::now();
    let house = stopped.start(false).await?;
    let started = began.elapsed();
    let still = house.waiting().await;
    ensure!(still == waiting, "{still} of {waiting} deliveries wait after the start");
    let began = Instant::now();
    house.open_chat(true);
    house.drained().await?;
    let drained = began.elapsed();
    ensure!(
        house.delivered() >= waiting,
        "{} of {waiting} were delivered",
        house.delivered()
    );
    house.close().await?;
    Ok((started, drained))
}

impl Report {
    fn text(&self) -> String {
        let rows: Vec<Vec<String>> = self
            .recoveries
            .iter()
            .map(|recovery| {
                vec![
                    thousands(recovery.deliveries.into()),
                    format!("{:.3}", recovery.start_secs),
                    format!("{:.2}", recovery.drain_secs),
                    format!("{:.0}", recovery.delivered_per_sec),
                ]
            })
            .collect();
        let table = draw(&["deliveries that wait", "start s", "drained s", "a second"], &rows);
        let environment = self.environment.lines().join("\n- ");
        format!(
            "- {environment}\n- {} sessions, median of {} rounds\n- {:.0} s in all\n\n{table}",
            self.sessions, self.rounds, self.secs
        )
    }

    fn plot(&self) -> Plot {
        let group = |recovery: &Recovery| Group {
            head: format!("{} deliveries that wait", thousands(recovery.deliveries.into())),
            bars: vec![
                Bar {
                    label: "start".to_owned(),
                    value: recovery.start_secs,
                    shown: format!("{:.2} s", recovery.start_secs),
                    colour: 0,
                },
                Bar {
                    label: "all delivered".to_owned(),
                    value: recovery.drain_secs,
                    shown: format!("{:.2} s", recovery.drain_secs),
                    colour: 1,
                },
            ],
        };
        Plot {
            title: "Start and drain, in seconds".to_owned(),
            scale: Scale::Linear,
            groups: self.recoveries.iter().map(group).collect(),
        }
    }
}
