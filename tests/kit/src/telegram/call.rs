//! The record of every request that reached the server.

use std::{sync::Arc, time::SystemTime};

use serde_json::Value;

use super::{fault::Fault, params::Params};

/// One request, from its first line to its answer.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its place in the order of arrival, from 0.
    pub number: usize,
    /// The method in the spelling of the documentation; [`DOWNLOAD`] for a file.
    pub method: String,
    /// What was asked; empty until the body is read whole.
    pub params: Params,
    /// When its first line arrived.
    pub received_at: SystemTime,
    /// The fault that it met.
    pub fault: Option<Fault>,
    /// Whether the method was carried out with success; a lost answer does not undo it.
    pub effect: bool,
    /// The answer that was made, sent or not.
    pub answer: Option<Answer>,
    /// What became of the request.
    pub fate: Fate,
}

/// The method name under which the download of a file is recorded; its parameter is `file_path`.
pub const DOWNLOAD: &str = "file";

/// The method name for faults of the posts to a webhook: [`Fault::Refuse`] keeps a post back, and [`Fault::LoseAnswer`]
/// loses its answer.
pub const WEBHOOK: &str = "webhook";

/// An answer as it was made.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body; `null` for a file and for an HTML page.
    pub body: Value,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is being read, worked on or polled; it stays so when the client hangs up.
    Open,
    /// Its answer was handed to the socket whole.
    Answered,
    /// The connection was closed without an answer.
    Cut,
    /// It is never answered.
    Hanging,
}

/// A moment in the life of a call at which an [`Observer`] is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// It was read whole, and nothing has happened yet.
    Received,
    /// It was carried out, and nothing has been answered yet.
    EffectDone,
    /// Its answer was handed to the socket whole.
    Answered,
}

/// Somebody who is told of each stage of each call, on the server's own task and under no lock,
/// so a process can be killed at exactly that moment. The server goes on when it returns.
///
/// A request that is refused before it was read whole is told of only when it is answered. An
/// observer that holds a handle on the server keeps it alive until the observer is removed, or
/// until the shutdown.
pub type Observer = Arc<dyn Fn(Stage, &Call) + Send + Sync>;
