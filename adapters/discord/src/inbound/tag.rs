//! What Discord writes between `<` and `>`: people, roles, channels, moments, emoji, commands.
//! The forms are those of <https://discord.com/developers/docs/reference#message-formatting>.

use escalator::model::Timestamp;
use serenity::model::{
    channel::ChannelMention,
    id::{ChannelId, RoleId, UserId},
    user::User,
};

use crate::memory::Names;

/// What a moment can be followed by: the way Discord shows it.
const STYLES: [&str; 9] = ["t", "T", "d", "D", "f", "F", "s", "S", "R"];

/// The pages of a guild, as Discord calls them.
const PAGES: [(&str, &str); 5] = [
    ("customize", "Channels & Roles"),
    ("browse", "Browse Channels"),
    ("guide", "Server Guide"),
    ("home", "Server Guide"),
    ("linked-roles", "Linked Roles"),
];

/// Where names are looked up: what came with the message, then what is remembered.
#[derive(Clone, Copy)]
pub(super) struct Known<'k> {
    pub(super) people: &'k [User],
    pub(super) channels: &'k [ChannelMention],
    pub(super) names: Names<'k>,
    /// How much of a text is read, in bytes.
    pub(super) bytes_max: usize,
}

/// What a message names by a number whose name it does not bring along.
#[derive(Debug, Default)]
pub(crate) struct Named {
    pub(crate) channels: Vec<ChannelId>,
    pub(crate) roles: Vec<RoleId>,
}

/// What stands between the signs, as a person reads it; `None` when it is nothing of Discord's. A name that nobody knows
/// is told without it: a number says nothing to anybody.
pub(super) fn shown(tag: &str, known: &Known<'_>) -> Option<String> {
    if let Some(role) = tag.strip_prefix("@&") {
        return Some(known.role(number(role)?));
    }
    if let Some(person) = tag.strip_prefix('@') {
        return Some(known.person(number(person.trim_start_matches('!'))?));
    }
    if let Some(channel) = tag.strip_prefix('#') {
        return Some(known.channel(number(channel)?));
    }
    if let Some(moment) = tag.strip_prefix("t:") {
        return self::moment(moment);
    }
    if let Some(command) = tag.strip_prefix('/') {
        let (name, id) = command.rsplit_once(':')?;
        return (number(id).is_some() && !name.is_empty()).then(|| format!("/{name}"));
    }
    if let Some(page) = tag.strip_prefix("id:") {
        let name = page.split(':').next()?;
        let found = PAGES.iter().find(|(page, _)| *page == name);
        return found.map(|(_, called)| (*called).to_owned());
    }
    if let Some(sound) = tag.strip_prefix("sound:") {
        let is_sound = sound.split(':').all(|id| id.bytes().all(|b| b.is_ascii_digit()));
        return (is_sound && !sound.is_empty()).then(|| "[sound]".to_owned());
    }
    emoji(tag).or_else(|| contact(tag))
}

impl Named {
    pub(crate) fn is_empty(&self) -> bool {
        self.channels.is_empty() && self.roles.is_empty()
    }

    /// Notes what a text names.
    pub(super) fn note(&mut self, content: &str) {
        let begun = content.split('<').skip(1);
        for tag in begun.filter_map(|behind| behind.split_once('>')).map(|(tag, _)| tag) {
            if let Some(role) = tag.strip_prefix("@&").and_then(number) {
                self.roles.push(RoleId::new(role));
            } else if let Some(channel) = tag.strip_prefix('#').and_then(number) {
                self.channels.push(ChannelId::new(channel));
            }
        }
    }
}

impl Known<'_> {
    fn person(&self, id: u64) -> String {
        let id = UserId::new(id);
        let told = self.people.iter().find(|person| person.id == id);
        let name = told
            .map(|person| called(person).to_owned())
            .or_else(|| self.names.person(id));
        name.map_or_else(|| "@somebody".to_owned(), |name| format!("@{name}"))
    }

    fn role(&self, id: u64) -> String {
        let name = self.names.role(RoleId::new(id));
        // The role of everybody has the sign in its name.
        name.map_or_else(
            || "@role".to_owned(),
            |name| format!("@{}", name.trim_start_matches('@')),
        )
    }

    fn channel(&self, id: u64) -> String {
        let id = ChannelId::new(id);
        let told = self.channels.iter().find(|channel| channel.id == id);
        let name = told
            .map(|channel| channel.name.clone())
            .or_else(|| self.names.channel(id));
        name.map_or_else(|| "#channel".to_owned(), |name| format!("#{name}"))
    }
}

