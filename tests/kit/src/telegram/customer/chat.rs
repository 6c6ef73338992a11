//! A chat as its customer holds it.

use std::time::Duration;

use serde_json::json;

use super::{CannotPush, Content, Event, Media, Pushed, event::What, user::add_group};
use crate::telegram::{
    fake::{FakeTelegram, TimedOut},
    message::{Message, Transcript},
    people::{Access, ChatKind},
    world::{World, unix_now},
};

/// A chat with the bot.
#[derive(Debug, Clone)]
pub struct Chat {
    fake: FakeTelegram,
    id: i64,
}

impl Chat {
    pub(crate) fn new(fake: FakeTelegram, id: i64) -> Self {
        Self { fake, id }
    }

    /// The chat's id.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// What was said so far.
    pub fn transcript(&self) -> Transcript {
        self.fake.chat(self.id)
    }

    /// Waits for a message of the bot that is not deleted. Earlier ones count too.
    ///
    /// # Errors
    /// When there is none within the time.
    pub async fn sees(&self, within: Duration, wanted: impl Fn(&Message) -> bool) -> Result<Message, TimedOut> {
        let look = |world: &World| {
            let mut messages = world.chat(self.id)?.from_bot();
            messages.find(|message| !message.deleted && wanted(message)).cloned()
        };
        self.fake.wait_for(within, look).await
    }

    /// Waits for a message of the bot with exactly this text or caption.
    ///
    /// # Errors
    /// When there is none within the time.
    pub async fn sees_text(&self, within: Duration, text: &str) -> Result<Message, TimedOut> {
        self.sees(within, |message| message.words() == Some(text)).await
    }

    /// The customer writes.
    ///
    /// # Panics
    /// When the bot cannot be written to here any more.
    pub fn says(&self, text: &str) -> Pushed {
        self.sends(text)
    }

    /// The customer sends anything.
    ///
    /// # Panics
    /// As [`Self::says`], and when its HTML is not right.
    pub fn sends(&self, content: impl Into<Content>) -> Pushed {
        self.fake
            .push(self.message(content))
            .expect("a chat that is open takes messages")
    }

    /// The customer edits a message.
    ///
    /// # Errors
    /// When there is no such message.
    pub fn edits(&self, message_id: i64, text: &str) -> Result<Pushed, CannotPush> {
        self.fake.push(self.edit(message_id, text))
    }

    /// The customer reacts to a message; without an emoji they take the reaction back. The bot is told only where it asked
    /// for `message_reaction` by name.
    ///
    /// # Errors
    /// When there is no such message.
    pub fn reacts(&self, message_id: i64, emoji: Option<&str>) -> Result<Pushed, CannotPush> {
        let emoji = emoji.map(str::to_owned);
        self.fake.push(Event::new(self.id, What::React { message_id, emoji }))
    }

    /// The customer sends several files as one album.
    ///
    /// # Panics
    /// As [`Self::says`].
    pub fn sends_album(&self, items: impl IntoIterator<Item = Media>) -> Vec<Pushed> {
        let events = self.album(items);
        self.fake
            .push_batch(events)
            .expect("a chat that is open takes messages")
    }

    /// The customer answers a message of the chat.
    ///
    /// # Panics
    /// As [`Self::sends`].
    pub fn replies(&self, message_id: i64, content: impl Into<Content>) -> Pushed {
        let event = self.message(content).reply_to(message_id);
        self.fake.push(event).expect("a chat that is open takes messages")
    }

    /// The customer forwards what somebody else wrote.
    ///
    /// # Panics
    /// As [`Self::sends`].
    pub fn forwards(&self, from: &str, content: impl Into<Content>) -> Pushed {
        let event = self.message(content).forwarded_from(from);
        self.fake.push(event).expect("a chat that is open takes messages")
    }

    /// The customer presses a button.
    ///
    /// # Errors
    /// When the message has no button with that data.
    pub fn presses(&self, message_id: i64, data: &str) -> Result<Pushed, CannotPush> {
        self.fake.push(self.press(message_id, data))
    }

    /// The customer presses the key that shares their own phone number, and says yes when the client asks whether to. The
    /// contact answers the message that brought the key, as the official clients do.
    ///
    /// # Errors
    /// When the message brought no such key.
    pub fn shares_phone(&self, message_id: i64, phone_number: &str) -> Result<Pushed, CannotPush> {
        let phone_number = phone_number.to_owned();
        let share = What::Share {
            message_id,
            phone_number,
        };
        self.fake.push(Event::new(self.id, share))
    }

    /// The customer blocks the bot: it is told, and every call to the chat is refused with 403.
    ///
    /// # Errors
    /// When the chat is not open.
    pub fn blocks_bot(&self) -> Result<Pushed, CannotPush> {
        self.fake.push(Event::new(self.id, What::Block(true)))
    }

    /// The customer takes the block back.
    ///
    /// # Errors
    /// When there is no such chat.
    pub fn unblocks_bot(&self) -> Result<Pushed, CannotPush> {
        self.fake.push(Event::new(self.id, What::Block(false)))
    }

    /// The customer's account is deactivated; the bot is not told.
    pub fn deactivates(&self) {
        self.set_access(Access::Deactivated);
    }

    /// The bot is thrown out of the group; the update for it is the test's to push.
    pub fn kicks_bot(&self) {
        self.set_access(Access::Kicked);
    }

    /// The group becomes a supergroup: both chats get their service message, and calls to this
    /// one are refused with the new id.
    pub fn migrates(&self) -> Chat {
        let old = self.id;
        let new = self.fake.shared().change_polling(|world| {
            let chat = &world.chats[&old];
            let title = chat.title.clone().unwrap_or_default();
            let speaker = chat.speaker;
            let new = add_group(world, &title, ChatKind::Supergroup, speaker);
            world.push_service(old, &json!({ "migrate_to_chat_id": new }));
            world.push_service(new, &json!({ "migrate_from_chat_id": old }));
            if let Some(chat) = world.chats.get_mut(&old) {
                chat.access = Access::MigratedTo(new);
            }
            new
        });
        Self::new(self.fake.clone(), new)
    }

    /// A message to be pushed.
    pub fn message(&self, content: impl Into<Content>) -> Event {
        Event::new(self.id, What::Message(Box::new(content.into())))
    }

    /// An edit to be pushed.
    pub fn edit(&self, message_id: i64, text: &str) -> Event {
        let text = text.to_owned();
        Event::new(self.id, What::Edit { message_id, text })
    }

    /// A pressed button to be pushed.
    pub fn press(&self, message_id: i64, data: &str) -> Event {
        let data = data.to_owned();
        Event::new(self.id, What::Press { message_id, data })
    }

    /// The messages of an album to be pushed, best as one batch.
    pub fn album(&self, items: impl IntoIterator<Item = Media>) -> Vec<Event> {
        let number = self.fake.shared().change(World::fresh_id);
        let album = format!("13{:0>15}", unix_now() + number);
        items
            .into_iter()
            .map(|media| self.message(media).in_album(&album))
            .collect()
    }

    fn set_access(&self, access: Access) {
        self.fake.shared().change(|world| {
            if let Some(chat) = world.chats.get_mut(&self.id) {
                chat.access = access;
            }
        });
    }
}
