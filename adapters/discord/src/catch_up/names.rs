use std::{collections::BTreeSet, time::Duration};

use futures::future::join_all;
use serenity::model::{
    channel::Message,
    id::{ChannelId, RoleId},
};

use crate::{inbound, memory::Memory, rest::Rest};

/// How many channels are asked for while one conversation catches up.
const ASKED_MAX: usize = 20;
/// How long Discord may take to tell the names. What it has not told by then is told without.
const NAMES_MAX: Duration = Duration::from_secs(5);

/// Asks Discord what the channels and roles are called that some messages name and nobody has told of: what was missed is
/// fetched before the gateway tells of a guild. `home` is a channel of the guild whose roles they are.
pub(super) async fn learn(rest: &Rest, memory: &Memory, home: ChannelId, messages: &[&Message]) {
    let (channels, roles) = unknown(memory, messages);
    let asked = async {
        let channels = channels.into_iter().take(ASKED_MAX);
        let channels = channels.map(|channel| learn_channel(rest, memory, channel));
        let roles = (!roles.is_empty()).then(|| learn_roles(rest, memory, home));
        futures::join!(join_all(channels), join_all(roles));
    };
    if tokio::time::timeout(NAMES_MAX, asked).await.is_err() {
        tracing::warn!(%home, "the names of channels and roles took too long: some messages are told without");
    }
}

fn unknown(memory: &Memory, messages: &[&Message]) -> (BTreeSet<ChannelId>, BTreeSet<RoleId>) {
    let (mut channels, mut roles) = (BTreeSet::new(), BTreeSet::new());
    for message in messages {
        let named = inbound::named(message);
        channels.extend(named.channels);
        roles.extend(named.roles);
    }
    channels.retain(|channel| memory.channel(*channel).is_none());
    roles.retain(|role| memory.role(*role).is_none());
    (channels, roles)
}

async fn learn_channel(rest: &Rest, memory: &Memory, channel: ChannelId) {
    match rest.channel(channel).await {
        Ok(told) => told.name.iter().for_each(|name| memory.note_channel(channel, name)),
        Err(failure) => tracing::debug!(%channel, error = failure.detail(), "a channel's name is not told"),
    }
}

async fn learn_roles(rest: &Rest, memory: &Memory, home: ChannelId) {
    let told = async {
        let Some(guild) = rest.channel(home).await?.guild_id else {
            return Ok(Vec::new());
        };
        rest.roles(guild).await
    };
    match told.await {
        Ok(roles) => memory.note_roles(&roles),
        Err(failure) => tracing::debug!(%home, error = failure.detail(), "the names of roles are not told"),
    }
}

#[cfg(test)]
mod tests {
    use escalator_testkit::discord::FakeDiscord;

    use super::*;
    use crate::bot::Bot;

    #[tokio::test]
    async fn what_the_gateway_has_not_told_yet_is_asked_for_once() {
        let fake = FakeDiscord::builder().start().await.expect("it starts");
        let guild = fake.guild("Shop");
        let (help, orders, role) = (guild.channel("help"), guild.channel("orders"), guild.role("Support"));
        let bot = Bot::new(fake.token(), Some(&fake.url())).expect("token and address are right");
        let (rest, memory) = (Rest::new(&bot, Duration::from_secs(20)), Memory::default());
        let mut message = Message::default();
        message.content = format!("<@&{role}> <#{0}> <#{0}> <#1>", orders.id());
        for _ in 0..2 {
            learn(&rest, &memory, help.id().into(), &[&message]).await;
        }
        assert_eq!(memory.channel(orders.id().into()).as_deref(), Some("orders"));
        assert_eq!(memory.role(role.into()).as_deref(), Some("Support"));
        assert_eq!(memory.channel(ChannelId::new(1)), None);
        let asked = |path: String| fake.calls_of("GET", &path).len();
        assert_eq!(asked(format!("/channels/{}", orders.id())), 1);
        assert_eq!(asked(format!("/guilds/{}", guild.id())), 1);
        assert_eq!(fake.violations(), []);
    }
}
