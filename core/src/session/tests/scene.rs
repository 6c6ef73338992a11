//! A conversation to play with: events happen to it, and what follows is kept as a ledger would keep it.

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use uuid::Uuid;

use crate::{
    delivery::{Availability, ChatPayload, DeliveryId, DeskPayload, Lane, NoticeKind, Payload, Receipt},
    model::{
        Address, AlbumId, Answer, Attachment, BlobId, BotEvent, ChannelId, ChatLimits, ConversationId, ConversationKey,
        CustomerEvent, CustomerId, CustomerMessage, DeskEvent, DeskLimits, Escalation, FileKind, FileRef, FileSource,
        Formatting, HookAddress, LengthUnit, Line, Policy, Position, RichText, SessionId, Text, Texts, Timestamp,
    },
    session::{
        Conversation, Effect, Env, Event, Queued, Settled, Settlement, State, TimerKind, Transition, UnsentTo, Verdict,
        decide::{Occurrence, decide},
        end::customer_wrote,
    },
};

/// The position up to which the bot has handled the conversation when it escalates.
pub(super) const MARK: i64 = 10;

static HOOK_ADDRESS: LazyLock<HookAddress> =
    LazyLock::new(|| HookAddress::new("https://bot.example.org/omnidesk/secret"));

#[allow(
    clippy::struct_excessive_bools,
    reason = "each says of one thing how it stands, as in the environment"
)]
pub(super) struct Scene {
    pub(super) conversation: Conversation,
    pub(super) now: Timestamp,
    pub(super) policy: Policy,
    pub(super) texts: Texts,
    pub(super) desk_texts: BTreeMap<String, String>,
    pub(super) chat: ChatLimits,
    pub(super) files: bool,
    pub(super) places: bool,
    pub(super) receipts: bool,
    pub(super) buttons: bool,
    pub(super) unsent_to: UnsentTo,
    pub(super) desk: DeskLimits,
    /// What the ledger knows of the conversation.
    pub(super) history: Vec<Line>,
    /// The rows that wait in the desk lane of the session that stands.
    pub(super) queued: Vec<Queued>,
    minted: u128,
}

impl Scene {
    /// A customer who talks to the bot, and never did otherwise.
    pub(super) fn new() -> Self {
        let key = ConversationKey {
            channel: ChannelId::new("telegram"),
            address: Address::new("4711"),
            customer: CustomerId::new("4711"),
        };
        Self {
            conversation: Conversation::new(ConversationId::from_uuid(Uuid::from_u128(7)), key),
            now: Timestamp::from_millis(1_700_000_000_000),
            policy: Policy::default(),
            texts: Texts::default(),
            desk_texts: BTreeMap::new(),
            chat: ChatLimits {
                text_max: 4_096,
                text_unit: LengthUnit::Utf16,
                formatting: Formatting::None,
                fetch_bytes_max: 20_000_000,
                send_bytes_max: 50_000_000,
            },
            files: true,
            places: false,
            receipts: false,
            buttons: false,
            unsent_to: UnsentTo::Bot,
            desk: DeskLimits {
                message_chars_max: 10_000,
                file_bytes_max: 25_000_000,
            },
            history: Vec::new(),
            queued: Vec::new(),
            minted: 0,
        }
    }

    /// The desk has been asked: row 1 asks whether agents are there, row 2 opens.
    pub(super) fn opening() -> Self {
        let mut scene = Self::new();
        scene.happens(&escalates_at(MARK, Escalation::because("refund")));
        scene
    }

    /// The desk has the session.
    pub(super) fn waiting() -> Self {
        let mut scene = Self::opening();
        scene.arrives(1);
        scene.arrives(2);
        scene
    }

    /// Anna has it.
    pub(super) fn with_agent() -> Self {
        let mut scene = Self::waiting();
        scene.happens(&agent_says(scene.session(), Some("Anna"), "Hello"));
        scene
    }

    /// No agent is there, and a contact was asked for.
    pub(super) fn leaving() -> Self {
        let mut scene = Self::opening();
        scene.finds_no_agent();
        scene
    }

