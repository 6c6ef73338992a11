//! Which channel belongs to whom.
//!
//! # Invariants
//! - A conversation's home is a channel of a guild or a direct message; a private thread that we opened for a customer
//!   has its parent for a home, and so has none of its own.
//! - What is known is bounded; what is not known is asked of Discord.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use escalator::model::{Address, ChannelId as Account, ConversationKey, CustomerId};
use serenity::model::{
    channel::{ChannelType, GuildChannel},
    guild::{Guild, PremiumTier},
    id::{ChannelId, GuildId, UserId},
};

use crate::{bounded::Bounded, order::Lane, rest};

/// Channels that are known at once.
const CHANNELS_MAX: usize = 50_000;
/// Places of conversations that are known at once.
const HELD_MAX: usize = 50_000;
/// Conversations that are known of one place: a customer's, from as many channels, in their direct messages.
const TOGETHER_MAX: usize = 32;

/// What is known of channels, threads and guilds.
pub(crate) struct Places {
    account: Account,
    state: Mutex<State>,
}

struct State {
    me: Option<UserId>,
    spots: Bounded<ChannelId, Spot>,
    levels: HashMap<GuildId, PremiumTier>,
    /// The conversations that are shown at a place that is not their home, and those that are at home there beside them;
    /// the one that was shown last stands last. Whether a human still owns them is not known here.
    held: Bounded<ChannelId, Vec<ConversationKey>>,
    /// Where conversations are shown that are not shown at home.
    shown: Bounded<ConversationKey, ChannelId>,
}

/// What matters of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) guild: Option<GuildId>,
    pub(crate) kind: ChannelType,
    /// Of a thread: the channel that it is in.
    pub(crate) parent: Option<ChannelId>,
    /// Of a thread that we opened: for whom.
    pub(crate) customer: Option<UserId>,
}

/// To whom something belongs that a person did in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// To a conversation of that person's.
    Conversation(ConversationKey),
    /// To nobody's: it is another customer's thread.
    Stranger(ConversationKey),
    /// Discord must be asked what the channel is.
    Unknown,
}

impl Spot {
    pub(crate) const fn is_thread(&self) -> bool {
        matches!(
            self.kind,
            ChannelType::PrivateThread | ChannelType::PublicThread | ChannelType::NewsThread
        )
    }
}

impl Places {
    pub(crate) fn new(account: Account) -> Self {
        let state = State {
            me: None,
            spots: Bounded::new(CHANNELS_MAX),
            levels: HashMap::new(),
            held: Bounded::new(HELD_MAX),
            shown: Bounded::new(HELD_MAX),
        };
        Self {
            account,
            state: Mutex::new(state),
        }
    }

    pub(crate) fn note_me(&self, me: UserId) {
        let mut state = self.lock();
        if state.me.replace(me).is_none() {
            // Whether a thread is ours could not be told: it is asked for again.
            state.spots = Bounded::new(CHANNELS_MAX);
        }
    }

    pub(crate) fn me(&self) -> Option<UserId> {
        self.lock().me
    }

    pub(crate) fn note_guild(&self, guild: &Guild) {
        let mut state = self.lock();
        state.levels.insert(guild.id, guild.premium_tier);
        for channel in guild.channels.values().chain(&guild.threads) {
            state.note(channel);
        }
    }

    pub(crate) fn note_level(&self, guild: GuildId, level: PremiumTier) {
        self.lock().levels.insert(guild, level);
    }

    pub(crate) fn level(&self, guild: GuildId) -> Option<PremiumTier> {
        self.lock().levels.get(&guild).copied()
    }

    pub(crate) fn note_channel(&self, channel: &GuildChannel) {
        self.lock().note(channel);
    }

    /// Notes what Discord answered when it was asked for a channel.
    pub(crate) fn note_answer(&self, channel: &rest::Channel) -> Spot {
        let mut state = self.lock();
        let customer = state.customer_of(channel.kind, channel.owner_id, channel.name.as_deref());
        let spot = Spot {
            guild: channel.guild_id,
            kind: channel.kind,
            parent: channel.parent_id,
            customer,
        };
        state.spots.insert(channel.id, spot);
        spot
    }

