//! The operator's program: what became a dead letter, which sessions stand, what waits. It asks the bot's process over the
//! socket beside its database; where none runs, it opens the database itself.
//!
//! Exit codes: 0 when all was done, 1 when something was not, 2 when the command line was wrong.

mod age;
mod args;
mod ask;
mod letters;
mod looks;
mod reach;
mod table;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use self::{
    args::{Args, Command},
    reach::Reach,
};

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let done = runtime
        .context("the program cannot start")
        .and_then(|runtime| runtime.block_on(run(args)));
    match done {
        Ok(Done::All) => ExitCode::SUCCESS,
        Ok(Done::Partly) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything that was asked for was done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    All,
    /// What was not, and why, was told.
    Partly,
}

async fn run(args: Args) -> Result<Done> {
    let reach = Reach::find(&args.database, args.socket).await?;
    let done = match args.command {
        Command::DeadLetters(letters) => letters::run(&reach, letters, args.json).await,
        Command::Sessions(sessions) => looks::sessions(&reach, sessions, args.json).await,
        Command::Queues => looks::queues(&reach, args.json).await,
    };
    reach.close().await;
    done
}

/// Prints an answer as it came.
fn print_json(answer: &impl serde::Serialize) -> Result<()> {
    println!("{}", serde_json::to_string_pretty(answer)?);
    Ok(())
}
