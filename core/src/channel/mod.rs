//! The platform's contract: what an adapter implements to be relayed to, and what a bot calls to hand control over.
//! `docs/adding-a-channel.md` in the repository is the way from here to an adapter.
//!
//! # Invariants
//! - An update of a human-owned conversation is acknowledged to its platform only after [`Ingress::offer`] returned `Ok`.
//! - A [`Turn`] of an older epoch says nothing: the bot is silent from the moment of a takeover.
//! - A channel delivers when it is told to, once, and does not retry.
//!
//! # Not here
//! - Any platform's API: that is the adapter's.
//! - What happens to an accepted event: `intake`, `session`.

mod arrivals;
mod capabilities;
mod contract;
mod error;
mod inbound;
mod ingress;
mod listener;
mod seat;
mod turn;

pub(crate) use self::seat::{Seat, Taken};
pub use self::{
    arrivals::Arrivals,
    capabilities::Capabilities,
    contract::{ChatDelivery, EscalationChannel},
    error::{ChannelError, EscalateError, IngressError, SayError, TakenOver},
    inbound::{Held, Inbound, Offered, Owner, Started},
    ingress::{Escalated, Ingress, IngressPort},
    listener::BotListener,
    turn::Turn,
};
