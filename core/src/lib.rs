//! Hands a bot's conversation to a human at the Omnidesk live-chat desk, and back, without losing a line.
//!
//! ```text
//!  Telegram, Discord, … ── channel ───┐                                      ┌─ Desk::deliver ────────────► Omnidesk
//!                                     ├─► intake ─► session ─► store ─► dispatch
//!  Omnidesk hook ─ hookpoint ─────────┘   accept     decide     commit    claim └─ EscalationChannel::deliver ► the chat
//!                                        (dedupe)    (pure)   (1 transaction)└─── settle ──► the same commit path
//! ```
//!
//! A bot embeds the crate through a channel: `escalator-telegram`, `escalator-discord`, or one of its own that implements
//! [`EscalationChannel`](channel::EscalationChannel). When a customer asks for a human, the bot calls
//! [`escalate`](channel::EscalationChannel::escalate); the conversation so far goes to the desk, and from then on what
//! the customer writes goes to an agent and what the agent writes comes back, until one of them ends it. In the repository,
//! `docs/adding-a-channel.md` leads to a channel of one's own and `examples/channel-template` is one to copy.
//!
//! ```no_run
//! use escalator::{
//!     model::{BotEvent, OnNoAgents, Policy},
//!     omnidesk::{Account, AccountToken, Omnidesk, OmnideskConfig},
//!     runtime::{Database, Escalator},
//! };
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let account = OmnideskConfig::new(Account::parse("acme")?, AccountToken::new("x7Kq2mV9pL")?);
//! let mut policy = Policy::default();
//! policy.on_no_agents = OnNoAgents::StayWithBot;
//! let house = Escalator::builder(Omnidesk::new(account)?)
//!     .database(Database::parse("sqlite:escalator.db")?)
//!     .hookpoint_listen("0.0.0.0:8080".parse()?)
//!     .hookpoint_url("https://bot.example.com/omnidesk")
//!     .policy(policy)
//!     .on_event(|event: BotEvent| async move { println!("{:?}", event.conversation()) })
//!     .open()
//!     .await?;
//! // Build a channel with `house.ingress("telegram")`, then `house.connect(channel)?`.
//! let running = house.start().await?;
//! // … until the bot is told to stop.
//! running.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//! - No update of a human-owned conversation and no hook is acknowledged before its commit.
//! - First appearances keep their order per conversation, through retries, rate limits, outages and restarts; one
//!   blocked conversation delays no other.
//! - Every message ends delivered, possibly doubled, or as a dead letter that somebody is told of.
//! - While a human owns a conversation the bot neither gets its updates nor speaks in it through a
//!   [`Turn`](channel::Turn).
//! - No message text, token or key stands in `Debug`, logs or errors.
//!
//! # Where they are weaker
//! - What a bot sends past a [`Turn`](channel::Turn) is neither fenced nor recorded.
//! - Where the other side removes no doubles, a call that was cut in flight can stand twice
//!   ([`DispatchSettings::on_unknown`](dispatch::DispatchSettings::on_unknown)).
//! - The updates and the last lines of a conversation that the bot owns stand in memory: a crash can cost
//!   [`transcript_flush_max`](intake::IntakeSettings::transcript_flush_max) of history, and what the bot had pulled and
//!   not handled. Never a line of the human part.
//! - How a message began that the customer edits is remembered in memory, of the last 4,096 that were said to humans; of
//!   others the agent reads the new words alone.
//! - A router that is mounted into another server can miss a caller that hangs up at once; [`hookpoint::serve`] does not.
//!
//! # Modules, in reading order
//! [`model`] plain values · [`delivery`] payloads and outcomes · [`session`] the pure brain · [`channel`] and [`desk`] the
//! two contracts · [`store`] the ledger · [`intake`] accept and settle · [`dispatch`] deliver · [`omnidesk`] the desk's
//! client · [`hookpoint`] the server that the desk calls · [`control`] what an operator sees and does · [`runtime`] all of it,
//! started and stopped.
//!
//! # Features
//! - `sqlite` (default): the durable ledger in one SQLite file.
//! - `postgres`: the durable ledger in a PostgreSQL database, which several instances share.
//!
//! Without either there is only the ledger in memory, for tests.

pub mod channel;
pub mod control;
pub mod delivery;
pub mod desk;
pub mod dispatch;
pub mod hookpoint;
pub mod intake;
pub mod model;
pub mod omnidesk;
pub mod runtime;
pub mod session;
pub mod store;

pub use async_trait::async_trait;
