//! What a person may ask of a ledger, beside the dead letters. None of it is what was said.

use crate::{
    delivery::{Door, Lane},
    model::{ChannelId, ConversationKey, EndReason, SessionId, Timestamp},
    session::Conversation,
};

/// Which dead letters are asked for: those that are both. The default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LettersOf {
    /// Those of conversations of this channel alone, whichever way they went.
    pub channel: Option<ChannelId>,
    /// Those of this lane alone.
    pub lane: Option<Lane>,
}

/// A session, to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// Which.
    pub session: SessionId,
    /// The conversation that it belongs to.
    pub conversation: ConversationKey,
    /// How far it is, as a fixed word: `opening`, `waiting`, `with_agent`, `leaving`, or `ended`.
    pub state: &'static str,
    /// Why it ended; `None` while it stands.
    pub ended: Option<EndReason>,
    /// When it was asked for; of one that is over, when it ended.
    pub since: Timestamp,
    /// The lanes that its deliveries leave by: its own, and those of its conversation.
    pub lanes: [Lane; 3],
    /// How many deliveries wait in them or are on their way.
    pub waiting: usize,
}

/// A door's queue, to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueFacts {
    /// Which door.
    pub door: Door,
    /// How many deliveries wait.
    pub waiting: usize,
    /// How many are on their way.
    pub in_flight: usize,
    /// When the oldest of both joined its lane.
    pub oldest: Option<Timestamp>,
    /// When the next lane is due that has nothing on its way.
    pub next_due: Option<Timestamp>,
    /// How many dead letters there are.
    pub dead: usize,
}

/// The sessions of conversations: those that stand in their order, then those that ended since, the latest first. What
/// waits is not counted yet.
pub(super) fn sessions(conversations: &[Conversation], ended_since: Timestamp) -> Vec<SessionFacts> {
    let mut ended: Vec<SessionFacts> = conversations.iter().filter_map(|c| over(c, ended_since)).collect();
    ended.sort_by_key(|session| std::cmp::Reverse((session.since, session.session)));
    conversations.iter().filter_map(standing).chain(ended).collect()
}

fn standing(conversation: &Conversation) -> Option<SessionFacts> {
    let session = conversation.session()?;
    Some(SessionFacts {
        state: conversation.state.word(),
        since: session.opened_at,
        ..of(conversation, session.id)
    })
}

fn over(conversation: &Conversation, ended_since: Timestamp) -> Option<SessionFacts> {
    let last = conversation.last.filter(|last| last.at >= ended_since)?;
    Some(SessionFacts {
        state: "ended",
        ended: Some(last.reason),
        since: last.at,
        ..of(conversation, last.session)
    })
}

fn of(conversation: &Conversation, session: SessionId) -> SessionFacts {
    let id = conversation.id;
    SessionFacts {
        session,
        conversation: conversation.key.clone(),
        state: "",
        ended: None,
        since: Timestamp::default(),
        lanes: [Lane::Desk(session), Lane::Chat(id), Lane::Bot(id)],
        waiting: 0,
    }
}
