//! Every state against everything that can happen, and what must follow. A new state, a new kind of event or a new
//! payload does not compile here until its row is written.

use super::scene::*;
use crate::{
    delivery::{ChatPayload, DeliveryId, DeskPayload, Lane, NoticeKind, Payload},
    model::{Answer, BotEvent, Contact, DeskEvent, Escalation, OnNoAgents, OnTimeout, SessionId, Text},
    session::{Event, State, TimerKind, Told, decide::Occurrence},
};

/// An enum with the list of all its members, which no function can make.
macro_rules! listed {
    ($(#[$doc:meta])* enum $name:ident { $($(#[$about:meta])* $member:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum $name { $($(#[$about])* $member),* }

        impl $name {
            const ALL: &[Self] = &[$(Self::$member),*];
        }
    };
}

listed! {
    /// A state, as finely as it matters to what follows.
    enum Stage {
        WithBot,
        Opening,
        Waiting,
        WithAgent,
        /// An agent has it, and the customer is sending an album.
        Gathering,
        /// An agent has it, nobody said anything, and the warning is on its way to the customer.
        Warning,
        /// The warning arrived: the customer was told that it will end.
        Warned,
        /// No contact was given yet.
        Leaving,
        /// The ticket is on its way.
        LeavingTicket,
    }
}

listed! {
    /// Something that happens, as finely as it matters to what follows.
    enum What {
        Message,
        /// A picture of an album.
        AlbumPart,
        Edited,
        CustomerEnded,
        /// About a session of which nobody asked.
        Answered,
        Former,
        Escalate,
        BotEnded,
        PushLog,
        AgentMessage,
        AgentFile,
        AgentTyping,
        AgentEnded,
        PastMessage,
        PastFile,
        PastTyping,
        PastEnded,
        AgentsThere,
        NobodyLeaveMessage,
        NobodyStayWithBot,
        NobodyEscalateAnyway,
        OpenerTaken,
        OpenerDead,
        OpenerDeadMaybeSent,
        LogTaken,
        LogDead,
        PastLogTaken,
        PastLogDead,
        AskTaken,
        PastOpenerTaken,
        MessageTaken,
        LineTaken,
        FileTaken,
        EndTaken,
        ChatMessageTaken,
        ChatFileTaken,
        NoticeTaken,
        /// The warning of a silence.
        WarningTaken,
        BotEventTaken,
        NoPlaceTaken,
        PlaceOpened,
        PlaceDead,
        PastPlaceDead,
        AskDead,
        PastOpenerDead,
        MessageDead,
        LineDead,
        FileDead,
        EndDead,
        ChatMessageDead,
        ChatFileDead,
        NoticeDead,
        WarningDead,
        BotEventDead,
        OpeningDue,
        WaitingDueBackToBot,
        WaitingDueLeaveMessage,
        WaitingDueKeepWaiting,
        SilenceDue,
        /// While words of the customer wait for the desk.
        SilenceDueUnheard,
        LeavingDue,
        DeskAwayDue,
        AlbumDue,
        /// The timer of the state, before it is due.
        TooEarly,
        PastDue,
    }
}

/// What must follow: the state after it, the verdict, the effects in order. `None` where the pair cannot be: where no
/// session stands, nothing can be of the session that stands.
#[allow(
    clippy::enum_glob_use,
    clippy::match_same_arms,
    clippy::too_many_lines,
    reason = "a table reads as a table only with bare names, in its own order, and whole"
)]
fn expected(stage: Stage, what: What) -> Option<&'static str> {
    use Stage::*;
    use What::*;

    Some(match (stage, what) {
        // The bot has it. An agent's late word still goes out; nothing else concerns a human.
        (WithBot, Message | AlbumPart | Edited | CustomerEnded) => "with_bot bots",
        (WithBot, Former) => "with_bot kept",
        (WithBot, Answered) => "with_bot over",
        (WithBot, Escalate) => "opening opened: record bot's, desk.availability, desk.opener, opening timer set",
        (WithBot, BotEnded) => "with_bot over",
        (WithBot, PushLog) => "with_bot kept: record bot's, desk.log",
        (WithBot, AgentMessage | AgentFile | AgentTyping | AgentEnded) => return None,
        (WithBot, PastMessage) => "with_bot kept: record, chat.message",
        (WithBot, PastFile) => "with_bot kept: record, chat.message, chat.file",
        (WithBot, PastTyping | PastEnded) => "with_bot over",
        (WithBot, AgentsThere | NobodyLeaveMessage | NobodyStayWithBot | NobodyEscalateAnyway) => return None,
        (WithBot, OpenerTaken | OpenerDead | OpenerDeadMaybeSent | LogTaken | LogDead) => return None,
        (WithBot, OpeningDue | WaitingDueBackToBot | WaitingDueLeaveMessage | WaitingDueKeepWaiting) => return None,
        (WithBot, SilenceDue | SilenceDueUnheard | LeavingDue | DeskAwayDue | AlbumDue | TooEarly) => return None,
        (WithBot, PastLogTaken | AskTaken | PastOpenerTaken | MessageTaken | LineTaken | EndTaken) => "with_bot kept",
        (WithBot, FileTaken) => "with_bot kept: notice:file_received",
        (WithBot, ChatMessageTaken | ChatFileTaken | NoticeTaken | WarningTaken | BotEventTaken) => "with_bot kept",
        (WithBot, PastLogDead | AskDead | PastOpenerDead | LineDead | EndDead) => "with_bot kept: bot:undelivered",
        (WithBot, MessageDead | FileDead) => "with_bot kept: notice:undelivered, bot:undelivered",
        (WithBot, ChatMessageDead | ChatFileDead | NoticeDead | WarningDead) => "with_bot kept: bot:undelivered",
        (WithBot, BotEventDead) => "with_bot kept",
        (WithBot, NoPlaceTaken | PlaceOpened) => "with_bot kept",
        (WithBot, PlaceDead) => return None,
        (WithBot, PastPlaceDead) => "with_bot over",
        (WithBot, PastDue) => "with_bot over",

        // The desk has been asked: row 1 is on its way, 2 opens, 3 is the customer's.
        (Opening, Message) => "opening kept: record, desk.message",
        (Opening, AlbumPart) => "opening kept: album timer set",
        (Opening, Edited) => "opening kept: record, desk.message",
        (Opening, CustomerEnded) => {
            "with_bot kept: take back 1, take back 2, take back 3, opening timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(customer)+1"
        }
        (Opening, Former) => "opening bots",
        (Opening, Answered) => "opening over",
        (Opening, Escalate) => "opening already",
        (Opening, BotEnded) => {
            "with_bot kept: take back 1, take back 2, take back 3, opening timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(bot)+1"
        }
        (Opening, PushLog) => "opening over",
        (Opening, AgentMessage) => {
            "with_agent kept: take back 2, opening timer cleared, silence timer set, notice:connected, bot:connected, record, chat.message"
        }
        (Opening, AgentFile) => {
            "with_agent kept: take back 2, opening timer cleared, silence timer set, notice:connected, bot:connected, record, chat.file"
        }
        (Opening, AgentTyping) => {
            "with_agent kept: take back 2, opening timer cleared, silence timer set, notice:connected, bot:connected"
        }
        (Opening, AgentEnded) => {
            "with_bot kept: take back 1, take back 2, take back 3, opening timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(agent)+1"
        }
        (Opening, PastMessage) => "opening over: bot:undelivered, dead chat.message",
        (Opening, PastFile) => "opening over: bot:undelivered, dead chat.file",
        (Opening, PastTyping | PastEnded) => "opening over",
        (Opening, AgentsThere | NobodyEscalateAnyway) => "opening kept",
        (Opening, NobodyLeaveMessage) => {
            "leaving kept: take back 2, take back 3, opening timer cleared, leaving timer set, notice:ask_contact"
        }
        (Opening, NobodyStayWithBot) => {
            "with_bot kept: take back 2, take back 3, opening timer cleared, desk_away timer cleared, notice:no_agents, bot:handed_back(no_agents)+1"
        }
        (Opening, OpenerTaken) => "waiting kept: opening timer cleared, waiting timer set, notice:waiting, bot:waiting",
        (Opening, OpenerDead) => {
            "with_bot kept: take back 3, opening timer cleared, desk_away timer cleared, notice:failed, bot:failed(refused)+1"
        }
        (Opening, OpenerDeadMaybeSent) => {
            "with_bot kept: take back 3, desk.end, opening timer cleared, desk_away timer cleared, notice:failed, bot:failed(refused)+1"
        }
        (Opening, LogTaken) => "opening over",
        (Opening, LogDead) => "opening kept: desk.line, bot:undelivered",
        (Opening, PastLogTaken | AskTaken | PastOpenerTaken | MessageTaken | LineTaken | EndTaken) => "opening kept",
        (Opening, FileTaken) => "opening kept: notice:file_received",
        (Opening, ChatMessageTaken | ChatFileTaken | NoticeTaken | WarningTaken | BotEventTaken) => "opening kept",
        (Opening, PastLogDead | AskDead | PastOpenerDead | LineDead | EndDead) => "opening kept: bot:undelivered",
        (Opening, MessageDead | FileDead) => "opening kept: notice:undelivered, bot:undelivered",
        // No agent of this session can have written it.
        (Opening, ChatMessageDead | ChatFileDead | NoticeDead | WarningDead) => "opening kept: bot:undelivered",
        (Opening, BotEventDead) => "opening kept",
        (Opening, NoPlaceTaken | PlaceOpened) => "opening kept",
        (Opening, PlaceDead) => {
            "with_bot kept: take back 1, take back 2, take back 3, opening timer cleared, desk_away timer cleared, notice:failed, bot:failed(no_place)+1"
        }
        (Opening, PastPlaceDead) => "opening over",
        (Opening, OpeningDue) => {
            "with_bot kept: take back 1, take back 2, take back 3, opening timer cleared, desk_away timer cleared, notice:failed, bot:failed(opening_timeout)+1"
        }
        (
            Opening,
            WaitingDueBackToBot
            | WaitingDueLeaveMessage
            | WaitingDueKeepWaiting
            | SilenceDue
            | SilenceDueUnheard
            | LeavingDue
            | AlbumDue
            | PastDue,
        ) => "opening over",
        (Opening, DeskAwayDue) => "opening kept: notice:desk_away",
        (Opening, TooEarly) => "opening kept: opening timer set",

        // The desk has it: row 3 is on its way, 4 waits.
        (Waiting, Message) => "waiting kept: record, desk.message",
        (Waiting, AlbumPart) => "waiting kept: album timer set",
        (Waiting, Edited) => "waiting kept: record, desk.message",
        (Waiting, CustomerEnded) => {
            "with_bot kept: desk.end, waiting timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(customer)"
        }
        (Waiting, Former) => "waiting bots",
        (Waiting, Answered) => "waiting over",
        (Waiting, Escalate) => "waiting already",
        (Waiting, BotEnded) => {
            "with_bot kept: desk.end, waiting timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(bot)"
        }
        (Waiting, PushLog) => "waiting over",
        (Waiting, AgentMessage) => {
            "with_agent kept: waiting timer cleared, silence timer set, notice:connected, bot:connected, record, chat.message"
        }
        (Waiting, AgentFile) => {
            "with_agent kept: waiting timer cleared, silence timer set, notice:connected, bot:connected, record, chat.file"
        }
        (Waiting, AgentTyping) => {
            "with_agent kept: waiting timer cleared, silence timer set, notice:connected, bot:connected"
        }
        (Waiting, AgentEnded) => {
            "with_bot kept: take back 3, take back 4, waiting timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(agent)+2"
        }
        (Waiting, PastMessage) => "waiting over: bot:undelivered, dead chat.message, desk.line",
        (Waiting, PastFile) => "waiting over: bot:undelivered, dead chat.file, desk.line",
        (Waiting, PastTyping | PastEnded) => "waiting over",
        (Waiting, AgentsThere | NobodyLeaveMessage | NobodyStayWithBot | NobodyEscalateAnyway) => "waiting over",
        (Waiting, OpenerTaken | OpenerDead | OpenerDeadMaybeSent) => "waiting over",
        (Waiting, LogTaken) => "waiting over",
        (Waiting, LogDead) => "waiting kept: desk.line, bot:undelivered",
        (Waiting, PastLogTaken | AskTaken | PastOpenerTaken | MessageTaken | LineTaken | EndTaken) => "waiting kept",
        (Waiting, FileTaken) => "waiting kept: notice:file_received",
        (Waiting, ChatMessageTaken | ChatFileTaken | NoticeTaken | WarningTaken | BotEventTaken) => "waiting kept",
        (Waiting, PastLogDead | AskDead | PastOpenerDead | LineDead | EndDead) => "waiting kept: bot:undelivered",
        (Waiting, MessageDead | FileDead) => "waiting kept: notice:undelivered, bot:undelivered",
        (Waiting, ChatMessageDead | ChatFileDead) => "waiting kept: desk.line, bot:undelivered",
        (Waiting, NoticeDead | WarningDead) => "waiting kept: bot:undelivered",
        (Waiting, BotEventDead) => "waiting kept",
        (Waiting, NoPlaceTaken | PlaceOpened) => "waiting kept",
        (Waiting, PlaceDead) => {
            "with_bot kept: take back 3, take back 4, desk.end, waiting timer cleared, desk_away timer cleared, notice:failed, bot:failed(no_place)+2"
        }
        (Waiting, PastPlaceDead) => "waiting over",
        (Waiting, WaitingDueBackToBot) => {
            "with_bot kept: desk.line, desk.end, waiting timer cleared, desk_away timer cleared, notice:nobody_came, bot:handed_back(waiting_timeout)"
        }
        (Waiting, WaitingDueLeaveMessage) => {
            "leaving kept: take back 3, take back 4, desk.line, desk.end, waiting timer cleared, leaving timer set, notice:ask_contact"
        }
        (Waiting, WaitingDueKeepWaiting) => "waiting kept: notice:still_waiting",
        (Waiting, OpeningDue | SilenceDue | SilenceDueUnheard | LeavingDue | AlbumDue | PastDue) => "waiting over",
        (Waiting, DeskAwayDue) => "waiting kept: notice:desk_away",
        (Waiting, TooEarly) => "waiting kept: waiting timer set",

        // An agent has it: row 3 is on its way, 4 waits.
        // Whoever says something ends the silence; a timer that was set to end the session is set for the next one.
        (Warning | Warned, Message | Edited) => "with_agent kept: record, desk.message, silence timer set",
        (Warning | Warned, AgentMessage) => "with_agent kept: silence timer set, record, chat.message",
        (Warning | Warned, AgentFile) => "with_agent kept: silence timer set, record, chat.file",
        (Warning | Warned, AgentTyping) => "with_agent kept: silence timer set",
        (WithAgent, Message) => "with_agent kept: record, desk.message",
        (Warning | Warned, AlbumPart) => "with_agent kept: album timer set, silence timer set",
        (WithAgent, AlbumPart) => "with_agent kept: album timer set",
        (WithAgent, Edited) => "with_agent kept: record, desk.message",
        (Warning, CustomerEnded) => {
            "with_bot kept: desk.end, desk_away timer cleared, notice:ended, bot:handed_back(customer)"
        }
        (WithAgent | Warned, CustomerEnded) => {
            "with_bot kept: desk.end, silence timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(customer)"
        }
        (WithAgent | Warning | Warned, Former) => "with_agent bots",
        (WithAgent | Warning | Warned, Answered) => "with_agent over",
        (WithAgent | Warning | Warned, Escalate) => "with_agent already",
        (Warning, BotEnded) => "with_bot kept: desk.end, desk_away timer cleared, notice:ended, bot:handed_back(bot)",
        (WithAgent | Warned, BotEnded) => {
            "with_bot kept: desk.end, silence timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(bot)"
        }
        (WithAgent | Warning | Warned, PushLog) => "with_agent over",
        (WithAgent, AgentMessage) => "with_agent kept: record, chat.message",
        (WithAgent, AgentFile) => "with_agent kept: record, chat.file",
        (WithAgent, AgentTyping) => "with_agent kept",
        (Warning, AgentEnded) => "with_bot kept: desk_away timer cleared, notice:ended, bot:handed_back(agent)",
        (Warned, AgentEnded) => {
            "with_bot kept: silence timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(agent)"
        }
        (WithAgent, AgentEnded) => {
            "with_bot kept: take back 3, take back 4, silence timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(agent)+2"
        }
        (WithAgent | Warning | Warned, PastMessage) => "with_agent over: bot:undelivered, dead chat.message, desk.line",
        (WithAgent | Warning | Warned, PastFile) => "with_agent over: bot:undelivered, dead chat.file, desk.line",
        (WithAgent | Warning | Warned, PastTyping | PastEnded) => "with_agent over",
        (WithAgent | Warning | Warned, AgentsThere | NobodyLeaveMessage | NobodyStayWithBot | NobodyEscalateAnyway) => {
            "with_agent over"
        }
        (WithAgent | Warning | Warned, OpenerTaken | OpenerDead | OpenerDeadMaybeSent) => "with_agent over",
        (WithAgent | Warning | Warned, LogTaken) => "with_agent over",
        (WithAgent | Warning | Warned, LogDead) => "with_agent kept: desk.line, bot:undelivered",
        (
            WithAgent | Warning | Warned,
            PastLogTaken | AskTaken | PastOpenerTaken | MessageTaken | LineTaken | EndTaken,
        ) => "with_agent kept",
        (WithAgent | Warning | Warned, FileTaken) => "with_agent kept: notice:file_received",
        (WithAgent | Warning | Warned, ChatMessageTaken | ChatFileTaken | NoticeTaken | BotEventTaken) => {
            "with_agent kept"
        }
        // An older one.
        (WithAgent | Warned, WarningTaken) => "with_agent kept",
        (WithAgent | Warning | Warned, PastLogDead | AskDead | PastOpenerDead | LineDead | EndDead) => {
            "with_agent kept: bot:undelivered"
        }
        (WithAgent | Warning | Warned, MessageDead | FileDead) => {
            "with_agent kept: notice:undelivered, bot:undelivered"
        }
        (WithAgent | Warning | Warned, ChatMessageDead | ChatFileDead) => "with_agent kept: desk.line, bot:undelivered",
        (WithAgent | Warning | Warned, NoticeDead) => "with_agent kept: bot:undelivered",
        (WithAgent | Warned, WarningDead) => "with_agent kept: bot:undelivered",
        (WithAgent | Warning | Warned, BotEventDead) => "with_agent kept",
        (WithAgent | Warning | Warned, NoPlaceTaken | PlaceOpened) => "with_agent kept",
        (Warning, PlaceDead) => "with_bot kept: desk.end, desk_away timer cleared, notice:failed, bot:failed(no_place)",
        (Warned, PlaceDead) => {
            "with_bot kept: desk.end, silence timer cleared, desk_away timer cleared, notice:failed, bot:failed(no_place)"
        }
        (WithAgent, PlaceDead) => {
            "with_bot kept: take back 3, take back 4, desk.end, silence timer cleared, desk_away timer cleared, notice:failed, bot:failed(no_place)+2"
        }
        (WithAgent | Warning | Warned, PastPlaceDead) => "with_agent over",
        (WithAgent, SilenceDue) => "with_agent kept: notice:silence_warning",
        // It ends when the customer has had the time to answer.
        (Warning, SilenceDue) => "with_agent over",
        (Warning, WarningTaken) => "with_agent kept: silence timer set",
        (Warning, WarningDead) => "with_agent kept: silence timer set, bot:undelivered",
        (Warned, SilenceDue) => {
            "with_bot kept: desk.line, desk.end, silence timer cleared, desk_away timer cleared, notice:silence_ended, bot:handed_back(silence)"
        }
        (WithAgent, SilenceDueUnheard) => "with_agent kept: silence timer set",
        // Whoever speaks is warned no longer.
        (Warning | Warned, SilenceDueUnheard) => return None,
        (
            WithAgent | Warning | Warned,
            OpeningDue
            | WaitingDueBackToBot
            | WaitingDueLeaveMessage
            | WaitingDueKeepWaiting
            | LeavingDue
            | AlbumDue
            | PastDue,
        ) => "with_agent over",
        (WithAgent, DeskAwayDue) => "with_agent kept: notice:desk_away",
        // Nothing waits.
        (Warning | Warned, DeskAwayDue) => "with_agent kept",
        (WithAgent | Warned, TooEarly) => "with_agent kept: silence timer set",
        // No timer runs.
        (Warning, TooEarly) => return None,

        // An agent has it: row 3 is on its way, 4 waits, and a picture of an album came.
        // More of it is waited for.
        (Gathering, AlbumPart) => "with_agent kept",
        (Gathering, AlbumDue) => "with_agent kept: album timer cleared, record, desk.file",
        // What would stand behind it closes it first.
        (Gathering, Message | Edited) => {
            "with_agent kept: album timer cleared, record, desk.file, record, desk.message"
        }
        (Gathering, AgentMessage) => "with_agent kept: album timer cleared, record, desk.file, record, chat.message",
        (Gathering, AgentFile) => "with_agent kept: album timer cleared, record, desk.file, record, chat.file",
        (Gathering, CustomerEnded) => {
            "with_bot kept: album timer cleared, record, desk.file, desk.end, silence timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(customer)"
        }
        (Gathering, BotEnded) => {
            "with_bot kept: album timer cleared, record, desk.file, desk.end, silence timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(bot)"
        }
        // What no agent got goes to the bot, with what waits.
        (Gathering, AgentEnded) => {
            "with_bot kept: album timer cleared, record, desk.file, take back 3, take back 4, take back 5, silence timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(agent)+3"
        }
        (Gathering, PlaceDead) => {
            "with_bot kept: album timer cleared, record, desk.file, take back 3, take back 4, take back 5, desk.end, silence timer cleared, desk_away timer cleared, notice:failed, bot:failed(no_place)+3"
        }
        (Gathering, SilenceDue | SilenceDueUnheard) => {
            "with_agent kept: album timer cleared, record, desk.file, silence timer set"
        }
        // Of what is over.
        (Gathering, NobodyLeaveMessage | NobodyStayWithBot | OpenerDead | OpenerDeadMaybeSent | PastPlaceDead) => {
            "with_agent over: album timer cleared, record, desk.file"
        }
        (Gathering, OpeningDue | WaitingDueBackToBot | WaitingDueLeaveMessage | WaitingDueKeepWaiting) => {
            "with_agent over: album timer cleared, record, desk.file"
        }
        // Nothing else tears it apart.
        (Gathering, Former) => "with_agent bots",
        (Gathering, Answered) => "with_agent over",
        (Gathering, Escalate) => "with_agent already",
        (Gathering, PushLog | PastTyping | PastEnded | AgentsThere | NobodyEscalateAnyway) => "with_agent over",
        (Gathering, OpenerTaken | LogTaken | LeavingDue | PastDue) => "with_agent over",
        (Gathering, AgentTyping) => "with_agent kept",
        (Gathering, PastMessage) => "with_agent over: bot:undelivered, dead chat.message, desk.line",
        (Gathering, PastFile) => "with_agent over: bot:undelivered, dead chat.file, desk.line",
        (Gathering, LogDead) => "with_agent kept: desk.line, bot:undelivered",
        (Gathering, PastLogTaken | AskTaken | PastOpenerTaken | MessageTaken | LineTaken | EndTaken) => {
            "with_agent kept"
        }
        (Gathering, FileTaken) => "with_agent kept: notice:file_received",
        (Gathering, ChatMessageTaken | ChatFileTaken | NoticeTaken | WarningTaken | BotEventTaken) => "with_agent kept",
        (Gathering, NoPlaceTaken | PlaceOpened | BotEventDead) => "with_agent kept",
        (Gathering, PastLogDead | AskDead | PastOpenerDead | LineDead | EndDead | NoticeDead | WarningDead) => {
            "with_agent kept: bot:undelivered"
        }
        (Gathering, MessageDead | FileDead) => "with_agent kept: notice:undelivered, bot:undelivered",
        (Gathering, ChatMessageDead | ChatFileDead) => "with_agent kept: desk.line, bot:undelivered",
        (Gathering, DeskAwayDue) => "with_agent kept: notice:desk_away",
        (Gathering, TooEarly) => "with_agent kept: silence timer set",

        // Nobody is there, and one line was written before a contact is given.
        (Leaving, Message | Edited) => "leaving kept: record, notice:ask_contact",
        (Leaving, AlbumPart) => "leaving kept: record, notice:undelivered, notice:ask_contact",
        (Leaving, CustomerEnded) => {
            "with_bot kept: leaving timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(customer)+1"
        }
        (Leaving, BotEnded) => {
            "with_bot kept: leaving timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(bot)+1"
        }
        (Leaving, LogTaken) => "leaving over",
        (Leaving, LogDead) => "leaving kept: bot:undelivered",

        // The ticket is on its way, and one more line was written after it.
        (LeavingTicket, Message | Edited) => "leaving kept: record",
        (LeavingTicket, AlbumPart) => "leaving kept: record, notice:undelivered",
        (LeavingTicket, CustomerEnded) => {
            "with_bot kept: leaving timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(customer)+1"
        }
        (LeavingTicket, BotEnded) => {
            "with_bot kept: leaving timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(bot)+1"
        }
        (LeavingTicket, LogTaken) => {
            "with_bot kept: leaving timer cleared, desk_away timer cleared, notice:left_message, bot:handed_back(left_message)+1"
        }
        (LeavingTicket, LogDead) => {
            "with_bot kept: leaving timer cleared, desk_away timer cleared, notice:failed, bot:failed(refused)+3"
        }

        // Either way of leaving. What reached the desk is over there; an agent's late word still goes out.
        (Leaving | LeavingTicket, Former) => "leaving bots",
        (Leaving | LeavingTicket, Answered) => "leaving over",
        (Leaving | LeavingTicket, Escalate) => "leaving already",
        (Leaving | LeavingTicket, PushLog) => "leaving over",
        (Leaving | LeavingTicket, AgentMessage) => "leaving kept: record, chat.message",
        (Leaving | LeavingTicket, AgentFile) => "leaving kept: record, chat.message, chat.file",
        (Leaving | LeavingTicket, PastMessage) => "leaving over: bot:undelivered, dead chat.message",
        (Leaving | LeavingTicket, PastFile) => "leaving over: bot:undelivered, dead chat.file",
        (Leaving | LeavingTicket, AgentTyping | AgentEnded | PastTyping | PastEnded) => "leaving over",
        (Leaving | LeavingTicket, AgentsThere | NobodyLeaveMessage | NobodyStayWithBot | NobodyEscalateAnyway) => {
            "leaving over"
        }
        (Leaving | LeavingTicket, OpenerTaken | OpenerDead | OpenerDeadMaybeSent) => "leaving over",
        (Leaving | LeavingTicket, PastLogTaken | AskTaken | PastOpenerTaken | MessageTaken | LineTaken | EndTaken) => {
            "leaving kept"
        }
        (Leaving | LeavingTicket, FileTaken) => "leaving kept: notice:file_received",
        (Leaving | LeavingTicket, ChatMessageTaken | ChatFileTaken | NoticeTaken | WarningTaken | BotEventTaken) => {
            "leaving kept"
        }
        (Leaving | LeavingTicket, PastLogDead | AskDead | PastOpenerDead | LineDead | EndDead) => {
            "leaving kept: bot:undelivered"
        }
        (Leaving | LeavingTicket, MessageDead | FileDead) => "leaving kept: notice:undelivered, bot:undelivered",
        (Leaving | LeavingTicket, ChatMessageDead | ChatFileDead | NoticeDead | WarningDead) => {
            "leaving kept: bot:undelivered"
        }
        (Leaving | LeavingTicket, BotEventDead) => "leaving kept",
        (Leaving | LeavingTicket, NoPlaceTaken | PlaceOpened) => "leaving kept",
        (Leaving | LeavingTicket, PlaceDead) => {
            "with_bot kept: leaving timer cleared, desk_away timer cleared, notice:failed, bot:failed(no_place)+1"
        }
        (Leaving | LeavingTicket, PastPlaceDead) => "leaving over",
        (
            Leaving | LeavingTicket,
            OpeningDue
            | WaitingDueBackToBot
            | WaitingDueLeaveMessage
            | WaitingDueKeepWaiting
            | SilenceDue
            | AlbumDue
            | PastDue,
        ) => "leaving over",
        (Leaving | LeavingTicket, SilenceDueUnheard) => return None,
        // Nothing of theirs waits at the desk but the ticket.
        (Leaving, DeskAwayDue) => "leaving kept",
        (LeavingTicket, DeskAwayDue) => "leaving kept: notice:desk_away",
        (Leaving | LeavingTicket, TooEarly) => "leaving kept: leaving timer set",
        (Leaving | LeavingTicket, LeavingDue) => {
            "with_bot kept: leaving timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(no_agents)+1"
        }
    })
}

