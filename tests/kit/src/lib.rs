//! What a bot that embeds `escalator`, or a channel or store made for it, is built and tested against.
//!
//! [`desk`] is an Omnidesk that a person or a test plays the agent of; [`telegram`] is a Telegram that a test plays the
//! customers of; [`discord`] is a Discord with the same powers. They share no code with what they test. `postgres`
//! is a PostgreSQL of a test's own. [`texts`] is what agents write. [`conformance`] says when a channel or a store is done.

pub mod conformance;
pub mod desk;
pub mod discord;
#[cfg(unix)]
pub mod postgres;
pub mod telegram;
pub mod texts;

mod pace;
mod plan;
mod port;
mod wire;

pub use plan::{FaultId, Plan};
