use crate::model::{
    Attachment, Author, BotEvent, Contact, FileKind, MessageId, RichText, SessionId, Span, Style, Text,
};

/// What a delivery carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// To the desk.
    Desk(DeskPayload),
    /// To the customer.
    Chat(ChatPayload),
    /// To the bot.
    Bot(BotEvent),
}

impl Payload {
    /// The kind as a fixed word, for logs, tables and metrics.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Desk(DeskPayload::AskAvailability) => "desk.availability",
            Self::Desk(DeskPayload::ChatbotLog { .. }) => "desk.log",
            Self::Desk(DeskPayload::Message { opener: true, .. }) => "desk.opener",
            Self::Desk(DeskPayload::Message { .. }) => "desk.message",
            Self::Desk(DeskPayload::File { .. }) => "desk.file",
            Self::Desk(DeskPayload::End) => "desk.end",
            Self::Chat(ChatPayload::Open { .. }) => "chat.open",
            Self::Chat(ChatPayload::Message { .. }) => "chat.message",
            Self::Chat(ChatPayload::File { .. }) => "chat.file",
            Self::Chat(ChatPayload::Notice { .. }) => "chat.notice",
            Self::Chat(ChatPayload::Question { .. }) => "chat.question",
            Self::Bot(_) => "bot.event",
        }
    }

    /// What a person would have read; `None` where nobody would.
    pub fn readable(&self) -> Option<Text> {
        match self {
            Self::Desk(DeskPayload::Message { text, .. })
            | Self::Chat(ChatPayload::Notice { text, .. } | ChatPayload::Question { text, .. }) => Some(text.clone()),
            Self::Chat(ChatPayload::Message { text, .. }) => Some(text.plain()),
            Self::Desk(DeskPayload::File { file, .. }) | Self::Chat(ChatPayload::File { file, .. }) => {
                Some(file.label())
            }
            Self::Desk(_) | Self::Chat(ChatPayload::Open { .. }) | Self::Bot(_) => None,
        }
    }
}

/// What goes to the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeskPayload {
    /// Asks whether an agent is there. Never a dead letter: where no answer comes in time, nothing is known.
    AskAvailability,
    /// A ticket with the history. Made at most once: a second call would make a second ticket.
    ChatbotLog {
        /// Whom the ticket is from.
        from: Contact,
        /// The ticket's subject.
        subject: Text,
        /// The history, in Markdown.
        text: Text,
    },
    /// A message of the customer, or one line of ours to the agent.
    Message {
        /// Whether it opens the session.
        opener: bool,
        /// Its number in the session, from 1. Allocated with the row and the same on every attempt.
        number: u32,
        /// What it says.
        text: Text,
        /// Who the customer is: told with the opener, and with the message in which the customer tells a contact.
        customer: Option<Box<DeskCustomer>>,
        /// The page the chat was opened from.
        url: Option<String>,
        /// Whether the customer wrote it. A line of ours that fails is told to nobody but the log and the bot.
        from_customer: bool,
        /// The message of the customer that is whole with it, where the customer is to see so.
        completes: Option<MessageId>,
    },
    /// A file of the customer.
    File {
        /// The file.
        file: Attachment,
        /// The message of the customer that is whole with it, where the customer is to see so.
        completes: Option<MessageId>,
    },
    /// The end of the session.
    End,
}

/// What the desk can be told of a customer, beside the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeskCustomer {
    /// The name.
    pub name: Option<Text>,
    /// A way to reach the customer.
    pub contact: Option<Contact>,
}

/// What goes to the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChatPayload {
    /// Opens the place in which a session is held, before anything is said there. For channels that have places alone.
    Open {
        /// The session.
        session: SessionId,
    },
    /// An agent's message, or one part of it.
    Message {
        /// The agent.
        author: Option<Author>,
        /// Whether the agent goes on speaking, so that the name was shown already.
        continues: bool,
        /// The text of this part: short enough together with the author, in the channel's own formatting and without any.
        text: RichText,
    },
    /// An agent's file.
    File {
        /// The agent, to be shown with it.
        author: Option<Author>,
        /// Whether the agent goes on speaking, so that the name was shown already.
        continues: bool,
        /// The file.
        file: Attachment,
    },
    /// A text from us.
    Notice {
        /// What it is about.
        kind: NoticeKind,
        /// The text.
        text: Text,
        /// The agent that it presents, to be shown with the picture where there is one and the platform can.
        agent: Option<Author>,
    },
    /// Asks whether it was solved, with a button for each answer. For channels with buttons alone.
    Question {
        /// The session that is over.
        session: SessionId,
        /// The text.
        text: Text,
    },
}