#[test]
fn every_event_in_every_state_has_the_consequence_that_the_table_names() {
    for &stage in Stage::ALL {
        for &what in What::ALL {
            let (mut scene, past) = scene_of(stage);
            let Some(event) = event(what, &mut scene, past) else {
                assert_eq!(expected(stage, what), None, "{stage:?} × {what:?} cannot be");
                continue;
            };
            let occurrence = scene.read(&event);
            assert_eq!(
                What::of(&occurrence, &scene),
                what,
                "the event for {stage:?} × {what:?} is what it should be"
            );
            let transition = scene.decide(&event);
            assert_eq!(
                Some(told(&transition).as_str()),
                expected(stage, what),
                "{stage:?} × {what:?}"
            );
        }
    }
}

/// A conversation in a state, with a session that ended before.
fn scene_of(stage: Stage) -> (Scene, SessionId) {
    let mut scene = Scene::after_a_session();
    scene
        .desk_texts
        .insert("file_uploaded_text".into(), "{file} is here".into());
    let past = scene.conversation.last.expect("a session ended").session;
    if stage != Stage::WithBot {
        scene.happens(&escalates(Escalation::because("refund")));
        scene.happens(&says("one"));
    }
    match stage {
        Stage::WithBot => {}
        Stage::Opening => scene.in_flight(1),
        Stage::Waiting | Stage::WithAgent | Stage::Gathering | Stage::Warning | Stage::Warned => {
            scene.arrives(1);
            scene.arrives(2);
            scene.happens(&says("two"));
            if stage != Stage::Waiting {
                scene.happens(&agent_says(scene.session(), Some("Anna"), "Hello"));
            }
            if matches!(stage, Stage::Warning | Stage::Warned) {
                scene.arrives(3);
                scene.arrives(4);
                scene.after_its_time(TimerKind::Silence);
            } else {
                scene.in_flight(3);
            }
            if stage == Stage::Warned {
                scene.sees_the_warning();
            }
            if stage == Stage::Gathering {
                scene.happens(&sends_part("album", None, picture("one.png", Some(10))));
            }
        }
        Stage::Leaving | Stage::LeavingTicket => {
            scene.finds_no_agent();
            if stage == Stage::LeavingTicket {
                scene.happens(&says("ada@example.org"));
                scene.happens(&says("three"));
            }
        }
    }
    assert_eq!(Stage::of(&scene.conversation.state), stage);
    (scene, past)
}

