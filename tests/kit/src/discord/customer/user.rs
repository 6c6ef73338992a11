//! Users.

use super::{Customer, Place};
use crate::discord::{fake::FakeDiscord, people::Person};

/// A user that is being made.
#[derive(Debug)]
#[must_use = "a builder makes nothing by itself"]
pub struct UserBuilder {
    fake: FakeDiscord,
    person: Person,
}

/// A user.
#[derive(Debug, Clone)]
pub struct User {
    fake: FakeDiscord,
    id: u64,
}

impl UserBuilder {
    pub(crate) fn new(fake: FakeDiscord, username: &str) -> Self {
        let person = Person {
            username: username.to_owned(),
            locale: "en-US".to_owned(),
            ..Person::default()
        };
        Self { fake, person }
    }

    /// The name that is shown in place of the username.
    pub fn global_name(mut self, name: &str) -> Self {
        self.person.global_name = Some(name.to_owned());
        self
    }

    /// The language, such as `de`; `en-US` if it is not set.
    pub fn locale(mut self, locale: &str) -> Self {
        locale.clone_into(&mut self.person.locale);
        self
    }

    /// Makes the user.
    pub fn create(self) -> User {
        let id = self.fake.shared().change(|world| world.add_person(self.person));
        User { fake: self.fake, id }
    }

    /// Makes the user with direct messages that are open.
    pub fn dm(self) -> Customer {
        self.create().dm()
    }
}

impl User {
    pub(crate) fn new(fake: FakeDiscord, id: u64) -> Self {
        Self { fake, id }
    }

    /// The user's id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The user in their direct messages with the bot, opened when they are not.
    pub fn dm(&self) -> Customer {
        let channel = self.fake.shared().change(|world| world.open_dm(self.id));
        Customer::new(self.fake.clone(), self.id, channel)
    }

    /// The user in a channel; they join its guild when they are not in it.
    pub fn at(&self, place: &Place) -> Customer {
        self.in_channel(place.id())
    }

    /// The user in a channel or thread, by its id; they join its guild when they are not in it.
    pub fn in_channel(&self, channel: u64) -> Customer {
        self.fake.shared().change(|world| {
            let guild = world.channel(channel).and_then(|channel| channel.guild);
            if let Some(guild) = guild.filter(|guild| world.join(*guild, self.id, None)) {
                world.tell_member(guild, self.id);
            }
        });
        Customer::new(self.fake.clone(), self.id, channel)
    }

    /// Whether the user takes direct messages from the bot; when not, sending one is refused with
    /// 50007.
    pub fn takes_dms(&self, open: bool) {
        self.fake.shared().change(|world| {
            if let Some(person) = world.people.get_mut(&self.id) {
                person.dm_closed = !open;
            }
        });
    }
}
