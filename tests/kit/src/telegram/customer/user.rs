//! Users.

use std::collections::HashMap;

use super::Chat;
use crate::telegram::{
    fake::FakeTelegram,
    message::Transcript,
    people::{Access, ChatKind, ChatRecord, Person},
    world::World,
};

/// User ids start here, as those of new accounts do.
const FIRST_USER_ID: i64 = 5_000_000_000;
/// Small groups count down from here.
const FIRST_GROUP_ID: i64 = -4_000_000_000;
/// Supergroups count down from here.
const FIRST_SUPERGROUP_ID: i64 = -1_002_000_000_000;

/// A user that is being made.
#[derive(Debug)]
#[must_use = "a builder makes nothing by itself"]
pub struct UserBuilder {
    fake: FakeTelegram,
    person: Person,
}

/// A user.
#[derive(Debug, Clone)]
pub struct User {
    fake: FakeTelegram,
    id: i64,
}

impl UserBuilder {
    pub(crate) fn new(fake: FakeTelegram, first_name: &str) -> Self {
        let person = Person {
            first_name: first_name.to_owned(),
            ..Person::default()
        };
        Self { fake, person }
    }

    /// The last name.
    pub fn last_name(mut self, last_name: &str) -> Self {
        self.person.last_name = Some(last_name.to_owned());
        self
    }

    /// The username, without `@`.
    pub fn username(mut self, username: &str) -> Self {
        self.person.username = Some(username.to_owned());
        self
    }

    /// The language, such as `en`.
    pub fn language(mut self, code: &str) -> Self {
        self.person.language_code = Some(code.to_owned());
        self
    }

    /// Makes the user, without a chat.
    pub fn create(self) -> User {
        let mut person = self.person;
        let id = self.fake.shared().change(|world| {
            person.id = FIRST_USER_ID + world.fresh_id();
            let id = person.id;
            world.people.insert(id, person);
            id
        });
        User { fake: self.fake, id }
    }

    /// Makes the user with a private chat, which the bot may write to from now on.
    pub fn private_chat(self) -> Chat {
        self.create().private_chat()
    }
}

impl User {
    /// The user's id, which is that of their private chat too.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The user's private chat, made when it is not there.
    pub fn private_chat(&self) -> Chat {
        self.fake.shared().change(|world| {
            if !world.chats.contains_key(&self.id) {
                let person = world.people.get(&self.id).cloned();
                let username = person.as_ref().and_then(|person| person.username.clone());
                if let Some(username) = username {
                    world.usernames.insert(username.to_ascii_lowercase(), self.id);
                }
                let chat = record(self.id, ChatKind::Private, None, person, self.id);
                world.chats.insert(self.id, chat);
            }
        });
        Chat::new(self.fake.clone(), self.id)
    }

    /// A new group with the user and the bot in it; the user speaks where nobody is named.
    pub fn group(&self, title: &str) -> Chat {
        self.new_group(title, ChatKind::Group)
    }

    /// A new supergroup with the user and the bot in it.
    pub fn supergroup(&self, title: &str) -> Chat {
        self.new_group(title, ChatKind::Supergroup)
    }

    fn new_group(&self, title: &str, kind: ChatKind) -> Chat {
        let shared = self.fake.shared();
        let id = shared.change(|world| add_group(world, title, kind, self.id));
        Chat::new(self.fake.clone(), id)
    }
}

pub(super) fn add_group(world: &mut World, title: &str, kind: ChatKind, speaker: i64) -> i64 {
    let first = match kind {
        ChatKind::Supergroup => FIRST_SUPERGROUP_ID,
        _ => FIRST_GROUP_ID,
    };
    let id = first - world.fresh_id();
    let chat = record(id, kind, Some(title.to_owned()), None, speaker);
    world.chats.insert(id, chat);
    id
}

fn record(id: i64, kind: ChatKind, title: Option<String>, person: Option<Person>, speaker: i64) -> ChatRecord {
    ChatRecord {
        id,
        kind,
        title,
        person,
        access: Access::Open,
        speaker,
        own_count: 0,
        reactions: HashMap::new(),
        transcript: Transcript::default(),
    }
}
