//! What an event does to the world, and what the bot is told of it.

use std::time::Instant;

use super::{CannotHappen, Content, Event, Happened, content::Sent, event::What};
use crate::discord::{
    file::{StoredFile, clean_name},
    interaction::{Act, Interaction},
    message::{Author, Forwarded, Message, SeenReaction},
    snowflake::now,
    world::World,
};

impl World {
    pub(crate) fn happen(&mut self, event: Event) -> Result<Happened, CannotHappen> {
        let Event { user, channel, what } = event;
        self.check_seat(user, channel)?;
        let message = match what {
            What::Message(content) => return Ok(self.customer_says(user, channel, *content)),
            What::Command { name, options } => return self.customer_uses(user, channel, name, options),
            What::Press { message, custom_id } => return self.customer_presses(user, channel, message, custom_id),
            What::Type => {
                self.tell_typing(channel, user);
                return Ok(Happened::default());
            }
            What::Edit { message, text } => {
                self.own_message(user, channel, message)?;
                self.edit_content(channel, message, text);
                message
            }
            What::Delete { message } => {
                self.own_message(user, channel, message)?;
                self.delete_message(channel, message);
                message
            }
            What::React { message, emoji } => {
                self.there(channel, message)?;
                self.react(channel, message, user, &emoji);
                message
            }
            What::Unreact { message, emoji } => {
                self.there(channel, message)?;
                self.unreact(channel, message, user, &emoji);
                message
            }
        };
        Ok(Happened {
            message: Some(message),
            interaction: None,
        })
    }

    /// Puts a message into its channel and tells the bot; returns the message's id. A thread that
    /// was archived is open again.
    pub(crate) fn post(&mut self, message: Message) -> u64 {
        let id = self.mint.next();
        let channel = message.channel;
        let silent = message.only_for.is_some();
        let pings = self.pings(&message);
        let message = Message { id, pings, ..message };
        let mut unarchived = false;
        if let Some(record) = self.channels.get_mut(&channel) {
            unarchived = std::mem::take(&mut record.archived);
            record.transcript.add(message);
        }
        if unarchived {
            self.tell_channel("THREAD_UPDATE", channel);
        }
        if !silent {
            self.tell_message("MESSAGE_CREATE", channel, id);
        }
        id
    }

    /// Changes the words of a message and tells the bot.
    pub(crate) fn edit_content(&mut self, channel: u64, id: u64, text: String) {
        let Some(old) = self.channel(channel).and_then(|channel| channel.transcript.message(id)) else {
            return;
        };
        let pings = self.pings(&Message {
            content: text.clone(),
            ..old.clone()
        });
        let message = self
            .channels
            .get_mut(&channel)
            .and_then(|channel| channel.transcript.message_mut(id));
        let Some(message) = message else { return };
        message.pings = pings;
        message.earlier.push(std::mem::replace(&mut message.content, text));
        message.edited_at = Some(now());
        if message.only_for.is_none() {
            self.tell_message("MESSAGE_UPDATE", channel, id);
        }
    }

    pub(crate) fn delete_message(&mut self, channel: u64, id: u64) {
        let message = self
            .channels
            .get_mut(&channel)
            .and_then(|channel| channel.transcript.message_mut(id));
        if let Some(message) = message {
            message.deleted = true;
            self.tell_message_deleted(channel, id);
        }
    }

    /// Deletes a channel with its threads and tells the bot.
    pub(crate) fn delete_channel(&mut self, id: u64) {
        let threads: Vec<_> = self.threads(id).map(|thread| thread.id).collect();
        for channel in threads.into_iter().chain([id]) {
            let Some(record) = self.channels.get_mut(&channel).filter(|channel| !channel.deleted) else {
                continue;
            };
            record.deleted = true;
            let name = if record.kind.is_thread() {
                "THREAD_DELETE"
            } else {
                "CHANNEL_DELETE"
            };
            self.tell_channel(name, channel);
        }
        self.webhooks.retain(|_, webhook| webhook.channel != id);
    }

    /// Puts a reaction on a message, once for each person.
    pub(crate) fn react(&mut self, channel: u64, message: u64, user: u64, emoji: &str) {
        let reaction = SeenReaction {
            emoji: emoji.to_owned(),
            user,
        };
        let record = self
            .channels
            .get_mut(&channel)
            .and_then(|channel| channel.transcript.message_mut(message));
        let Some(record) = record.filter(|record| !record.reactions.contains(&reaction)) else {
            return;
        };
        record.reactions.push(reaction);
        self.tell_reaction(true, channel, message, user, emoji);
    }

    pub(crate) fn unreact(&mut self, channel: u64, message: u64, user: u64, emoji: &str) {
        let record = self
            .channels
            .get_mut(&channel)
            .and_then(|channel| channel.transcript.message_mut(message));
        let Some(record) = record else { return };
        let before = record.reactions.len();
        record
            .reactions
            .retain(|reaction| reaction.user != user || reaction.emoji != emoji);
        if record.reactions.len() < before {
            self.tell_reaction(false, channel, message, user, emoji);
        }
    }

