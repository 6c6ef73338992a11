//! What tests of the ledger and of the rooms behind it stand on: ledgers that can be closed and opened again, faults in
//! what they are stored in, a clock that the test owns, and events.

mod clock;
mod events;
mod faults;
#[cfg(feature = "sqlite")]
mod on_disk;
#[cfg(not(feature = "sqlite"))]
#[path = "no_disk.rs"]
mod on_disk;
mod place;
mod tenant;
mod wait;
mod work;

pub(crate) use self::{
    clock::{BEGIN, PausedClock, TestClock},
    events::{
        agent_ends, agent_file, agent_says, customer_ends, escalate, escalation, key, message, of_bot, push_log, update,
    },
    faults::Faults,
    place::{CHAT, Place},
    tenant::{Lost, Tenant},
    wait::{Gate, within},
    work::{claim, deliver_all, door, next_at, open, settle, with_agent, words},
};