/// What a notice is about. An adapter may dress some of them: the end button stands under `Waiting`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoticeKind {
    /// The desk has the session.
    Waiting,
    /// An agent has taken it.
    Connected,
    /// No agent is there.
    NoAgents,
    /// A contact is asked for.
    AskContact,
    /// The message was left.
    LeftMessage,
    /// The session is over.
    Ended,
    /// The escalation failed.
    Failed,
    /// A message could not be delivered.
    Undelivered,
    /// A file is too big.
    TooBig,
    /// A file arrived at the desk.
    FileReceived,
    /// No agent has taken the session in time, and it goes on waiting.
    StillWaiting,
    /// No agent has taken the session in time, and the bot has the conversation again.
    NobodyCame,
    /// Nobody has said anything for long, and the session will end.
    SilenceWarning,
    /// The session ended, since nobody said anything.
    SilenceEnded,
    /// The desk cannot be reached for long: what the customer wrote is kept.
    DeskAway,
    /// A phone number is asked for. An adapter may dress it with a button that shares one.
    AskPhone,
    /// An e-mail address is asked for.
    AskEmail,
    /// Thanks for the answer whether it was solved.
    Answered,
}

impl Attachment {
    /// The file as it stands in a text: `[image: cat.png]`.
    pub fn label(&self) -> Text {
        Text::new(format!("[{}: {}]", self.kind.word(), self.name.as_str()))
    }

    /// The words behind the labels of files. A name can have a bracket in it: the last one counts, so that no part of a
    /// name is taken for words.
    pub(crate) fn words_behind_labels(words: &str) -> &str {
        let kinds = [
            FileKind::Image,
            FileKind::Video,
            FileKind::Audio,
            FileKind::Voice,
            FileKind::Document,
        ];
        let is_labelled = kinds.iter().any(|kind| {
            let label = words
                .strip_prefix('[')
                .and_then(|label| label.strip_prefix(kind.word()));
            label.is_some_and(|label| label.starts_with(": "))
        });
        match words.rsplit_once(']') {
            Some((_, behind)) if is_labelled => behind,
            _ => words,
        }
    }
}

impl DeskPayload {
    /// The message of the customer that the desk has whole with it, where the customer is to see so.
    pub fn completes(&self) -> Option<&MessageId> {
        match self {
            Self::Message { completes, .. } | Self::File { completes, .. } => completes.as_ref(),
            Self::AskAvailability | Self::ChatbotLog { .. } | Self::End => None,
        }
    }

    /// Whether a second call would harm more than a lost one: it is never repeated after an unknown outcome.
    pub const fn at_most_once(&self) -> bool {
        matches!(self, Self::ChatbotLog { .. })
    }
}

impl ChatPayload {
    /// The words with their formatting: the author's name in front in bold, where it was not shown already. `None` where
    /// there are none: a place that is opened, a file without a name to show.
    pub fn rich(&self) -> Option<RichText> {
        match self {
            Self::Message {
                author: Some(author),
                continues: false,
                text,
            } => Some(RichText::joined([shown(author), text.clone()], " ")),
            Self::Message { text, .. } => Some(text.clone()),
            Self::Notice { text, .. } | Self::Question { text, .. } => Some(text.clone().into()),
            Self::File {
                author: Some(author),
                continues: false,
                ..
            } => Some(shown(author)),
            Self::File { .. } | Self::Open { .. } => None,
        }
    }

    /// The same words as a platform without formatting shows them.
    pub fn plain(&self) -> Option<String> {
        self.rich().map(|text| text.plain().into_string())
    }
}

/// A name in front of what is said.
fn shown(author: &Author) -> RichText {
    let words = format!("{}:", author.name.as_str());
    let bold = Span {
        start: 0,
        end: words.len(),
        style: Style::Bold,
    };
    RichText::new(words, vec![bold])
}
