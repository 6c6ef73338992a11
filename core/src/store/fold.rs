mod letters;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{PoisonError, RwLock},
};

use super::{
    Accepted, ChannelFacts, Incoming, Recorded, Settle, SettleAs, Target,
    backend::{Changes, Loaded, LoadedMore, NewRow, RowChange, WaitingMark, Wanted, WantedMore},
    index::{IndexChange, Lanes},
};
use crate::{
    delivery::{Availability, ChatPayload, DeliveryId, Door, Lane, Payload, Receipt},
    model::{
        ChannelId, ChatLimits, ConversationId, ConversationKey, CustomerEvent, DeskEvent, DeskLimits, EventKey,
        Formatting, HookAddress, LengthUnit, Line, Policy, SessionId, Texts, Timestamp,
    },
    session::{
        Conversation, DeskWatch, Effect, Env, Event, Queued, Settled, Settlement, State, TimerKind, Transition,
        UnsentTo, Verdict, decide,
    },
};

/// How many rows a lane may still hold when it is looked whether one of them is the customer's. A longer lane is read by
/// nobody for that: it is far from empty.
const DRAINING_ROWS_MAX: usize = 8;

/// What every decision may know, whatever it is about.
pub(super) struct Brain {
    pub(super) policy: Policy,
    pub(super) texts: Texts,
    pub(super) desk: DeskLimits,
    pub(super) unsent_to: UnsentTo,
    /// Set while the house is built; read from then on.
    pub(super) chats: RwLock<HashMap<ChannelId, ChannelFacts>>,
    pub(super) hook_address: RwLock<HookAddress>,
    /// The texts of the desk's configuration, as it told them last.
    pub(super) desk_texts: RwLock<BTreeMap<String, String>>,
}

impl Brain {
    /// For a conversation of a channel that is not connected now: what every platform takes.
    const ANY_CHAT: ChannelFacts = ChannelFacts {
        limits: ChatLimits {
            text_max: 2_000,
            text_unit: LengthUnit::Utf16,
            formatting: Formatting::None,
            fetch_bytes_max: 20 << 20,
            send_bytes_max: 8 << 20,
        },
        files: true,
        places: false,
        receipts: false,
        buttons: false,
    };

    fn chat(&self, channel: &ChannelId) -> ChannelFacts {
        let chats = self.chats.read().unwrap_or_else(PoisonError::into_inner);
        chats.get(channel).copied().unwrap_or(Self::ANY_CHAT)
    }

    /// The desk told its texts with an answer.
    fn learn(&self, receipt: &Receipt) {
        if let Receipt::Availability(Availability { texts, .. }) = receipt
            && !texts.is_empty()
        {
            self.desk_texts
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .clone_from(texts);
        }
    }
}

/// The conversations that a human owns or owned lately, as they are on the disk. The writer's own.
#[derive(Default)]
#[allow(
    clippy::struct_field_names,
    reason = "three ways to the same conversations are told apart by how they are found"
)]
pub(super) struct Live {
    by_id: HashMap<ConversationId, Conversation>,
    by_key: HashMap<ConversationKey, ConversationId>,
    by_session: HashMap<SessionId, ConversationId>,
}

impl Live {
    pub(super) fn keep(&mut self, conversation: Conversation) {
        if !conversation.is_human() && conversation.last.is_none() {
            return;
        }
        let id = conversation.id;
        let sessions = sessions_of(&conversation);
        match self.by_id.insert(id, conversation) {
            // Hooks of older sessions are rare: the database knows them.
            Some(before) => sessions_of(&before)
                .filter(|over| !sessions.clone().any(|kept| kept == *over))
                .for_each(|over| {
                    self.by_session.remove(&over);
                }),
            None => {
                self.by_key.insert(self.by_id[&id].key.clone(), id);
            }
        }
        self.by_session.extend(sessions.map(|session| (session, id)));
    }

    /// The timers whose time is remembered.
    pub(super) fn timers(&self, policy: &Policy) -> impl Iterator<Item = (SessionId, TimerKind, Timestamp)> {
        self.by_id.values().flat_map(|conversation| conversation.timers(policy))
    }

