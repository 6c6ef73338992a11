//! The commands and their arguments.

use clap::{Args, Parser, Subcommand};

use crate::{
    commands::{checks, ci, dependencies, fuzz, msrv, package, programs, test, tree},
    workspace::Workspace,
};

/// The habits of this workspace.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the demo: a chat in this terminal and the agent's page in a browser.
    Demo(Passed),
    /// Runs all tests, doc tests too.
    Test(Passed),
    /// Checks the format, or mends it.
    Fmt {
        /// Formats instead of checking.
        #[arg(long)]
        fix: bool,
    },
    /// Runs clippy on everything; a warning is an error.
    Lint,
    /// Builds the documentation with warnings as errors, and runs its examples.
    Docs,
    /// Lints every published package with each of its features alone.
    Features,
    /// Checks licences, sources and banned dependencies.
    Deny,
    /// Looks for spelling mistakes.
    Typos,
    /// Looks for dependencies that nothing uses.
    Unused,
    /// Checks the oldest supported Rust version.
    Msrv,
    /// Checks that the dependency tree holds one version of each large crate, and no OpenSSL.
    Tree,
    /// Packs the published packages, and builds what was packed.
    Package(package::Options),
    /// Kills a bot at many points and compares what both sides saw.
    Crash(Passed),
    /// Lets one call in five go wrong while many conversations are held, and compares what both sides saw.
    Faults(Passed),
    /// Measures how long the others wait while one conversation is blocked, or flooded.
    Flood(Passed),
    /// Kills and pauses one of two instances on one PostgreSQL, under load, and compares what both sides saw.
    Instances(Passed),
    /// Tells random stories over the ledger, intake and dispatch, and compares what came of them with a plain model.
    Model(test::Stories),
    /// Throws made inputs at the readers, and keeps what breaks one.
    Fuzz(fuzz::Options),
    /// Measures: `bench NAME [--json]`.
    Bench(Passed),
    /// Runs the tests that drive a real browser.
    Browser,
    /// Takes the screenshots of the documentation again.
    Screenshots(Passed),
    /// Runs what CI runs, and stops at the first failure.
    Ci,
}

/// Arguments that are handed on as they are.
#[derive(Args)]
#[command(disable_help_flag = true)]
struct Passed {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

impl Cli {
    /// Runs the command that was asked for.
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let workspace = Workspace::read()?;
        match self.command {
            Command::Demo(passed) => programs::demo(&workspace, &passed.arguments),
            Command::Test(passed) => test::all(&workspace, &passed.arguments),
            Command::Fmt { fix } => checks::format(&workspace, fix),
            Command::Lint => checks::lint(&workspace),
            Command::Docs => checks::documentation(&workspace),
            Command::Features => dependencies::features(&workspace),
            Command::Deny => dependencies::deny(&workspace),
            Command::Typos => checks::typos(&workspace),
            Command::Unused => dependencies::unused(&workspace),
            Command::Msrv => msrv::check(&workspace),
            Command::Tree => tree::check(&workspace),
            Command::Package(options) => package::pack(&workspace, &options),
            Command::Crash(passed) => programs::crash(&workspace, &passed.arguments),
            Command::Faults(passed) => programs::faults(&workspace, &passed.arguments),
            Command::Flood(passed) => programs::flood(&workspace, &passed.arguments),
            Command::Instances(passed) => programs::instances(&workspace, &passed.arguments),
            Command::Model(stories) => test::model(&workspace, &stories),
            Command::Fuzz(options) => fuzz::run(&workspace, &options),
            Command::Bench(passed) => programs::bench(&workspace, &passed.arguments),
            Command::Browser => test::browser(&workspace),
            Command::Screenshots(passed) => programs::screenshots(&workspace, &passed.arguments),
            Command::Ci => ci::run(&workspace),
        }
    }
}
