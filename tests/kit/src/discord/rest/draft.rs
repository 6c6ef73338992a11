//! A message as a call brings it, held against Discord's limits.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Ask, components, components::ROWS_MAX, embeds};
use crate::discord::{
    file::{StoredFile, clean_name},
    message::{Message, snowflake},
    refusal::Refusal,
    world::World,
};

/// The most code points of a message: "Message contents (up to 2000 characters)",
/// <https://discord.com/developers/docs/resources/message#create-message>.
const CONTENT_MAX: usize = 2000;
/// The most characters of a nonce.
const NONCE_MAX: usize = 25;
/// The most files of a message, and the most embeds.
const PARTS_MAX: usize = 10;
/// The kinds of mentions that can be allowed, and how many people or roles one by one.
const MENTIONS: [&str; 3] = ["everyone", "users", "roles"];
const MENTIONS_MAX: usize = 100;
/// The flags that a bot may set: no embeds, ephemeral, silent.
const FLAGS_ALLOWED: u64 = 1 << 2 | 1 << 6 | 1 << 12;

/// Where the fields of a message stand in a body: at its top, or under `data.`.
#[derive(Clone, Copy)]
pub(super) struct Form<'a> {
    body: &'a Value,
    prefix: &'static str,
}

impl<'a> Form<'a> {
    pub(super) fn top(ask: &'a Ask<'_>) -> Self {
        Self {
            body: ask.body,
            prefix: "",
        }
    }

    pub(super) fn data(ask: &'a Ask<'_>) -> Self {
        Self {
            body: &ask.body["data"],
            prefix: "data.",
        }
    }