    /// Forgets what no human has owned since, and names it.
    pub(super) fn forget_before(&mut self, since: Timestamp) -> Vec<ConversationKey> {
        let old = |conversation: &Conversation| {
            !conversation.is_human() && conversation.last.is_none_or(|last| last.at < since)
        };
        let gone: Vec<ConversationKey> = self.by_id.values().filter(|c| old(c)).map(|c| c.key.clone()).collect();
        self.by_id.retain(|_, conversation| !old(conversation));
        self.by_key.retain(|_, id| self.by_id.contains_key(id));
        self.by_session.retain(|_, id| self.by_id.contains_key(id));
        gone
    }
}

/// The session that stands, and the one that ended last.
fn sessions_of(conversation: &Conversation) -> impl Iterator<Item = SessionId> + Clone + use<> {
    let stands = conversation.session().map(|session| session.id);
    let last = conversation.last.map(|last| last.session);
    stands.into_iter().chain(last)
}

/// A batch that is being decided. Nothing of it counts until it is committed.
pub(super) struct Batch<'b> {
    brain: &'b Brain,
    live: &'b Live,
    now: Timestamp,
    /// The id of the next session that is opened. Minting asks the system for randomness.
    fresh: SessionId,
    /// Read or made for this batch; before `live` in every look-up.
    conversations: HashMap<ConversationId, Conversation>,
    keys: HashMap<ConversationKey, ConversationId>,
    sessions: HashMap<SessionId, ConversationId>,
    changed: HashMap<ConversationId, Change>,
    seen: HashSet<EventKey>,
    /// The waiting rows of a lane, where an event of the batch needs them; complete where there is an entry.
    lanes: HashMap<Lane, Vec<Queued>>,
    taken_back: HashSet<DeliveryId>,
    /// Whether an event of the batch asks for a history.
    keeps_histories: bool,
    histories: HashMap<ConversationId, Vec<Line>>,
    pub(super) changes: Changes,
    pub(super) index: Vec<IndexChange>,
}

impl<'b> Batch<'b> {
    pub(super) fn new(brain: &'b Brain, live: &'b Live, now: Timestamp) -> Self {
        Self {
            brain,
            live,
            now,
            fresh: SessionId::mint(),
            conversations: HashMap::new(),
            keys: HashMap::new(),
            sessions: HashMap::new(),
            changed: HashMap::new(),
            seen: HashSet::new(),
            lanes: HashMap::new(),
            taken_back: HashSet::new(),
            keeps_histories: false,
            histories: HashMap::new(),
            changes: Changes {
                now,
                ..Changes::default()
            },
            index: Vec::new(),
        }
    }

    /// Notes what an event needs read that is not known by heart.
    pub(super) fn want(&self, incoming: &Incoming, wanted: &mut Wanted) {
        if !incoming.is_new {
            wanted.inbox.push(incoming.key.clone());
        }
        match &incoming.target {
            Target::Conversation(key) => self.want_key(key, wanted),
            Target::Session(session) if !self.live.by_session.contains_key(session) => wanted.sessions.push(*session),
            Target::Session(_) => {}
        }
    }

    pub(super) fn want_key(&self, key: &ConversationKey, wanted: &mut Wanted) {
        if !self.live.by_key.contains_key(key) {
            wanted.keys.push(key.clone());
        }
    }

    pub(super) fn want_lane(&self, lane: Lane, wanted: &mut Wanted) {
        match lane {
            Lane::Desk(session) if !self.live.by_session.contains_key(&session) => wanted.sessions.push(session),
            Lane::Chat(id) | Lane::Bot(id) if !self.live.by_id.contains_key(&id) => wanted.conversations.push(id),
            Lane::Desk(_) | Lane::Chat(_) | Lane::Bot(_) => {}
        }
    }

    pub(super) fn loaded(&mut self, loaded: Loaded) {
        self.seen = loaded.inbox;
        self.sessions = loaded.sessions;
        for conversation in loaded.conversations {
            self.keys.insert(conversation.key.clone(), conversation.id);
            let sessions = sessions_of(&conversation);
            self.sessions.extend(sessions.map(|session| (session, conversation.id)));
            self.conversations.insert(conversation.id, conversation);
        }
    }

