use super::{
    AlbumId, Attachment, Contact, ConversationKey, HistoryRoute, Line, MessageId, Profile, RichText, SessionId, Text,
};

/// What comes from the customer's side: the platform, or the bot that speaks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CustomerEvent {
    /// The customer wrote or sent something.
    Message(CustomerMessage),
    /// The customer changed a message; the text is the new one.
    Edited(RichText),
    /// The customer asked for the end (`/end`, the end button), or cancelled while waiting.
    Ended,
    /// The customer answered whether it was solved, after the end of a session.
    Answered {
        /// Which session was asked about.
        session: SessionId,
        /// The answer.
        answer: Answer,
    },
    /// The bot asks for a human.
    Escalate(Box<Escalation>),
    /// The bot takes the conversation back.
    BotEnded,
    /// The bot hands its history in without asking for a human, through the chatbot log.
    PushLog {
        /// Whom the ticket is from.
        from: Contact,
        /// The ticket's subject.
        subject: Text,
        /// The history, oldest first; what the ledger holds already stands before it.
        history: Vec<Line>,
    },
}

/// A message of the customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerMessage {
    /// The text or caption.
    pub text: Option<RichText>,
    /// The files, in order.
    pub files: Vec<Attachment>,
    /// The album that it is a part of, where the platform sends the parts as messages of their own.
    pub album: Option<AlbumId>,
    /// The platform's id of the message, where the customer can be shown that the desk has it.
    pub id: Option<MessageId>,
    /// A contact of the customer's own that the platform vouches for, such as one shared by a button.
    pub contact: Option<Contact>,
}

/// What a customer says of a session that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It was solved.
    Solved,
    /// It was not.
    NotSolved,
}

impl Answer {
    /// The answer as a fixed word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Solved => "solved",
            Self::NotSolved => "not solved",
        }
    }
}

impl CustomerMessage {
    /// A message of text alone.
    pub fn text(words: impl Into<RichText>) -> Self {
        Self {
            text: Some(words.into()),
            ..Self::default()
        }
    }
}

/// What a bot says when it asks for a human.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Escalation {
    /// Why, in words for the agent.
    pub reason: Option<Text>,
    /// The bot's own fields for the agent, in order: (name, value).
    pub fields: Vec<(Text, Text)>,
    /// How the history reaches the desk; `None` takes the setting.
    pub history_route: Option<HistoryRoute>,
    /// The address the chat was opened from, for the desk; `None` takes the setting.
    pub url: Option<String>,
    /// Who is served. Filled in by the channel.
    pub profile: Profile,
    /// The bot's part of the transcript, oldest first. Filled in by the ingress.
    pub history: Vec<Line>,
}

impl Escalation {
    /// An escalation for a reason that the agent will read.
    pub fn because(reason: impl Into<Text>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..Self::default()
        }
    }

    /// Adds a field of the bot's own that the agent will read.
    pub fn field(mut self, name: impl Into<Text>, value: impl Into<Text>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Names a way to reach the customer outside the chat.
    pub fn contact(mut self, contact: Contact) -> Self {
        self.profile.contact = Some(contact);
        self
    }
}

/// What comes from the desk, for one session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeskEvent {
    /// An agent wrote.
    Message {
        /// The agent's name, where the desk gave one.
        name: Option<Text>,
        /// Address of the agent's picture, where the desk gave one.
        picture: Option<String>,
        /// What the agent wrote. Untrusted.
        text: RichText,
    },
    /// An agent sent a file, whose bytes are in the blob store.
    File(Attachment),
    /// An agent began to write.
    Typing,
    /// The session ended at the desk.
    Ended,
}

/// A passing sign: never stored, never retried, and the latest wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Began to write.
    TypingStarted,
    /// Stopped writing.
    TypingStopped,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// The agent ended it.
    Agent,
    /// The customer ended it, or cancelled while waiting.
    Customer,
    /// The bot took the conversation back.
    Bot,
    /// No agent was there: the policy is to stay with the bot, or the customer left no contact for a message.
    NoAgents,
    /// No agent was there or took the session in time, and the customer left a message.
    LeftMessage,
    /// The desk refused the session.
    Refused,
    /// The desk did not take the session in time.
    OpeningTimeout,
    /// The platform has no place in which the customer and the agent could talk.
    NoPlace,
    /// No agent took the session in time, and the policy is to give it back to the bot.
    WaitingTimeout,
    /// Neither the customer nor the agent said anything for long.
    Silence,
}

impl EndReason {
    /// The reason as a fixed word, for logs and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Customer => "customer",
            Self::Bot => "bot",
            Self::NoAgents => "no_agents",
            Self::LeftMessage => "left_message",
            Self::Refused => "refused",
            Self::OpeningTimeout => "opening_timeout",
            Self::NoPlace => "no_place",
            Self::WaitingTimeout => "waiting_timeout",
            Self::Silence => "silence",
        }
    }
}

/// A line of the customer that no agent got before the session was over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// What the customer wrote; a file stands as `[image: cat.png]`.
    pub text: Text,
}

/// What the bot is told. At least once each: a crash between the bot's handler and its receipt repeats it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BotEvent {
    /// The desk has the session; no agent has written yet.
    Waiting {
        /// Which conversation.
        conversation: ConversationKey,
        /// Which session.
        session: SessionId,
    },
    /// An agent has taken the session.
    Connected {
        /// Which conversation.
        conversation: ConversationKey,
        /// Which session.
        session: SessionId,
        /// The agent's name, where the desk gave one.
        agent: Option<Text>,
    },
    /// The bot owns the conversation again.
    HandedBack {
        /// Which conversation.
        conversation: ConversationKey,
        /// Which session.
        session: SessionId,
        /// Why.
        reason: EndReason,
        /// What the customer wrote and no agent got, oldest first.
        unsent: Vec<Unsent>,
        /// The human part, oldest first. Read from the ledger when the bot is told.
        transcript: Vec<Line>,
    },
    /// The escalation failed and the bot owns the conversation again.
    Failed {
        /// Which conversation.
        conversation: ConversationKey,
        /// Which session.
        session: SessionId,
        /// Why.
        reason: EndReason,
        /// What went wrong, in words for a log.
        detail: String,
        /// What the customer wrote and no agent got, oldest first.
        unsent: Vec<Unsent>,
    },
    /// A message could not be delivered and is a dead letter now.
    Undelivered {
        /// Which conversation.
        conversation: ConversationKey,
        /// Which session, where the message belonged to one.
        session: Option<SessionId>,
        /// What could not be delivered, and why, in words for a log.
        detail: String,
    },
}

impl BotEvent {
    /// The kind as a fixed word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Connected { .. } => "connected",
            Self::HandedBack { .. } => "handed_back",
            Self::Failed { .. } => "failed",
            Self::Undelivered { .. } => "undelivered",
        }
    }

    /// The conversation that the event is about.
    pub fn conversation(&self) -> &ConversationKey {
        match self {
            Self::Waiting { conversation, .. }
            | Self::Connected { conversation, .. }
            | Self::HandedBack { conversation, .. }
            | Self::Failed { conversation, .. }
            | Self::Undelivered { conversation, .. } => conversation,
        }
    }
}
