//! The Discord channel of [`escalator`]: hands a customer of a serenity or poise bot to a human agent, and back.
//!
//! ```text
//! gateway ─► collector ─► serenity ─► Discord::wrap ─► your framework or event handler
//!            notes the    in any         │ in gateway order; where a human owns the
//!            order        order          ▼ conversation: accepted, then kept
//!                                      Ingress
//! ```
//!
//! The bot stays its author's: the client, the framework, the handlers. One call puts us in front of it. An event handler
//! goes into [`Handler`]; poise's framework goes in as it is.
//!
//! ```no_run
//! use escalator::{channel::{EscalationChannel, Ingress}, model::Escalation};
//! use escalator_discord::{Bot, Discord, Handler, INTENTS, TurnExt};
//! use serenity::{async_trait, client::{Context, EventHandler}, model::channel::Message};
//!
//! struct Answers(Discord);
//!
//! #[async_trait]
//! impl EventHandler for Answers {
//!     async fn message(&self, ctx: Context, message: Message) {
//!         let Some(turn) = self.0.turn(&message).await else { return };
//!         match message.content.as_str() {
//!             "/human" => drop(self.0.escalate(turn, Escalation::because("asked for a human")).await),
//!             said => drop(turn.reply(&ctx.http, message.channel_id, format!("Bot: {said}")).await),
//!         }
//!     }
//! }
//!
//! # async fn run(ingress: Ingress, token: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let bot = Bot::new(token, None)?;
//! let discord = Discord::new(&bot, ingress);
//! let handler = Handler(Answers(discord.clone()));
//! let mut client = bot.client(INTENTS).framework(discord.wrap(handler)).await?;
//! client.start().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Where a conversation lives
//! In direct messages; and in a guild, by [`Place`], in a private thread that is opened for the customer, in the same
//! channel, or in direct messages. What the customer writes in the channel where they asked and what they write in their
//! thread are one conversation. Threads of other people are homes of their own. In the same channel agents speak to
//! several customers at once, and none of them is named: what stands above an answer tells whom it is for. Of several
//! sessions of one customer that stand and are held in direct messages, from several guild channels, what the customer
//! writes there goes to the one that was opened or answered last; after a restart to the one that was opened last.
//!
//! # What an agent's text looks like
//! Its formatting is written in Discord's Markdown; everything else is escaped, so that it is shown as it was written and
//! pings nobody. A long text comes in parts of at most 2,000 characters as Discord counts them, which are cut by their
//! length with all signs, never within a link, code or a block that fits. A link's words lead to its address where Discord
//! masks such; else the address stands behind them. Where Discord refuses a text, the same words go once more without
//! formatting. Without a webhook the agent's name stands in bold in front, once for all that is said in a row, and the
//! picture on a card under the text that presents the agent ([`Settings::agent_picture`]).
//!
//! What Discord's Markdown cannot say is left without its mark: formatting that ends or begins within a word beside other
//! formatting, formatting over an address or code with the same signs in it (hidden words stay hidden), code with two
//! and more backticks in a row beside single ones, lines of code with three, and quotes within quotes.
//!
//! # Buttons and signs
//! A message that the desk has gets the reaction ✅ ([`Settings::receipt_emoji`]). Under the text that a human has the
//! conversation stands a button that ends the chat, and under those after which the bot has it again one that asks for a
//! human. The bot's own messages can have the same one ([`human_button`]): a press hands over by itself, as `/human` does, and
//! the bot's handlers do not see it. The question whether it was solved has a button for each answer, which are gone once it
//! is answered; only the one who was asked can. Discord has no button that shares a phone number, so one is asked for in words.
//!
//! # Guarantees
//! - serenity dispatches events without order. Here those of one conversation are dealt with in the order of the gateway,
//!   and one conversation waits for no other.
//! - While a human owns a conversation its messages, edits, deletions, reactions, buttons and commands never reach the
//!   bot; buttons and commands are answered within Discord's three seconds.
//! - What was missed in such a conversation, over a restart or a lost session, is fetched over REST before what comes
//!   then, within [`catch_up_messages_max`](Settings::catch_up_messages_max).
//! - A message that stands behind the one that escalated goes to the agent, in order: the next event of a conversation
//!   waits for the bot's handler, up to [`handler_wait_max`](Settings::handler_wait_max).
//! - A call in the bot's name carries a nonce, by which Discord removes its double. What we send pings nobody.
//!
//! # Where they are weaker
//! - What is sent past a [`Turn`](escalator::channel::Turn) is neither fenced nor recorded, and a message for which no
//!   turn was asked stands in no transcript.
//! - An event handler that is given to the client itself, a raw one, and an author's own collectors get every event.
//! - A webhook has no nonce: a call whose answer was lost may stand twice. [`AgentAuthor::Line`] has one.
//! - A message that was missed, and whose conversation ended before it was fetched, reaches neither that agent nor the
//!   bot. After a restart it is logged as an error, and stands in the history that the next agent reads; where only the
//!   session of the gateway was lost, or another instance took the channel over, that is so of an end that comes while it
//!   is fetched, and an earlier one hides it: in the ledger such a conversation is like any other of the bot's.
//! - A customer's thread is found again by its name after a process that was killed while it opened it. Renamed by
//!   somebody in that moment, it is not.
//! - Edits, deletions and reactions that were missed are not told later. A deletion in a guild's channel is told only
//!   of a message that was written since the last start; in direct messages and in threads of ours also of one that was
//!   somebody else's. Of several messages that are deleted at once the bot hears nothing when one is a human's.
//! - While a conversation catches up, a message that is deleted before it was fetched comes behind later ones.
//! - What is remembered of names and of how messages begin is the process's: after a restart a deletion, a reaction or a pin
//!   names the moment of a message that was written before. Names of channels and roles are what the gateway told, or
//!   what Discord answers while a conversation catches up; one that it did not tell reads `#channel` or `@role`.
//! - Who votes in a poll is not told ([`INTENTS`] do not ask for it); how it ended is.
//! - A reaction that is put, taken back and put again is told once.
//! - A button or a command cannot be fetched later: one that stands behind more than
//!   [`interactions_max`](Settings::interactions_max) others is lost, and so is one that waits for its commit when the
//!   process is killed. Only then was its customer told that it failed, or that it was on its way; never that it was done.
//!
//! # The client of our own calls
//! Deliveries do not go through serenity's HTTP client: it waits for rate limits inside, without end, or hides the wait
//! when the address is not Discord's; it holds files in memory; and its errors show addresses with secrets in them. Ours
//! makes a call once, knows the limits that Discord told it, streams files, and says how long to wait. The bot's own calls
//! stay under serenity's limiter ([`Bot::http`]).
//!
//! # Features
//! `rustls` (default): TLS for serenity's client and gateway, without OpenSSL. Without it serenity does not build, unless
//! the bot names a TLS of serenity's own.

mod admit;
mod bot;
mod bounded;
mod button;
mod catch_up;
mod channel;
mod commands;
mod config;
mod deed;
mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod history;
mod inbound;
mod install;
mod interaction;
mod memory;
mod order;
mod outbound;
mod places;
mod post;
mod rest;
mod turn;
mod turn_ext;

pub use self::{
    admit::Admitted,
    bot::{Bot, BotError, INTENTS, explain},
    button::human_button,
    channel::Discord,
    config::{AgentAuthor, AgentPicture, Commands, History, Place, Settings, Texts},
    install::{Handler, Wrapped},
    turn_ext::TurnExt,
};