    /// The bot has the conversation again, since this moment.
    pub(super) fn after_a_session() -> Self {
        let mut scene = Self::with_agent();
        scene.happens(&agent_ends(scene.session()));
        scene
    }

    /// What an event would do.
    pub(super) fn decide(&self, event: &Event) -> Transition {
        decide(&self.conversation, event, &self.env())
    }

    /// What the brain reads an event as.
    pub(super) fn read<'e>(&self, event: &'e Event) -> Occurrence<'e> {
        Occurrence::read(&self.conversation, event, &self.env())
    }

    /// What the brain may know now.
    pub(super) fn env(&self) -> Env<'_> {
        Env {
            now: self.now,
            fresh: SessionId::from_uuid(Uuid::from_u128(self.minted + 1)),
            policy: &self.policy,
            texts: &self.texts,
            desk_texts: &self.desk_texts,
            chat: self.chat,
            files: self.files,
            places: self.places,
            receipts: self.receipts,
            buttons: self.buttons,
            unsent_to: self.unsent_to,
            desk: self.desk,
            hook_address: &HOOK_ADDRESS,
            queued: &self.queued,
            unread: false,
            history: &self.history,
        }
    }

    /// Lets an event happen.
    pub(super) fn happens(&mut self, event: &Event) -> Transition {
        let transition = self.decide(event);
        self.mint();
        self.conversation = transition.conversation.clone();
        for effect in &transition.effects {
            self.keep(effect);
        }
        if self.conversation.session().is_none() {
            self.queued.clear();
        }
        transition
    }

    /// The next id for a session.
    pub(super) fn mint(&mut self) {
        self.minted += 1;
    }

    fn keep(&mut self, effect: &Effect) {
        match effect {
            Effect::Deliver(id, payload @ Payload::Desk(_)) => self.queued.push(Queued {
                seq: id.seq,
                since: self.now,
                payload: payload.clone(),
                in_flight: false,
                maybe_sent: false,
            }),
            Effect::TakeBack(id) => self.queued.retain(|row| row.seq != id.seq),
            Effect::Record(_, line) => self.history.push(line.clone()),
            Effect::Deliver(..) | Effect::Bury(..) | Effect::SetTimer { .. } | Effect::ClearTimer { .. } => {}
        }
    }

    /// A row of the desk lane arrives.
    pub(super) fn arrives(&mut self, seq: u64) -> Transition {
        let payload = self.unqueue(seq);
        let id = self.row(seq);
        self.happens(&taken(id, payload))
    }

    /// A row of the desk lane becomes a dead letter.
    pub(super) fn dies(&mut self, seq: u64, maybe_sent: bool) -> Transition {
        let payload = self.unqueue(seq);
        let id = self.row(seq);
        self.happens(&dead(id, payload, maybe_sent))
    }

    /// The desk answers that nobody is there.
    pub(super) fn finds_no_agent(&mut self) -> Transition {
        self.unqueue(1);
        self.happens(&availability(self.session(), true))
    }

    /// The warning of a silence is shown to the customer. It is the last that joined the chat lane.
    pub(super) fn sees_the_warning(&mut self) -> Transition {
        self.happens(&taken(self.conversation.chat_row(), silence_warning()))
    }

    /// An attempt at a row is under way.
    pub(super) fn in_flight(&mut self, seq: u64) {
        self.queued
            .iter_mut()
            .find(|row| row.seq == seq)
            .expect("the row waits")
            .in_flight = true;
    }

    /// Time goes by until a timer of the session that stands is due, and it comes.
    pub(super) fn comes_due(&mut self, kind: TimerKind) -> Event {
        let policy = &self.policy;
        let wait = match kind {
            TimerKind::Opening => Some(policy.opening_max),
            TimerKind::Leaving => Some(policy.leaving_max),
            TimerKind::Waiting => policy.waiting_max,
            TimerKind::Silence => policy.silence_max,
            TimerKind::DeskAway => policy.desk_away_max,
            TimerKind::Album => Some(policy.album_wait),
        };
        self.later(wait.expect("the timer is on"));
        due(self.session(), kind)
    }

    /// Time goes by until a timer of the session that stands is due, and what follows.
    pub(super) fn after_its_time(&mut self, kind: TimerKind) -> Transition {
        let event = self.comes_due(kind);
        self.happens(&event)
    }

    /// Whether words of the customer wait for the desk.
    pub(super) fn is_unheard(&self) -> bool {
        self.queued.iter().any(|row| customer_wrote(&row.payload))
    }

    /// What stands in the desk lane up to a row is over.
    pub(super) fn over_up_to(&mut self, seq: u64) {
        self.queued.retain(|row| row.seq > seq);
    }

    fn unqueue(&mut self, seq: u64) -> Payload {
        let at = self.queued.iter().position(|row| row.seq == seq);
        self.queued.remove(at.expect("the row waits")).payload
    }

    /// The session that stands.
    pub(super) fn session(&self) -> SessionId {
        self.conversation.session().expect("a session stands").id
    }

    pub(super) fn row(&self, seq: u64) -> DeliveryId {
        let lane = Lane::Desk(self.session());
        DeliveryId { lane, seq }
    }

    pub(super) fn later(&mut self, wait: Duration) {
        self.now = self.now + wait;
    }

    pub(super) fn state(&self) -> &'static str {
        self.conversation.state.word()
    }

    pub(super) fn leaving_lines(&self) -> Vec<&str> {
        match &self.conversation.state {
            State::Leaving(leaving) => leaving.lines.iter().skip(leaving.header).map(Text::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

pub(super) fn customer(position: Option<i64>, event: CustomerEvent) -> Event {
    let position = position.map(Position);
    Event::Customer { position, event }
}

pub(super) fn says(text: &str) -> Event {
    customer(None, CustomerEvent::Message(CustomerMessage::text(text)))
}

pub(super) fn says_at(position: i64, text: &str) -> Event {
    customer(Some(position), CustomerEvent::Message(CustomerMessage::text(text)))
}

pub(super) fn sends(text: Option<&str>, files: Vec<Attachment>) -> Event {
    let text = text.map(RichText::from);
    customer(
        None,
        CustomerEvent::Message(CustomerMessage {
            text,
            files,
            ..CustomerMessage::default()
        }),
    )
}

/// A part of an album.
pub(super) fn sends_part(album: &str, caption: Option<&str>, file: Attachment) -> Event {
    let message = CustomerMessage {
        text: caption.map(RichText::from),
        files: vec![file],
        album: Some(AlbumId::new(album)),
        ..CustomerMessage::default()
    };
    customer(Some(100), CustomerEvent::Message(message))
}

pub(super) fn edits(text: &str) -> Event {
    customer(None, CustomerEvent::Edited(text.into()))
}

pub(super) fn edits_at(position: i64, text: &str) -> Event {
    customer(Some(position), CustomerEvent::Edited(text.into()))
}

pub(super) fn ends() -> Event {
    customer(None, CustomerEvent::Ended)
}

pub(super) fn ends_at(position: i64) -> Event {
    customer(Some(position), CustomerEvent::Ended)
}

/// The customer answers whether a session solved it.
pub(super) fn answers(session: SessionId, answer: Answer) -> Event {
    customer(Some(101), CustomerEvent::Answered { session, answer })
}

pub(super) fn escalates(escalation: Escalation) -> Event {
    customer(None, CustomerEvent::Escalate(Box::new(escalation)))
}

pub(super) fn escalates_at(position: i64, escalation: Escalation) -> Event {
    customer(Some(position), CustomerEvent::Escalate(Box::new(escalation)))
}

pub(super) fn bot_ends() -> Event {
    customer(None, CustomerEvent::BotEnded)
}

pub(super) fn pushes_log(from: crate::model::Contact, subject: &str, history: Vec<Line>) -> Event {
    let subject = Text::new(subject);
    customer(None, CustomerEvent::PushLog { from, subject, history })
}

fn hook(session: SessionId, event: DeskEvent) -> Event {
    Event::Desk { session, event }
}

pub(super) fn agent_says(session: SessionId, name: Option<&str>, text: &str) -> Event {
    let (name, text) = (name.map(Text::from), text.into());
    let picture = None;
    hook(session, DeskEvent::Message { name, picture, text })
}

pub(super) fn agent_sends(session: SessionId, file: Attachment) -> Event {
    hook(session, DeskEvent::File(file))
}

pub(super) fn agent_types(session: SessionId) -> Event {
    hook(session, DeskEvent::Typing)
}

pub(super) fn agent_ends(session: SessionId) -> Event {
    hook(session, DeskEvent::Ended)
}

/// The desk says whether nobody is there, in answer to row 1.
pub(super) fn availability(session: SessionId, no_agents: bool) -> Event {
    Event::Settled(Settled {
        id: DeliveryId {
            lane: Lane::Desk(session),
            seq: 1,
        },
        payload: Payload::Desk(DeskPayload::AskAvailability),
        settlement: Settlement::Delivered(Receipt::Availability(Availability {
            no_agents,
            ..Availability::default()
        })),
    })
}

pub(super) fn taken(id: DeliveryId, payload: Payload) -> Event {
    Event::Settled(Settled {
        id,
        payload,
        settlement: Settlement::Delivered(Receipt::None),
    })
}

/// The text is of no matter.
pub(super) fn silence_warning() -> Payload {
    let (kind, text) = (NoticeKind::SilenceWarning, Text::new("hm"));
    Payload::Chat(ChatPayload::Notice {
        kind,
        text,
        agent: None,
    })
}

/// A place was opened for a session.
pub(super) fn opened(id: DeliveryId, session: SessionId, place: &str) -> Event {
    let place = Address::new(place);
    Event::Settled(Settled {
        id,
        payload: Payload::Chat(ChatPayload::Open { session }),
        settlement: Settlement::Delivered(Receipt::Place { place }),
    })
}

pub(super) fn dead(id: DeliveryId, payload: Payload, maybe_sent: bool) -> Event {
    let detail = "no".to_owned();
    Event::Settled(Settled {
        id,
        payload,
        settlement: Settlement::Dead { detail, maybe_sent },
    })
}

pub(super) fn due(session: SessionId, kind: TimerKind) -> Event {
    Event::Due { session, kind }
}

/// A session that nobody knows.
pub(super) fn unknown_session() -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(u128::MAX))
}

/// A picture of the customer, at the platform.
pub(super) fn picture(name: &str, bytes: Option<u64>) -> Attachment {
    Attachment {
        kind: FileKind::Image,
        name: Text::new(name),
        media_type: Some("image/png".into()),
        bytes,
        source: FileSource::Platform(FileRef::new("handle")),
    }
}

/// A document of an agent, with us.
pub(super) fn document(name: &str, bytes: u64) -> Attachment {
    Attachment {
        kind: FileKind::Document,
        name: Text::new(name),
        media_type: None,
        bytes: Some(bytes),
        source: FileSource::Blob(BlobId::from_uuid(Uuid::from_u128(1))),
    }
}

/// What a transition delivers to the desk.
pub(super) fn to_desk(transition: &Transition) -> Vec<&DeskPayload> {
    delivered(transition)
        .filter_map(|payload| match payload {
            Payload::Desk(payload) => Some(payload),
            _ => None,
        })
        .collect()
}

/// What a transition delivers to the customer.
pub(super) fn to_chat(transition: &Transition) -> Vec<&ChatPayload> {
    delivered(transition)
        .filter_map(|payload| match payload {
            Payload::Chat(payload) => Some(payload),
            _ => None,
        })
        .collect()
}

/// What a transition tells the bot.
pub(super) fn to_bot(transition: &Transition) -> Vec<&BotEvent> {
    delivered(transition)
        .filter_map(|payload| match payload {
            Payload::Bot(event) => Some(event),
            _ => None,
        })
        .collect()
}

fn delivered(transition: &Transition) -> impl Iterator<Item = &Payload> {
    transition.effects.iter().filter_map(|effect| match effect {
        Effect::Deliver(_, payload) => Some(payload),
        _ => None,
    })
}

/// The texts among what goes to the desk.
pub(super) fn desk_lines(transition: &Transition) -> Vec<&str> {
    to_desk(transition)
        .into_iter()
        .filter_map(|payload| match payload {
            DeskPayload::Message { text, .. } | DeskPayload::ChatbotLog { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

/// What the customer reads, with the author in front.
pub(super) fn chat_lines(transition: &Transition) -> Vec<String> {
    to_chat(transition).into_iter().filter_map(ChatPayload::plain).collect()
}

/// The customer's lines that the bot is given back.
pub(super) fn unsent(transition: &Transition) -> Vec<&str> {
    to_bot(transition)
        .into_iter()
        .flat_map(|event| match event {
            BotEvent::HandedBack { unsent, .. } | BotEvent::Failed { unsent, .. } => unsent.as_slice(),
            _ => &[],
        })
        .map(|line| line.text.as_str())
        .collect()
}

/// A transition in one line: where the conversation is then, what is answered, and each effect in order.
pub(super) fn told(transition: &Transition) -> String {
    let verdict = match transition.verdict {
        Verdict::Kept => "kept",
        Verdict::Bots => "bots",
        Verdict::Opened(_) => "opened",
        Verdict::Already(_) => "already",
        Verdict::Over => "over",
    };
    let effects: Vec<String> = transition.effects.iter().map(effect_told).collect();
    let line = format!(
        "{} {verdict}: {}",
        transition.conversation.state.word(),
        effects.join(", ")
    );
    line.trim_end_matches([' ', ':']).to_owned()
}

fn effect_told(effect: &Effect) -> String {
    match effect {
        Effect::Deliver(_, payload) => payload_told(payload),
        Effect::Bury(_, payload, _) => format!("dead {}", payload.word()),
        Effect::TakeBack(id) => format!("take back {}", id.seq),
        Effect::Record(Some(_), _) => "record".into(),
        Effect::Record(None, _) => "record bot's".into(),
        Effect::SetTimer { kind, .. } => format!("{} timer set", kind.word()),
        Effect::ClearTimer { kind, .. } => format!("{} timer cleared", kind.word()),
    }
}

fn payload_told(payload: &Payload) -> String {
    match payload {
        Payload::Desk(DeskPayload::Message {
            opener: false,
            from_customer: false,
            ..
        }) => "desk.line".into(),
        Payload::Chat(ChatPayload::Notice { kind, .. }) => format!("notice:{}", notice_told(*kind)),
        Payload::Bot(event) => format!("bot:{}", bot_event_told(event)),
        payload => payload.word().into(),
    }
}

fn notice_told(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Waiting => "waiting",
        NoticeKind::Connected => "connected",
        NoticeKind::NoAgents => "no_agents",
        NoticeKind::AskContact => "ask_contact",
        NoticeKind::LeftMessage => "left_message",
        NoticeKind::Ended => "ended",
        NoticeKind::Failed => "failed",
        NoticeKind::Undelivered => "undelivered",
        NoticeKind::TooBig => "too_big",
        NoticeKind::FileReceived => "file_received",
        NoticeKind::StillWaiting => "still_waiting",
        NoticeKind::NobodyCame => "nobody_came",
        NoticeKind::SilenceWarning => "silence_warning",
        NoticeKind::SilenceEnded => "silence_ended",
        NoticeKind::DeskAway => "desk_away",
        NoticeKind::AskPhone => "ask_phone",
        NoticeKind::AskEmail => "ask_email",
        NoticeKind::Answered => "answered",
    }
}

fn bot_event_told(event: &BotEvent) -> String {
    let unsent_told = |unsent: &[crate::model::Unsent]| match unsent.len() {
        0 => String::new(),
        lines => format!("+{lines}"),
    };
    match event {
        BotEvent::Waiting { .. } => "waiting".into(),
        BotEvent::Connected { .. } => "connected".into(),
        BotEvent::HandedBack { reason, unsent, .. } => format!("handed_back({}){}", reason.word(), unsent_told(unsent)),
        BotEvent::Failed { reason, unsent, .. } => format!("failed({}){}", reason.word(), unsent_told(unsent)),
        BotEvent::Undelivered { .. } => "undelivered".into(),
    }
}
