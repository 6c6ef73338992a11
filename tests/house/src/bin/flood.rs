//! `cargo xtask flood`: how long the others wait while one conversation is blocked, or flooded.

use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use escalator_house::flood::{Flood, quantile};

/// Measures how long a reply takes from the desk to the customer while one other conversation is blocked, or flooded.
#[derive(Parser)]
struct Arguments {
    /// How many conversations are measured.
    #[arg(long, default_value_t = 10)]
    others: usize,
    /// How many replies each of them gets in each phase.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// How many replies wait in the one in trouble.
    #[arg(long, default_value_t = 500)]
    lines: usize,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { others, rounds, lines } = Arguments::parse();
    let program = format!("killable_telegram_bot{}", std::env::consts::EXE_SUFFIX);
    let flood = Flood {
        program: std::env::current_exe()?.with_file_name(program).canonicalize()?,
        others,
        rounds,
        lines,
    };
    let measured = flood.measure().await?;
    println!("{others} conversations, {rounds} replies each, {lines} lines in the one in trouble");
    println!("              p50 ms    p99 ms    max ms");
    for (phase, took) in [
        ("calm", &measured.calm),
        ("one blocked", &measured.blocked),
        ("one flooded", &measured.flooded),
    ] {
        let [half, most, all] = [50, 99, 100].map(|percent| millis(quantile(took, percent)));
        println!("{phase:<12} {half:>7.1}   {most:>7.1}   {all:>7.1}");
    }
    println!(
        "shown of the blocked one meanwhile: {}; of the flooded one {} still waited",
        measured.shown_while_blocked, measured.waited_while_flooded
    );
    Ok(())
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1_000.0
}