/// The event of a kind; `None` where it would have to be of a session that stands, and none does.
fn event(what: What, scene: &mut Scene, past: SessionId) -> Option<Event> {
    if let Some(event) = anywhere(what, scene, past) {
        return Some(event);
    }
    let session = scene.conversation.session()?.clone();
    scene.policy.on_no_agents = match what {
        What::NobodyStayWithBot => OnNoAgents::StayWithBot,
        What::NobodyEscalateAnyway => OnNoAgents::EscalateAnyway,
        _ => OnNoAgents::LeaveMessage,
    };
    scene.policy.on_timeout = match what {
        What::WaitingDueBackToBot => OnTimeout::BackToBot,
        What::WaitingDueLeaveMessage => OnTimeout::LeaveMessage,
        _ => OnTimeout::KeepWaiting,
    };
    let ticket = match &scene.conversation.state {
        State::Leaving(leaving) => leaving.log.unwrap_or(2),
        _ => 2,
    };
    Some(match what {
        What::AgentMessage => agent_says(session.id, Some("Anna"), "yes"),
        What::AgentFile => agent_sends(session.id, document("bill.pdf", 10)),
        What::AgentTyping => agent_types(session.id),
        What::AgentEnded => agent_ends(session.id),
        What::AgentsThere => {
            scene.over_up_to(1);
            availability(session.id, false)
        }
        What::NobodyLeaveMessage | What::NobodyStayWithBot | What::NobodyEscalateAnyway => {
            scene.over_up_to(1);
            availability(session.id, true)
        }
        What::OpenerTaken => {
            scene.over_up_to(session.opener);
            taken(session.row(session.opener), opener())
        }
        What::OpenerDead | What::OpenerDeadMaybeSent => {
            scene.over_up_to(session.opener);
            dead(session.row(session.opener), opener(), what == What::OpenerDeadMaybeSent)
        }
        What::LogTaken => taken(session.row(ticket), log()),
        What::LogDead => dead(session.row(ticket), log(), false),
        What::PlaceDead => dead(early_row(scene), open(session.id), false),
        What::OpeningDue => scene.comes_due(TimerKind::Opening),
        What::WaitingDueBackToBot | What::WaitingDueLeaveMessage | What::WaitingDueKeepWaiting => {
            scene.comes_due(TimerKind::Waiting)
        }
        What::SilenceDue => {
            scene.queued.clear();
            scene.comes_due(TimerKind::Silence)
        }
        What::SilenceDueUnheard if scene.is_unheard() => scene.comes_due(TimerKind::Silence),
        What::SilenceDueUnheard => return None,
        What::LeavingDue => scene.comes_due(TimerKind::Leaving),
        What::DeskAwayDue => scene.comes_due(TimerKind::DeskAway),
        What::AlbumDue => scene.comes_due(TimerKind::Album),
        What::TooEarly => {
            let (kind, _) = scene.conversation.state.timer(&scene.policy)?;
            due(session.id, kind)
        }
        _ => unreachable!("`anywhere` makes {what:?}"),
    })
}

