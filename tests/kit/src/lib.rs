//! Stand-ins for building and testing bots that embed `escalator`.
//!
//! [`desk`] is an Omnidesk that a person or a test plays the agent of.

pub mod desk;