    pub(super) fn get(&self, field: &str) -> Option<&'a Value> {
        self.body.get(field).filter(|value| !value.is_null())
    }

    pub(super) fn path(&self, field: &str) -> String {
        format!("{}{field}", self.prefix)
    }

    /// The text, when one is given.
    pub(super) fn content(&self) -> Result<Option<String>, Refusal> {
        let Some(content) = self.get("content") else {
            return Ok(None);
        };
        let path = self.path("content");
        let Some(content) = content.as_str() else {
            return Err(Refusal::form(
                &path,
                "STRING_TYPE_CONVERT",
                "Could not interpret value as string.",
            ));
        };
        if content.chars().count() > CONTENT_MAX {
            return Err(Refusal::too_long(&path, CONTENT_MAX));
        }
        Ok(Some(content.to_owned()))
    }

    fn list(&self, field: &str, max: usize) -> Result<Option<Value>, Refusal> {
        let Some(list) = self.get(field) else {
            return Ok(None);
        };
        let path = self.path(field);
        match list.as_array() {
            Some(items) if items.len() <= max => Ok(Some(list.clone())),
            Some(_) => Err(Refusal::too_long(&path, max)),
            None => Err(Refusal::form(
                &path,
                "LIST_TYPE_CONVERT",
                "Only iterables may be used in a ListType",
            )),
        }
    }

    pub(super) fn components(&self) -> Result<Option<Value>, Refusal> {
        let rows = self.list("components", ROWS_MAX)?;
        if let Some(rows) = &rows {
            components::check(&self.path("components"), rows)?;
        }
        Ok(rows)
    }

    pub(super) fn embeds(&self) -> Result<Option<Value>, Refusal> {
        let embeds = self.list("embeds", PARTS_MAX)?;
        if let Some(embeds) = &embeds {
            embeds::check(&self.path("embeds"), embeds)?;
        }
        Ok(embeds)
    }

    pub(super) fn allowed_mentions(&self) -> Result<Option<Value>, Refusal> {
        let Some(allowed) = self.get("allowed_mentions") else {
            return Ok(None);
        };
        let parses = |kind: &str| {
            allowed["parse"]
                .as_array()
                .is_some_and(|parse| parse.contains(&json!(kind)))
        };
        let kinds = allowed["parse"].as_array().into_iter().flatten();
        for (place, kind) in kinds.enumerate() {
            if !kind.as_str().is_some_and(|kind| MENTIONS.contains(&kind)) {
                return Err(Refusal::choice(&self.path(&format!("allowed_mentions.parse.{place}"))));
            }
        }
        for kind in ["users", "roles"] {
            if allowed[kind].as_array().is_some_and(|list| list.len() > MENTIONS_MAX) {
                return Err(Refusal::too_long(
                    &self.path(&format!("allowed_mentions.{kind}")),
                    MENTIONS_MAX,
                ));
            }
            let listed = allowed[kind].as_array().is_some_and(|list| !list.is_empty());
            if listed && parses(kind) {
                let words = format!("parse:[\"{kind}\"] and {kind}: [ids...] are mutually exclusive.");
                let path = self.path("allowed_mentions");
                return Err(Refusal::form(&path, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", words));
            }
        }
        Ok(Some(allowed.clone()))
    }

    pub(super) fn flags(&self) -> u64 {
        self.get("flags").and_then(Value::as_u64).unwrap_or_default() & FLAGS_ALLOWED
    }

    fn nonce(&self) -> Result<Option<Value>, Refusal> {
        let Some(nonce) = self.get("nonce") else {
            return Ok(None);
        };
        let fits = match nonce {
            Value::String(text) => text.chars().count() <= NONCE_MAX,
            Value::Number(number) => number.is_i64() || number.is_u64(),
            _ => false,
        };
        if fits {
            return Ok(Some(nonce.clone()));
        }
        Err(Refusal::too_long(&self.path("nonce"), NONCE_MAX))
    }

    /// The whole message; its place, its author and its id are the caller's.
    pub(super) fn message(&self, world: &mut World, ask: &Ask<'_>, channel: u64) -> Result<Message, Refusal> {
        let content = self.content()?.unwrap_or_default();
        let nonce = self.nonce()?;
        let (embeds, components) = (self.embeds()?, self.components()?);
        let allowed_mentions = self.allowed_mentions()?;
        let reply_to = self.reply_to(world, channel)?;
        let message = Message {
            channel,
            content,
            nonce: nonce.as_ref().map(nonce_text),
            nonce_json: nonce,
            embeds: embeds.unwrap_or_default(),
            components: components.unwrap_or_default(),
            allowed_mentions,
            kind: if reply_to.is_some() { 19 } else { 0 },
            reply_to,
            flags: self.flags(),
            call: Some(ask.number),
            files: self.files(world, ask, channel)?,
            ..Message::default()
        };
        if message.is_empty() {
            return Err(Refusal::empty_message());
        }
        Ok(message)
    }

    /// The files that were uploaded, with the names and words that `attachments` gives them.
    pub(super) fn files(
        &self,
        world: &mut World,
        ask: &Ask<'_>,
        channel: u64,
    ) -> Result<Vec<Arc<StoredFile>>, Refusal> {
        if ask.uploads.len() > PARTS_MAX {
            return Err(Refusal::too_long(&self.path("attachments"), PARTS_MAX));
        }
        let listed = self.get("attachments").and_then(Value::as_array);
        let details = |field: &str| {
            listed?
                .iter()
                .find(|entry| upload_field(entry).as_deref() == Some(field))
        };
        for (place, entry) in listed.into_iter().flatten().enumerate() {
            let uploaded = upload_field(entry).is_some_and(|field| ask.uploads.iter().any(|file| file.field == field));
            let known = snowflake(&entry["id"]).is_some_and(|id| world.files.get(id).is_some());
            if !uploaded && !known {
                let path = format!("{}.{place}.id", self.path("attachments"));
                return Err(Refusal::form(
                    &path,
                    "ATTACHMENT_NOT_FOUND",
                    "Attachment data was not found",
                ));
            }
        }
        let stored = ask.uploads.iter().map(|upload| {
            let details = details(&upload.field);
            let name = details.and_then(|details| details["filename"].as_str());
            let id = world.mint.next();
            world.files.add(StoredFile {
                id,
                channel,
                name: clean_name(name.unwrap_or(&upload.name)),
                mime: upload.mime.clone(),
                description: details
                    .and_then(|details| details["description"].as_str())
                    .map(str::to_owned),
                size: upload.bytes.len() as u64,
                bytes: upload.bytes.clone(),
                is_voice: false,
            })
        });
        Ok(stored.collect())
    }

    /// The message that is answered; one that is gone is refused unless the call says otherwise.
    fn reply_to(&self, world: &World, channel: u64) -> Result<Option<u64>, Refusal> {
        let Some(reference) = self.get("message_reference") else {
            return Ok(None);
        };
        let id = snowflake(&reference["message_id"]);
        let there = id.filter(|id| {
            world
                .channel(channel)
                .is_some_and(|channel| channel.message(*id).is_some())
        });
        if there.is_some() || reference["fail_if_not_exists"] == false {
            return Ok(there);
        }
        let path = self.path("message_reference");
        Err(Refusal::form(
            &path,
            "MESSAGE_REFERENCE_UNKNOWN_MESSAGE",
            "Unknown message",
        ))
    }
}

/// A nonce as text: a number and its digits are the same nonce.
fn nonce_text(nonce: &Value) -> String {
    match nonce {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The form field that an entry of `attachments` speaks of.
fn upload_field(entry: &Value) -> Option<String> {
    snowflake(&entry["id"]).map(|id| format!("files[{id}]"))
}
