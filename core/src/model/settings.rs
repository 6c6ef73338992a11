use std::{fmt, time::Duration};

use super::{RichText, Text};

/// What the session policy decides. Plain data, read by `session::decide`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// How the bot's history reaches the desk.
    pub history_route: HistoryRoute,
    /// How many lines of history are pushed at the most; the oldest are left out, and a line says so. 200.
    pub history_lines_max: usize,
    /// What happens when the desk says that no agent is there.
    pub on_no_agents: OnNoAgents,
    /// How long the desk may take to accept an opening, before the bot gets the conversation back. 120 seconds.
    pub opening_max: Duration,
    /// How long a session may wait at the desk for an agent, before `on_timeout` decides. `None`: for as long as it takes.
    /// 5 minutes.
    pub waiting_max: Option<Duration>,
    /// What happens when no agent has taken a session for `waiting_max`.
    pub on_timeout: OnTimeout,
    /// How often a customer who goes on waiting is told so.
    pub still_waiting: HowOften,
    /// How long neither the customer nor the agent may say anything, before the customer is warned that the session will
    /// end. `None`: for as long as they like. 1 hour.
    pub silence_max: Option<Duration>,
    /// How long the customer has to answer the warning, before the session ends. It counts from when the warning was delivered;
    /// where that came to nothing, from when it was given up. 15 minutes.
    pub warned_max: Duration,
    /// How long a message of the customer may wait for the desk to take it, before the customer is told that it is kept.
    /// `None`: the customer is not told. 2 minutes.
    pub desk_away_max: Option<Duration>,
    /// How long to wait for the next part of an album, where the platform sends its parts as messages of their own; for
    /// the whole of it five times as long. Zero: each part is relayed as it comes. 1 second.
    pub album_wait: Duration,
    /// How long a customer who leaves a message may take to give a contact, before the bot gets the conversation back.
    /// 30 minutes.
    pub leaving_max: Duration,
    /// How long after an end the agent's late reply is still delivered, marked as late. 15 minutes.
    pub late_max: Duration,
    /// How the agent reads what the customer wrote with formatting. Plain.
    pub desk_text: TextFormat,
    /// How the customer sees that the desk has a message. By a reaction, where the platform has them.
    pub receipt_sign: ReceiptSign,
    /// Whether the customer is asked for a phone number or an e-mail address. Where the desk says so.
    pub contact_question: ContactQuestion,
    /// Whether the customer is asked, after the end of a session that an agent took, whether it was solved; only on a platform
    /// with buttons. Never: the answer goes to the desk under the id of the session that is over, and whether Omnidesk files
    /// it in the same ticket, as its guide says of an id, or opens **another ticket** for it, is not known.
    pub solved_question: SolvedQuestion,
    /// The page that the desk shows as the origin of a chat. With `None` Omnidesk is told the origin of the hook address,
    /// since its guide lists the field.
    pub url: Option<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            history_route: HistoryRoute::FirstMessage,
            history_lines_max: 200,
            on_no_agents: OnNoAgents::LeaveMessage,
            opening_max: Duration::from_mins(2),
            waiting_max: Some(Duration::from_mins(5)),
            on_timeout: OnTimeout::KeepWaiting,
            still_waiting: HowOften::Once,
            silence_max: Some(Duration::from_hours(1)),
            warned_max: Duration::from_mins(15),
            desk_away_max: Some(Duration::from_mins(2)),
            album_wait: Duration::from_secs(1),
            leaving_max: Duration::from_mins(30),
            late_max: Duration::from_mins(15),
            desk_text: TextFormat::Plain,
            receipt_sign: ReceiptSign::Reaction,
            contact_question: ContactQuestion::AsDeskSays,
            solved_question: SolvedQuestion::Never,
            url: None,
        }
    }
}

/// How the customer sees that the desk has a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReceiptSign {
    /// Not at all.
    Nothing,
    /// By a reaction to the message. Best effort, made once.
    Reaction,
}

/// Whether the customer is asked for a phone number or an e-mail address while a session waits, should none of that
/// kind be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContactQuestion {
    /// Never.
    Never,
    /// Where the desk's instructions ask for one.
    AsDeskSays,
}

/// Whether the customer is asked, after the end, whether it was solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SolvedQuestion {
    /// Never.
    Never,
    /// Where the desk's configuration says that a survey is shown after the chat (`show_survey_after_chat`).
    AsDeskSays,
    /// Always.
    Always,
}

/// How a text with formatting is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextFormat {
    /// Without signs: a link tells behind its words where it leads, and lines of a quote begin with `> `.
    Plain,
    /// In Markdown.
    Markdown,
}

/// How the bot's history reaches the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HistoryRoute {
    /// In the first message of the session. One ticket.
    FirstMessage,
    /// Through the chatbot log, where the customer's e-mail address or phone number is known; else in the first message.
    Log,
    /// Through both. The log makes a ticket of its own, so this makes **two tickets**.
    Both,
}

/// What happens when the desk says that no agent is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnNoAgents {
    /// The customer is asked for an e-mail address or phone number, and the conversation becomes a chatbot-log ticket.
    LeaveMessage,
    /// The bot keeps the conversation.
    StayWithBot,
    /// The session is opened all the same, and waits.
    EscalateAnyway,
}

