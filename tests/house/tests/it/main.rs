//! Whole-house tests: one test binary.

mod crash;
mod story;