    pub(crate) fn forget(&self, channel: ChannelId) {
        self.lock().spots.remove(&channel);
    }

    pub(crate) fn spot(&self, channel: ChannelId) -> Option<Spot> {
        self.lock().spots.get(&channel).copied()
    }

    /// Notes that a conversation is shown at a place, which can be its home: of those there it is the last one now.
    pub(crate) fn show(&self, place: ChannelId, conversation: &ConversationKey) {
        let mut state = self.lock();
        if let Some(before) = state.shown.get(conversation).copied().filter(|before| *before != place) {
            let left = state.together(before, conversation);
            state.held.insert(before, left);
        }
        if home(conversation) == Some(place) {
            state.shown.remove(conversation);
            if state.together(place, conversation).is_empty() {
                // Alone at home.
                return;
            }
        } else {
            state.shown.insert(conversation.clone(), place);
        }
        let mut together = state.together(place, conversation);
        together.push(conversation.clone());
        let over = together.len().saturating_sub(TOGETHER_MAX);
        together.drain(..over);
        state.held.insert(place, together);
    }

    /// Notes what the ledger knows of conversations that stand: where each is shown, oldest first. What was shown since
    /// the start keeps its place behind them.
    pub(crate) fn recall(&self, shown: &[(ChannelId, ConversationKey)]) {
        let mut state = self.lock();
        let is_away = |(place, of): &&(ChannelId, ConversationKey)| home(of) != Some(*place);
        let away: HashSet<ChannelId> = shown.iter().filter(is_away).map(|(place, _)| *place).collect();
        for (place, conversation) in shown.iter().rev() {
            // A place that was opened since is not in the ledger yet.
            if home(conversation) != Some(*place) && state.shown.get(conversation).is_none() {
                state.shown.insert(conversation.clone(), *place);
            }
            let mut together = state.held.get(place).cloned().unwrap_or_default();
            let is_together = away.contains(place) || !together.is_empty();
            if is_together && together.len() < TOGETHER_MAX && !together.contains(conversation) {
                together.insert(0, conversation.clone());
                state.held.insert(*place, together);
            }
        }
    }

    /// The conversations that are shown at a place together; the one that was shown last stands last.
    pub(crate) fn held(&self, place: ChannelId) -> Vec<ConversationKey> {
        self.lock().held.get(&place).cloned().unwrap_or_default()
    }

    /// Where a conversation is shown, when that is not its home.
    pub(crate) fn shown(&self, conversation: &ConversationKey) -> Option<ChannelId> {
        self.lock().shown.get(conversation).copied()
    }

    /// To whom something belongs that a person did, by what was shown there last, whoever owns that now.
    pub(crate) fn whose(&self, guild: Option<GuildId>, channel: ChannelId, person: UserId) -> Whose {
        let state = self.lock();
        if let Some(held) = state.held.get(&channel).and_then(|together| together.last()) {
            return of_place(held.clone(), person);
        }
        if guild.is_none() {
            return Whose::Conversation(self.key(channel, person));
        }
        match state.spots.get(&channel) {
            Some(Spot {
                customer: Some(customer),
                parent: Some(home),
                ..
            }) => of_place(self.key(*home, *customer), person),
            Some(_) => Whose::Conversation(self.key(channel, person)),
            None => Whose::Unknown,
        }
    }

    /// The conversation for which a thread was opened.
    pub(crate) fn of_thread(&self, thread: ChannelId) -> Option<ConversationKey> {
        match self.lock().spots.get(&thread)? {
            Spot {
                customer: Some(customer),
                parent: Some(home),
                ..
            } => Some(self.key(*home, *customer)),
            _ => None,
        }
    }

