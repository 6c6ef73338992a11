//! `cargo xtask faults --seed S --rounds N`: many conversations at once while one call in five goes wrong.

use std::{process::ExitCode, time::Instant};

use anyhow::{Context, Result};
use clap::Parser;
use escalator_house::{
    fault_run::{FaultRun, FaultTally},
    sites::Platform,
};

/// Holds many conversations at once while one call in five goes wrong, at the desk and at the platform, and compares what
/// both sides saw.
#[derive(Parser)]
struct Arguments {
    /// How often all conversations are held, for each platform.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How many conversations are held at once.
    #[arg(long, default_value_t = 12)]
    conversations: usize,
    /// Repeats the faults that are drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let Arguments {
        rounds,
        conversations,
        seed,
    } = Arguments::parse();
    let mut all_good = true;
    for (platform, name) in [
        (Platform::Telegram, "killable_telegram_bot"),
        (Platform::Discord, "killable_discord_bot"),
    ] {
        let program = std::env::current_exe()?.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let run = FaultRun {
            platform,
            program: program
                .canonicalize()
                .with_context(|| format!("{} is built with it", program.display()))?,
            seed,
            rounds,
            conversations,
        };
        let since = Instant::now();
        let tally = run.make().await?;
        print(platform, seed, &tally, since.elapsed().as_secs_f64());
        all_good &= tally.is_good();
    }
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(platform: Platform, seed: u64, tally: &FaultTally, secs: f64) {
    tally.stuck.iter().for_each(|why| println!("stuck: {why}"));
    println!(
        "{platform}, seed {seed}: {} conversations, {} of {} calls struck, {secs:.0} s",
        tally.conversations, tally.struck, tally.calls
    );
    println!(
        "said {}, lost {}, inverted {}, doubled {} of {} that were cut, dead letters {}, bot lines after takeover {}",
        tally.said, tally.lost, tally.inverted, tally.doubled, tally.cut, tally.dead_lettered, tally.bot_lines
    );
}
