//! Messages: what the store keeps of them, and what stands in a channel.

use std::{sync::Arc, time::SystemTime};

use serde_json::{Map, Value, json};

use super::{file::StoredFile, pings::Pings};

/// The flag of a message that one person alone sees.
pub(crate) const EPHEMERAL: u64 = 1 << 6;

/// A message in a channel, anybody's.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Message {
    /// Its id.
    pub id: u64,
    /// The channel that it stands in.
    pub channel: u64,
    /// Who it is from.
    pub author: Author,
    /// The text as it was sent.
    pub content: String,
    /// Its files, in order.
    pub files: Vec<Arc<StoredFile>>,
    /// The nonce, digits too as text.
    pub nonce: Option<String>,
    /// The `components` as they were sent.
    pub components: Value,
    /// The `embeds` as they were sent.
    pub embeds: Value,
    /// The `allowed_mentions` as they were sent.
    pub allowed_mentions: Option<Value>,
    /// Who is told of it by sound.
    pub pings: Pings,
    /// The message that it answers.
    pub reply_to: Option<u64>,
    /// The `flags` bits.
    pub flags: u64,
    /// The only person who sees it, for an ephemeral answer to an interaction.
    pub only_for: Option<u64>,
    /// The interaction that it answers.
    pub interaction: Option<u64>,
    /// The reactions on it, in order.
    pub reactions: Vec<SeenReaction>,
    /// The texts that it had before edits, oldest first.
    pub earlier: Vec<String>,
    /// When it was last edited.
    pub edited_at: Option<String>,
    /// Whether it was deleted.
    pub deleted: bool,
    /// The call that made it.
    pub call: Option<usize>,
    pub(crate) kind: u8,
    pub(crate) forwarded: Option<Forwarded>,
    /// Their names and pictures.
    pub(crate) stickers: Vec<(String, Arc<StoredFile>)>,
    pub(crate) nonce_json: Option<Value>,
    pub(crate) extra: Map<String, Value>,
}

/// What a message forwards.
#[derive(Debug, Clone, Default)]
pub(crate) struct Forwarded {
    pub(crate) content: String,
    pub(crate) files: Vec<Arc<StoredFile>>,
    pub(crate) stickers: Vec<(String, Arc<StoredFile>)>,
}

/// Who a message is from, as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Author {
    /// The user's id, or the webhook's.
    pub id: u64,
    /// The name that is shown.
    pub name: String,
    /// The picture that a webhook was given for this message.
    pub avatar_url: Option<String>,
    /// Whether it is the bot, or one of its webhooks.
    pub bot: bool,
    /// The webhook that it came through.
    pub webhook: Option<u64>,
}

/// A reaction on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenReaction {
    /// The emoji; for a custom one `name:id`.
    pub emoji: String,
    /// Who put it there.
    pub user: u64,
}

/// A sign that somebody types.
#[derive(Debug, Clone)]
pub struct SeenTyping {
    /// When it came.
    pub at: SystemTime,
    /// The call that made it.
    pub call: usize,
}

/// Everything that was said in one channel.
#[derive(Debug, Clone, Default)]
pub struct Transcript {
    messages: Vec<Message>,
    pub(crate) typing: Vec<SeenTyping>,
}

impl Transcript {
    /// All messages in order, deleted ones among them.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The messages of the bot and of its webhooks, in order, deleted ones among them.
    pub fn from_bot(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.iter().filter(|message| message.author.bot)
    }

    /// What the bot and its webhooks said and have not deleted, in order.
    pub fn bot_texts(&self) -> Vec<&str> {
        let shown = self.from_bot().filter(|message| !message.deleted);
        shown.map(|message| message.content.as_str()).collect()
    }

    /// The message with that id.
    pub fn message(&self, id: u64) -> Option<&Message> {
        self.place(id).map(|place| &self.messages[place])
    }

    /// When the bot typed.
    pub fn typing(&self) -> &[SeenTyping] {
        &self.typing
    }

    pub(crate) fn add(&mut self, message: Message) {
        self.messages.push(message);
    }

    pub(crate) fn message_mut(&mut self, id: u64) -> Option<&mut Message> {
        let place = self.place(id)?;
        self.messages.get_mut(place)
    }

    /// Ids rise, so the messages stand in the order of their ids.
    fn place(&self, id: u64) -> Option<usize> {
        self.messages.binary_search_by_key(&id, |message| message.id).ok()
    }
}

impl Message {
    /// Whether it has a button with that `custom_id` that can be pressed.
    pub fn has_button(&self, custom_id: &str) -> bool {
        let rows = self.components.as_array().into_iter().flatten();
        rows.flat_map(|row| row["components"].as_array().into_iter().flatten())
            .any(|part| part["custom_id"] == custom_id && part["disabled"] != true)
    }

    /// Whether there is anything to show.
    pub(crate) fn is_empty(&self) -> bool {
        let none = |list: &Value| list.as_array().is_none_or(Vec::is_empty);
        self.content.trim().is_empty() && self.files.is_empty() && none(&self.embeds) && none(&self.components)
    }

    pub(crate) fn reactions_json(&self, bot: u64) -> Value {
        let mut counts: Vec<(&str, usize, bool)> = Vec::new();
        for reaction in &self.reactions {
            let mine = reaction.user == bot;
            match counts.iter_mut().find(|(emoji, ..)| *emoji == reaction.emoji) {
                Some((_, count, me)) => {
                    *count += 1;
                    *me |= mine;
                }
                None => counts.push((&reaction.emoji, 1, mine)),
            }
        }
        let shown = counts.into_iter().map(|(emoji, count, me)| {
            json!({
                "emoji": emoji_json(emoji), "count": count, "me": me, "me_burst": false,
                "burst_colors": [],
                "count_details": { "burst": 0, "normal": count },
            })
        });
        shown.collect()
    }
}

/// An emoji as Discord shows it.
pub(crate) fn emoji_json(emoji: &str) -> Value {
    match emoji.split_once(':') {
        Some((name, id)) => json!({ "id": id, "name": name }),
        None => json!({ "id": null, "name": emoji }),
    }
}

/// An id as Discord takes it: digits, as text or as a number.
pub(crate) fn snowflake(value: &Value) -> Option<u64> {
    match value {
        Value::String(digits) => digits.parse().ok(),
        Value::Number(number) => number.as_u64(),
        _ => None,
    }
}
