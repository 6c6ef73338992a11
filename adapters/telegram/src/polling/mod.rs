//! Telegram's updates by polling, read as a webhook reads them.
//!
//! # Invariants
//! - An update is confirmed to Telegram by the poll for the next ones, and by the last request of a stream that was told to
//!   stop. Neither is made while an update that was pulled is still to be handed out.
//! - An update that cannot be read at all is told of and passed over: it holds up no poll.
//! - No webhook is deleted.
//!
//! # Not here
//! Accepting: the [`Listener`](crate::Listener) in front does it, and it asks for no further update before.

mod batch;
mod listener;
mod request;

pub use self::listener::{PollingListener, polling};
