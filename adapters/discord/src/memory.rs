//! What later events name by a number only: people, channels, roles and messages.
//!
//! # Invariants
//! - What is remembered is bounded, and lives as long as the process.
//! - Of a message only its beginning is kept.
//! - What is a guild's is told in that guild alone: a customer may write any number.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serenity::model::{
    channel::{GuildChannel, Message},
    event::{Event, MessageUpdateEvent},
    guild::{Guild, PartialMember, Role},
    id::{ChannelId, GuildId, MessageId, RoleId, UserId},
    user::User,
};

use crate::{bounded::Bounded, inbound, rest};

/// People whose names are known at once.
const PEOPLE_MAX: usize = 20_000;
/// Names that people have in a guild of their own that are known at once.
const NICKNAMES_MAX: usize = 20_000;
/// Channels whose names are known at once.
const CHANNELS_MAX: usize = 50_000;
/// Roles whose names are known at once.
const ROLES_MAX: usize = 50_000;
/// Messages whose beginnings are known at once.
const MESSAGES_MAX: usize = 20_000;
/// How much is kept of a message, in characters. More than is shown of one.
const BEGINNING_CHARS_MAX: usize = 160;

/// What was told before.
pub(crate) struct Memory(Mutex<State>);

/// What was told before, as far as it may be told at one place.
#[derive(Clone, Copy)]
pub(crate) struct Names<'m> {
    memory: &'m Memory,
    /// `None` in direct messages.
    guild: Option<GuildId>,
}

struct State {
    people: Bounded<UserId, String>,
    nicknames: Bounded<(GuildId, UserId), String>,
    channels: Bounded<ChannelId, (GuildId, String)>,
    roles: Bounded<RoleId, (GuildId, String)>,
    messages: Bounded<MessageId, String>,
    /// Who the bot is.
    me: Option<UserId>,
}

impl Memory {
    /// Remembers what an event of the gateway tells. Calls nobody.
    pub(crate) fn see(&self, event: &Event) {
        match event {
            Event::Ready(event) => self.lock().me = Some(event.ready.user.id),
            Event::GuildCreate(event) => self.note_guild(&event.guild),
            Event::ChannelCreate(event) => self.note_channel(&event.channel),
            Event::ChannelUpdate(event) => self.note_channel(&event.channel),
            Event::ThreadCreate(event) => self.note_channel(&event.thread),
            Event::ThreadUpdate(event) => self.note_channel(&event.thread),
            Event::GuildRoleCreate(event) => self.lock().note_role(&event.role),
            Event::GuildRoleUpdate(event) => self.lock().note_role(&event.role),
            Event::MessageCreate(event) => self.note_message(&event.message),
            Event::MessageUpdate(event) => self.note_edit(event),
            _ => {}
        }
    }

    pub(crate) fn note_guild(&self, guild: &Guild) {
        let mut state = self.lock();
        for channel in guild.channels.values().chain(&guild.threads) {
            state.channels.insert(channel.id, (guild.id, channel.name.clone()));
        }
        for role in guild.roles.values() {
            state.note_role(role);
        }
    }

    pub(crate) fn note_channel(&self, channel: &GuildChannel) {
        let told = (channel.guild_id, channel.name.clone());
        self.lock().channels.insert(channel.id, told);
    }

    /// The same, of one that Discord was asked for. Direct messages have no name.
    pub(crate) fn note_answer(&self, channel: &rest::Channel) {
        if let (Some(guild), Some(name)) = (channel.guild_id, &channel.name) {
            self.lock().channels.insert(channel.id, (guild, name.clone()));
        }
    }

    pub(crate) fn note_roles(&self, guild: GuildId, roles: &[rest::Role]) {
        let mut state = self.lock();
        for role in roles {
            state.roles.insert(role.id, (guild, role.name.clone()));
        }
    }

    /// Remembers how a message begins, anybody's, and whom it names.
    pub(crate) fn note_message(&self, message: &Message) {
        let beginning = inbound::beginning(message, self);
        let beginning: String = beginning.chars().take(BEGINNING_CHARS_MAX).collect();
        let guild = self.guild_of(message);
        let mut state = self.lock();
        // Updates of polls and forwarded messages come without what was said.
        if !beginning.is_empty() || state.messages.get(&message.id).is_none() {
            state.messages.insert(message.id, beginning);
        }
        state.note_person(guild, &message.author, message.member.as_deref());
        for person in &message.mentions {
            state.note_person(guild, person, person.member.as_deref());
        }
    }

    /// The same, of one that was changed.
    fn note_edit(&self, event: &MessageUpdateEvent) {
        if let Some(message) = inbound::edited(event) {
            self.note_message(&message);
        }
    }