/// The name under which a person is shown where they are mentioned.
pub(super) fn called(person: &User) -> &str {
    let nickname = person.member.as_ref().and_then(|member| member.nick.as_deref());
    nickname.or(person.global_name.as_deref()).unwrap_or(&person.name)
}

fn number(digits: &str) -> Option<u64> {
    let is_plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|number| is_plain && *number != 0)
}

/// A moment, of which Discord shows each reader the local time.
fn moment(written: &str) -> Option<String> {
    /// The last moment that has a date, in seconds: the end of the year 9999.
    const SECS_MAX: i64 = 253_402_207_200;
    let (secs, style) = written.split_once(':').unwrap_or((written, STYLES[0]));
    let digits = secs.strip_prefix('-').unwrap_or(secs);
    let is_plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && STYLES.contains(&style);
    let secs: i64 = secs.parse().ok().filter(|_| is_plain)?;
    let is_dated = (-SECS_MAX..=SECS_MAX).contains(&secs);
    is_dated.then(|| format!("{} UTC", Timestamp::from_millis(secs * 1_000)))
}

fn emoji(tag: &str) -> Option<String> {
    let emoji = tag.strip_prefix("a:").or_else(|| tag.strip_prefix(':'))?;
    let (name, id) = emoji.split_once(':')?;
    (!name.is_empty() && number(id).is_some()).then(|| format!(":{name}:"))
}

/// An e-mail address or a telephone number, which are links in these signs.
fn contact(tag: &str) -> Option<String> {
    let is_number = |tag: &str| {
        tag.strip_prefix('+').is_some_and(|digits| {
            digits.len() > 3 && digits.bytes().all(|b| b.is_ascii_digit() || b"-() ".contains(&b))
        })
    };
    let is_mail = |tag: &str| {
        let parts = tag.split_once('@');
        let is_whole = |(name, host): (&str, &str)| !name.is_empty() && host.contains('.') && !host.contains('@');
        parts.is_some_and(is_whole) && !tag.contains(|c: char| c.is_whitespace() || "<>\"".contains(c))
    };
    let bare = ["mailto:", "tel:", "sms:"]
        .iter()
        .find_map(|kind| tag.strip_prefix(kind));
    let bare = bare.unwrap_or(tag);
    (is_number(bare) || is_mail(bare)).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serenity::model::id::GuildId;

    use super::*;
    use crate::memory::Memory;

    #[test]
    fn what_stands_in_discords_signs_is_read_and_anything_else_is_left() {
        let memory = Memory::default();
        for (channel, guild, name) in [("5", "1", "orders"), ("7", "2", "secrets")] {
            let told = json!({"id": channel, "type": 0, "guild_id": guild, "name": name});
            memory.note_answer(&serde_json::from_value(told).expect("it is a channel"));
        }
        let known = Known {
            people: &[],
            channels: &[],
            names: memory.names(Some(GuildId::new(1))),
            bytes_max: usize::MAX,
        };
        for (tag, read) in [
            ("@42", Some("@somebody")),
            ("@!42", Some("@somebody")),
            ("@&3", Some("@role")),
            ("#5", Some("#orders")),
            ("#6", Some("#channel")),
            ("#7", Some("#channel")),
            ("t:1618953630", Some("2021-04-20 21:20 UTC")),
            ("t:1618953630:R", Some("2021-04-20 21:20 UTC")),
            ("t:-60:f", Some("1969-12-31 23:59 UTC")),
            ("t:1618953630:x", None),
            ("t:99999999999999", None),
            ("t:", None),
            ("/order status:816437322781949972", Some("/order status")),
            ("/order", None),
            ("id:customize", Some("Channels & Roles")),
            ("id:linked-roles:7", Some("Linked Roles")),
            ("id:other", None),
            ("sound:0:7", Some("[sound]")),
            (":cat:78", Some(":cat:")),
            ("a:dance:77", Some(":dance:")),
            (":cat:", None),
            ("ada@example.org", Some("ada@example.org")),
            ("mailto:ada@example.org", Some("ada@example.org")),
            ("tel:+4420", Some("+4420")),
            ("+442079460000", Some("+442079460000")),
            ("@", None),
            ("@0", None),
            ("@99999999999999999999999", None),
            ("@everyone", None),
            ("b", None),
            ("", None),
        ] {
            assert_eq!(shown(tag, &known).as_deref(), read, "{tag}");
        }
    }
}
