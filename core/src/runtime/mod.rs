//! Puts the rooms together: open the ledger, connect channels, start, watch, stop.
//!
//! # Invariants
//! - Only this room holds the registry of channels, so no channel holds itself alive.
//! - Every task has an owner here, and ends at the shutdown: what is under way is finished first, within a limit, and past
//!   it is cut off.

mod builder;
mod error;
mod holds;
mod house;
mod running;
mod supervise;
#[cfg(test)]
mod tests;

pub use self::{
    builder::{Builder, Database},
    error::StartError,
    holds::Hold,
    house::Escalator,
    running::{Health, Running},
};