    /// Notes which lanes and histories an event needs.
    pub(super) fn want_more(&mut self, incoming: &Incoming, index: &impl Lanes, wanted: &mut WantedMore) {
        let asks_for_history = matches!(
            &incoming.event,
            Event::Customer {
                event: CustomerEvent::Escalate(_) | CustomerEvent::PushLog { .. },
                ..
            } | Event::Due {
                // The message that can be left then begins with it.
                kind: TimerKind::Waiting,
                ..
            }
        );
        self.keeps_histories |= asks_for_history;
        let Some(conversation) = self.find(&incoming.target) else {
            return;
        };
        if asks_for_history {
            wanted.histories.push(conversation.id);
        }
        if needs_lane(conversation, &incoming.event) {
            self.want_desk_lane(lane_of(conversation, &incoming.event), index, wanted);
        }
    }

    pub(super) fn want_more_of_settle(&mut self, settle: &Settle, index: &impl Lanes, wanted: &mut WantedMore) {
        let Some(conversation) = self.of_lane(settle.id.lane) else {
            return;
        };
        let Some(session) = conversation.session() else {
            return;
        };
        let lane = session.lane();
        let is_opening = matches!(conversation.state, State::Opening(_));
        // A place that cannot be opened ends the session, however far it is, and takes back what waits.
        let no_place = matches!(settle.as_, SettleAs::Dead { .. })
            && matches!(settle.payload, Payload::Chat(ChatPayload::Open { .. }));
        // Where the customer was told that the desk is away, it counts whether something still waits.
        let is_over = matches!(settle.as_, SettleAs::Delivered(_) | SettleAs::Dead { .. });
        let drains = settle.id.lane == lane && is_over && session.watch.desk == DeskWatch::Told;
        if is_opening || no_place || (drains && index.rows_in(lane) <= DRAINING_ROWS_MAX) {
            self.want_desk_lane(Some(lane), index, wanted);
        }
    }

    fn want_desk_lane(&mut self, lane: Option<Lane>, index: &impl Lanes, wanted: &mut WantedMore) {
        match lane {
            Some(lane) if index.has_rows(lane) => {
                let known = wanted.lanes.contains(&lane);
                wanted.lanes.extend((!known).then_some(lane));
            }
            // Nothing waits there: what joins it in this batch is all there is.
            Some(lane) => {
                self.lanes.entry(lane).or_default();
            }
            None => {}
        }
    }

    pub(super) fn loaded_more(&mut self, loaded: LoadedMore, index: &impl Lanes) {
        self.histories = loaded.histories;
        for (lane, rows) in loaded.lanes {
            let queued = rows.into_iter().filter(|row| index.has_row(row.id)).map(|row| Queued {
                seq: row.id.seq,
                since: row.created_at,
                in_flight: index.is_leased(row.id),
                maybe_sent: row.maybe_sent || row.started,
                payload: row.payload,
            });
            self.lanes.insert(lane, queued.collect());
        }
    }

    /// Decides on an event.
    pub(super) fn accept(&mut self, incoming: &Incoming) -> Accepted {
        if let Event::Due { session, kind } = incoming.event {
            self.clear_timer(session, kind);
        }
        if !incoming.is_new && self.seen.contains(&incoming.key) {
            return Accepted::Duplicate;
        }
        let decided = match (self.find(&incoming.target), &incoming.target) {
            (Some(conversation), _) => self.decide(conversation, &incoming.event),
            (None, Target::Conversation(key)) => {
                let unknown = Conversation::new(ConversationId::mint(), key.clone());
                self.decide(&unknown, &incoming.event)
            }
            (None, Target::Session(_)) => return Accepted::UnknownSession,
        };
        let verdict = decided.transition.verdict;
        // What is the bot's was not accepted: it may be offered again, and is the bot's again.
        if verdict != Verdict::Bots {
            // A key that was minted just now never comes again. What the bot asked for in vain may: the answer is the same.
            let is_in_vain = verdict == Verdict::Over && is_of_the_bots_accord(&incoming.event);
            if !incoming.is_new && !is_in_vain {
                self.seen.insert(incoming.key.clone());
                self.changes.inbox.push(incoming.key.clone());
            }
            self.apply(decided);
        }
        Accepted::New(verdict)
    }

    /// Records how an attempt ended, if the lane is still out under the lease that it was claimed with. `index` is as of the
    /// last commit.
    pub(super) fn settle(&mut self, settle: &Settle, index: &impl Lanes) -> Recorded {
        if !index.is_out(settle.id.lane, &settle.lease) {
            tracing::warn!(delivery = %settle.id, "an attempt ended after its lease: another instance has the lane");
            return Recorded::Fenced;
        }
        self.settle_own(settle, index);
        Recorded::Done
    }