/// An event that needs no session that stands.
fn anywhere(what: What, scene: &Scene, past: SessionId) -> Option<Event> {
    let of_desk = |session, seq| DeliveryId {
        lane: Lane::Desk(session),
        seq,
    };
    let (desk, past_row) = (
        of_desk(scene.conversation.session().map_or(past, |session| session.id), 9),
        of_desk(past, 2),
    );
    let (chat, bot) = (early_row(scene), scene.conversation.bot_row());
    Some(match what {
        What::Message => says_at(100, "hm"),
        What::AlbumPart => sends_part("album", None, picture("two.png", Some(10))),
        What::Edited => edits_at(100, "hm?"),
        What::CustomerEnded => ends_at(100),
        What::Answered => answers(past, Answer::Solved),
        What::Former => says_at(MARK, "before that"),
        What::Escalate => {
            let mut escalation = Escalation::because("again");
            escalation.history.push(crate::model::Line::bot(scene.now, "Bot: well"));
            escalates_at(100, escalation)
        }
        What::BotEnded => bot_ends(),
        What::PushLog => pushes_log(contact(), "a talk", vec![crate::model::Line::bot(scene.now, "Bot: hi")]),
        What::PastMessage => agent_says(past, Some("Anna"), "one thing more"),
        What::PastFile => agent_sends(past, document("bill.pdf", 10)),
        What::PastTyping => agent_types(past),
        What::PastEnded => agent_ends(past),
        What::PastLogTaken => taken(past_row, log()),
        What::PastLogDead => dead(past_row, log(), false),
        What::AskTaken => taken(desk, Payload::Desk(DeskPayload::AskAvailability)),
        What::PastOpenerTaken => taken(past_row, opener()),
        What::MessageTaken => taken(desk, message(true)),
        What::LineTaken => taken(desk, message(false)),
        What::FileTaken => taken(desk, file()),
        What::EndTaken => taken(desk, Payload::Desk(DeskPayload::End)),
        What::ChatMessageTaken => taken(chat, chat_message()),
        What::ChatFileTaken => taken(chat, chat_file()),
        What::NoticeTaken => taken(chat, notice()),
        What::WarningTaken => taken(scene.conversation.chat_row(), silence_warning()),
        What::BotEventTaken => taken(bot, bot_event(scene)),
        What::NoPlaceTaken => taken(chat, open(past)),
        What::PlaceOpened => opened(chat, past, "thread"),
        What::PastPlaceDead => dead(chat, open(past), false),
        What::AskDead => dead(desk, Payload::Desk(DeskPayload::AskAvailability), false),
        What::PastOpenerDead => dead(past_row, opener(), false),
        What::MessageDead => dead(desk, message(true), false),
        What::LineDead => dead(desk, message(false), false),
        What::FileDead => dead(desk, file(), false),
        What::EndDead => dead(desk, Payload::Desk(DeskPayload::End), false),
        What::ChatMessageDead => dead(chat, chat_message(), false),
        What::ChatFileDead => dead(chat, chat_file(), false),
        What::NoticeDead => dead(chat, notice(), false),
        What::WarningDead => dead(scene.conversation.chat_row(), silence_warning(), false),
        What::BotEventDead => dead(bot, bot_event(scene), false),
        What::PastDue => due(past, TimerKind::Opening),
        What::AgentMessage
        | What::AgentFile
        | What::AgentTyping
        | What::AgentEnded
        | What::AgentsThere
        | What::NobodyLeaveMessage
        | What::NobodyStayWithBot
        | What::NobodyEscalateAnyway
        | What::OpenerTaken
        | What::OpenerDead
        | What::OpenerDeadMaybeSent
        | What::LogTaken
        | What::LogDead
        | What::PlaceDead
        | What::OpeningDue
        | What::WaitingDueBackToBot
        | What::WaitingDueLeaveMessage
        | What::WaitingDueKeepWaiting
        | What::SilenceDue
        | What::SilenceDueUnheard
        | What::LeavingDue
        | What::DeskAwayDue
        | What::AlbumDue
        | What::TooEarly => return None,
    })
}

