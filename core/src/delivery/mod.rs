//! What both doors share: what is sent, how it ended, when it is tried again, how a long text is cut.
//!
//! # Invariants
//! - A payload is data: one row, and one call that a person can see.
//! - An [`Outcome`] says how certain it is, so that nothing is lost for a guess and nothing doubled without a mark.
//!
//! # Not here
//! - Who decides what is sent: `session`.
//! - Who sends it: `dispatch`.

mod file;
mod lane;
pub(crate) mod media;
mod outcome;
mod payload;
mod retry;
mod split;

pub use self::{
    file::{ByteStream, OpenFile, OpenedFile},
    lane::{DeliveryId, Door, IdError, Lane},
    outcome::{Availability, Outcome, Receipt, Scope},
    payload::{ChatPayload, DeskCustomer, DeskPayload, NoticeKind, Payload},
    retry::RetryPolicy,
    split::split,
};
