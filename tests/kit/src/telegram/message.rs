//! Messages: what the store keeps of them, and what the customer sees.

use std::{collections::HashMap, sync::Arc, time::SystemTime};

use serde_json::{Map, Value, json};

use super::{file::StoredFile, formatted::Formatted};

/// A message of a chat, the bot's or a customer's.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Message {
    /// Its id in the chat.
    pub id: i64,
    /// Whether the bot sent it.
    pub from_bot: bool,
    /// When it was sent, in seconds since 1970.
    pub date: i64,
    /// The text as it is shown, without tags.
    pub text: Option<String>,
    /// The caption as it is shown, without tags.
    pub caption: Option<String>,
    /// The formatting of the text or caption, as the Bot API's `MessageEntity`.
    pub entities: Vec<Value>,
    /// The entities that the bot sent and that are not shown: beyond a hundred, or at odds with others.
    pub dropped_entities: Vec<Value>,
    /// The `parse_mode` of the bot's request.
    pub parse_mode: Option<String>,
    /// The text or caption as the bot sent it, tags and all.
    pub source: Option<String>,
    /// The file that it carries.
    pub file: Option<Arc<StoredFile>>,
    /// The album that it belongs to.
    pub album: Option<String>,
    /// The emoji that the bot reacted with.
    pub reaction: Option<String>,
    /// The message that it answers.
    pub reply_to: Option<i64>,
    /// The inline buttons, row by row.
    pub buttons: Vec<Vec<Button>>,
    /// The whole `reply_markup` of the bot's request.
    pub reply_markup: Option<Value>,
    /// The texts or captions that it had before edits, oldest first.
    pub earlier: Vec<String>,
    /// When it was last edited, in seconds since 1970.
    pub edited_at: Option<i64>,
    /// Whether it was deleted.
    pub deleted: bool,
    /// The call that made it.
    pub call: Option<usize>,
    pub(crate) sender: i64,
    pub(crate) extra: Map<String, Value>,
}

/// An inline button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What stands on it.
    pub text: String,
    /// What the bot gets when it is pressed.
    pub callback_data: Option<String>,
    /// What it opens.
    pub url: Option<String>,
}

/// A chat action, such as typing.
#[derive(Debug, Clone)]
pub struct SeenAction {
    /// The action's name, such as `typing`.
    pub action: String,
    /// When it came.
    pub at: SystemTime,
    /// The call that made it.
    pub call: usize,
}

/// A button that a customer pressed, and the bot's answer to it.
#[derive(Debug, Clone)]
pub struct Press {
    /// The id of the callback query.
    pub id: String,
    /// The message that the button stands on.
    pub message_id: i64,
    /// The button's data.
    pub data: String,
    /// The bot's answer, once it came.
    pub answer: Option<PressAnswer>,
}

/// The answer to a pressed button.
#[derive(Debug, Clone)]
pub struct PressAnswer {
    /// The text that is shown, if any.
    pub text: Option<String>,
    /// Whether it is shown as an alert.
    pub alert: bool,
    /// The call that made it.
    pub call: usize,
}

/// Everything that was said in one chat, as its customer sees it.
#[derive(Debug, Clone, Default)]
pub struct Transcript {
    messages: Vec<Message>,
    places: HashMap<i64, usize>,
    pub(crate) actions: Vec<SeenAction>,
    pub(crate) presses: Vec<Press>,
}

impl Transcript {
    /// All messages of both sides, in order, deleted ones among them.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The bot's messages, in order, deleted ones among them.
    pub fn from_bot(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.iter().filter(|message| message.from_bot)
    }

    /// What the bot said and has not deleted: each message's text or caption, in order.
    pub fn bot_texts(&self) -> Vec<&str> {
        self.from_bot()
            .filter(|message| !message.deleted)
            .filter_map(Message::words)
            .collect()
    }

    /// The message with that id.
    pub fn message(&self, id: i64) -> Option<&Message> {
        self.places.get(&id).map(|place| &self.messages[*place])
    }

    /// The chat actions, in order.
    pub fn actions(&self) -> &[SeenAction] {
        &self.actions
    }

    /// The buttons that were pressed, in order.
    pub fn presses(&self) -> &[Press] {
        &self.presses
    }

    pub(crate) fn add(&mut self, message: Message) {
        self.places.insert(message.id, self.messages.len());
        self.messages.push(message);
    }

    pub(crate) fn message_mut(&mut self, id: i64) -> Option<&mut Message> {
        let place = *self.places.get(&id)?;
        self.messages.get_mut(place)
    }
}