    fn customer_says(&mut self, user: u64, channel: u64, content: Content) -> Happened {
        let forwarded = content.forwarded.map(|forwarded| Forwarded {
            content: forwarded.text,
            files: self.store_all(channel, forwarded.files),
            stickers: self.store_stickers(channel, forwarded.stickers),
        });
        let message = Message {
            channel,
            author: self.author(user),
            content: content.text,
            files: self.store_all(channel, content.files),
            stickers: self.store_stickers(channel, content.stickers),
            forwarded,
            kind: if content.reply_to.is_some() { 19 } else { 0 },
            reply_to: content.reply_to,
            flags: content.flags,
            extra: content.extra,
            ..Message::default()
        };
        Happened {
            message: Some(self.post(message)),
            interaction: None,
        }
    }

    fn customer_uses(
        &mut self,
        user: u64,
        channel: u64,
        name: String,
        options: Vec<serde_json::Value>,
    ) -> Result<Happened, CannotHappen> {
        let guild = self.channel(channel).and_then(|channel| channel.guild);
        if self.command_id(guild, &name).is_none() {
            return Err(CannotHappen::NoCommand(name));
        }
        Ok(self.interact(user, channel, Act::Command { name, options }))
    }

    fn customer_presses(
        &mut self,
        user: u64,
        channel: u64,
        message: u64,
        custom_id: String,
    ) -> Result<Happened, CannotHappen> {
        if !self.there(channel, message)?.has_button(&custom_id) {
            return Err(CannotHappen::NoButton(message));
        }
        let mut happened = self.interact(user, channel, Act::Button { message, custom_id });
        happened.message = Some(message);
        Ok(happened)
    }

    fn interact(&mut self, user: u64, channel: u64, act: Act) -> Happened {
        let id = self.mint.next();
        let original = match &act {
            Act::Button { message, .. } => Some(*message),
            Act::Command { .. } => None,
        };
        let interaction = Interaction {
            id,
            user,
            channel,
            act,
            answer: None,
            token: format!("aW50ZXJhY3Rpb246{id:x}"),
            since: Instant::now(),
            expired: false,
            flags: 0,
            original,
        };
        self.tell_interaction(&interaction);
        self.interactions.insert(id, interaction);
        Happened {
            message: None,
            interaction: Some(id),
        }
    }

    fn store_all(&mut self, channel: u64, files: Vec<Sent>) -> Vec<std::sync::Arc<StoredFile>> {
        files.into_iter().map(|file| self.store_sent(channel, file)).collect()
    }

    fn store_stickers(
        &mut self,
        channel: u64,
        stickers: Vec<(String, bytes::Bytes)>,
    ) -> Vec<(String, std::sync::Arc<StoredFile>)> {
        let stored = stickers.into_iter().map(|(name, bytes)| {
            let sticker = self.files.add_sticker(StoredFile {
                id: self.mint.next(),
                channel,
                name: clean_name(&name),
                mime: Some("image/png".to_owned()),
                description: None,
                is_voice: false,
                size: bytes.len() as u64,
                bytes,
            });
            (name, sticker)
        });
        stored.collect()
    }

    fn store_sent(&mut self, channel: u64, file: Sent) -> std::sync::Arc<StoredFile> {
        let id = self.mint.next();
        self.files.add(StoredFile {
            id,
            channel,
            name: clean_name(&file.name),
            mime: file.mime,
            description: None,
            size: file.size.unwrap_or(file.bytes.len() as u64),
            bytes: file.bytes,
            is_voice: file.is_voice,
        })
    }

    pub(crate) fn author(&self, user: u64) -> Author {
        let person = self.people.get(&user);
        Author {
            id: user,
            name: person.map(|person| person.shown_name().to_owned()).unwrap_or_default(),
            bot: person.is_some_and(|person| person.bot),
            ..Author::default()
        }
    }

    fn check_seat(&self, user: u64, channel: u64) -> Result<(), CannotHappen> {
        let record = self.channel(channel).filter(|channel| !channel.deleted);
        let record = record.ok_or(CannotHappen::NoChannel(channel))?;
        if record.seen_by(user) {
            Ok(())
        } else {
            Err(CannotHappen::NotThere(channel))
        }
    }

    fn there(&self, channel: u64, message: u64) -> Result<&Message, CannotHappen> {
        let found = self.channel(channel).and_then(|channel| channel.message(message));
        found.ok_or(CannotHappen::NoMessage(message))
    }

    fn own_message(&self, user: u64, channel: u64, message: u64) -> Result<(), CannotHappen> {
        if self.there(channel, message)?.author.id == user {
            Ok(())
        } else {
            Err(CannotHappen::NotTheirs(message))
        }
    }
}
