//! Stand-ins for building and testing bots that embed `escalator`. They share no code with what they test.
//!
//! [`desk`] is an Omnidesk that a person or a test plays the agent of; [`telegram`] is a Telegram that a test plays the
//! customers of.

pub mod desk;
pub mod telegram;
