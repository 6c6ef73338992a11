//! The brain: what an event does to a conversation. One pure function, [`decide`], over plain values.
//!
//! ```text
//! WithBot ──escalate──► Opening ──desk has it──► Waiting ──agent's first sign──► WithAgent
//!    ▲                     │                        │                               │
//!    │                     └─no agents─► Leaving    └───────────┬───────────────────┘
//!    └──────────────── end, refusal, time-out, message left ────┘
//! ```
//!
//! # Invariants
//! - [`decide`] does no I/O, reads no clock and cannot fail.
//! - The owner changes only together with the epoch, and each change keeps the position at which it happened.
//! - The first end wins; one reason is recorded.
//! - A timer that fires is no order: what is remembered says whether it is due. Early, double or for what is over, it
//!   changes nothing.
//! - `Opening`, `Waiting`, `WithAgent` and `Leaving` are owned by the human side: the bot is silent in all of them.
//!
//! # Not here
//! - Loading and saving: `store`. Sending: `dispatch`.

mod again;
mod album;
mod answer;
mod compose;
mod contact;
mod decide;
mod end;
mod env;
mod event;
mod leave;
mod open;
mod past;
mod relay;
mod settled;
mod state;
#[cfg(test)]
mod tests;
mod timers;
mod transition;
mod wording;

pub use self::{
    again::{NotAgain, may_go_again},
    album::Album,
    decide::decide,
    env::{Env, Queued, UnsentTo},
    event::{Event, Settled, Settlement, TimerKind},
    state::{Asked, Asks, Conversation, Ended, Leaving, Mark, Session, Speaking, State},
    timers::{DeskWatch, Told, Watch},
    transition::{Effect, Transition, Verdict},
};
use self::{decide::Occurrence, transition::Draft};
