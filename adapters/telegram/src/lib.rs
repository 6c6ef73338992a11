//! The Telegram channel of [`escalator`]: hands a private chat of a teloxide bot to a human agent, and back.
//!
//! ```text
//! getUpdates ─► polling ──────► Listener ─► Dispatcher ─► Node ─► your handlers
//!                                   │ a human owns the chat:  │ an escalation took the update:
//!                                   ▼ accepted, then kept     ▼ dropped
//!                                 Ingress ◄───────────────────┘
//! ```
//!
//! The bot stays its author's: the `Dispatcher`, the handlers, the client. One call puts a listener in front of the
//! dispatcher and a node in front of the handlers:
//!
//! ```no_run
//! use escalator::{channel::{EscalationChannel, Ingress, Turn}, model::Escalation};
//! use escalator_telegram::{Telegram, TurnExt, client, polling};
//! use teloxide::{error_handlers::LoggingErrorHandler, prelude::*};
//!
//! type Failed = Box<dyn std::error::Error + Send + Sync>;
//!
//! async fn answer(bot: Bot, message: Message, turn: Turn, telegram: Telegram<Bot>) -> Result<(), Failed> {
//!     match message.text().unwrap_or_default() {
//!         "/human" => drop(telegram.escalate(turn, Escalation::because("asked for a human")).await?),
//!         said => drop(turn.reply(&bot, message.chat.id, format!("Bot: {said}")).await?),
//!     }
//!     Ok(())
//! }
//!
//! # async fn run(ingress: Ingress, token: &str) -> Result<(), Failed> {
//! let bot = client(token, None)?;
//! let telegram = Telegram::new(bot.clone(), ingress);
//! let handlers = dptree::entry().branch(Update::filter_message().endpoint(answer));
//! let (listener, handlers) = telegram.install(polling(bot.clone()), handlers);
//! Dispatcher::builder(bot, handlers)
//!     .dependencies(dptree::deps![telegram])
//!     .build()
//!     .dispatch_with_listener(listener, LoggingErrorHandler::new())
//!     .await;
//! # Ok(())
//! # }
//! ```
//!
//! # By polling
//! [`polling`] is the listener to give. Any other [`UpdateListener`](teloxide::update_listeners::UpdateListener) that acknowledges
//! an update no earlier than when the next one is asked of it goes into [`Telegram::install`] too, teloxide's own
//! [`Polling`](teloxide::update_listeners::Polling) among them. It is the weaker way: what teloxide reads as empty stays so, a message
//! that answers words of another chat for one; and it tells Telegram only once which kinds of updates are wanted.
//!
//! # By webhook
//! Instead of a poller, [`Telegram::webhook`] gives a router for a server of the author's (or for
//! `escalator::hookpoint::serve`) and a listener for the same [`Telegram::install`]:
//!
//! ```no_run
//! # use escalator_telegram::{Telegram, WebhookSecret, WebhookSettings};
//! # use teloxide::prelude::*;
//! # fn run(telegram: Telegram<Bot>, token: &str, handlers: teloxide::dispatching::UpdateHandler<String>) {
//! let settings = WebhookSettings::new(WebhookSecret::of_token(token));
//! let at = "https://bot.example.com/telegram".parse().expect("it is an address");
//! let webhook = telegram.webhook(settings.register_at(at));
//! let server = axum::Router::new().nest("/telegram", webhook.router());
//! let (listener, handlers) = telegram.install(webhook.listener(), handlers);
//! # }
//! ```
//!
//! An update is answered 200 once it was accepted, or the dispatcher has it; 503 when too many wait, when the ledger is
//! away, and when the bot stops: Telegram sends it again, and the double is removed by its number. `setWebhook` is called
//! only where [`register_at`](WebhookSettings::register_at) asks for it, and `deleteWebhook` never. Telegram lets a bot
//! either poll or have a webhook: while one is set, whoever polls gets 409, and says so.
//!
//! Telegram posts the messages and edits of a chat one after the other, whatever it posts for other chats meanwhile, and
//! repeats one before it goes on to the next: their order is kept. Pressed buttons come beside them, as do all other kinds:
//! of these, what waits here is taken in the order of its numbers, and what comes later is later.
//!
//! Where several instances share the ledger, Telegram may post to any of them, all with one secret: an update is committed
//! as it came, answered 200, and taken from there by the instance that receives for the channel. Run the dispatcher there
//! alone (`Running::holds`), and stop it when the hold is lost.
//!
//! # What an agent says
//! - Formatting is shown by entities; what Telegram has none for stands in the words (a quote within a quote, a link that Telegram leads
//!   nobody to). A message is cut at 4,096 UTF-16 units and at a hundred entities. Where Telegram refuses the formatting, the
//!   same text goes without it.
//! - Telegram shows a preview of the first link, as it does in every chat.
//! - Who has taken the chat is shown with the picture, once a session: Telegram's servers fetch it from its address, and we never do.
//!   [`Settings::agent_picture`] switches it off.
//!
//! # Buttons
//! - "End chat" stands under what tells that a human has the chat, "Talk to a human" under what tells that the bot has it
//!   again. [`human_button`] makes the latter for the bot's own messages, such as its greeting. Pressed while the bot owns the chat
//!   it escalates by itself, whatever kinds of updates the bot asks for; no handler sees it.
//! - Where it is asked whether it was solved, "Yes" and "No" stand under the question until one of them is pressed.
//! - Where the desk asks for a phone number, a key in place of the letters shares the customer's own.
//! - Every label is in [`Texts`]; [`Settings::receipt`] is the bot's reaction to a message that the desk has.
//!
//! # Guarantees
//! - An update of a chat that a human owns is committed before Telegram is told to forget it, and never reaches the
//!   bot's handlers. While the ledger is away the listener waits; when the bot is stopped meanwhile, Telegram keeps the
//!   whole batch.
//! - Updates that stood behind the one that escalated go to the agent, in order.
//! - The kinds of updates that we need beside the host's own never reach the host.
//! - `deliver` makes one call that the customer can see, and a second one only after Telegram has refused the first.
//!
//! # Where they are weaker
//! - What is sent past a [`Turn`](escalator::channel::Turn) is neither fenced nor recorded.
//! - An update that was passed to the bot in a batch that was not acknowledged comes to the bot again; so does one that was
//!   posted and not answered, or not yet removed from what the instances share, when the process died.
//! - [`Telegram::node_alone`] accepts updates that Telegram has forgotten already: a crash can cost them.
//! - Telegram has no key that removes doubles: a call whose answer was lost may stand twice when it is repeated.
//!
//! # The bot to give
//! A plain [`Bot`](teloxide::Bot). Behind teloxide's `Throttle` a call waits inside, where `dispatch` cannot see it, and
//! a file may be held in memory; behind `DefaultParseMode` an agent's `<` is read as a tag, and no formatting is shown.
//!
//! # Features
//! `rustls` (default): TLS for the client, without OpenSSL.

mod asides;
mod channel;
mod client;
mod config;
mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod inbound;
mod install;
mod listener;
mod node;
mod outbound;
mod polling;
mod post;
mod reaction;
mod turn_ext;
mod webhook;

pub use self::{
    channel::{Telegram, TelegramBot},
    client::{ClientError, check, client},
    config::{AgentPicture, Receiving, Settings, Texts},
    inbound::human_button,
    listener::Listener,
    polling::{PollingListener, polling},
    reaction::{ReactionEmoji, ReactionEmojiError},
    turn_ext::TurnExt,
    webhook::{Registering, Webhook, WebhookListener, WebhookSecret, WebhookSecretError, WebhookSettings},
};
