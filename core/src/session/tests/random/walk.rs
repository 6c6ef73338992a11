use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use proptest::sample::Index;

use super::super::scene::*;
use crate::{
    delivery::{Availability, DeliveryId, DeskPayload, Lane, Payload, Receipt},
    model::{
        AlbumId, Contact, CustomerEvent, CustomerMessage, Escalation, HistoryRoute, HowOften, Line, OnNoAgents,
        OnTimeout, Policy, Position, SessionId, Text, Timestamp,
    },
    session::{
        Album, Conversation, Effect, Event, Queued, Session, Settled, Settlement, State, TimerKind, Transition, Verdict,
    },
};

pub(super) const WAITING_MAX: Duration = Duration::from_mins(6);
pub(super) const SILENCE_MAX: Duration = Duration::from_mins(10);
pub(super) const WARNED_MAX: Duration = Duration::from_mins(4);
pub(super) const DESK_AWAY_MAX: Duration = Duration::from_mins(3);

/// What is set for a walk.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) on_no_agents: OnNoAgents,
    pub(super) history_route: HistoryRoute,
    pub(super) knows_contact: bool,
    pub(super) on_timeout: OnTimeout,
    pub(super) still_waiting: HowOften,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Say(Said),
    Edit,
    CustomerEnds,
    /// An update comes again.
    Replay(Index),
    Escalate(From),
    BotEnds,
    PushLog,
    Hook(Which, Sign),
    /// An attempt at the head of a lane begins.
    Start(Index),
    /// An attempt ends.
    Settle(Index, How),
    /// Milliseconds go by, and timers come due.
    Wait(u64),
    /// Whatever waits arrives, and milliseconds go by.
    Quiet(u64),
    /// A timer comes early, again, or after it was cleared.
    Due(Which, TimerKind),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Said {
    Text,
    LongText,
    Blank,
    Contact,
    TextAndFile,
    FileTooBig,
    /// A picture of an album, with a caption.
    Part {
        album: &'static str,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    Standing,
    Past(Index),
    Unknown,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Sign {
    Message { named: bool },
    LongMessage,
    Blank,
    File,
    FileTooBig,
    Typing,
    Ended,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    Delivered { no_agents: bool },
    Dead { maybe_sent: bool },
    Retry { maybe_sent: bool },
}

/// The position that an escalation names.
#[derive(Clone, Copy, Debug)]
pub(super) enum From {
    Handled,
    Nowhere,
    Old(Index),
}

/// A row of the ledger.
pub(super) struct Row {
    pub(super) payload: Payload,
    pub(super) status: Status,
    pub(super) since: Timestamp,
    in_flight: bool,
    maybe_sent: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Waiting,
    TakenBack,
    Over,
}

/// An event, and what it met and led to.
pub(super) struct Taken<'w> {
    pub(super) before: &'w Conversation,
    pub(super) event: &'w Event,
    pub(super) now: Timestamp,
    pub(super) transition: &'w Transition,
}

/// A conversation, its ledger, and what is remembered of both to judge them by.
pub(super) struct Walk {
    rules: Rules,
    scene: Scene,
    pub(super) rows: BTreeMap<DeliveryId, Row>,
    pub(super) timers: BTreeMap<(SessionId, TimerKind), Timestamp>,
    /// Every update there was; its position is its place, from 1.
    updates: Vec<CustomerEvent>,
    /// The updates that were accepted: they do not come to a decision again.
    inbox: BTreeSet<Position>,
    /// The last update that the bot handled.
    handled: Option<Position>,
    /// All sessions, oldest first.
    sessions: Vec<SessionId>,
    pub(super) memory: super::laws::Memory,
}

impl Walk {
    pub(super) fn new(rules: &Rules) -> Self {
        let mut scene = Scene::new();
        scene.policy.on_no_agents = rules.on_no_agents;
        scene.policy.history_route = rules.history_route;
        scene.policy.on_timeout = rules.on_timeout;
        scene.policy.still_waiting = rules.still_waiting;
        scene.policy.waiting_max = Some(WAITING_MAX);
        scene.policy.silence_max = Some(SILENCE_MAX);
        scene.policy.warned_max = WARNED_MAX;
        scene.policy.desk_away_max = Some(DESK_AWAY_MAX);
        scene.desk.message_chars_max = 500;
        scene.chat.text_max = 300;
        scene
            .desk_texts
            .insert("file_uploaded_text".into(), "{file} is here".into());
        Self {
            rules: rules.clone(),
            scene,
            rows: BTreeMap::new(),
            timers: BTreeMap::new(),
            updates: Vec::new(),
            inbox: BTreeSet::new(),
            handled: None,
            sessions: Vec::new(),
            memory: super::laws::Memory::default(),
        }
    }

    pub(super) fn state(&self) -> &'static str {
        self.scene.state()
    }

    pub(super) fn reasons(&self) -> impl Iterator<Item = &'static str> {
        self.memory.ends.values().map(|reason| reason.word())
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.scene.policy
    }

    pub(super) fn now(&self) -> Timestamp {
        self.scene.now
    }

    pub(super) fn conversation(&self) -> &Conversation {
        &self.scene.conversation
    }

    /// The album whose parts are still coming.
    pub(super) fn album(&self) -> Option<&Album> {
        self.conversation().session()?.album.as_ref()
    }

    pub(super) fn take(&mut self, step: &Step) {
        match step {
            Step::Say(said) => self.update(self.message(*said)),
            Step::Edit => self.update(CustomerEvent::Edited(self.mark("m").into())),
            Step::CustomerEnds => self.update(CustomerEvent::Ended),
            Step::Replay(at) => self.replay(*at),
            Step::Escalate(from) => self.escalate(*from),
            Step::BotEnds => {
                self.happens(&bot_ends());
            }
            Step::PushLog => {
                let line = Line::bot(self.scene.now, "Bot: hm");
                self.happens(&pushes_log(email(), "a talk", vec![line]));
            }
            Step::Hook(which, sign) => self.hook(*which, *sign),
            Step::Start(at) => {
                self.start(*at);
            }
            Step::Settle(at, how) => self.settle(*at, *how),
            Step::Wait(millis) => self.wait(Duration::from_millis(*millis)),
            Step::Quiet(millis) => {
                self.all_arrives();
                self.wait(Duration::from_millis(*millis));
            }
            Step::Due(which, kind) => {
                if let Some(session) = self.session(*which) {
                    self.due(session, *kind);
                }
            }
        }
    }

    /// A sign by which a text is found again.
    fn mark(&self, kind: &str) -> String {
        format!("<{kind}{}>", self.updates.len() + 1)
    }

    fn message(&self, said: Said) -> CustomerEvent {
        let (text, name) = (self.mark("m"), format!("{}.png", self.mark("f")));
        let (text, files) = match said {
            Said::Text => (text, Vec::new()),
            Said::LongText => (text + &" and more".repeat(130), Vec::new()),
            Said::Blank => ("  \n ".to_owned(), Vec::new()),
            Said::Contact => (text + " ada@example.org", Vec::new()),
            Said::TextAndFile | Said::Part { .. } => (text, vec![picture(&name, Some(1_000))]),
            Said::FileTooBig => (text, vec![picture(&name, Some(90_000_000))]),
        };
        let text = Some(text.into());
        let album = match said {
            Said::Part { album } => Some(AlbumId::new(album)),
            _ => None,
        };
        CustomerEvent::Message(CustomerMessage {
            text,
            files,
            album,
            ..CustomerMessage::default()
        })
    }

    /// A new update comes from the platform.
    fn update(&mut self, event: CustomerEvent) {
        self.updates.push(event);
        self.offer(self.updates.len());
    }

    /// An update comes again. The inbox keeps back what was accepted, unless so long ago that its key is gone: then the
    /// mark must do it.
    fn replay(&mut self, at: Index) {
        if !self.updates.is_empty() {
            let number = at.index(self.updates.len()) + 1;
            let position = position(number);
            if !self.inbox.contains(&position) || self.conversation().is_former(position, self.scene.now) {
                self.offer(number);
            }
        }
    }

    fn offer(&mut self, number: usize) {
        let (event, position) = (self.updates[number - 1].clone(), position(number));
        let position_known = Some(position);
        let verdict = self.happens(&Event::Customer {
            position: position_known,
            event,
        });
        if verdict == Verdict::Bots {
            self.handled = self.handled.max(position_known);
        } else {
            self.inbox.insert(position);
        }
    }

    fn escalate(&mut self, from: From) {
        let mut escalation = Escalation::because("hm");
        escalation.profile.contact = self.rules.knows_contact.then(email);
        escalation.history.push(Line::bot(self.scene.now, "Bot: a moment"));
        let position = match from {
            From::Handled => self.handled,
            From::Nowhere => None,
            From::Old(_) if self.updates.is_empty() => None,
            From::Old(at) => Some(position(at.index(self.updates.len()) + 1)),
        };
        let event = CustomerEvent::Escalate(Box::new(escalation));
        if let Verdict::Opened(session) = self.happens(&Event::Customer { position, event }) {
            self.sessions.push(session);
        }
    }

    /// A session to speak of; an unknown one is answered before it comes to a decision, unless it belongs to the bot's
    /// own logs.
    fn session(&self, which: Which) -> Option<SessionId> {
        match which {
            Which::Standing => self.conversation().session().map(|session| session.id),
            Which::Past(at) => (!self.sessions.is_empty()).then(|| self.sessions[at.index(self.sessions.len())]),
            Which::Unknown => Some(unknown_session()),
        }
    }

    fn hook(&mut self, which: Which, sign: Sign) {
        let Some(session) = self.session(which) else { return };
        let event = match sign {
            Sign::Message { named } => agent_says(session, named.then_some("Anna"), "well"),
            Sign::LongMessage => agent_says(session, Some("Anna"), &"well, well. ".repeat(100)),
            Sign::Blank => agent_says(session, None, " "),
            Sign::File => agent_sends(session, document("bill.pdf", 1_000)),
            Sign::FileTooBig => agent_sends(session, document("film.mp4", 90_000_000)),
            Sign::Typing => agent_types(session),
            Sign::Ended => agent_ends(session),
        };
        self.happens(&event);
    }

    fn wait(&mut self, wait: Duration) {
        self.scene.later(wait);
        let now = self.scene.now;
        let due: Vec<(SessionId, TimerKind)> = self
            .timers
            .iter()
            .filter(|(_, due)| **due <= now)
            .map(|(of, _)| *of)
            .collect();
        for (session, kind) in due {
            self.due(session, kind);
        }
        self.whoever_waits_long_for_the_desk_was_told();
    }

    fn due(&mut self, session: SessionId, kind: TimerKind) {
        self.timers.remove(&(session, kind));
        self.happens(&due(session, kind));
    }

    /// The heads of lanes that wait and have no attempt under way.
    fn heads(&self) -> Vec<DeliveryId> {
        let mut heads: BTreeMap<Lane, Option<DeliveryId>> = BTreeMap::new();
        for (id, row) in &self.rows {
            if row.in_flight {
                heads.insert(id.lane, None);
            } else if row.status == Status::Waiting {
                heads.entry(id.lane).or_insert(Some(*id));
            }
        }
        heads.into_values().flatten().collect()
    }

    fn start(&mut self, at: Index) -> Option<DeliveryId> {
        let heads = self.heads();
        let id = *(!heads.is_empty()).then(|| at.get(&heads))?;
        self.row_mut(id).in_flight = true;
        Some(id)
    }

    /// Ends an attempt that is under way, or one that begins for it.
    fn settle(&mut self, at: Index, how: How) {
        let under_way: Vec<DeliveryId> = self
            .rows
            .iter()
            .filter(|(_, row)| row.in_flight)
            .map(|(id, _)| *id)
            .collect();
        let id = if under_way.is_empty() {
            self.start(at)
        } else {
            Some(*at.get(&under_way))
        };
        if let Some(id) = id {
            self.settle_row(id, how);
        }
    }

    fn all_arrives(&mut self) {
        let first = |walk: &Self| {
            let mut rows = walk.rows.iter();
            rows.find(|(_, row)| row.status == Status::Waiting).map(|(id, _)| *id)
        };
        while let Some(id) = first(self) {
            self.settle_row(id, How::Delivered { no_agents: false });
        }
    }

    fn settle_row(&mut self, id: DeliveryId, how: How) {
        let row = self.row_mut(id);
        row.in_flight = false;
        let is_question = row.payload == Payload::Desk(DeskPayload::AskAvailability);
        let settlement = match how {
            How::Delivered { no_agents } if is_question => Settlement::Delivered(Receipt::Availability(Availability {
                no_agents,
                ..Availability::default()
            })),
            How::Delivered { .. } => Settlement::Delivered(Receipt::None),
            How::Dead { .. } | How::Retry { .. } if row.status == Status::TakenBack => return,
            // The question is never a dead letter: without an answer nothing is known.
            How::Dead { .. } if is_question => Settlement::Delivered(Receipt::Availability(Availability::default())),
            How::Dead { maybe_sent } => {
                let maybe_sent = maybe_sent || row.maybe_sent;
                let detail = "no".to_owned();
                Settlement::Dead { detail, maybe_sent }
            }
            How::Retry { maybe_sent } => {
                row.maybe_sent |= maybe_sent;
                return;
            }
        };
        if row.status == Status::Waiting {
            row.status = Status::Over;
        }
        let payload = row.payload.clone();
        self.happens(&Event::Settled(Settled {
            id,
            payload,
            settlement,
        }));
    }

    fn row_mut(&mut self, id: DeliveryId) -> &mut Row {
        self.rows.get_mut(&id).expect("the row is in the ledger")
    }

    /// Decides, holds the decision to the laws, and commits it.
    fn happens(&mut self, event: &Event) -> Verdict {
        let lane = self.conversation().session().map(Session::lane);
        self.scene.queued = self.queued(lane);
        let transition = self.scene.decide(event);
        self.scene.mint();
        let before = self.scene.conversation.clone();
        let now = self.scene.now;
        let taken = Taken {
            before: &before,
            event,
            now,
            transition: &transition,
        };
        self.check_step(&taken);
        self.commit(&transition);
        self.remember(&taken);
        self.check_whole();
        transition.verdict
    }

    fn queued(&self, lane: Option<Lane>) -> Vec<Queued> {
        let rows = self.rows.iter();
        let of_lane = rows.filter(|(id, row)| Some(id.lane) == lane && row.status == Status::Waiting);
        let queued = of_lane.map(|(id, row)| Queued {
            seq: id.seq,
            since: row.since,
            payload: row.payload.clone(),
            in_flight: row.in_flight,
            maybe_sent: row.maybe_sent,
        });
        queued.collect()
    }

    fn commit(&mut self, transition: &Transition) {
        self.scene.conversation = transition.conversation.clone();
        for effect in &transition.effects {
            match effect {
                Effect::Deliver(id, payload) => self.insert(*id, payload, Status::Waiting),
                Effect::Bury(id, payload, _) => self.insert(*id, payload, Status::Over),
                Effect::TakeBack(id) => self.row_mut(*id).status = Status::TakenBack,
                Effect::Record(_, line) => self.scene.history.push(line.clone()),
                Effect::SetTimer { session, kind, due } => {
                    self.timers.insert((*session, *kind), *due);
                }
                Effect::ClearTimer { session, kind } => {
                    self.timers.remove(&(*session, *kind));
                }
            }
        }
    }

    fn insert(&mut self, id: DeliveryId, payload: &Payload, status: Status) {
        let payload = payload.clone();
        let row = Row {
            payload,
            status,
            since: self.scene.now,
            in_flight: false,
            maybe_sent: false,
        };
        self.rows.insert(id, row);
    }

    /// The lines of a message that is being left, but for what stands in a ticket.
    pub(super) fn left_lines(&self) -> &[Text] {
        match &self.conversation().state {
            State::Leaving(leaving) => &leaving.lines[leaving.header.max(leaving.logged)..],
            _ => &[],
        }
    }
}

fn position(number: usize) -> Position {
    Position(i64::try_from(number).expect("a walk is short"))
}

fn email() -> Contact {
    Contact::Email("ada@example.org".into())
}
