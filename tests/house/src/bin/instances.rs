//! `cargo xtask instances --seed S --rounds N`: two instances of the Telegram bot on one PostgreSQL, under load. Each round
//! kills one and pauses one.

use std::{process::ExitCode, time::Duration};

use anyhow::Result;
use clap::Parser;
use escalator_house::instances_run::{Run, Updates};

/// Runs two instances of the Telegram bot on one PostgreSQL, under load; each round kills one and pauses one.
#[derive(Parser)]
struct Arguments {
    /// Repeats a run: who is struck, when, and in which order.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How often one is killed and one is paused.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long one is paused.
    #[arg(long, default_value_t = 30)]
    pause_secs: u64,
    /// How long an instance may be silent before the other takes over; the product's own by default.
    #[arg(long, default_value_t = 15)]
    lease_secs: u64,
    /// How many customers write a line a second each, and are answered.
    #[arg(long, default_value_t = 20)]
    customers: usize,
    /// Telegram posts the updates to either instance, instead of being polled by one.
    #[arg(long)]
    webhook: bool,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let program = format!("killable_telegram_bot{}", std::env::consts::EXE_SUFFIX);
    let run = Run {
        program: std::env::current_exe()?.with_file_name(program).canonicalize()?,
        seed: arguments.seed,
        rounds: arguments.rounds,
        pause: Duration::from_secs(arguments.pause_secs),
        lease: Duration::from_secs(arguments.lease_secs),
        customers: arguments.customers,
        updates: if arguments.webhook {
            Updates::Posted
        } else {
            Updates::Polled
        },
    };
    println!(
        "{} rounds, seed {}, {} customers, a pause of {} s, a lease of {} s, updates {:?}",
        run.rounds, run.seed, run.customers, arguments.pause_secs, arguments.lease_secs, run.updates
    );
    let report = run.make().await?;
    println!("{report}");
    println!("{}", report.last_line());
    Ok(if report.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
