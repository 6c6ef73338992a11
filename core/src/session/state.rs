use std::{fmt, time::Duration};

use super::{Album, Watch};
use crate::{
    delivery::{DeliveryId, Lane},
    model::{
        Address, Author, ConversationId, ConversationKey, EndReason, Epoch, HookAddress, Position, Profile, SessionId,
        Text, Timestamp,
    },
};

/// One customer's thread on one channel, and the session in it if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Our id.
    pub id: ConversationId,
    /// What makes it one of a kind.
    pub key: ConversationKey,
    /// How often it has changed hands.
    pub epoch: Epoch,
    /// Where it changed hands last.
    pub mark: Option<Mark>,
    /// The highest position that was accepted for a human, and when. It gives way to a lower one, like every mark, once it
    /// holds no longer.
    pub accepted: Option<Mark>,
    /// Where its sessions are held, when that is not its own address.
    pub place: Option<Address>,
    /// The last number given in the chat lane.
    pub chat_seq: u64,
    /// The last number given in the bot lane.
    pub bot_seq: u64,
    /// Who has it, and how far that is.
    pub state: State,
    /// The session that ended last.
    pub last: Option<Ended>,
}

/// The position of a change of hands. An update at or below it belongs to the former owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The position.
    pub position: Position,
    /// When it was made. Telegram starts its numbers anew after a quiet week, so a mark does not hold for ever.
    pub at: Timestamp,
}

impl Mark {
    /// How long a mark holds: longer than any platform delivers an update again (24 hours), shorter than a week.
    pub const HOLDS_FOR: Duration = Duration::from_hours(48);

    /// Whether a position belongs to the former owner.
    pub fn covers(self, position: Position, now: Timestamp) -> bool {
        position <= self.position && now.since(self.at) <= Self::HOLDS_FOR
    }
}

/// How far an escalation is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The bot owns the conversation.
    WithBot,
    /// The desk has been asked.
    Opening(Session),
    /// The desk has the session, and no agent has shown.
    Waiting(Session),
    /// An agent has it.
    WithAgent(Session),
    /// No agent is there, and the customer is leaving a message.
    Leaving(Leaving),
}

/// One escalation that stands.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// Our id, which the desk knows too.
    pub id: SessionId,
    /// Where the desk's hooks for it go.
    pub hook_address: HookAddress,
    /// When it was asked for.
    pub opened_at: Timestamp,
    /// The last number given in its desk lane.
    pub desk_seq: u64,
    /// The last message number given.
    pub messages: u32,
    /// The row that opens it at the desk.
    pub opener: u64,
    /// Who is served.
    pub profile: Profile,
    /// The page the chat was opened from.
    pub url: Option<String>,
    /// The agent, once one has shown.
    pub agent: Option<Author>,
    /// Whether the agent goes on speaking with the next message.
    pub speaking: Speaking,
    /// What the desk asks of the customer and nobody has told yet.
    pub asks: Asks,
    /// What its timers go by.
    pub watch: Watch,
    /// The album whose parts are still coming.
    pub album: Option<Album>,
}

/// What is asked of the customer beside the talk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// A phone number.
    pub phone: bool,
    /// An e-mail address.
    pub email: bool,
}

/// Where an agent's message stands among what is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speaking {
    /// It is the first since the customer spoke, or since another agent did: the name is shown.
    #[default]
    Begins,
    /// The same agent spoke last.
    GoesOn,
}

/// A message that is being left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// The session that found no agent.
    pub session: Session,
    /// What the ticket will say: context and history, then what the customer wrote since, one entry a message.
    pub lines: Vec<Text>,
    /// How many of `lines` came before the customer wrote.
    pub header: usize,
    /// The row of the ticket, once a contact was given.
    pub log: Option<u64>,
    /// How many of `lines` stand in that ticket.
    pub logged: usize,
}

/// A session that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which.
    pub session: SessionId,
    /// When.
    pub at: Timestamp,
    /// Why: the first reason that came.
    pub reason: EndReason,
    /// Where its answer stands at the desk, while the customer is asked whether it was solved.
    pub asked: Option<Asked>,
}

/// Where a session's lane goes on after its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The last number given in its desk lane.
    pub desk_seq: u64,
    /// The last message number given.
    pub messages: u32,
}

impl Conversation {
    /// A conversation that the bot owns and that nobody has escalated yet.
    pub fn new(id: ConversationId, key: ConversationKey) -> Self {
        Self {
            id,
            key,
            epoch: Epoch::default(),
            mark: None,
            accepted: None,
            place: None,
            chat_seq: 0,
            bot_seq: 0,
            state: State::WithBot,
            last: None,
        }
    }

    /// The session that stands.
    pub fn session(&self) -> Option<&Session> {
        self.state.session()
    }

    /// The row of the chat lane that was numbered last.
    pub fn chat_row(&self) -> DeliveryId {
        DeliveryId {
            lane: Lane::Chat(self.id),
            seq: self.chat_seq,
        }
    }

    /// The row of the bot lane that was numbered last.
    pub fn bot_row(&self) -> DeliveryId {
        DeliveryId {
            lane: Lane::Bot(self.id),
            seq: self.bot_seq,
        }
    }

    /// Whether a human owns it.
    pub fn is_human(&self) -> bool {
        self.session().is_some()
    }

    /// Whether a position lies at or below the last change of hands.
    pub fn is_former(&self, position: Position, now: Timestamp) -> bool {
        self.mark.is_some_and(|mark| mark.covers(position, now))
    }
}

impl State {
    /// The session that stands.
    pub fn session(&self) -> Option<&Session> {
        match self {
            Self::WithBot => None,
            Self::Opening(session) | Self::Waiting(session) | Self::WithAgent(session) => Some(session),
            Self::Leaving(leaving) => Some(&leaving.session),
        }
    }

    /// The session that stands, to be changed.
    pub fn session_mut(&mut self) -> Option<&mut Session> {
        match self {
            Self::WithBot => None,
            Self::Opening(session) | Self::Waiting(session) | Self::WithAgent(session) => Some(session),
            Self::Leaving(leaving) => Some(&mut leaving.session),
        }
    }

    /// The state as a fixed word, for logs, tables and metrics.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::WithBot => "with_bot",
            Self::Opening(_) => "opening",
            Self::Waiting(_) => "waiting",
            Self::WithAgent(_) => "with_agent",
            Self::Leaving(_) => "leaving",
        }
    }
}

impl Leaving {
    /// The row of the ticket, once a contact was given.
    pub fn ticket(&self) -> Option<DeliveryId> {
        self.log.map(|seq| self.session.row(seq))
    }
}

/// Who is served, and from which page, is not shown.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("opened_at", &self.opened_at)
            .field("desk_seq", &self.desk_seq)
            .field("messages", &self.messages)
            .field("opener", &self.opener)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// The session's lane.
    pub const fn lane(&self) -> Lane {
        Lane::Desk(self.id)
    }

    /// The key of a row of its lane.
    pub const fn row(&self, seq: u64) -> DeliveryId {
        DeliveryId { lane: self.lane(), seq }
    }
}