    fn settle_own(&mut self, settle: &Settle, index: &impl Lanes) {
        let id = settle.id;
        let gone = self.taken_back.contains(&id) || !index.has_row(id);
        let settlement = match &settle.as_ {
            SettleAs::Started => return self.changes.settled.push((id, RowChange::Started)),
            SettleAs::Retry { due, maybe_sent } => {
                if !gone {
                    let change = RowChange::Retry {
                        due: *due,
                        maybe_sent: *maybe_sent,
                    };
                    self.changes.settled.push((id, change));
                }
                return self.index.push(IndexChange::Again(id, *due));
            }
            SettleAs::Dead { .. } if gone => return self.index.push(IndexChange::Settled(id)),
            SettleAs::Dead { detail, maybe_sent } => {
                let change = RowChange::Dead {
                    detail: detail.clone(),
                    maybe_sent: *maybe_sent,
                };
                self.changes.settled.push((id, change));
                Settlement::Dead {
                    detail: detail.clone(),
                    maybe_sent: *maybe_sent,
                }
            }
            SettleAs::Delivered(receipt) => {
                self.brain.learn(receipt);
                self.changes.settled.push((id, RowChange::Delivered(receipt.clone())));
                Settlement::Delivered(receipt.clone())
            }
        };
        self.index.push(IndexChange::Settled(id));
        if let Some(rows) = self.lanes.get_mut(&id.lane) {
            rows.retain(|row| row.seq != id.seq);
        }
        let event = Event::Settled(Settled {
            id,
            payload: settle.payload.clone(),
            settlement,
        });
        match self
            .of_lane(id.lane)
            .map(|conversation| self.decide(conversation, &event))
        {
            Some(decided) => self.apply(decided),
            // Never seen: a conversation stays for as long as it has rows.
            None => {
                tracing::error!(delivery = %id, "a delivery is over whose conversation is not known: nobody is told");
            }
        }
    }

    /// Adds lines to the bot's part of a conversation's transcript.
    pub(super) fn transcribe(&mut self, key: &ConversationKey, lines: &[Line]) {
        let id = if let Some(conversation) = self.find(&Target::Conversation(key.clone())) {
            conversation.id
        } else {
            let conversation = Conversation::new(ConversationId::mint(), key.clone());
            let id = conversation.id;
            self.put(conversation, Change::Outline);
            id
        };
        self.changes
            .lines
            .extend(lines.iter().map(|line| (id, None, line.clone())));
        if self.keeps_histories {
            self.histories.entry(id).or_default().extend_from_slice(lines);
        }
    }

    /// The batch as it is to be written.
    pub(super) fn finish(&mut self) -> (Changes, Vec<IndexChange>) {
        let changed = std::mem::take(&mut self.changed);
        for (id, change) in changed {
            let conversation = self.conversations.remove(&id);
            let of_change = match change {
                Change::Outline => &mut self.changes.conversations,
                Change::Body => &mut self.changes.bodies,
            };
            of_change.extend(conversation);
        }
        (std::mem::take(&mut self.changes), std::mem::take(&mut self.index))
    }

    /// The door that a lane's deliveries leave by, and the channel whose holder alone claims them, where one does.
    pub(super) fn way_of(&self, lane: Lane) -> Option<(Door, Option<ChannelId>)> {
        match lane {
            Lane::Desk(_) => Some((Door::Desk, None)),
            Lane::Chat(id) | Lane::Bot(id) => {
                let conversation = self.by_id(id)?;
                Some((door_of(conversation, lane), Some(conversation.key.channel.clone())))
            }
        }
    }

