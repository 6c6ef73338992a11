//! The conformance suites over every channel and every store of this workspace. A new one is one more file and one more
//! line here.

mod telegram;
mod terminal;

use escalator_testkit::conformance::channel;
use libtest_mimic::Arguments;

fn main() {
    let trials = [
        channel::trials("telegram", telegram::Harness),
        channel::trials("terminal", terminal::Harness),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials.into_iter().flatten().collect()).exit();
}
