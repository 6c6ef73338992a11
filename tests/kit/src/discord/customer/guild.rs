//! Guilds and their channels, as a test rules them.

use super::User;
use crate::discord::{
    channel::{Channel, ChannelKind},
    fake::FakeDiscord,
    message::Transcript,
    permission::Permission,
};

/// A guild with the bot in it.
#[derive(Debug, Clone)]
pub struct Guild {
    fake: FakeDiscord,
    id: u64,
}

/// A channel or thread of a guild.
#[derive(Debug, Clone)]
pub struct Place {
    fake: FakeDiscord,
    id: u64,
}

impl Guild {
    pub(crate) fn new(fake: FakeDiscord, id: u64) -> Self {
        Self { fake, id }
    }

    /// The guild's id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Makes a text channel.
    pub fn channel(&self, name: &str) -> Place {
        let id = self.fake.shared().change(|world| {
            let id = world.mint.next();
            let mut channel = Channel::new(id, ChannelKind::Text);
            channel.guild = Some(self.id);
            name.clone_into(&mut channel.name);
            world.channels.insert(id, channel);
            world.tell_channel("CHANNEL_CREATE", id);
            id
        });
        Place {
            fake: self.fake.clone(),
            id,
        }
    }

    /// Makes a role; returns its id.
    pub fn role(&self, name: &str) -> u64 {
        self.fake.shared().change(|world| {
            let id = world.mint.next();
            if let Some(guild) = world.guilds.get_mut(&self.id) {
                guild.roles.insert(id, name.to_owned());
            }
            world.tell_role(self.id, id);
            id
        })
    }

    /// Lets a user in under a name of the guild's own.
    pub fn add(&self, user: &User, nick: Option<&str>) {
        self.fake.shared().change(|world| {
            if world.join(self.id, user.id(), nick.map(str::to_owned)) {
                world.tell_member(self.id, user.id());
            }
        });
    }

    /// Gives a role to a member.
    pub fn give(&self, role: u64, user: &User) {
        self.fake.shared().change(|world| {
            let guild = world.guilds.get_mut(&self.id);
            if let Some(member) = guild.and_then(|guild| guild.members.get_mut(&user.id())) {
                member.roles.insert(role);
            }
        });
    }

    /// Makes an emoji of the guild's own; returns its id.
    pub fn emoji(&self, name: &str) -> u64 {
        self.fake.shared().change(|world| {
            let id = world.mint.next();
            if let Some(guild) = world.guilds.get_mut(&self.id) {
                guild.emoji.insert(id, name.to_owned());
            }
            world.tell_guild("GUILD_UPDATE", self.id);
            id
        })
    }

    /// The boost tier, from 0 to 3: it sets how large a file may be.
    pub fn boost(&self, tier: u8) {
        self.fake.shared().change(|world| {
            if let Some(guild) = world.guilds.get_mut(&self.id) {
                guild.boost_tier = tier.min(3);
            }
            world.tell_guild("GUILD_UPDATE", self.id);
        });
    }

    /// Takes a permission from the bot in the whole guild.
    pub fn forbid(&self, permission: Permission) {
        self.fake.shared().change(|world| {
            if let Some(guild) = world.guilds.get_mut(&self.id) {
                guild.forbidden.insert(permission);
            }
            world.tell_guild("GUILD_UPDATE", self.id);
        });
    }

    /// Gives a permission back that was taken in the whole guild.
    pub fn allow(&self, permission: Permission) {
        self.fake.shared().change(|world| {
            if let Some(guild) = world.guilds.get_mut(&self.id) {
                guild.forbidden.remove(&permission);
            }
            world.tell_guild("GUILD_UPDATE", self.id);
        });
    }
}

impl Place {
    /// The channel's id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What was said so far.
    pub fn transcript(&self) -> Transcript {
        self.fake.transcript(self.id)
    }

    /// Its threads as they are now, oldest first.
    pub fn threads(&self) -> Vec<Channel> {
        self.fake.threads(self.id)
    }

    /// Takes a permission from the bot in this channel.
    pub fn forbid(&self, permission: Permission) {
        self.change(|channel| {
            channel.forbidden.insert(permission);
        });
    }

    /// Gives a permission back that was taken in this channel.
    pub fn allow(&self, permission: Permission) {
        self.change(|channel| {
            channel.forbidden.remove(&permission);
        });
    }

    /// Deletes the channel with its threads; the bot is told.
    pub fn delete(&self) {
        self.fake.shared().change(|world| world.delete_channel(self.id));
    }

    /// A thread of it, by its id.
    pub fn thread(&self, id: u64) -> Self {
        Self {
            fake: self.fake.clone(),
            id,
        }
    }

    fn change(&self, change: impl FnOnce(&mut Channel)) {
        self.fake.shared().change(|world| {
            if let Some(channel) = world.channels.get_mut(&self.id) {
                change(channel);
            }
            world.tell_channel("CHANNEL_UPDATE", self.id);
        });
    }
}
