//! The ledger: what was accepted (the inbox), what is to be delivered (the outbox, in lanes), and what has come of it.
//!
//! One writer takes what comes in batches, loads each conversation once, folds the pure `session::decide` over its
//! events in order of arrival, and commits the batch. A batch is never waited for: it is what came while the last one
//! was being flushed.
//!
//! # Invariants
//! - Only this room writes. What [`Store::accept`] answered `Ok` for survives a crash.
//! - The same event key twice is the same event twice, for at least 48 hours.
//! - A lane gives its deliveries out one at a time, in order.
//! - Stored payloads carry a version; no type of the model is a stored format.
//!
//! # Not here
//! - What an event means: `session`. When a delivery is tried again: `dispatch`.

mod arrivals;
mod backend;
#[cfg(test)]
mod backend_tests;
pub mod blobs;
mod contract;
mod error;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod fate;
mod flushes;
mod fold;
mod index;
mod lease;
mod ledger;
#[cfg(test)]
mod ledger_tests;
mod look;
mod memory;
mod owners;
#[cfg(not(feature = "postgres"))]
#[path = "no_postgres.rs"]
mod postgres;
#[cfg(feature = "postgres")]
mod postgres;
mod postgres_settings;
mod reach;
#[cfg(test)]
pub(crate) mod rig;
mod sharing;
#[cfg(not(feature = "sqlite"))]
#[path = "no_sqlite.rs"]
mod sqlite;
#[cfg(feature = "sqlite")]
mod sqlite;
mod sqlite_settings;
mod stored;
mod writer;

pub use self::{
    arrivals::Arrivals,
    contract::{
        Accepted, AgeOut, ChannelFacts, Claimed, Claims, DeadLetter, DueTimer, Incoming, Maintained, Maintenance,
        Recorded, Settle, SettleAs, Store, Target,
    },
    error::StoreError,
    flushes::Flushes,
    lease::Lease,
    ledger::{Ledger, LedgerSettings},
    look::{LettersOf, QueueFacts, SessionFacts},
    owners::{Owners, Ownership, Standing},
    postgres_settings::{Heartbeats, PostgresSettings},
    sqlite_settings::SqliteSettings,
};
