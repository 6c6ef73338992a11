//! A fake Telegram Bot API server that behaves.
//!
//! A bot under test talks to [`FakeTelegram`] as it would to `api.telegram.org`: it polls, sends,
//! edits, fetches files and is refused. The test plays the customers, sets faults, and looks at
//! what each customer saw.
//!
//! ```
//! use std::time::Duration;
//! use escalator_testkit::telegram::{FakeTelegram, Fault, On, Plan};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let telegram = FakeTelegram::builder().token("123:abc").start().await?;
//! let ada = telegram.user("Ada").language("en").private_chat();
//! ada.says("hello");
//! telegram.fault(On::method("sendMessage"), Plan::Next(1, Fault::LoseAnswer));
//!
//! // ... a bot that is pointed to `telegram.url()` answers here ...
//! # let bot = reqwest::Client::new();
//! # let address = format!("{}/bot123:abc/sendMessage", telegram.url());
//! # let form = [("chat_id", ada.id().to_string()), ("text", "Bot: hello".to_owned())];
//! # assert!(bot.post(address).form(&form).send().await.is_err());
//!
//! telegram
//!     .wait_until(Duration::from_secs(5), |world| {
//!         world.chat(ada.id()).is_some_and(|chat| chat.bot_texts() == ["Bot: hello"])
//!     })
//!     .await?;
//! telegram.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! The records of this module hold a test's own words, so their `Debug` shows them. The token is
//! shown by nothing but [`FakeTelegram::token`] and [`FakeTelegram::url_with_token`].
//!
//! # Invariants
//! - An effect and its record are one step: what [`World`] shows has happened whole.
//! - An update is forgotten by an offset or by a 2xx of the webhook, never by being handed out.
//! - Nothing is shared with the adapter under test.
//!
//! # Not here
//! Webhooks beyond this machine (they are only remembered), inline mode, payments, topics, Markdown (it is
//! kept as it was sent), and the web: a file by its URL is one that the test put there, see [`FakeTelegram::on_the_web`].

mod body;
mod builder;
mod call;
mod customer;
mod entities;
mod exchange;
mod fake;
mod fault;
mod file;
mod formatted;
mod html;
mod link;
mod message;
mod methods;
mod params;
mod people;
mod picture;
mod polling;
mod posting;
mod queue;
mod refusal;
mod route;
mod shared;
mod spec;
mod web;
mod world;

pub use builder::{Builder, StartError};
pub use call::{Answer, Call, DOWNLOAD, Fate, Observer, Stage, WEBHOOK};
pub use customer::{CannotPush, Chat, Content, Event, Media, Pushed, User, UserBuilder};
pub use fake::{FakeTelegram, TimedOut};
pub use fault::{Fault, On, Plan};
pub use file::{FileKind, StoredFile};
pub use message::{Button, Message, Press, PressAnswer, SeenAction, Transcript};
pub use params::{Params, Upload};
pub use people::ChatKind;
pub use spec::{Spec, SpecError, Violation};
pub use web::WebPage;
pub use world::{Handout, Post, World};

pub use crate::plan::FaultId;
