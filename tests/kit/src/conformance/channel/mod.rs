//! Trials for channels.
//!
//! A channel's author implements [`ChannelHarness`] and [`Platform`]: a stand-in for the platform whose customers the
//! suite can play, and the channel connected to it. The suite puts its own recorder behind the channel's `Ingress`, and
//! calls `run`, `deliver`, `fetch` and `signal` as the core would.

mod harness;
mod post;
mod stage;
mod trials;

use std::sync::Arc;

use libtest_mimic::Trial;

pub use self::harness::{Act, ChannelHarness, Connected, Customer, Fault, Platform, Shown};
use self::stage::Stage;
use super::trial::{Checked, Stop, trial};

/// All trials, over one channel. Their names begin with `name`.
pub fn trials(name: &str, harness: impl ChannelHarness) -> Vec<Trial> {
    let harness: Arc<dyn ChannelHarness> = Arc::new(harness);
    let cases = trials::CASES.iter().map(|case| {
        let harness = Arc::clone(&harness);
        trial(format!("{name}::{}", case.name), move || run(case, harness))
    });
    cases.collect()
}

/// The names of all trials.
pub fn names() -> impl Iterator<Item = &'static str> {
    trials::CASES.iter().map(|case| case.name)
}

/// Makes one trial, for a test of the suite itself.
///
/// # Errors
/// [`Stop`] where the trial failed, or could not be made.
///
/// # Panics
/// When there is no trial of that name.
pub async fn attempt(name: &str, harness: Arc<dyn ChannelHarness>) -> Result<(), Stop> {
    let case = trials::CASES.iter().find(|case| case.name == name);
    run(case.expect("the trial is one of `names`"), harness).await
}

async fn run(case: &trials::Case, harness: Arc<dyn ChannelHarness>) -> Checked {
    let stage = Arc::new(Stage::new(&*harness).await);
    let ended = (case.run)(Arc::clone(&stage)).await;
    let closed = stage.close().await;
    ended.and(closed)
}
