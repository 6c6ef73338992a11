//! Hands a bot's conversation to a human, and back.
pub mod channel;
pub mod delivery;
pub mod desk;
pub mod dispatch;
pub mod hookpoint;
pub mod intake;
pub mod model;
pub mod omnidesk;
pub mod runtime;
pub mod session;
pub mod store;
