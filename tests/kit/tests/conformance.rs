//! The suites over what the kit itself has: the reference channel, and the faulty twins.

use escalator_testkit::conformance::{
    Stop, channel,
    faulty::{CHANNEL_TWINS, STORE_TWINS},
    loopback::LoopbackHarness,
    store,
};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let mut trials = channel::trials("loopback", LoopbackHarness::full());
    trials.extend(channel::trials("plain_loopback", LoopbackHarness::text_only()));
    trials.extend(channel_twins());
    let noticed = CHANNEL_TWINS.iter().flat_map(|twin| twin.noticed_by.iter().copied());
    trials.push(each_has_a_twin(
        "channel",
        channel::names().collect(),
        noticed.collect(),
    ));
    trials.extend(store_twins());
    let noticed = STORE_TWINS.iter().flat_map(|twin| twin.noticed_by.iter().copied());
    trials.push(each_has_a_twin("store", store::names().collect(), noticed.collect()));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// Each faulty channel fails the trials that are there to notice it.
fn channel_twins() -> impl Iterator<Item = Trial> {
    CHANNEL_TWINS.iter().flat_map(|twin| {
        twin.noticed_by.iter().map(|name| {
            let title = format!("channel_twins::{}_fails::{name}", twin.name());
            Trial::test(title, || must_fail(channel::attempt(name, twin.harness())))
        })
    })
}

/// Each faulty store fails the trials that are there to notice it.
fn store_twins() -> impl Iterator<Item = Trial> {
    STORE_TWINS.iter().flat_map(|twin| {
        twin.noticed_by.iter().map(|name| {
            let title = format!("store_twins::{}_fails::{name}", twin.name());
            Trial::test(title, || must_fail(store::attempt(name, twin.harness())))
        })
    })
}

fn must_fail(attempt: impl Future<Output = Result<(), Stop>>) -> Result<(), Failed> {
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(attempt);
    runtime.shutdown_background();
    match ended {
        Err(Stop::Broken(_)) => Ok(()),
        Err(Stop::Skipped(why)) => Err(format!("the trial was skipped: {why}").into()),
        Ok(()) => Err("the trial noticed nothing".into()),
    }
}

/// A trial without a twin could as well check nothing.
fn each_has_a_twin(suite: &str, trials: Vec<&'static str>, noticed: Vec<&'static str>) -> Trial {
    Trial::test(
        format!("each_trial_of_the_{suite}_suite_has_a_faulty_twin"),
        move || {
            let without: Vec<_> = trials.iter().filter(|name| !noticed.contains(name)).collect();
            let unknown: Vec<_> = noticed.iter().filter(|name| !trials.contains(name)).collect();
            if without.is_empty() && unknown.is_empty() {
                return Ok(());
            }
            Err(format!("without a twin: {without:?}; no such trial: {unknown:?}").into())
        },
    )
}