impl Stage {
    fn of(state: &State) -> Self {
        match state {
            State::WithBot => Self::WithBot,
            State::Opening(_) => Self::Opening,
            State::Waiting(_) => Self::Waiting,
            State::WithAgent(session) => match session.watch.told {
                Told::NotYet if session.album.is_some() => Self::Gathering,
                Told::NotYet => Self::WithAgent,
                Told::OnItsWay(_) => Self::Warning,
                Told::Since(_) => Self::Warned,
            },
            State::Leaving(leaving) if leaving.log.is_none() => Self::Leaving,
            State::Leaving(_) => Self::LeavingTicket,
        }
    }
}

impl What {
    /// The kind of what the brain read an event as.
    fn of(occurrence: &Occurrence<'_>, scene: &Scene) -> Self {
        let (conversation, policy) = (&scene.conversation, &scene.policy);
        match occurrence {
            Occurrence::Message(message) if message.album.is_some() => Self::AlbumPart,
            Occurrence::Message(_) => Self::Message,
            Occurrence::Edited(_) => Self::Edited,
            Occurrence::CustomerEnded => Self::CustomerEnded,
            Occurrence::Answered(..) => Self::Answered,
            Occurrence::Former => Self::Former,
            Occurrence::Escalate(..) => Self::Escalate,
            Occurrence::BotEnded => Self::BotEnded,
            Occurrence::PushLog(..) => Self::PushLog,
            Occurrence::AgentMessage(..) => Self::AgentMessage,
            Occurrence::AgentFile(_) => Self::AgentFile,
            Occurrence::AgentTyping => Self::AgentTyping,
            Occurrence::AgentEnded => Self::AgentEnded,
            Occurrence::Past(_, DeskEvent::Message { .. }) => Self::PastMessage,
            Occurrence::Past(_, DeskEvent::File(_)) => Self::PastFile,
            Occurrence::Past(_, DeskEvent::Typing) => Self::PastTyping,
            Occurrence::Past(_, DeskEvent::Ended) => Self::PastEnded,
            Occurrence::Available(answer) => match (answer.no_agents, policy.on_no_agents) {
                (false, _) => Self::AgentsThere,
                (true, OnNoAgents::LeaveMessage) => Self::NobodyLeaveMessage,
                (true, OnNoAgents::StayWithBot) => Self::NobodyStayWithBot,
                (true, OnNoAgents::EscalateAnyway) => Self::NobodyEscalateAnyway,
            },
            Occurrence::OpenerTaken => Self::OpenerTaken,
            Occurrence::OpenerDead(_, false) => Self::OpenerDead,
            Occurrence::OpenerDead(_, true) => Self::OpenerDeadMaybeSent,
            Occurrence::LogTaken(_) => Self::LogTaken,
            Occurrence::LogDead(id, _) => match conversation.session().map(|session| session.lane() == id.lane) {
                Some(true) => Self::LogDead,
                Some(false) | None => Self::PastLogDead,
            },
            Occurrence::PlaceOpened(_) => Self::PlaceOpened,
            Occurrence::PlaceDead(of, _) if conversation.session().is_some_and(|session| session.id == *of) => {
                Self::PlaceDead
            }
            Occurrence::PlaceDead(..) => Self::PastPlaceDead,
            Occurrence::Taken(payload) => Self::of_taken(payload),
            Occurrence::Dead(_, payload, _) => Self::of_dead(payload),
            Occurrence::OpeningDue => Self::OpeningDue,
            Occurrence::WaitingDue => match policy.on_timeout {
                OnTimeout::BackToBot => Self::WaitingDueBackToBot,
                OnTimeout::LeaveMessage => Self::WaitingDueLeaveMessage,
                OnTimeout::KeepWaiting => Self::WaitingDueKeepWaiting,
            },
            Occurrence::SilenceDue if scene.is_unheard() => Self::SilenceDueUnheard,
            Occurrence::SilenceDue => Self::SilenceDue,
            Occurrence::LeavingDue => Self::LeavingDue,
            Occurrence::DeskAwayDue => Self::DeskAwayDue,
            Occurrence::AlbumDue => Self::AlbumDue,
            Occurrence::TooEarly(..) => Self::TooEarly,
            Occurrence::PastDue => Self::PastDue,
        }
    }

