//! The desk simulator: a stand-in for Omnidesk, strict about its contract, with an agent's page.
//!
//! A bot is built and tested against it without an account. It takes the calls that a product makes, lets a person (at
//! [`agent_page`](DeskSimulator::agent_page)) or a test answer as the agent, and has switches for every kind of trouble
//! that a desk can be in. It is written from the guide and the vendor's pages alone and shares no code with the client
//! that it tests.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use escalator_testkit::desk::{DeskSimulator, Endpoint, Fault, Party, Reply, Scope};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let desk = DeskSimulator::builder().start().await?;
//! desk.faults().next(Scope::Endpoint(Endpoint::NewChatMessage), 1, Fault::Unavailable);
//! // … the product, pointed at desk.url(), escalates …
//! let session = desk.wait_for(Duration::from_secs(5), |desk| desk.sessions().next().cloned()).await?;
//! assert_eq!(session.texts(Party::Customer), ["my order is 12"]);
//! let answer = desk.reply(&session, Reply::new("It is on its way.", "Anna")).await?;
//! assert!(answer.exact);
//! assert_eq!(desk.violations(), []);
//! # Ok(())
//! # }
//! ```
//!
//! # Where the contract is silent
//! Each decision has a [`Remark`] where it is made, or a switch in [`Settings`]:
//! - A message after the end of its session opens a new ticket. A file after the end is added to the ended ticket. A
//!   file for a session that never was is refused.
//! - An event, an end or a visit for no open session is answered as usual and changes nothing.
//! - Hooks are sent once; [`HookRetry`] changes that.
//! - A `chatServer` without `http://` or `https://` is called over plain HTTP.
//!
//! The same for another process: [`http_api`].
//!
//! # Invariants
//! - A session is keyed by (`chatServer`, `chatSessionID`).
//! - A call that breaks the contract has no effect, is answered with the rule, and is listed in
//!   [`violations`](DeskSimulator::violations).
//! - `Debug` shows no message, token, key or address of a product.
//!
//! # Not here
//! Nothing is kept over a restart, and records are not thinned out: a desk lives as long as a test or a demonstration.

#[doc = include_str!("desk/http_api.md")]
pub mod http_api {}

mod agent;
mod builder;
mod call;
mod fault;
mod files;
mod gate;
mod hook;
mod office;
mod rules;
mod server;
mod session;
mod settings;
mod simulator;
mod state;
mod vendor;
mod wire;

pub use self::{
    builder::{DeskSimulatorBuilder, StartError},
    call::{Answer, Call, Encoding, Endpoint, Stage},
    fault::{Fault, Faults, Plan, Scope},
    files::StoredFile,
    hook::{HookAnswer, HookError, HookKind, HookRecord, Reply, Upload},
    office::{NotInTime, OnCall},
    session::{ChatEvent, ChatbotLog, Content, Line, Party, Session, SessionStatus},
    settings::{Accept, EndPath, HookRetry, HookSettings, IdStyle, Settings},
    simulator::DeskSimulator,
    state::{DeskState, Remark, RemarkKind, SessionRef, Violation},
};
