use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{PoisonError, RwLock},
};

use crate::{
    model::{Address, ChannelId, ConversationKey, HookAddress, Position, SessionId, Timestamp},
    session::{Conversation, Mark, State},
};

/// Who owns which conversation, in memory: complete for all that a human owns or owned in the last 48 hours, and
/// changed in the order of the commits.
#[derive(Debug, Default)]
pub struct Owners {
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_key: HashMap<ConversationKey, Ownership>,
    by_session: HashMap<SessionId, ConversationKey>,
}

/// What is known of one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// The session that stands.
    pub session: Option<Standing>,
    /// Where it changed hands last.
    pub mark: Option<Mark>,
    /// The session that ended last.
    pub last: Option<SessionId>,
    /// When that was.
    pub ended_at: Option<Timestamp>,
    /// Where it is held, when that is not its own address.
    pub place: Option<Address>,
    /// The highest position that was accepted for the human.
    pub accepted: Option<Mark>,
}

/// A session that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub id: SessionId,
    /// Whether an agent has shown.
    pub with_agent: bool,
    /// Where the desk's hooks for it go.
    pub hook_address: HookAddress,
    /// When it was asked for.
    pub opened_at: Timestamp,
}

impl Ownership {
    pub(crate) fn of(conversation: &Conversation) -> Self {
        let session = conversation.session().map(|session| Standing {
            id: session.id,
            with_agent: matches!(conversation.state, State::WithAgent(_)),
            hook_address: session.hook_address.clone(),
            opened_at: session.opened_at,
        });
        Self {
            session,
            mark: conversation.mark,
            last: conversation.last.map(|last| last.session),
            ended_at: conversation.last.map(|last| last.at),
            place: conversation.place.clone(),
            accepted: conversation.accepted,
        }
    }

    /// Whether it says what [`of`](Self::of) would, but for the position: most messages change nothing else.
    fn is_of(&self, conversation: &Conversation) -> bool {
        let session = match (&self.session, conversation.session()) {
            (Some(known), Some(session)) => {
                let with_agent = matches!(conversation.state, State::WithAgent(_));
                known.id == session.id && known.with_agent == with_agent && known.hook_address == session.hook_address
            }
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        session
            && self.mark == conversation.mark
            && self.last == conversation.last.map(|last| last.session)
            && self.place == conversation.place
    }

    /// Whether a human owns the conversation.
    pub fn is_human(&self) -> bool {
        self.session.is_some()
    }

    /// Whether an update at a position belongs to the former owner.
    pub fn is_former(&self, position: Position, now: Timestamp) -> bool {
        self.mark.is_some_and(|mark| mark.covers(position, now))
    }
}

impl Owners {
    /// What is known of a conversation; `None` when no human has owned it lately.
    pub fn get(&self, key: &ConversationKey) -> Option<Ownership> {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .by_key
            .get(key)
            .cloned()
    }

    /// The conversations of a channel that a human owns.
    pub fn of_channel(&self, channel: &ChannelId) -> Vec<(ConversationKey, Ownership)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let held = known.by_key.iter();
        held.filter(|(key, ownership)| key.channel == *channel && ownership.is_human())
            .map(|(key, ownership)| (key.clone(), ownership.clone()))
            .collect()
    }

    /// The channels of all conversations that are known of.
    pub fn channels(&self) -> HashSet<ChannelId> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.by_key.keys().map(|key| key.channel.clone()).collect()
    }

    /// The conversation in which a session stands; `None` when it is over or unknown.
    pub fn of_session(&self, session: SessionId) -> Option<(ConversationKey, Standing)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let key = known.by_session.get(&session)?;
        let standing = known.by_key.get(key)?.session.clone()?;
        Some((key.clone(), standing))
    }

    /// Where the hooks of the sessions that stand go: each address once.
    pub fn hook_addresses(&self) -> BTreeSet<HookAddress> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let standing = known.by_key.values().filter_map(|ownership| ownership.session.as_ref());
        standing.map(|standing| standing.hook_address.clone()).collect()
    }

    pub(crate) fn publish<'c>(&self, conversations: impl IntoIterator<Item = &'c Conversation>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for conversation in conversations {
            let same = known.by_key.get_mut(&conversation.key);
            if let Some(same) = same.filter(|known| known.is_of(conversation)) {
                same.accepted = conversation.accepted;
            } else if conversation.is_human() || conversation.last.is_some() {
                known.publish(conversation.key.clone(), Ownership::of(conversation));
            }
        }
    }

    /// Whether something of a conversation changed that is known by heart, but for how far it is accepted.
    pub(crate) fn is_news(&self, conversation: &Conversation) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        match known.by_key.get(&conversation.key) {
            Some(known) => !known.is_of(conversation),
            None => conversation.is_human() || conversation.last.is_some(),
        }
    }

    /// Forgets all, and knows these.
    pub(crate) fn replace<'c>(&self, conversations: impl IntoIterator<Item = &'c Conversation>) {
        let mut fresh = Known::default();
        for conversation in conversations {
            fresh.publish(conversation.key.clone(), Ownership::of(conversation));
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = fresh;
    }

    /// Forgets what no human has owned since.
    pub(crate) fn forget_before(&self, since: Timestamp) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known
            .by_key
            .retain(|_, ownership| ownership.is_human() || ownership.ended_at.is_some_and(|at| at >= since));
    }

    pub(crate) fn forget<'k>(&self, keys: impl IntoIterator<Item = &'k ConversationKey>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            known.by_key.remove(key);
        }
    }
}

impl Known {
    fn publish(&mut self, key: ConversationKey, ownership: Ownership) {
        if let Some(standing) = &ownership.session {
            self.by_session.insert(standing.id, key.clone());
        }
        let stands = ownership.session.as_ref().map(|standing| standing.id);
        let before = self.by_key.insert(key, ownership);
        // A session that no longer stands is not looked up any more.
        if let Some(over) = before
            .and_then(|before| before.session)
            .filter(|over| Some(over.id) != stands)
        {
            self.by_session.remove(&over.id);
        }
    }
}
