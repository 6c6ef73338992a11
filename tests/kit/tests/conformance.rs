//! The suites over what the kit itself has: the reference channel, and the faulty twins.

use std::sync::Arc;

use escalator_testkit::conformance::{channel, loopback::LoopbackHarness};
use libtest_mimic::Arguments;

fn main() {
    let mut trials = channel::trials("loopback", Arc::new(LoopbackHarness::full()));
    trials.extend(channel::trials(
        "plain_loopback",
        Arc::new(LoopbackHarness::text_only()),
    ));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
