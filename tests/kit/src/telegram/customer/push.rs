//! Letting events happen: from a customer's deed to an update in the queue.

use serde_json::{Map, Value, json};

use super::{CannotPush, Content, Event, Media, Pushed, event::What};
use crate::telegram::{
    file::NewFile,
    formatted::{Formatted, utf16_len},
    html,
    message::{Message, Press},
    people::Access,
    world::{PressPlace, World, unix_now},
};

impl World {
    /// Lets all events happen, or none.
    pub(crate) fn push_all(&mut self, events: Vec<Event>) -> Result<Vec<Pushed>, CannotPush> {
        events.iter().try_for_each(|event| self.can_push(event))?;
        Ok(events.into_iter().map(|event| self.push(event)).collect())
    }

    pub(crate) fn push_raw(&mut self, update: Value) -> Pushed {
        self.queue_update(update, None)
    }

    /// A message that nobody wrote, such as the notice of a migration.
    pub(crate) fn push_service(&mut self, chat_id: i64, fields: &Value) {
        let extra = fields.as_object().cloned().unwrap_or_default();
        let content = What::Message(Box::new(Content::Other(extra)));
        self.push(Event::new(chat_id, content));
    }

    fn can_push(&self, event: &Event) -> Result<(), CannotPush> {
        if let What::Raw(_) = event.what {
            return Ok(());
        }
        let chat = self.chats.get(&event.chat);
        let chat = chat.ok_or(CannotPush::NoChat(event.chat))?;
        if chat.access != Access::Open && !matches!(event.what, What::Block(false)) {
            return Err(CannotPush::Closed(event.chat));
        }
        let message = |id: i64| {
            let message = chat.transcript.message(id);
            message
                .filter(|message| !message.deleted)
                .ok_or(CannotPush::NoMessage(id))
        };
        match &event.what {
            What::Edit { message_id, .. } | What::React { message_id, .. } => message(*message_id).map(|_| ()),
            What::Press { message_id, data } => message(*message_id)?
                .button(data)
                .map(|_| ())
                .ok_or(CannotPush::NoButton(*message_id)),
            What::Share { message_id, .. } => message(*message_id)?
                .asks_for_phone()
                .then_some(())
                .ok_or(CannotPush::NoButton(*message_id)),
            What::Message(content) => match content.as_ref() {
                Content::Html(text) => html::parse(text).map(|_| ()).map_err(CannotPush::Html),
                _ => Ok(()),
            },
            What::Block(_) | What::Raw(_) => Ok(()),
        }
    }

    /// The event was looked at by [`Self::can_push`].
    fn push(&mut self, event: Event) -> Pushed {
        let Event {
            chat,
            by,
            what,
            reply_to,
            album,
            forwarded_from,
        } = event;
        let speaker = by.or_else(|| self.chats.get(&chat).map(|chat| chat.speaker));
        let sender = speaker.unwrap_or_default();
        match what {
            What::Message(content) => {
                let mut message = Message {
                    album,
                    reply_to,
                    sender,
                    ..self.written(*content)
                };
                if let Some(name) = forwarded_from {
                    let origin = json!({ "type": "hidden_user", "date": unix_now(), "sender_user_name": name });
                    message.extra.insert("forward_origin".to_owned(), origin);
                }
                self.push_message(chat, message)
            }
            What::Edit { message_id, text } => self.push_edit(chat, message_id, &text),
            What::Press { message_id, data } => self.push_press(chat, sender, message_id, data),
            What::Share {
                message_id,
                phone_number,
            } => self.push_own_contact(chat, sender, message_id, &phone_number),
            What::React { message_id, emoji } => self.push_reaction(chat, sender, message_id, emoji),
            What::Block(blocked) => self.push_block(chat, sender, blocked),
            What::Raw(update) => self.push_raw(update),
        }
    }