    fn of_taken(payload: &Payload) -> Self {
        match payload {
            Payload::Desk(DeskPayload::AskAvailability) => Self::AskTaken,
            Payload::Desk(DeskPayload::ChatbotLog { .. }) => Self::PastLogTaken,
            Payload::Desk(DeskPayload::Message { opener: true, .. }) => Self::PastOpenerTaken,
            Payload::Desk(DeskPayload::Message {
                from_customer: true, ..
            }) => Self::MessageTaken,
            Payload::Desk(DeskPayload::Message {
                from_customer: false, ..
            }) => Self::LineTaken,
            Payload::Desk(DeskPayload::File { .. }) => Self::FileTaken,
            Payload::Desk(DeskPayload::End) => Self::EndTaken,
            Payload::Chat(ChatPayload::Open { .. }) => Self::NoPlaceTaken,
            Payload::Chat(ChatPayload::Message { .. }) => Self::ChatMessageTaken,
            Payload::Chat(ChatPayload::File { .. }) => Self::ChatFileTaken,
            Payload::Chat(ChatPayload::Notice {
                kind: NoticeKind::SilenceWarning,
                ..
            }) => Self::WarningTaken,
            Payload::Chat(ChatPayload::Notice { .. } | ChatPayload::Question { .. }) => Self::NoticeTaken,
            Payload::Bot(_) => Self::BotEventTaken,
        }
    }