impl Message {
    /// The text or the caption.
    pub fn words(&self) -> Option<&str> {
        self.text.as_deref().or(self.caption.as_deref())
    }

    /// The inline button with that data.
    pub fn button(&self, data: &str) -> Option<&Button> {
        self.buttons
            .iter()
            .flatten()
            .find(|button| button.callback_data.as_deref() == Some(data))
    }

    /// What stands on the keys that it puts in place of the customer's letters, in order.
    pub fn keys(&self) -> Vec<&str> {
        let keys = self.reply_markup.iter().flat_map(keys);
        keys.filter_map(|key| key.as_str().or_else(|| key["text"].as_str()))
            .collect()
    }

    pub(crate) fn asks_for_phone(&self) -> bool {
        let mut keys = self.reply_markup.iter().flat_map(keys);
        keys.any(|key| key["request_contact"] == true)
    }

    pub(crate) fn with_text(mut self, formatted: Formatted) -> Self {
        self.text = Some(formatted.text.clone());
        self.with_formatting(formatted)
    }

    pub(crate) fn with_caption(mut self, formatted: Option<Formatted>) -> Self {
        match formatted {
            Some(formatted) => {
                self.caption = Some(formatted.text.clone());
                self.with_formatting(formatted)
            }
            None => self,
        }
    }

    pub(crate) fn with_markup(mut self, markup: Option<Value>) -> Self {
        self.set_markup(markup);
        self
    }

    pub(crate) fn set_markup(&mut self, markup: Option<Value>) {
        self.buttons = markup.as_ref().map(buttons).unwrap_or_default();
        self.reply_markup = markup;
    }

    fn with_formatting(mut self, formatted: Formatted) -> Self {
        self.entities = formatted.entities;
        self.dropped_entities = formatted.dropped;
        self.parse_mode = formatted.parse_mode;
        self.source = Some(formatted.source);
        self
    }

    /// The message as the Bot API shows it, without what it answers.
    pub(crate) fn to_json(&self, chat: &Value, from: &Value) -> Value {
        let mut json = Map::new();
        json.insert("message_id".to_owned(), json!(self.id));
        json.insert("from".to_owned(), from.clone());
        json.insert("chat".to_owned(), chat.clone());
        json.insert("date".to_owned(), json!(self.date));
        if let Some(edited) = self.edited_at {
            json.insert("edit_date".to_owned(), json!(edited));
        }
        if let Some(album) = &self.album {
            json.insert("media_group_id".to_owned(), json!(album));
        }
        self.put_words(&mut json);
        if let Some(file) = &self.file {
            let (field, media) = file.media();
            if field == "animation" {
                // Clients from before animations read the same file as a document.
                json.insert("document".to_owned(), document_of(&media));
            }
            json.insert(field.to_owned(), media);
        }
        json.extend(self.extra.clone());
        if !self.buttons.is_empty() {
            json.insert("reply_markup".to_owned(), json!(self.reply_markup));
        }
        Value::Object(json)
    }

    fn put_words(&self, json: &mut Map<String, Value>) {
        let (field, entities) = match self.text {
            Some(_) => ("text", "entities"),
            None => ("caption", "caption_entities"),
        };
        if let Some(words) = self.words() {
            json.insert(field.to_owned(), json!(words));
        }
        if !self.entities.is_empty() {
            json.insert(entities.to_owned(), json!(self.entities));
        }
    }
}

fn document_of(animation: &Value) -> Value {
    let shown = ["file_id", "file_unique_id", "file_size", "file_name", "mime_type"];
    let fields = animation.as_object().into_iter().flatten();
    fields
        .filter(|(field, _)| shown.contains(&field.as_str()))
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect::<Map<_, _>>()
        .into()
}

fn keys(markup: &Value) -> impl Iterator<Item = &Value> {
    let rows = markup["keyboard"].as_array().into_iter().flatten();
    rows.filter_map(Value::as_array).flatten()
}

fn buttons(markup: &Value) -> Vec<Vec<Button>> {
    let string = |button: &Value, field: &str| button[field].as_str().map(str::to_owned);
    let rows = markup["inline_keyboard"].as_array().into_iter().flatten();
    rows.map(|row| {
        let row = row.as_array().into_iter().flatten();
        row.map(|button| Button {
            text: string(button, "text").unwrap_or_default(),
            callback_data: string(button, "callback_data"),
            url: string(button, "url"),
        })
        .collect()
    })
    .collect()
}
