//! The project's habits, one command each: `cargo xtask <command>`.
//!
//! A command installs the tools that it needs, after saying so. It works without a terminal.

mod cli;
mod commands;
mod process;
mod summary;
mod system;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
