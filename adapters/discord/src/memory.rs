//! What later events name by a number only: people, channels, roles and messages.
//!
//! # Invariants
//! - What is remembered is bounded, and lives as long as the process.
//! - Of a message only its beginning is kept.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serenity::model::{
    channel::Message,
    event::{Event, MessageUpdateEvent},
    guild::{Guild, Role},
    id::{ChannelId, MessageId, RoleId, UserId},
};

use crate::{bounded::Bounded, inbound, rest};

/// People whose names are known at once.
const PEOPLE_MAX: usize = 20_000;
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

struct State {
    people: Bounded<UserId, String>,
    channels: Bounded<ChannelId, String>,
    roles: Bounded<RoleId, String>,
    messages: Bounded<MessageId, String>,
}

impl Memory {
    /// Remembers what an event of the gateway tells. Calls nobody.
    pub(crate) fn see(&self, event: &Event) {
        match event {
            Event::GuildCreate(event) => self.note_guild(&event.guild),
            Event::ChannelCreate(event) => self.note_channel(event.channel.id, &event.channel.name),
            Event::ChannelUpdate(event) => self.note_channel(event.channel.id, &event.channel.name),
            Event::ThreadCreate(event) => self.note_channel(event.thread.id, &event.thread.name),
            Event::ThreadUpdate(event) => self.note_channel(event.thread.id, &event.thread.name),
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
            state.channels.insert(channel.id, channel.name.clone());
        }
        for role in guild.roles.values() {
            state.note_role(role);
        }
    }

    pub(crate) fn note_channel(&self, channel: ChannelId, name: &str) {
        self.lock().channels.insert(channel, name.to_owned());
    }

    pub(crate) fn note_roles(&self, roles: &[rest::Role]) {
        let mut state = self.lock();
        for role in roles {
            state.roles.insert(role.id, role.name.clone());
        }
    }

    /// Remembers how a message begins, anybody's, and whom it names.
    pub(crate) fn note_message(&self, message: &Message) {
        let beginning = inbound::beginning(message, self);
        let beginning = beginning.chars().take(BEGINNING_CHARS_MAX).collect();
        let nickname = message.member.as_ref().and_then(|member| member.nick.clone());
        let author = nickname.unwrap_or_else(|| inbound::called(&message.author).to_owned());
        let mut state = self.lock();
        state.messages.insert(message.id, beginning);
        state.people.insert(message.author.id, author);
        for person in &message.mentions {
            state.people.insert(person.id, inbound::called(person).to_owned());
        }
    }

    /// The same, of one that was changed.
    fn note_edit(&self, event: &MessageUpdateEvent) {
        if let Some(message) = inbound::edited(event) {
            self.note_message(&message);
        }
    }

    /// What a person is called.
    pub(crate) fn person(&self, person: UserId) -> Option<String> {
        self.lock().people.get(&person).cloned()
    }

    /// What a channel or thread is called.
    pub(crate) fn channel(&self, channel: ChannelId) -> Option<String> {
        self.lock().channels.get(&channel).cloned()
    }

    /// What a role is called.
    pub(crate) fn role(&self, role: RoleId) -> Option<String> {
        self.lock().roles.get(&role).cloned()
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

impl Default for Memory {
    fn default() -> Self {
        Self(Mutex::new(State {
            people: Bounded::new(PEOPLE_MAX),
            channels: Bounded::new(CHANNELS_MAX),
            roles: Bounded::new(ROLES_MAX),
            messages: Bounded::new(MESSAGES_MAX),
        }))
    }
}

impl State {
    fn note_role(&mut self, role: &Role) {
        self.roles.insert(role.id, role.name.clone());
    }
}