    fn decide(&self, conversation: &Conversation, event: &Event) -> Decided {
        let chat = self.brain.chat(&conversation.key.channel);
        let desk_texts = self.brain.desk_texts.read().unwrap_or_else(PoisonError::into_inner);
        let hook_address = self.brain.hook_address.read().unwrap_or_else(PoisonError::into_inner);
        let lane = lane_of(conversation, event);
        let env = Env {
            now: self.now,
            fresh: self.fresh,
            policy: &self.brain.policy,
            texts: &self.brain.texts,
            desk_texts: &desk_texts,
            chat: chat.limits,
            files: chat.files,
            places: chat.places,
            receipts: chat.receipts,
            buttons: chat.buttons,
            unsent_to: self.brain.unsent_to,
            desk: self.brain.desk,
            hook_address: &hook_address,
            queued: lane.and_then(|lane| self.lanes.get(&lane)).map_or(&[], Vec::as_slice),
            unread: lane.is_some_and(|lane| !self.lanes.contains_key(&lane)),
            history: self.histories.get(&conversation.id).map_or(&[], Vec::as_slice),
        };
        let transition = decide(conversation, event, &env);
        let change = if self.by_id(conversation.id).is_none() {
            (!transition.effects.is_empty() || transition.conversation != *conversation).then_some(Change::Outline)
        } else if outline(&transition.conversation) != outline(conversation) {
            Some(Change::Outline)
        } else {
            (transition.conversation != *conversation).then_some(Change::Body)
        };
        Decided { transition, change }
    }

    fn apply(&mut self, decided: Decided) {
        let Transition {
            conversation, effects, ..
        } = decided.transition;
        for effect in effects {
            self.effect(&conversation, effect);
        }
        if conversation.session().is_some_and(|session| session.id == self.fresh) {
            self.fresh = SessionId::mint();
        }
        if let Some(change) = decided.change {
            self.put(conversation, change);
        }
    }

    fn effect(&mut self, conversation: &Conversation, effect: Effect) {
        match effect {
            Effect::Deliver(id, payload) => self.deliver(conversation, id, payload, None),
            Effect::Bury(id, payload, detail) => self.deliver(conversation, id, payload, Some(detail)),
            Effect::TakeBack(id) => {
                self.taken_back.insert(id);
                if let Some(rows) = self.lanes.get_mut(&id.lane) {
                    rows.retain(|row| row.seq != id.seq);
                }
                self.changes.settled.push((id, RowChange::TakenBack));
                self.index.push(IndexChange::TakenBack(id));
            }
            Effect::Record(session, line) => {
                // What was said in this batch is history for what comes after it in the batch.
                if self.keeps_histories {
                    self.histories.entry(conversation.id).or_default().push(line.clone());
                }
                self.changes.lines.push((conversation.id, session, line));
            }
            Effect::SetTimer { session, kind, due } => {
                self.changes.timers_cleared.retain(|timer| *timer != (session, kind));
                // One statement writes the batch: it cannot write the same timer twice.
                self.changes
                    .timers_set
                    .retain(|(of, which, _)| (*of, *which) != (session, kind));
                self.changes.timers_set.push((session, kind, due));
                self.index.push(IndexChange::SetTimer(session, kind, due));
            }
            Effect::ClearTimer { session, kind } => self.clear_timer(session, kind),
        }
    }

    fn deliver(&mut self, conversation: &Conversation, id: DeliveryId, payload: Payload, dead: Option<String>) {
        if let Lane::Desk(session) = id.lane {
            self.know_session(conversation, session);
        }
        let door = door_of(conversation, id.lane);
        if dead.is_none() {
            if let Some(rows) = self.lanes.get_mut(&id.lane) {
                rows.push(Queued {
                    seq: id.seq,
                    since: self.now,
                    payload: payload.clone(),
                    in_flight: false,
                    maybe_sent: false,
                });
            }
            self.index.push(IndexChange::Wait(WaitingMark {
                id,
                door: door.clone(),
                due: self.now,
            }));
        }
        self.changes.deliveries.push(NewRow {
            id,
            conversation: conversation.id,
            door,
            payload,
            dead,
        });
    }

    /// A session that is not on the disk yet goes there, with its first row.
    fn know_session(&mut self, conversation: &Conversation, session: SessionId) {
        if self.live.by_session.contains_key(&session) || self.sessions.contains_key(&session) {
            return;
        }
        let stands = conversation.session().filter(|stands| stands.id == session);
        let hook_address = stands.map(|stands| stands.hook_address.clone()).unwrap_or_default();
        self.changes.sessions.push((session, conversation.id, hook_address));
        if session == self.fresh {
            self.fresh = SessionId::mint();
        }
        self.sessions.insert(session, conversation.id);
        // A lane that begins in this batch is known whole.
        self.lanes.entry(Lane::Desk(session)).or_default();
    }

