//! Stand-ins for building and testing bots that embed `escalator`. They share no code with what they test.
//!
//! [`desk`] is an Omnidesk that a person or a test plays the agent of; [`telegram`] is a Telegram that a test plays the
//! customers of; [`discord`] is a Discord with the same powers.

pub mod desk;
pub mod discord;
pub mod telegram;

mod pace;
mod plan;
mod port;
mod wire;

pub use plan::{FaultId, Plan};