    /// What may be told where a message stands.
    pub(crate) fn at(&self, message: &Message) -> Names<'_> {
        self.names(self.guild_of(message))
    }

    /// What may be told in a guild, or in direct messages.
    pub(crate) fn names(&self, guild: Option<GuildId>) -> Names<'_> {
        Names { memory: self, guild }
    }

    /// The guild of a channel or thread, where it was told.
    pub(crate) fn guild(&self, channel: ChannelId) -> Option<GuildId> {
        self.lock().channels.get(&channel).map(|(guild, _)| *guild)
    }

    /// Whether it was told of a role, of any guild.
    pub(crate) fn knows_role(&self, role: RoleId) -> bool {
        self.lock().roles.get(&role).is_some()
    }

    /// The guild of a message. One that was fetched does not tell it.
    fn guild_of(&self, message: &Message) -> Option<GuildId> {
        message.guild_id.or_else(|| self.guild(message.channel_id))
    }

    /// How a message begins.
    pub(crate) fn message(&self, message: MessageId) -> Option<String> {
        self.lock().messages.get(&message).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What is known is whole at every moment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Names<'_> {
    /// Whether a bot is this one, as far as it was told.
    pub(crate) fn may_be_us(&self, bot: UserId) -> bool {
        self.memory.lock().me.is_none_or(|me| me == bot)
    }

    /// What a person is called there.
    pub(crate) fn person(&self, person: UserId) -> Option<String> {
        let state = self.memory.lock();
        let nickname = self.guild.and_then(|guild| state.nicknames.get(&(guild, person)));
        nickname.or_else(|| state.people.get(&person)).cloned()
    }

    /// What a channel or thread is called.
    pub(crate) fn channel(&self, channel: ChannelId) -> Option<String> {
        let state = self.memory.lock();
        self.own(state.channels.get(&channel))
    }

    /// What a role is called.
    pub(crate) fn role(&self, role: RoleId) -> Option<String> {
        let state = self.memory.lock();
        self.own(state.roles.get(&role))
    }

    /// How a message begins.
    pub(crate) fn message(&self, message: MessageId) -> Option<String> {
        self.memory.message(message)
    }

    /// A name, where it is this guild's.
    fn own(&self, named: Option<&(GuildId, String)>) -> Option<String> {
        named
            .filter(|(guild, _)| Some(*guild) == self.guild)
            .map(|(_, name)| name.clone())
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self(Mutex::new(State {
            people: Bounded::new(PEOPLE_MAX),
            nicknames: Bounded::new(NICKNAMES_MAX),
            channels: Bounded::new(CHANNELS_MAX),
            roles: Bounded::new(ROLES_MAX),
            messages: Bounded::new(MESSAGES_MAX),
            me: None,
        }))
    }
}

impl State {
    fn note_role(&mut self, role: &Role) {
        self.roles.insert(role.id, (role.guild_id, role.name.clone()));
    }

    /// Notes a person, and what they are called in a guild, where that is told.
    fn note_person(&mut self, guild: Option<GuildId>, person: &User, member: Option<&PartialMember>) {
        let name = person.global_name.as_ref().unwrap_or(&person.name);
        self.people.insert(person.id, name.clone());
        let (Some(guild), Some(member)) = (guild, member) else {
            return;
        };
        match &member.nick {
            Some(nickname) => self.nicknames.insert((guild, person.id), nickname.clone()),
            None => self.nicknames.remove(&(guild, person.id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn said(guild: Option<&str>, nickname: &Value) -> Message {
        serde_json::from_value(json!({
            "id": "1", "channel_id": "10", "guild_id": guild, "content": "hello", "type": 0,
            "author": {"id": "42", "username": "ada", "global_name": "Ada", "discriminator": "0", "avatar": null},
            "member": guild.map(|_| json!({"nick": nickname, "roles": [], "joined_at": null, "deaf": false, "mute": false})),
            "timestamp": "2025-10-15T08:00:00.000000+00:00", "edited_timestamp": null, "tts": false,
            "mention_everyone": false, "mentions": [], "mention_roles": [], "attachments": [], "embeds": [],
            "pinned": false
        }))
        .expect("it is a message")
    }

    #[test]
    fn what_is_a_guilds_is_told_in_that_guild_alone() {
        let memory = Memory::default();
        let (shop, other) = (GuildId::new(5), GuildId::new(6));
        let (channel, role, ada) = (ChannelId::new(20), RoleId::new(30), UserId::new(42));
        let told = json!({"id": "20", "type": 0, "guild_id": "5", "name": "orders"});
        memory.note_answer(&serde_json::from_value(told).expect("it is a channel"));
        let told = json!([{"id": "30", "name": "Support"}]);
        let roles: Vec<rest::Role> = serde_json::from_value(told).expect("they are roles");
        memory.note_roles(shop, &roles);
        memory.note_message(&said(Some("5"), &json!("Ada of Shop")));
        for (guild, orders, support, called) in [
            (Some(shop), Some("orders"), Some("Support"), "Ada of Shop"),
            (Some(other), None, None, "Ada"),
            (None, None, None, "Ada"),
        ] {
            let names = memory.names(guild);
            assert_eq!(names.channel(channel).as_deref(), orders, "{guild:?}");
            assert_eq!(names.role(role).as_deref(), support, "{guild:?}");
            assert_eq!(names.person(ada).as_deref(), Some(called), "{guild:?}");
        }
        // The one elsewhere does not take the name away; the one who gave it up does.
        memory.note_message(&said(None, &Value::Null));
        assert_eq!(memory.names(Some(shop)).person(ada).as_deref(), Some("Ada of Shop"));
        memory.note_message(&said(Some("5"), &Value::Null));
        assert_eq!(memory.names(Some(shop)).person(ada).as_deref(), Some("Ada"));
    }

    #[test]
    fn an_update_without_words_does_not_wipe_how_a_message_began() {
        let memory = Memory::default();
        let mut message = Message::default();
        message.id = MessageId::new(7);
        for (said, begins) in [("", ""), ("hello", "hello"), ("", "hello"), ("bye", "bye")] {
            said.clone_into(&mut message.content);
            memory.note_message(&message);
            assert_eq!(memory.message(message.id).as_deref(), Some(begins));
        }
    }

    #[test]
    fn a_bot_is_another_one_once_it_is_known_who_this_one_is() {
        let memory = Memory::default();
        let (us, other) = (UserId::new(1), UserId::new(2));
        assert!(memory.names(None).may_be_us(other));
        memory.lock().me = Some(us);
        assert!(memory.names(None).may_be_us(us) && !memory.names(None).may_be_us(other));
    }
}
