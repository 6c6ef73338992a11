//! Whole-house tests: one test binary.

mod browser;
mod crash;
mod story;
