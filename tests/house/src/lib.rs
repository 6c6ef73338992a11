//! Whole-house tests: a real bot process between a fake Telegram and a desk simulator, killed, starved and hurried; and
//! the demo between a terminal and a real browser.
//!
//! # Not here
//! - The stand-ins: `escalator-testkit`.

pub mod browser;
pub mod crash_layer;
pub mod crash_run;
pub mod customer;
pub mod desk_page;
pub mod fault_run;
pub mod flood;
pub mod instances_run;
pub mod judge;
pub mod media;
pub mod shown;
pub mod sites;
pub mod story;
pub mod town;
