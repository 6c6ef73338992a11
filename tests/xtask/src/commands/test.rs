//! Tests.

use anyhow::{Result, ensure};
use clap::Args;

use crate::{process, summary::Summary, system, workspace::Workspace};

/// Tells the browser's tests that a browser was made ready: without one they fail instead of saying "skipped".
const BROWSER_REQUIRED: &str = "ESCALATOR_BROWSER_REQUIRED";

/// Every test and every documented example, to the last one even when one fails.
pub(crate) fn all(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    system::database_ready(&workspace.root)?;
    let everything = ["test", "--workspace", "--all-features", "--no-fail-fast"];
    counted(process::cargo(&workspace.root).args(everything).args(arguments))
}

/// The tests that drive a real browser.
pub(crate) fn browser(workspace: &Workspace) -> Result<()> {
    system::browser_ready(&workspace.root)?;
    let browser = [
        "test",
        "--package",
        "escalator-house",
        "browser",
        "--",
        "--include-ignored",
    ];
    counted(process::cargo(&workspace.root).args(browser).env(BROWSER_REQUIRED, "1"))
}

/// Which random stories are told.
#[derive(Args)]
pub(crate) struct Stories {
    /// The seed of the first story; the next have the next numbers.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many.
    #[arg(long, default_value_t = 1_000)]
    stories: u64,
}

/// The model test, with more stories than a run of all tests has.
pub(crate) fn model(workspace: &Workspace, stories: &Stories) -> Result<()> {
    let model = [
        "test",
        "--package",
        "escalator",
        "--lib",
        "dispatch::tests::model::no_random_story_breaks_a_promise",
        "--",
        "--nocapture",
    ];
    let tests = process::cargo(&workspace.root).args(model);
    let tests = tests.env("ESCALATOR_MODEL_SEED", stories.seed.to_string());
    counted(tests.env("ESCALATOR_MODEL_STORIES", stories.stories.to_string()))
}

/// Runs tests and closes with one line that counts them. A run without tests is a failure.
fn counted(tests: process::Run) -> Result<()> {
    let mut summary = Summary::default();
    let succeeded = tests.run_lines(|line| {
        println!("{line}");
        summary.add(line);
    })?;
    println!("\n{summary}");
    ensure!(succeeded, "the tests failed or did not build");
    ensure!(summary.passed > 0, "no test was run");
    Ok(())
}
