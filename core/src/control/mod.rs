//! What an operator sees of a running house, and does with its dead letters: a small router, and a socket beside the
//! database that serves it to this machine's user alone. The program `escalator` of `escalator-cli` speaks to it.
//!
//! | request | answer |
//! |---|---|
//! | `GET /v1/dead-letters?max=&channel=&lane=` | [`Letters`] |
//! | `GET /v1/dead-letters/{lane}/{number}` | [`Letter`], with what it says |
//! | `POST /v1/dead-letters/{lane}/{number}/send-again` | [`Done`] |
//! | `DELETE /v1/dead-letters/{lane}/{number}` | [`Done`] |
//! | `GET /v1/sessions?max=&ended_within_secs=` | [`Sessions`] |
//! | `GET /v1/queues` | [`Queues`] |
//!
//! A lane is written as it is logged: `desk/…`, `chat/…` or `bot/…`. What is refused is answered with [`Refused`]: 400 what
//! cannot be understood, 404 what is not there, 409 what cannot be done, 503 a ledger that is away.
//!
//! # Invariants
//! - No list shows what was said; one dead letter does, since it is asked for by its key.
//! - Only `store` writes: what is done here is an order to it.
//!
//! # Not here
//! - Who may ask: the socket is its owner's alone (mode 0600). Whoever mounts the router elsewhere guards it.

mod router;
#[cfg(unix)]
mod socket;
#[cfg(not(unix))]
#[path = "no_socket.rs"]
mod socket;
#[cfg(all(test, unix))]
mod tests;
mod wire;

pub use self::{
    router::Control,
    socket::Socket,
    wire::{Done, Gate, Letter, LetterRow, Letters, QueueRow, Queues, Refused, SessionRow, Sessions, Trouble},
};
