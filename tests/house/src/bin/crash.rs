//! `cargo xtask crash --platform P --points N --seed S`: kills the bot at N points spread over every commit and every
//! external call in both directions, and compares the transcripts of both sides.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use escalator_house::{
    crash_run::{Run, Tally},
    sites::Platform,
};

/// Kills the bot at points spread over every commit and every external call in both directions.
#[derive(Parser)]
struct Arguments {
    /// Whose bot.
    #[arg(long, value_enum, default_value_t = Bots::Telegram)]
    platform: Bots,
    /// How many points. At least one for each site, or the run fails for the sites that have none.
    #[arg(long, default_value_t = 300)]
    points: usize,
    /// Repeats a run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The number of the first point, to go on with a run that was stopped: the table is read first, and what stands in
    /// it is not made again.
    #[arg(long, default_value_t = 0)]
    from: usize,
    /// How many points are made at once.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Where the table is kept, written after each point.
    #[arg(long, default_value = "target/crash.json")]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Bots {
    Telegram,
    Discord,
    Both,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let run = arguments.run()?;
    let sites = run.sites();
    println!("{} points over {} sites, seed {}", run.points, sites.len(), run.seed);
    let tally = run.make().await?;
    print(&tally, &sites, &arguments.out);
    let is_complete = tally.empty(&sites).is_empty();
    Ok(if tally.is_good() && is_complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Arguments {
    fn run(&self) -> Result<Run> {
        let mut programs = Vec::new();
        if self.platform != Bots::Discord {
            programs.push((Platform::Telegram, program("killable_telegram_bot")?));
        }
        if self.platform != Bots::Telegram {
            programs.push((Platform::Discord, program("killable_discord_bot")?));
        }
        Ok(Run {
            programs,
            points: self.points,
            seed: self.seed,
            from: self.from,
            jobs: self.jobs,
            out: Some(self.out.clone()),
        })
    }
}

/// A bot that is built beside this program.
fn program(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let found = program.canonicalize();
    found.with_context(|| format!("{} is built with it", program.display()))
}

fn print(tally: &Tally, sites: &[String], out: &Path) {
    for (site, count) in &tally.cuts {
        println!("{count:>5}  {site}");
    }
    tally.stuck.iter().for_each(|why| println!("stuck: {why}"));
    tally.wrong.iter().for_each(|what| println!("wrong: {what}"));
    for site in tally.empty(sites) {
        println!("nothing was cut at: {site}");
    }
    if tally.missed > 0 {
        println!("{} points were not reached and cut nothing", tally.missed);
    }
    if tally.unexplained > 0 {
        println!("{} doubles that no cut explains", tally.unexplained);
    }
    println!(
        "{}: said {}, delivered {}, possibly doubled {}, dead letters {}; {:.0} s; the table: {}",
        tally.run,
        tally.said,
        tally.delivered,
        tally.doubled,
        tally.dead_lettered,
        tally.secs,
        out.display()
    );
    println!("{}", tally.last_line());
}