    fn push_message(&mut self, chat_id: i64, message: Message) -> Pushed {
        let message = Message {
            id: self.next_message_id(chat_id),
            date: unix_now(),
            ..message
        };
        let id = message.id;
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.transcript.add(message);
        }
        let shown = self.shown(chat_id, id);
        self.queue_update(json!({ "message": shown }), Some(id))
    }

    fn push_own_contact(&mut self, chat: i64, sender: i64, answered: i64, phone_number: &str) -> Pushed {
        let contact = json!({
            "phone_number": phone_number,
            "first_name": self.person_json(sender)["first_name"],
            "user_id": sender,
        });
        let message = Message {
            reply_to: Some(answered),
            sender,
            extra: Map::from_iter([("contact".to_owned(), contact)]),
            ..Message::default()
        };
        self.push_message(chat, message)
    }

    fn push_edit(&mut self, chat_id: i64, id: i64, text: &str) -> Pushed {
        let chat = self.chats.get_mut(&chat_id);
        if let Some(message) = chat.and_then(|chat| chat.transcript.message_mut(id)) {
            message.earlier.extend(message.words().map(str::to_owned));
            message.entities = entities(text);
            message.edited_at = Some(unix_now());
            match message.file {
                Some(_) => message.caption = Some(text.to_owned()),
                None => message.text = Some(text.to_owned()),
            }
        }
        let shown = self.shown(chat_id, id);
        self.queue_update(json!({ "edited_message": shown }), Some(id))
    }

    fn push_reaction(&mut self, chat_id: i64, sender: i64, message_id: i64, emoji: Option<String>) -> Pushed {
        let shown = |emoji: &Option<String>| -> Value {
            let emoji = emoji.iter().map(|emoji| json!({ "type": "emoji", "emoji": emoji }));
            emoji.collect()
        };
        let user = self.person_json(sender);
        let Some(chat) = self.chats.get_mut(&chat_id) else {
            return Pushed::default();
        };
        let new = shown(&emoji);
        let key = (message_id, sender);
        let old = match emoji {
            Some(emoji) => chat.reactions.insert(key, emoji),
            None => chat.reactions.remove(&key),
        };
        let change = json!({
            "chat": chat.to_json(),
            "message_id": message_id,
            "user": user,
            "date": unix_now(),
            "old_reaction": shown(&old),
            "new_reaction": new,
        });
        self.queue_update(json!({ "message_reaction": change }), Some(message_id))
    }

    fn push_press(&mut self, chat_id: i64, sender: i64, message_id: i64, data: String) -> Pushed {
        let id = format!("{}", 4_000_000_000_000_000_000 + self.fresh_id());
        let query = json!({
            "id": id,
            "from": self.person_json(sender),
            "message": self.shown(chat_id, message_id),
            "chat_instance": format!("{}", -7_000_000_000_000_000_000 + chat_id),
            "data": data,
        });
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            let place = PressPlace {
                chat: chat_id,
                place: chat.transcript.presses.len(),
                stale: false,
            };
            self.presses.insert(id.clone(), place);
            chat.transcript.presses.push(Press {
                id: id.clone(),
                message_id,
                data,
                answer: None,
            });
        }
        let pushed = self.queue_update(json!({ "callback_query": query }), Some(message_id));
        Pushed {
            callback_query_id: Some(id),
            ..pushed
        }
    }

    fn push_block(&mut self, chat_id: i64, sender: i64, blocked: bool) -> Pushed {
        let bot = self.bot.to_json();
        let member = json!({ "user": bot, "status": "member" });
        let banned = json!({ "user": bot, "status": "kicked", "until_date": 0 });
        let (old, new) = if blocked { (member, banned) } else { (banned, member) };
        let from = self.person_json(sender);
        let Some(chat) = self.chats.get_mut(&chat_id) else {
            return Pushed::default();
        };
        chat.access = if blocked { Access::Blocked } else { Access::Open };
        let change = json!({
            "chat": chat.to_json(),
            "from": from,
            "date": unix_now(),
            "old_chat_member": old,
            "new_chat_member": new,
        });
        self.queue_update(json!({ "my_chat_member": change }), None)
    }

    fn queue_update(&mut self, update: Value, message_id: Option<i64>) -> Pushed {
        let (update_id, queued) = self.queue.push(update);
        Pushed {
            update_id,
            message_id,
            callback_query_id: None,
            queued,
        }
    }

    fn shown(&self, chat_id: i64, message_id: i64) -> Value {
        let chat = self.chats.get(&chat_id);
        chat.and_then(|chat| Some(self.message_json(chat, chat.transcript.message(message_id)?)))
            .unwrap_or_default()
    }

    fn written(&mut self, content: Content) -> Message {
        match content {
            Content::Text(text) => Message::default().with_text(plain(text)),
            Content::Html(source) => {
                // It was parsed once before it was let in.
                let text = html::parse(&source).map_or_else(
                    |_| plain(source.clone()),
                    |rendered| Formatted {
                        text: rendered.text,
                        entities: rendered.entities,
                        ..Formatted::default()
                    },
                );
                Message::default().with_text(text)
            }
            Content::Media(media) => self.with_file(media),
            other => Message {
                extra: self.fields(other),
                ..Message::default()
            },
        }
    }

    fn with_file(&mut self, media: Media) -> Message {
        let file = self.files.add(NewFile {
            kind: media.kind,
            name: media.name,
            mime: media.mime,
            bytes: media.bytes,
            size: media.size,
            emoji: media.emoji,
        });
        let message = Message {
            file: Some(file),
            ..Message::default()
        };
        message.with_caption(media.caption.map(plain))
    }

    fn fields(&mut self, content: Content) -> Map<String, Value> {
        let fields = match content {
            Content::Location { latitude, longitude } => json!({ "location": point(latitude, longitude) }),
            Content::Venue {
                latitude,
                longitude,
                title,
                address,
            } => {
                let location = point(latitude, longitude);
                // A venue is shown as a plain location to clients that know no venues.
                json!({
                    "location": location,
                    "venue": { "location": location, "title": title, "address": address },
                })
            }
            Content::Contact {
                phone_number,
                first_name,
            } => json!({
                "contact": { "phone_number": phone_number, "first_name": first_name },
            }),
            Content::Poll { question, options } => json!({ "poll": self.poll(&question, options) }),
            Content::Dice { emoji, value } => json!({ "dice": { "emoji": emoji, "value": value } }),
            Content::Other(fields) => return fields,
            Content::Text(_) | Content::Html(_) | Content::Media(_) => Value::Null,
        };
        fields.as_object().cloned().unwrap_or_default()
    }

    fn poll(&mut self, question: &str, options: Vec<String>) -> Value {
        let options = options
            .into_iter()
            .enumerate()
            .map(|(place, text)| json!({ "persistent_id": format!("{place}"), "text": text, "voter_count": 0 }));
        json!({
            "id": format!("{}", 5_000_000_000_000_000_000 + self.fresh_id()),
            "question": question,
            "options": options.collect::<Value>(),
            "total_voter_count": 0,
            "is_closed": false,
            "is_anonymous": true,
            "type": "regular",
            "allows_multiple_answers": false,
            "allows_revoting": true,
            "members_only": false,
        })
    }
}

