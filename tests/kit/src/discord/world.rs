//! Everything that the server knows: guilds, channels, people, calls, gateway sessions.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::SocketAddr,
    time::Instant,
};

use serde_json::Value;

use super::{
    call::Call,
    channel::{Channel, ChannelKind},
    fault::Faults,
    file::Files,
    gateway::{GatewayState, Seen},
    guild::{GuildRecord, Membership},
    interaction::Interaction,
    message::Transcript,
    people::Person,
    permission::Permission,
    snowflake::{Mint, now},
    spec::Violation,
    webhook::Webhook,
};

/// The state of the server, as a condition of [`FakeDiscord::wait_until`] looks at it.
///
/// Every lookup is by key; a condition that walks over `calls` is walked again at each change.
///
/// [`FakeDiscord::wait_until`]: super::FakeDiscord::wait_until
pub struct World {
    pub(crate) addr: Option<SocketAddr>,
    pub(crate) bot: Person,
    pub(crate) application: u64,
    /// The privileged intents that the application may ask for.
    pub(crate) privileges: u64,
    pub(crate) people: HashMap<u64, Person>,
    pub(crate) guilds: BTreeMap<u64, GuildRecord>,
    pub(crate) channels: BTreeMap<u64, Channel>,
    pub(crate) dms: HashMap<u64, u64>,
    pub(crate) webhooks: BTreeMap<u64, Webhook>,
    /// The slash commands of a guild, or of every place.
    pub(crate) commands: HashMap<Option<u64>, Vec<Value>>,
    pub(crate) interactions: BTreeMap<u64, Interaction>,
    pub(crate) nonces: HashMap<String, Noted>,
    pub(crate) files: Files,
    pub(crate) faults: Faults,
    pub(crate) gateway: GatewayState,
    pub(crate) calls: Vec<Call>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) mint: Mint,
}

/// The message that a nonce stands for.
pub(crate) struct Noted {
    pub(crate) since: Instant,
    pub(crate) channel: u64,
    pub(crate) message: u64,
}

impl World {
    pub(crate) fn new(bot_name: &str, privileges: u64) -> Self {
        let mut mint = Mint::default();
        let bot = Person {
            id: mint.next(),
            bot: true,
            username: bot_name.to_owned(),
            locale: "en-US".to_owned(),
            ..Person::default()
        };
        Self {
            addr: None,
            application: bot.id,
            privileges,
            people: HashMap::from([(bot.id, bot.clone())]),
            bot,
            guilds: BTreeMap::new(),
            channels: BTreeMap::new(),
            dms: HashMap::new(),
            webhooks: BTreeMap::new(),
            commands: HashMap::new(),
            interactions: BTreeMap::new(),
            nonces: HashMap::new(),
            files: Files::default(),
            faults: Faults::default(),
            gateway: GatewayState::default(),
            calls: Vec::new(),
            violations: Vec::new(),
            mint,
        }
    }

    /// A channel, also one that was deleted.
    pub fn channel(&self, id: u64) -> Option<&Channel> {
        self.channels.get(&id)
    }

    /// What was said in a channel.
    pub fn transcript(&self, channel: u64) -> Option<&Transcript> {
        self.channel(channel).map(|channel| &channel.transcript)
    }

    /// The threads of a channel, oldest first, archived and deleted ones among them.
    pub fn threads(&self, channel: u64) -> impl DoubleEndedIterator<Item = &Channel> {
        let channels = self.channels.values();
        channels.filter(move |thread| thread.parent == Some(channel))
    }

    /// The channel of the direct messages of a person, once there is one.
    pub fn dm(&self, user: u64) -> Option<&Channel> {
        self.channels.get(self.dms.get(&user)?)
    }

    /// A slash command that was used or a button that was pressed.
    pub fn interaction(&self, id: u64) -> Option<&Interaction> {
        self.interactions.get(&id)
    }

    /// The slash commands of a guild; of every place for `None`.
    pub fn commands(&self, guild: Option<u64>) -> &[Value] {
        self.commands.get(&guild).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every request so far, in order of arrival.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// What the requests broke of Discord's specification.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// What happened on the gateway, in order.
    pub fn gateway(&self) -> &[Seen] {
        self.gateway.seen()
    }

    /// Whether a session is connected and ready.
    pub fn connected(&self) -> bool {
        self.gateway.connected()
    }

    /// Whether each session is connected and has been sent all of its events.
    pub fn all_sent(&self) -> bool {
        self.gateway.all_sent()
    }

    pub(crate) fn add_person(&mut self, person: Person) -> u64 {
        let id = self.mint.next();
        self.people.insert(id, Person { id, ..person });
        id
    }

    /// A guild with the bot in it; a person owns it whom nobody hears of.
    pub(crate) fn add_guild(&mut self, name: &str) -> u64 {
        let owner = self.add_person(Person {
            username: format!("owner_of_{}", name.to_lowercase().replace(' ', "_")),
            ..Person::default()
        });
        let id = self.mint.next();
        let record = GuildRecord {
            id,
            name: name.to_owned(),
            owner,
            members: BTreeMap::new(),
            roles: BTreeMap::new(),
            emoji: BTreeMap::new(),
            boost_tier: 0,
            forbidden: BTreeSet::new(),
        };
        self.guilds.insert(id, record);
        self.join(id, owner, None);
        self.join(id, self.bot.id, None);
        id
    }

    /// Lets a person into a guild; whether they were not in it.
    pub(crate) fn join(&mut self, guild: u64, user: u64, nick: Option<String>) -> bool {
        let Some(guild) = self.guilds.get_mut(&guild) else {
            return false;
        };
        if guild.members.contains_key(&user) {
            return false;
        }
        let membership = Membership {
            nick,
            roles: BTreeSet::new(),
            joined_at: now(),
        };
        guild.members.insert(user, membership);
        true
    }

    /// The direct messages with a person, opened when they are not.
    pub(crate) fn open_dm(&mut self, user: u64) -> u64 {
        if let Some(channel) = self.dms.get(&user) {
            return *channel;
        }
        let id = self.mint.next();
        let mut channel = Channel::new(id, ChannelKind::Dm);
        channel.members = BTreeSet::from([user, self.bot.id]);
        self.channels.insert(id, channel);
        self.dms.insert(user, id);
        id
    }

    /// The other side of a direct message.
    pub(crate) fn recipient(&self, channel: &Channel) -> Option<&Person> {
        let other = channel.members.iter().find(|member| **member != self.bot.id)?;
        self.people.get(other)
    }

    /// Whether the bot may do that in a channel; a thread follows its channel.
    pub(crate) fn may(&self, channel: &Channel, permission: Permission) -> bool {
        let guild = channel.guild.and_then(|guild| self.guilds.get(&guild));
        let Some(guild) = guild else { return true };
        let parent = channel.parent.and_then(|parent| self.channels.get(&parent));
        let placed = parent.unwrap_or(channel);
        !guild.forbidden.contains(&permission)
            && !placed.forbidden.contains(&permission)
            && !channel.forbidden.contains(&permission)
    }

    /// The most bytes that one file may have in a channel.
    pub(crate) fn file_bytes_max(&self, channel: u64) -> u64 {
        let guild = self.channel(channel).and_then(|channel| channel.guild);
        let guild = guild.and_then(|guild| self.guilds.get(&guild));
        guild.map_or(10 << 20, GuildRecord::file_bytes_max)
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("guilds", &self.guilds.len())
            .field("channels", &self.channels.len())
            .field("calls", &self.calls.len())
            .finish_non_exhaustive()
    }
}
