//! `cargo xtask bench NAME`: measures the real thing, beside a baseline in the same run.
//!
//! # Not here
//! - What the numbers were, and what they say: `docs/performance.md`.

mod bot_owned;
mod cpu;
mod environment;
mod figures;
mod growth;
mod hookpoint;
mod latency;
mod load;
mod output;
mod plot;
mod recovery;
mod relay;
mod table;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Measures, beside a baseline in the same run.
#[derive(Parser)]
#[command(bin_name = "cargo xtask bench", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// Hooks a second through the hookpoint, each on the disk before its answer, beside a bare axum handler.
    Hookpoint(hookpoint::Options),
    /// From end to end through Telegram's adapter and the desk's client, beside a relay that keeps nothing.
    Relay(relay::Options),
    /// A start with a long queue, and how long it takes to be delivered.
    Recovery(recovery::Options),
    /// What listener and node add to an update of a chat that the bot owns.
    BotOwned(bot_owned::Options),
    /// A ledger with many sessions of which few are active, beside one with few.
    Growth(growth::Options),
    /// One ledger of `growth`, in a process of its own.
    #[command(hide = true)]
    GrowthAt(growth::OptionsAt),
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().bench {
        Bench::Hookpoint(options) => hookpoint::run(options).await,
        Bench::Relay(options) => relay::run(options).await,
        Bench::Recovery(options) => recovery::run(options).await,
        Bench::BotOwned(options) => bot_owned::run(options).await,
        Bench::Growth(options) => growth::run(options).await,
        Bench::GrowthAt(options) => growth::run_at(options).await,
    }
}
