//! What a fuzzer does to the readers: functions of bytes that panic when a promise is broken.
//!
//! `cargo xtask fuzz` gives them to libFuzzer (`engine`, a package beside the workspace). As tests they take the inputs that
//! each begins with, those in `found`, which once broke something, and a few made ones.
//!
//! # Invariants
//! - A target is a function of its bytes: the same bytes do the same.
//! - Bytes that are no input of a target are left, and never a failure.

mod events;
mod rich;
mod stir;
mod targets;
#[cfg(test)]
mod tests;

use self::targets::{agent_text, discord_event, discord_markdown, entities, hook, hook_fields, telegram_update};

/// One reader, and what it promises.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// Takes an input. Panics when a promise is broken.
    pub run: fn(&[u8]),
    /// The inputs that a fuzzer begins with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How long an input may become, in bytes.
    pub bytes_max: usize,
}

/// All of them.
pub const TARGETS: [Target; 7] = [
    telegram_update::TARGET,
    discord_event::TARGET,
    entities::TARGET,
    discord_markdown::TARGET,
    hook::TARGET,
    hook_fields::TARGET,
    agent_text::TARGET,
];

/// The target of a name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