    fn of_dead(payload: &Payload) -> Self {
        match payload {
            Payload::Desk(DeskPayload::AskAvailability) => Self::AskDead,
            Payload::Desk(DeskPayload::ChatbotLog { .. }) => Self::PastLogDead,
            Payload::Desk(DeskPayload::Message { opener: true, .. }) => Self::PastOpenerDead,
            Payload::Desk(DeskPayload::Message {
                from_customer: true, ..
            }) => Self::MessageDead,
            Payload::Desk(DeskPayload::Message {
                from_customer: false, ..
            }) => Self::LineDead,
            Payload::Desk(DeskPayload::File { .. }) => Self::FileDead,
            Payload::Desk(DeskPayload::End) => Self::EndDead,
            Payload::Chat(ChatPayload::Open { .. }) => unreachable!("it is read as a dead place"),
            Payload::Chat(ChatPayload::Message { .. }) => Self::ChatMessageDead,
            Payload::Chat(ChatPayload::File { .. }) => Self::ChatFileDead,
            Payload::Chat(ChatPayload::Notice {
                kind: NoticeKind::SilenceWarning,
                ..
            }) => Self::WarningDead,
            Payload::Chat(ChatPayload::Notice { .. } | ChatPayload::Question { .. }) => Self::NoticeDead,
            Payload::Bot(_) => Self::BotEventDead,
        }
    }
}

