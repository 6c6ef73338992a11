//! A fake Discord that behaves: REST and gateway on one port.
//!
//! A bot under test talks to [`FakeDiscord`] as it would to `discord.com`: it connects to the
//! gateway, sends, edits, opens threads, fetches files and is refused. The test plays the
//! customers, sets faults, drops the gateway, and looks at what stands in each channel.
//!
//! ```
//! use std::time::Duration;
//! use escalator_testkit::discord::{FakeDiscord, Fault, On, Plan};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let discord = FakeDiscord::builder().token("fake").start().await?;
//! let help = discord.guild("Shop").channel("help");
//! let ada = discord.user("ada").create().at(&help);
//! ada.says("hello");
//! discord.fault(On::create_message(), Plan::Next(1, Fault::LoseAnswer));
//!
//! // ... a bot that is pointed to `discord.url()` answers here ...
//! # let bot = reqwest::Client::new();
//! # let address = format!("{}/api/v10/channels/{}/messages", discord.url(), help.id());
//! # let request = bot.post(address).header("Authorization", "Bot fake");
//! # assert!(request.json(&serde_json::json!({ "content": "Bot: hello" })).send().await.is_err());
//!
//! ada.sees_text(Duration::from_secs(5), "Bot: hello").await?;
//! discord.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! The records of this module hold a test's own words, so their `Debug` shows them. The bot's
//! token is shown by nothing but [`FakeDiscord::token`].
//!
//! # Invariants
//! - An effect, its event and its record are one step: what [`World`] shows has happened whole.
//! - A session gets each event that it asked for once and in order, over any number of connections.
//! - Nothing is shared with the adapter under test.
//!
//! # Not here
//! Sharding (each session gets everything), voice, forums, what roles allow, compression, and limits of pace:
//! a call is limited by a fault alone.

mod body;
mod builder;
mod call;
mod channel;
mod customer;
mod emoji;
mod exchange;
mod fake;
mod fault;
mod file;
mod gateway;
mod guild;
mod interaction;
mod message;
mod people;
mod permission;
mod pings;
mod refusal;
mod rest;
mod shared;
mod show;
mod snowflake;
mod spec;
mod webhook;
mod world;

pub use builder::{Builder, StartError};
pub use call::{Answer, Call, Fate, Observer, Stage, Upload};
pub use channel::{Channel, ChannelKind};
pub use customer::{CannotHappen, Content, Customer, Event, Guild, Happened, Place, User, UserBuilder};
pub use fake::{FakeDiscord, TimedOut};
pub use fault::{Fault, LimitScope, On, Plan};
pub use file::StoredFile;
pub use gateway::{Gateway, Seen};
pub use interaction::{Act, Interaction, InteractionAnswer};
pub use message::{Author, Message, SeenReaction, SeenTyping, Transcript};
pub use permission::Permission;
pub use pings::Pings;
pub use spec::{Spec, SpecError, Violation};
pub use world::World;

pub use crate::plan::FaultId;