fn point(latitude: f64, longitude: f64) -> Value {
    json!({ "latitude": latitude, "longitude": longitude })
}

fn plain(text: String) -> Formatted {
    Formatted {
        entities: entities(&text),
        text,
        ..Formatted::default()
    }
}

/// The entities that Telegram finds by itself: commands and links.
fn entities(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for word in text.split_whitespace() {
        let kind = if is_command(word) {
            "bot_command"
        } else if word.starts_with("http://") || word.starts_with("https://") {
            "url"
        } else {
            continue;
        };
        // A word borrows from the text, so its place is where its bytes lie.
        let at = word.as_ptr() as usize - text.as_ptr() as usize;
        found.push(json!({
            "type": kind,
            "offset": utf16_len(&text[..at]),
            "length": utf16_len(word),
        }));
    }
    found
}

/// `/command` or `/command@bot`.
fn is_command(word: &str) -> bool {
    let Some(rest) = word.strip_prefix('/') else {
        return false;
    };
    let name = rest.split('@').next().unwrap_or_default();
    let letters = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (1..=32).contains(&name.len()) && letters(name) && rest.split('@').count() <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_links_are_found() {
        let found = entities("😀 /human@some_bot see https://example.com/x /no-command");
        assert_eq!(
            found,
            [
                json!({"type": "bot_command", "offset": 3, "length": 15}),
                json!({"type": "url", "offset": 23, "length": 21}),
            ]
        );
    }
}
