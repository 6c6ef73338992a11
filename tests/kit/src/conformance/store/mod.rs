//! Trials for stores.
//!
//! A store's author implements [`StoreHarness`] and [`Place`]: where a store is kept, how it is opened, closed, and killed.
//! The suite makes every call through the public contract, with a clock of its own.
//!
//! [`trials_under_faults`] makes those trials that must hold while calls fail or their answers are lost, over the
//! [`UnsteadyStore`].
//!
//! Where [`Place::open_beside`] opens a second instance, the trials of sharing are made: leases, fences, channels. Elsewhere
//! they are ignored.

mod bed;
mod harness;
mod ledger;
mod trials;
mod unsteady;

use std::sync::Arc;

use libtest_mimic::Trial;

use self::bed::Bed;
pub use self::{
    harness::{Place, Setup, StoreHarness},
    ledger::LedgerHarness,
    unsteady::{UnsteadyStore, Upset, Upsets},
};
use super::trial::{Checked, Stop, trial};

/// All trials, over one store. Their names begin with `name`.
pub fn trials(name: &str, harness: impl StoreHarness) -> Vec<Trial> {
    made(name, &(Arc::new(harness) as Arc<dyn StoreHarness>), |_| true)
}

/// The trials that must hold under faults, over one store whose calls fail now and then.
pub fn trials_under_faults(name: &str, harness: impl StoreHarness) -> Vec<Trial> {
    let unsteady = unsteady::UnsteadyHarness::new(Arc::new(harness));
    made(name, &(Arc::new(unsteady) as Arc<dyn StoreHarness>), |case| {
        case.holds_under_faults
    })
}

fn made(name: &str, harness: &Arc<dyn StoreHarness>, wanted: fn(&trials::Case) -> bool) -> Vec<Trial> {
    let cases = trials::CASES.iter().filter(|case| wanted(case));
    let trials = cases.map(|case| {
        let harness = Arc::clone(harness);
        trial(format!("{name}::{}", case.name), move || run(case, harness))
    });
    trials.collect()
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
pub async fn attempt(name: &str, harness: Arc<dyn StoreHarness>) -> Result<(), Stop> {
    let case = trials::CASES.iter().find(|case| case.name == name);
    run(case.expect("the trial is one of `names`"), harness).await
}

async fn run(case: &trials::Case, harness: Arc<dyn StoreHarness>) -> Checked {
    let bed = Arc::new(Bed::new(&*harness).await);
    let ended = (case.run)(Arc::clone(&bed)).await;
    let closed = bed.close().await;
    ended.and(closed)
}
