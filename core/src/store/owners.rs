use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use crate::{
    model::{ConversationKey, Position, SessionId, Timestamp},
    session::{Conversation, Mark, State},
};

/// Who owns which conversation, in memory: complete for all that a human owns or owned in the last 48 hours, and
/// changed in the order of the commits.
#[derive(Debug, Default)]
pub struct Owners {
    known: RwLock<HashMap<ConversationKey, Ownership>>,
}

/// What is known of one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// The session that stands, with its state's word and the address of its hooks.
    pub session: Option<(SessionId, &'static str, String)>,
    /// Where it changed hands last.
    pub mark: Option<Mark>,
    /// The session that ended last.
    pub last: Option<SessionId>,
}

impl Ownership {
    pub(crate) fn of(conversation: &Conversation) -> Self {
        let word = conversation.state.word();
        let session = conversation.session().map(|session| (session.id, word, session.hook_address.clone()));
        Self { session, mark: conversation.mark, last: conversation.last.map(|last| last.session) }
    }

    /// Whether a human owns the conversation.
    pub fn is_human(&self) -> bool {
        self.session.is_some()
    }

    /// Whether an agent has shown in the session that stands.
    pub fn with_agent(&self) -> bool {
        self.session.as_ref().is_some_and(|(_, word, _)| *word == WITH_AGENT)
    }

    /// Whether an update at a position belongs to the former owner.
    pub fn is_former(&self, position: Position, now: Timestamp) -> bool {
        self.mark.is_some_and(|mark| mark.covers(position, now))
    }
}

const WITH_AGENT: &str = "with_agent";

impl Owners {
    /// What is known of a conversation; `None` when no human has owned it lately.
    pub fn get(&self, key: &ConversationKey) -> Option<Ownership> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub(crate) fn publish<'c>(&self, conversations: impl IntoIterator<Item = &'c Conversation>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for conversation in conversations {
            if conversation.is_human() || conversation.last.is_some() {
                known.insert(conversation.key.clone(), Ownership::of(conversation));
            }
        }
    }

    pub(crate) fn forget<'k>(&self, keys: impl IntoIterator<Item = &'k ConversationKey>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            known.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_for_an_agent_is_the_state_s() {
        // `with_agent` compares words so that ownership need not carry the whole state.
        let words = ["with_bot", "opening", "waiting", WITH_AGENT, "leaving"];
        assert_eq!(words.iter().filter(|word| **word == WITH_AGENT).count(), 1);
        let _: fn(&State) -> &'static str = State::word;
    }
}
