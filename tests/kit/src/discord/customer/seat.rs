//! A user in a channel: who does what where.

use std::time::Duration;

use serde_json::Value;

use super::{CannotHappen, Content, Event, event::What};
use crate::discord::{
    fake::{FakeDiscord, TimedOut},
    interaction::text_option,
    message::{Message, Transcript},
    world::World,
};

/// A user in a channel, a thread or their direct messages.
#[derive(Debug, Clone)]
pub struct Customer {
    fake: FakeDiscord,
    user: u64,
    channel: u64,
}

impl Customer {
    pub(crate) fn new(fake: FakeDiscord, user: u64, channel: u64) -> Self {
        Self { fake, user, channel }
    }

    /// The user's id.
    pub fn user(&self) -> u64 {
        self.user
    }

    /// The channel's id.
    pub fn channel(&self) -> u64 {
        self.channel
    }

    /// What was said in the channel so far.
    pub fn transcript(&self) -> Transcript {
        self.fake.transcript(self.channel)
    }

    /// Waits for a message of the bot or its webhooks that this user can see and that is not
    /// deleted. Earlier ones count too.
    ///
    /// # Errors
    /// When there is none within the time.
    pub async fn sees(&self, within: Duration, wanted: impl Fn(&Message) -> bool) -> Result<Message, TimedOut> {
        let shown = |message: &&Message| {
            !message.deleted && message.only_for.is_none_or(|user| user == self.user) && wanted(message)
        };
        let look = |world: &World| world.transcript(self.channel)?.from_bot().find(shown).cloned();
        self.fake.wait_for(within, look).await
    }

    /// Waits for a message of the bot or its webhooks with exactly this text.
    ///
    /// # Errors
    /// When there is none within the time.
    pub async fn sees_text(&self, within: Duration, text: &str) -> Result<Message, TimedOut> {
        self.sees(within, |message| message.content == text).await
    }

    /// The user writes; returns the message's id.
    ///
    /// # Panics
    /// When the channel is gone, or closed to the user.
    pub fn says(&self, text: &str) -> u64 {
        self.sends(text)
    }

    /// The user sends anything; returns the message's id.
    ///
    /// # Panics
    /// As [`Self::says`].
    pub fn sends(&self, content: impl Into<Content>) -> u64 {
        let happened = self.fake.happen(self.message(content));
        let happened = happened.expect("a channel that is there takes messages");
        happened.message.expect("a message has an id")
    }

    /// The user writes all of these at once; returns the messages' ids.
    ///
    /// # Panics
    /// As [`Self::says`].
    pub fn bursts(&self, texts: impl IntoIterator<Item = String>) -> Vec<u64> {
        let events = texts.into_iter().map(|text| self.message(text)).collect();
        let happened = self.fake.happen_at_once(events);
        let happened = happened.expect("a channel that is there takes messages");
        happened.into_iter().filter_map(|happened| happened.message).collect()
    }

    /// The user edits a message of theirs.
    ///
    /// # Errors
    /// When there is no such message.
    pub fn edits(&self, message: u64, text: &str) -> Result<(), CannotHappen> {
        self.fake.happen(self.edit(message, text)).map(drop)
    }

    /// The user deletes a message of theirs.
    ///
    /// # Errors
    /// When there is no such message.
    pub fn deletes(&self, message: u64) -> Result<(), CannotHappen> {
        self.fake.happen(self.event(What::Delete { message })).map(drop)
    }

    /// The user puts a reaction on a message.
    ///
    /// # Errors
    /// When there is no such message.
    pub fn reacts(&self, message: u64, emoji: &str) -> Result<(), CannotHappen> {
        let emoji = emoji.to_owned();
        self.fake.happen(self.event(What::React { message, emoji })).map(drop)
    }

    /// The user takes a reaction back.
    ///
    /// # Errors
    /// When there is no such message.
    pub fn unreacts(&self, message: u64, emoji: &str) -> Result<(), CannotHappen> {
        let emoji = emoji.to_owned();
        self.fake.happen(self.event(What::Unreact { message, emoji })).map(drop)
    }

    /// The user types.
    ///
    /// # Errors
    /// When the channel is gone, or closed to the user.
    pub fn types(&self) -> Result<(), CannotHappen> {
        self.fake.happen(self.event(What::Type)).map(drop)
    }

    /// The user uses a slash command with options that are text; returns the interaction's id.
    ///
    /// # Errors
    /// When the bot has made no such command.
    pub fn uses(&self, command: &str, options: &[(&str, &str)]) -> Result<u64, CannotHappen> {
        let options = options.iter().map(|(name, value)| text_option(name, value)).collect();
        let happened = self.fake.happen(self.command(command, options))?;
        Ok(happened.interaction.expect("a command makes an interaction"))
    }

    /// The user presses a button; returns the interaction's id.
    ///
    /// # Errors
    /// When the message has no such button.
    pub fn presses(&self, message: u64, custom_id: &str) -> Result<u64, CannotHappen> {
        let happened = self.fake.happen(self.press(message, custom_id))?;
        Ok(happened.interaction.expect("a button makes an interaction"))
    }

    /// A message to be let happen.
    pub fn message(&self, content: impl Into<Content>) -> Event {
        self.event(What::Message(Box::new(content.into())))
    }

    /// An edit to be let happen.
    pub fn edit(&self, message: u64, text: &str) -> Event {
        let text = text.to_owned();
        self.event(What::Edit { message, text })
    }

    /// A slash command to be let happen, with options as Discord sends them.
    pub fn command(&self, name: &str, options: Vec<Value>) -> Event {
        let name = name.to_owned();
        self.event(What::Command { name, options })
    }

    /// A pressed button to be let happen.
    pub fn press(&self, message: u64, custom_id: &str) -> Event {
        let custom_id = custom_id.to_owned();
        self.event(What::Press { message, custom_id })
    }

    fn event(&self, what: What) -> Event {
        Event::new(self.user, self.channel, what)
    }
}
