//! `cargo xtask bench NAME`: measures the real thing, beside a baseline in the same run.
//!
//! # Not here
//! - What the numbers were, and what they say: `docs/performance.md`.

mod cpu;
mod environment;
mod figures;
mod hookpoint;
mod load;
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
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().bench {
        Bench::Hookpoint(options) => hookpoint::run(options).await,
    }
}
