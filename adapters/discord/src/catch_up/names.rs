use std::{collections::BTreeSet, time::Duration};

use futures::future::join_all;
use serenity::model::{
    channel::Message,
    id::{ChannelId, RoleId},
};

use crate::{error::Failure, inbound, memory::Memory, rest::Rest};

/// How many channels are asked for while one conversation catches up.
const ASKED_MAX: usize = 20;
/// How long Discord may take to tell the names. What it has not told by then is told without.
const NAMES_MAX: Duration = Duration::from_secs(5);

/// Asks Discord what the channels and roles are called that some messages name and nobody has told of: what was missed is
/// fetched before the gateway tells of a guild. `home` is a channel of the guild whose roles they are. Nor does a message
/// that was fetched tell its guild: the channel that it stands in does.
pub(super) async fn learn(rest: &Rest, memory: &Memory, home: ChannelId, messages: &[&Message]) {
    let (places, channels, roles) = unknown(memory, messages);
    let asked = async {
        let channels = places.into_iter().chain(channels).take(ASKED_MAX);
        let channels = channels.map(|channel| learn_channel(rest, memory, channel));
        let roles = (!roles.is_empty()).then(|| learn_roles(rest, memory, home));
        futures::join!(join_all(channels), join_all(roles));
    };
    if tokio::time::timeout(NAMES_MAX, asked).await.is_err() {
        tracing::warn!(%home, "the names of channels and roles took too long: some messages are told without");
    }
}

/// The channels in which they stand and those that they name, and the roles.
fn unknown(memory: &Memory, messages: &[&Message]) -> (BTreeSet<ChannelId>, BTreeSet<ChannelId>, BTreeSet<RoleId>) {
    let (mut places, mut channels, mut roles) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for message in messages {
        let named = inbound::named(message);
        if message.guild_id.is_none() && !named.is_empty() {
            places.insert(message.channel_id);
        }
        channels.extend(named.channels);
        roles.extend(named.roles);
    }
    places.retain(|place| memory.guild(*place).is_none());
    channels.retain(|channel| memory.guild(*channel).is_none() && !places.contains(channel));
    roles.retain(|role| !memory.knows_role(*role));
    (places, channels, roles)
}

async fn learn_channel(rest: &Rest, memory: &Memory, channel: ChannelId) {
    match rest.channel(channel).await {
        Ok(told) => memory.note_answer(&told),
        Err(failure) => tracing::debug!(%channel, error = failure.detail(), "a channel's name is not told"),
    }
}

async fn learn_roles(rest: &Rest, memory: &Memory, home: ChannelId) {
    let told = async {
        if let Some(guild) = rest.channel(home).await?.guild_id {
            memory.note_roles(guild, &rest.roles(guild).await?);
        }
        Ok::<_, Failure>(())
    };
    match told.await {
        Ok(()) => {}
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
        message.channel_id = help.id().into();
        message.content = format!("<@&{role}> <#{0}> <#{0}> <#1>", orders.id());
        for _ in 0..2 {
            learn(&rest, &memory, help.id().into(), &[&message]).await;
        }
        let names = memory.at(&message);
        assert_eq!(names.channel(orders.id().into()).as_deref(), Some("orders"));
        assert_eq!(names.role(role.into()).as_deref(), Some("Support"));
        assert_eq!(names.channel(ChannelId::new(1)), None);
        let asked = |path: String| fake.calls_of("GET", &path).len();
        assert_eq!(asked(format!("/channels/{}", orders.id())), 1);
        assert_eq!(asked(format!("/guilds/{}", guild.id())), 1);
        assert_eq!(fake.violations(), []);
    }
}
