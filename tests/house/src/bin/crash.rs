//! `cargo xtask crash --points N --seed S`: kills the bot at N points spread over every commit and every external call,
//! and compares the transcripts of both sides.

use std::{process::ExitCode, sync::Arc};

use anyhow::{Context, Result};
use clap::Parser;
use escalator_house::{crash_run, sites, town::Town};
use escalator_testkit::desk::Encoding;

/// Kills the bot at points spread over every commit and every external call.
#[derive(Parser)]
struct Arguments {
    /// How many points. At least one for each site, or the run fails for the sites that have none.
    #[arg(long, default_value_t = 300)]
    points: usize,
    /// Repeats a run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The number of the first point, to go on with a run that was stopped.
    #[arg(long, default_value_t = 0)]
    from: usize,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let Arguments { points, seed, from } = Arguments::parse();
    let program =
        std::env::current_exe()?.with_file_name(format!("killable_telegram_bot{}", std::env::consts::EXE_SUFFIX));
    let program = program
        .canonicalize()
        .with_context(|| format!("{} is built with it", program.display()))?;
    let town = Arc::new(Town::build(program, Encoding::Multipart).await?);
    println!("{points} points over {} sites, seed {seed}", sites::all().len());
    let findings = crash_run::run(Arc::clone(&town), points, seed, from).await?;
    for (site, count) in &findings.points {
        println!("{count:>5}  {site}");
    }
    findings.stuck.iter().for_each(|why| println!("stuck: {why}"));
    findings
        .empty_sites()
        .iter()
        .for_each(|site| println!("nothing was cut at: {site}"));
    if findings.unexplained > 0 {
        println!("{} doubles that no cut explains", findings.unexplained);
    }
    let cut: usize = findings.points.values().sum();
    let crash_run::Findings { verdict, bot_lines, .. } = &findings;
    println!(
        "points {cut}, lost {}, inverted {}, doubled {}, bot lines after takeover {bot_lines}",
        verdict.lost, verdict.inverted, verdict.doubled
    );
    Ok(if findings.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
