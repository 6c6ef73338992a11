//! The help desk's contract. Omnidesk is the first desk behind it; unstable until there is a second.
//!
//! # Not here
//! - How Omnidesk says it: `omnidesk`.
//! - When and how often it is called: `dispatch`.

mod hook;

use async_trait::async_trait;

use crate::{
    delivery::{Availability, DeskPayload, OpenFile, Outcome},
    model::{DeskLimits, HookAddress, SessionId, Signal},
};

pub use self::hook::{Hook, HookAnswer, HookError, HookFields, HookFile, HookKind};

/// The session that a call belongs to, as the desk knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeskSession<'a> {
    /// Our id of the session.
    pub id: SessionId,
    /// Where the desk's hooks for this session go.
    pub hook_address: &'a HookAddress,
}

/// One attempt at a delivery to the desk.
#[derive(Clone, Copy)]
pub struct DeskDelivery<'a> {
    /// The session.
    pub session: DeskSession<'a>,
    /// What to say.
    pub payload: &'a DeskPayload,
    /// The bytes, where the payload is a file.
    pub file: Option<&'a dyn OpenFile>,
}

/// A help desk where agents sit.
#[async_trait]
pub trait Desk: Send + Sync + 'static {
    /// What the desk takes. Constant for the life of the value.
    fn limits(&self) -> DeskLimits;

    /// Makes at most one call that an agent can see, and never retries: `dispatch` alone does.
    ///
    /// # Cancel safety
    /// When the future is dropped, the call may or may not have had its effect.
    async fn deliver(&self, delivery: DeskDelivery<'_>) -> Outcome;

    /// Passes a sign of the customer on. Best effort: the outcome is for the log alone.
    async fn signal(&self, session: DeskSession<'_>, signal: Signal) -> Outcome;

    /// Asks whether agents are there, and for the desk's own texts. May answer from a short memory.
    ///
    /// # Errors
    /// The outcome of the call that failed.
    async fn availability(&self, hook_address: &str) -> Result<Availability, Outcome>;

    /// Tells which hook a name in an address means; `None` when the desk has no such hook.
    fn hook_kind(&self, name: &str) -> Option<HookKind>;

    /// Reads a hook that the desk sent. Pure.
    ///
    /// # Errors
    /// The field that is missing or malformed. Nothing was accepted.
    fn read_hook(&self, kind: HookKind, fields: &HookFields) -> Result<Hook, HookError>;

    /// The exact answer that the desk expects for a hook that was taken.
    fn hook_answer(&self, kind: HookKind) -> HookAnswer;
}