/// What happens when no agent has taken a session in time. The customer is told in each case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnTimeout {
    /// The session ends at the desk, behind what was said in it and a line that says why, and the bot has the conversation
    /// again. What the customer wrote stands in the desk's ticket, unread.
    BackToBot,
    /// The session ends at the desk with a line that says why, and the customer is asked for an e-mail address or phone
    /// number, as where no agent is there. So this makes **two tickets**: the chat's, and that of the message.
    LeaveMessage,
    /// The session goes on waiting, and the customer is told so. An agent can take it for as long as it stands.
    KeepWaiting,
}

/// How often something is said that stays true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HowOften {
    /// Once.
    Once,
    /// Again each time the same time has gone by.
    Again,
}

/// What is done with a delivery whose outcome is unknown (a time-out, a reset, a 5xx).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnUnknown {
    /// It is tried again, and may stand twice. Nothing is lost.
    Retry,
    /// It becomes a dead letter at once. Nothing stands twice.
    DeadLetter,
}

/// How a text to the customer is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TextChoice {
    /// The desk's own text where its configuration carries one, else ours.
    #[default]
    Default,
    /// This text.
    Say(Text),
    /// No text.
    Off,
}

/// Every text that a customer can be sent by us. `{agent}` stands for the agent's name, `{file}` for a file's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Texts {
    /// The desk has the session, and no agent has written yet. The desk's `start_chat_instructions` feeds it.
    pub waiting: TextChoice,
    /// An agent has taken the session.
    pub connected: TextChoice,
    /// No agent is there and the bot keeps the conversation.
    pub no_agents: TextChoice,
    /// No agent is there and a contact is asked for. The desk's `label_provide_email_address` feeds it.
    pub ask_contact: TextChoice,
    /// The message was left at the desk.
    pub left_message: TextChoice,
    /// The session is over.
    pub ended: TextChoice,
    /// The escalation failed.
    pub failed: TextChoice,
    /// A message of the customer could not be delivered. `{reason}` stands for why, in the words of a log: they can tell of
    /// machines and networks, so our own text does without.
    pub undelivered: TextChoice,
    /// A file of the customer is too big to be relayed.
    pub too_big: TextChoice,
    /// A file of the customer arrived at the desk. Off but for the desk's `file_uploaded_text`, when set to `Default`.
    pub file_received: TextChoice,
    /// Put in front of an agent's reply that comes after the end of its session.
    pub late_reply: TextChoice,
    /// No agent has taken the session in time, and it goes on waiting.
    pub still_waiting: TextChoice,
    /// No agent has taken the session in time, and the bot has the conversation again.
    pub nobody_came: TextChoice,
    /// Nobody has said anything for long, and the session will end. The desk's `session_timeout_warning` feeds it.
    pub silence_warning: TextChoice,
    /// The session ended, since nobody said anything. The desk's `session_timeout_message` feeds it.
    pub silence_ended: TextChoice,
    /// The desk cannot be reached for long: what the customer wrote is kept, and will be delivered.
    pub desk_away: TextChoice,
    /// A phone number is asked for. The desk's `label_provide_phone_number` feeds it.
    pub ask_phone: TextChoice,
    /// An e-mail address is asked for while the session goes on. The desk's `label_provide_email_address` feeds it.
    pub ask_email: TextChoice,
    /// Whether it was solved.
    pub solved_question: TextChoice,
    /// Thanks for the answer to that.
    pub answered: TextChoice,
}

/// What a chat platform takes. Filled from a channel's capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChatLimits {
    /// How long a text without formatting may be, in `text_unit`s.
    pub text_max: usize,
    /// What `text_max` counts.
    pub text_unit: LengthUnit,
    /// How the channel shows formatting.
    pub formatting: Formatting,
    /// The largest file that can be fetched from the platform, in bytes.
    pub fetch_bytes_max: u64,
    /// The largest file that can be sent to the platform, in bytes.
    pub send_bytes_max: u64,
}

impl ChatLimits {
    /// Whether a text is short enough for one message, as the channel writes it and without formatting.
    pub fn fits(&self, text: &RichText) -> bool {
        self.text_unit.count(text.plain().as_str()) <= self.text_max && self.formatting.fits(text)
    }
}

/// How a channel shows formatting.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Formatting {
    /// Not at all: it shows [`RichText::plain`].
    None,
    /// In its own way: tells of a text whether that fits into one message as the channel writes it. Called often, and on
    /// no other thread than the ledger's: it is quick and pure.
    Own(fn(&RichText) -> bool),
}

impl Formatting {
    fn fits(self, text: &RichText) -> bool {
        match self {
            Self::None => true,
            Self::Own(fits) => fits(text),
        }
    }
}

impl PartialEq for Formatting {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Own(one), Self::Own(other)) => std::ptr::fn_addr_eq(*one, *other),
            (Self::None, Self::Own(_)) | (Self::Own(_), Self::None) => false,
        }
    }
}

impl Eq for Formatting {}

impl fmt::Debug for Formatting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Own(_) => "Own",
        })
    }
}

/// What the desk takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeskLimits {
    /// How long a message may be, in characters. Omnidesk states no limit, so this is a setting.
    pub message_chars_max: usize,
    /// The largest file that is sent to the desk, in bytes.
    pub file_bytes_max: u64,
}

/// What a limit on length counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LengthUnit {
    /// UTF-16 code units (Telegram).
    Utf16,
    /// Unicode scalar values (Discord, Omnidesk).
    Chars,
}

impl LengthUnit {
    /// The length of a text in this unit.
    pub fn count(self, text: &str) -> usize {
        match self {
            Self::Utf16 => text.encode_utf16().count(),
            Self::Chars => text.chars().count(),
        }
    }
}