    fn clear_timer(&mut self, session: SessionId, kind: TimerKind) {
        self.changes
            .timers_set
            .retain(|(of, which, _)| (*of, *which) != (session, kind));
        self.changes.timers_cleared.push((session, kind));
        self.index.push(IndexChange::ClearTimer(session, kind));
    }

    fn put(&mut self, conversation: Conversation, change: Change) {
        let id = conversation.id;
        if self.by_id(id).is_none() {
            self.keys.insert(conversation.key.clone(), id);
        }
        self.conversations.insert(id, conversation);
        let so_far = self.changed.entry(id).or_insert(change);
        *so_far = change.max(*so_far);
    }

    fn find(&self, target: &Target) -> Option<&Conversation> {
        let id = match target {
            Target::Conversation(key) => self.keys.get(key).or_else(|| self.live.by_key.get(key)),
            Target::Session(session) => self.sessions.get(session).or_else(|| self.live.by_session.get(session)),
        };
        id.and_then(|id| self.by_id(*id))
    }

    fn of_lane(&self, lane: Lane) -> Option<&Conversation> {
        match lane {
            Lane::Desk(session) => self.find(&Target::Session(session)),
            Lane::Chat(id) | Lane::Bot(id) => self.by_id(id),
        }
    }

    fn by_id(&self, id: ConversationId) -> Option<&Conversation> {
        self.conversations.get(&id).or_else(|| self.live.by_id.get(&id))
    }
}

/// The door that a lane leaves by.
fn door_of(conversation: &Conversation, lane: Lane) -> Door {
    match lane {
        Lane::Desk(_) => Door::Desk,
        Lane::Chat(_) => Door::Channel(conversation.key.channel.clone()),
        Lane::Bot(_) => Door::Bot,
    }
}

/// What an event does to a conversation, and what of it is to be stored anew.
struct Decided {
    transition: Transition,
    change: Option<Change>,
}

/// How much of a conversation changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// Nothing that it is looked up by.
    Body,
    /// All of it.
    Outline,
}

/// What a conversation is looked up by, beside its id.
fn outline(conversation: &Conversation) -> impl PartialEq {
    (
        &conversation.key,
        conversation.session().map(|session| session.id),
        conversation.last,
    )
}

/// The desk lane that an event is about: of the session that stands, or of one that is over and that the agent ends too.
fn lane_of(conversation: &Conversation, event: &Event) -> Option<Lane> {
    match (conversation.session(), event) {
        (Some(session), _) => Some(session.lane()),
        (
            None,
            Event::Desk {
                session,
                event: DeskEvent::Ended,
            },
        ) => Some(Lane::Desk(*session)),
        (None, _) => None,
    }
}

/// Whether nothing came of the platform that the event could be.
fn is_of_the_bots_accord(event: &Event) -> bool {
    matches!(
        event,
        Event::Customer {
            event: CustomerEvent::BotEnded | CustomerEvent::PushLog { .. },
            ..
        }
    )
}

/// Whether `decide` may want to take rows back, or to know what became of the opener.
fn needs_lane(conversation: &Conversation, event: &Event) -> bool {
    let opening = matches!(conversation.state, State::Opening(_));
    match event {
        Event::Customer {
            event: CustomerEvent::Message(_) | CustomerEvent::Edited(_),
            ..
        }
        // What an album brings is a message.
        | Event::Due {
            kind: TimerKind::Album,
            ..
        } => false,
        Event::Desk {
            event: DeskEvent::Message { .. } | DeskEvent::File(_) | DeskEvent::Typing,
            ..
        } => opening,
        Event::Customer { .. } | Event::Desk { .. } | Event::Settled(_) | Event::Due { .. } => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, CustomerId};

    #[test]
    fn of_the_timers_an_albums_alone_reads_no_lane() {
        let key = ConversationKey {
            channel: ChannelId::new("test"),
            address: Address::new("1"),
            customer: CustomerId::new("1"),
        };
        let conversation = Conversation::new(ConversationId::mint(), key);
        let session = SessionId::mint();
        let without = TimerKind::ALL
            .into_iter()
            .filter(|kind| !needs_lane(&conversation, &Event::Due { session, kind: *kind }));
        assert_eq!(without.collect::<Vec<_>>(), [TimerKind::Album]);
    }
}
