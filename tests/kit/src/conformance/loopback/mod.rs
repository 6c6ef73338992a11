//! The reference channel: a small platform in memory, and a channel on it that passes every trial.
//!
//! Read [`channel`](LoopbackChannel) as a template of what an adapter does, and [`harness`](LoopbackHarness) as one of
//! what its author tells the suite. The faulty twins are made of it.

mod channel;
mod harness;
mod platform;

pub use self::{
    channel::LoopbackChannel,
    harness::LoopbackHarness,
    platform::{CallError, Loopback, Update, What},
};
