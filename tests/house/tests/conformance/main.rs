//! The conformance suites over every channel and every store of this workspace. A new one is one more file and one more
//! line here.

mod discord;
mod telegram;
mod terminal;

use escalator_testkit::conformance::{
    channel,
    store::{self, LedgerHarness},
};
use libtest_mimic::Arguments;

fn main() {
    let trials = [
        channel::trials("discord", discord::Harness),
        channel::trials("telegram", telegram::Harness),
        channel::trials("terminal", terminal::Harness),
        store::trials("memory", LedgerHarness::in_memory()),
        store::trials_under_faults("unsteady_memory", LedgerHarness::in_memory()),
        store::trials("sqlite", LedgerHarness::sqlite()),
        store::trials_under_faults("unsteady_sqlite", LedgerHarness::sqlite()),
        store::trials("postgres", LedgerHarness::postgres()),
        store::trials_under_faults("unsteady_postgres", LedgerHarness::postgres()),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials.into_iter().flatten().collect()).exit();
}
