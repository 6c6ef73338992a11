//! Whom a message tells by sound: "Allowed Mentions Object",
//! <https://discord.com/developers/docs/resources/message#allowed-mentions-object>.
//!
//! What its text names and its sender allows is its [`Pings`]; [`World::pinged`] says which people these are.
//!
//! # Not here
//! Signs in code, which Discord's clients do not show as mentions: they count as mentions here, as the worst case.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    message::{Message, snowflake},
    world::World,
};

/// The flag of a message that makes no sound: `SUPPRESS_NOTIFICATIONS`.
const SILENT: u64 = 1 << 12;

/// Whom a message mentions so that they are told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pings {
    /// People: those in the text, and the one who is answered.
    pub users: Vec<u64>,
    /// Roles.
    pub roles: Vec<u64>,
    /// Whether everybody is, by `@everyone`, or those who are there, by `@here`.
    pub everyone: bool,
}

impl Pings {
    /// Whether nobody is told.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.roles.is_empty() && !self.everyone
    }
}

impl World {
    /// The people whom a message tells: members of its place who can see it, but its author. In direct messages there is
    /// nobody but the other side, so `@everyone` and roles tell nobody there.
    pub fn pinged(&self, channel: u64, message: u64) -> BTreeSet<u64> {
        let Some(record) = self.channel(channel) else {
            return BTreeSet::new();
        };
        let Some(message) = record.message(message).filter(|message| message.flags & SILENT == 0) else {
            return BTreeSet::new();
        };
        let guild = record.guild.and_then(|guild| self.guilds.get(&guild));
        let Pings { users, roles, everyone } = &message.pings;
        let mut told: BTreeSet<u64> = users.iter().copied().collect();
        for (user, member) in guild.into_iter().flat_map(|guild| &guild.members) {
            if *everyone || roles.iter().any(|role| member.roles.contains(role)) {
                told.insert(*user);
            }
        }
        let there = |user: &u64| match guild {
            Some(guild) => guild.members.contains_key(user) && record.seen_by(*user),
            None => record.members.contains(user),
        };
        told.retain(|user| there(user) && *user != message.author.id);
        told
    }

    /// Whom a message tells, given what its sender allows. Without that word it is everybody whom it names, but in the answer
    /// to an interaction, where people alone are told.
    pub(crate) fn pings(&self, message: &Message) -> Pings {
        let allowed = message.allowed_mentions.as_ref();
        let mut pings = named_in(&message.content, allowed);
        if message.interaction.is_some() && allowed.is_none() {
            pings.roles.clear();
            pings.everyone = false;
        }
        // "replied_user: For replies, whether to mention the author of the message being replied to (default false)"; where
        // nothing is said of mentions, they are told.
        let tells_answered = allowed.is_none_or(|allowed| allowed["replied_user"] == true);
        let answered = message.reply_to.filter(|_| tells_answered);
        let answered = answered.and_then(|id| self.channel(message.channel)?.message(id));
        let answered = answered.filter(|answered| answered.author.webhook.is_none());
        if let Some(author) = answered.map(|answered| answered.author.id)
            && !pings.users.contains(&author)
        {
            pings.users.push(author);
        }
        pings
    }
}

fn named_in(content: &str, allowed: Option<&Value>) -> Pings {
    let everyone = content.contains("@everyone") || content.contains("@here");
    Pings {
        users: allow(named(content, "<@"), allowed, "users"),
        roles: allow(named(content, "<@&"), allowed, "roles"),
        everyone: everyone && allowed.is_none_or(|allowed| parses(allowed, "everyone")),
    }
}

fn allow(named: Vec<u64>, allowed: Option<&Value>, kind: &str) -> Vec<u64> {
    let Some(allowed) = allowed else { return named };
    if parses(allowed, kind) {
        return named;
    }
    let listed = |id: &u64| {
        let mut list = allowed[kind].as_array().into_iter().flatten();
        list.any(|entry| snowflake(entry) == Some(*id))
    };
    named.into_iter().filter(listed).collect()
}

fn parses(allowed: &Value, kind: &str) -> bool {
    let mut list = allowed["parse"].as_array().into_iter().flatten();
    list.any(|entry| entry == kind)
}

/// The ids behind that opening, up to `>`.
fn named(content: &str, opening: &str) -> Vec<u64> {
    let mut ids = Vec::new();
    for piece in content.split(opening).skip(1) {
        let Some((id, _)) = piece.split_once('>') else {
            continue;
        };
        // An old client writes `<@!id>` for a person.
        if let Ok(id) = id.trim_start_matches('!').parse()
            && !ids.contains(&id)
        {
            ids.push(id);
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn mentions_ping_only_where_it_is_allowed() {
        let text = "@everyone <@7> <@!8> <@&9> <@7>";
        let all = Pings {
            users: vec![7, 8],
            roles: vec![9],
            everyone: true,
        };
        assert_eq!(named_in(text, None), all);
        assert_eq!(named_in(text, Some(&json!({ "parse": [] }))), Pings::default());
        let some = json!({ "parse": ["roles"], "users": ["8"] });
        let wanted = Pings {
            users: vec![8],
            roles: vec![9],
            everyone: false,
        };
        assert_eq!(named_in(text, Some(&some)), wanted);
    }
}
