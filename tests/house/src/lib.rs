//! Whole-house tests: a real bot process between a fake Telegram and a desk simulator, killed, starved and hurried.
//!
//! # Not here
//! - The stand-ins: `escalator-testkit`.

pub mod crash_layer;
pub mod crash_run;
pub mod judge;
pub mod sites;
pub mod story;
pub mod town;
