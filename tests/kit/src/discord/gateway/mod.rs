//! The gateway: how the bot is told what happens.

mod control;
mod events;
mod intents;
mod session;
mod socket;
mod upgrade;

pub use control::Gateway;
pub(crate) use intents::{MESSAGE_CONTENT, PRIVILEGED};
pub(crate) use session::GatewayState;
pub use session::Seen;
pub(crate) use upgrade::{connect, wants_socket};