    /// The lane of what a person did. Where the channel is unknown it is a lane of its own.
    pub(crate) fn lane(&self, guild: Option<GuildId>, channel: ChannelId, person: UserId) -> Lane {
        match self.whose(guild, channel, person) {
            Whose::Conversation(conversation) => lane(&conversation),
            Whose::Stranger(_) | Whose::Unknown => None,
        }
        .unwrap_or(Lane {
            home: channel,
            customer: person,
        })
    }

    /// The conversation of a customer at home.
    pub(crate) fn key(&self, home: ChannelId, customer: UserId) -> ConversationKey {
        ConversationKey {
            channel: self.account.clone(),
            address: Address::new(home.to_string()),
            customer: CustomerId::new(customer.to_string()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What is known is whole at every moment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The other conversations that are shown at a place.
    fn together(&self, place: ChannelId, conversation: &ConversationKey) -> Vec<ConversationKey> {
        let together = self.held.get(&place).into_iter().flatten();
        together.filter(|of| *of != conversation).cloned().collect()
    }

    fn note(&mut self, channel: &GuildChannel) {
        let spot = Spot {
            guild: Some(channel.guild_id),
            kind: channel.kind,
            parent: channel.parent_id,
            customer: self.customer_of(channel.kind, channel.owner_id, Some(&channel.name)),
        };
        self.spots.insert(channel.id, spot);
    }

    /// For whom a thread was opened by us: it is private, ours, and its name says so.
    fn customer_of(&self, kind: ChannelType, owner: Option<UserId>, name: Option<&str>) -> Option<UserId> {
        let is_ours = kind == ChannelType::PrivateThread && owner.is_some() && owner == self.me;
        name.filter(|_| is_ours).and_then(marked)
    }
}

fn of_place(conversation: ConversationKey, person: UserId) -> Whose {
    if customer(&conversation) == Some(person) {
        Whose::Conversation(conversation)
    } else {
        Whose::Stranger(conversation)
    }
}

/// What a thread for a customer is called.
pub(crate) fn thread_name(word: &str, customer: UserId) -> String {
    /// How long a name may be, in characters.
    const NAME_MAX: usize = 100;
    let mark = format!(" · {customer}");
    let room = NAME_MAX - mark.chars().count();
    let word: String = word.chars().take(room).collect();
    format!("{word}{mark}")
}

/// For whom a thread of that name was opened.
pub(crate) fn marked(name: &str) -> Option<UserId> {
    let (_, mark) = name.rsplit_once(" · ")?;
    mark.parse::<u64>().ok().filter(|id| *id != 0).map(UserId::new)
}

/// The home of a conversation; `None` when its address is none of Discord's.
pub(crate) fn home(conversation: &ConversationKey) -> Option<ChannelId> {
    channel(&conversation.address)
}

pub(crate) fn channel(address: &Address) -> Option<ChannelId> {
    let id: u64 = address.as_str().parse().ok()?;
    (id != 0).then(|| ChannelId::new(id))
}

pub(crate) fn customer(conversation: &ConversationKey) -> Option<UserId> {
    let id: u64 = conversation.customer.as_str().parse().ok()?;
    (id != 0).then(|| UserId::new(id))
}

/// The lane of a conversation.
pub(crate) fn lane(conversation: &ConversationKey) -> Option<Lane> {
    Some(Lane {
        home: home(conversation)?,
        customer: customer(conversation)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: UserId = UserId::new(1);
    const ANNA: UserId = UserId::new(42);
    const HOME: ChannelId = ChannelId::new(10);
    const THREAD: ChannelId = ChannelId::new(11);
    const GUILD: Option<GuildId> = Some(GuildId::new(5));

    fn places(threads_owner: UserId) -> Places {
        let places = Places::new(Account::new("discord"));
        places.note_me(ME);
        note_channels(&places, threads_owner);
        places
    }

    fn note_channels(places: &Places, threads_owner: UserId) {
        for (id, kind, parent, owner, name) in [
            (HOME, ChannelType::Text, None, None, "help".to_owned()),
            (
                THREAD,
                ChannelType::PrivateThread,
                Some(HOME),
                Some(threads_owner),
                thread_name("Support", ANNA),
            ),
        ] {
            places.note_answer(&rest::Channel {
                id,
                kind,
                guild_id: GUILD,
                parent_id: parent,
                owner_id: owner,
                name: Some(name),
            });
        }
    }

    #[test]
    fn a_thread_that_we_opened_belongs_to_its_customer_at_home() {
        let places = places(ME);
        let at_home = places.key(HOME, ANNA);
        assert_eq!(places.whose(GUILD, HOME, ANNA), Whose::Conversation(at_home.clone()));
        assert_eq!(places.whose(GUILD, THREAD, ANNA), Whose::Conversation(at_home.clone()));
        assert_eq!(places.whose(GUILD, THREAD, UserId::new(7)), Whose::Stranger(at_home));
        assert_eq!(places.lane(GUILD, HOME, ANNA), places.lane(GUILD, THREAD, ANNA));
    }

    #[test]
    fn a_thread_that_was_noted_before_the_bot_knew_itself_is_asked_for_again() {
        let places = Places::new(Account::new("discord"));
        note_channels(&places, ME);
        places.note_me(ME);
        assert_eq!(places.whose(GUILD, THREAD, ANNA), Whose::Unknown);
        note_channels(&places, ME);
        places.note_me(ME);
        let at_home = places.key(HOME, ANNA);
        assert_eq!(places.whose(GUILD, THREAD, ANNA), Whose::Conversation(at_home));
    }

    #[test]
    fn a_thread_of_somebody_else_is_a_home_of_its_own() {
        let places = places(UserId::new(9));
        let there = places.key(THREAD, ANNA);
        assert_eq!(places.whose(GUILD, THREAD, ANNA), Whose::Conversation(there));
    }

    #[test]
    fn a_channel_that_nobody_knows_is_asked_for_and_a_direct_message_is_not() {
        let places = places(ME);
        assert_eq!(places.whose(GUILD, ChannelId::new(99), ANNA), Whose::Unknown);
        let direct = ChannelId::new(98);
        assert_eq!(
            places.whose(None, direct, ANNA),
            Whose::Conversation(places.key(direct, ANNA))
        );
    }

    #[test]
    fn of_conversations_in_one_place_the_one_that_was_shown_last_stands_last() {
        let places = places(ME);
        let direct = ChannelId::new(98);
        let [first, second] = [10, 12].map(|home| places.key(ChannelId::new(home), ANNA));
        let at_home = places.key(direct, ANNA);
        let shown = |of: &ConversationKey| (direct, of.clone());
        places.recall(&[shown(&first), shown(&at_home), shown(&second)]);
        assert_eq!(places.held(direct), [&first, &at_home, &second].map(Clone::clone));
        places.show(direct, &at_home);
        // What is known already keeps the order in which it was shown.
        places.recall(&[shown(&first), shown(&at_home), shown(&second)]);
        assert_eq!(places.held(direct), [&first, &second, &at_home].map(Clone::clone));
        places.show(HOME, &first);
        assert_eq!(places.held(direct), [&second, &at_home].map(Clone::clone));
        places.show(THREAD, &second);
        places.recall(&[shown(&second)]);
        assert_eq!(places.shown(&second), Some(THREAD));
    }

    #[test]
    fn a_channel_in_which_many_are_at_home_is_held_by_none_of_them() {
        let places = places(ME);
        let at_home = places.key(HOME, ANNA);
        places.show(HOME, &at_home);
        places.recall(&[(HOME, at_home)]);
        assert!(places.held(HOME).is_empty());
    }

    #[test]
    fn a_threads_name_keeps_its_mark_however_long_the_rest_is() {
        let name = thread_name(&"ä".repeat(200), ANNA);
        assert_eq!(name.chars().count(), 100);
        assert_eq!(marked(&name), Some(ANNA));
        for other in ["Support", "a · b", "a · 0", ""] {
            assert_eq!(marked(other), None);
        }
    }
}