/// A row of the chat lane that is none of the last ones.
fn early_row(scene: &Scene) -> DeliveryId {
    let last = scene.conversation.chat_row();
    DeliveryId { seq: 1, ..last }
}

fn contact() -> Contact {
    Contact::Email("ada@example.org".into())
}

fn opener() -> Payload {
    desk_message(true, false)
}

fn message(from_customer: bool) -> Payload {
    desk_message(false, from_customer)
}

fn desk_message(opener: bool, from_customer: bool) -> Payload {
    Payload::Desk(DeskPayload::Message {
        opener,
        number: 1,
        text: Text::new("hm"),
        customer: None,
        url: None,
        from_customer,
        completes: None,
    })
}

fn log() -> Payload {
    Payload::Desk(DeskPayload::ChatbotLog {
        from: contact(),
        subject: Text::new("a talk"),
        text: Text::new("hm"),
    })
}

fn file() -> Payload {
    let file = picture("cat.png", Some(10));
    Payload::Desk(DeskPayload::File { file, completes: None })
}

fn open(session: SessionId) -> Payload {
    Payload::Chat(ChatPayload::Open { session })
}

fn chat_message() -> Payload {
    let (author, text) = (None, "hm".into());
    Payload::Chat(ChatPayload::Message {
        author,
        continues: false,
        text,
    })
}

fn chat_file() -> Payload {
    let (author, file) = (None, document("bill.pdf", 10));
    Payload::Chat(ChatPayload::File {
        author,
        continues: false,
        file,
    })
}

fn notice() -> Payload {
    let (kind, text) = (NoticeKind::Waiting, Text::new("hm"));
    Payload::Chat(ChatPayload::Notice {
        kind,
        text,
        agent: None,
    })
}

fn bot_event(scene: &Scene) -> Payload {
    let (conversation, session) = (scene.conversation.key.clone(), unknown_session());
    Payload::Bot(BotEvent::Waiting { conversation, session })
}
