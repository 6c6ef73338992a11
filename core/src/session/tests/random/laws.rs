use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::walk::{DESK_AWAY_MAX, SILENCE_MAX, Status, Taken, WAITING_MAX, WARNED_MAX, Walk};
use crate::{
    delivery::{ChatPayload, DeliveryId, DeskPayload, Lane, NoticeKind, Payload},
    model::{
        Attachment, BotEvent, CustomerEvent, DeskEvent, EndReason, HowOften, LengthUnit, SessionId, Text, Timestamp,
    },
    session::{DeskWatch, Effect, Event, Settlement, State, TimerKind, Told, Verdict},
};

/// What a walk remembers to judge what comes by.
#[derive(Default)]
pub(super) struct Memory {
    /// Why each session ended.
    pub(super) ends: BTreeMap<SessionId, EndReason>,
    opened: BTreeSet<SessionId>,
    /// The bot was told of the end.
    closed: BTreeSet<SessionId>,
    last_seq: BTreeMap<Lane, u64>,
    last_number: BTreeMap<SessionId, u32>,
    /// The signs of all that a customer said while a human owned the conversation.
    kept: BTreeSet<String>,
    /// Lines that went to the bot, and what the customer was told to be lost.
    given_back: Vec<Text>,
    refused: Vec<Text>,
    /// Since when each session waited for an agent, and when somebody said something last once it had one.
    waiting_since: BTreeMap<SessionId, Timestamp>,
    heard_at: BTreeMap<SessionId, Timestamp>,
    /// The last row of the warning that each silence was told by, and since when that row is over.
    warnings: BTreeMap<SessionId, (DeliveryId, Option<Timestamp>)>,
    /// Whose customer knows that the desk is away.
    knows_of_outage: BTreeSet<SessionId>,
    /// What the customer wrote in a ticket.
    tickets: BTreeMap<DeliveryId, Vec<Text>>,
}

/// What must hold of each decision.
impl Walk {
    pub(super) fn check_step(&self, taken: &Taken<'_>) {
        owner_and_epoch_change_together(taken);
        former_positions_change_nothing(taken);
        what_is_the_bots_leaves_no_trace(taken);
        marks_that_hold_are_not_drawn_back(taken);
        texts_are_fit_to_be_sent(taken);
        dead_letters_are_told(taken);
        self.numbers_rise(taken);
        self.rows_belong_to_a_session_that_stands(taken);
        self.rows_are_taken_back_once(taken);
        self.what_is_told_of_time_is_true(taken);
    }

    fn numbers_rise(&self, taken: &Taken<'_>) {
        let mut last_seq = self.memory.last_seq.clone();
        let mut last_number = self.memory.last_number.clone();
        for (id, payload) in rows(taken) {
            let before = last_seq.insert(id.lane, id.seq);
            assert!(before.is_none_or(|before| before < id.seq), "{id} follows {before:?}");
            if let (Lane::Desk(session), Payload::Desk(DeskPayload::Message { number, .. })) = (id.lane, payload) {
                let before = last_number.insert(session, *number).unwrap_or(0);
                assert_eq!(*number, before + 1, "messages of a session are counted without a gap");
            }
        }
    }

    /// After a hand-back nothing joins the desk lane but the end that goes with it.
    fn rows_belong_to_a_session_that_stands(&self, taken: &Taken<'_>) {
        let stood = taken.before.session().map(|session| session.id);
        let stands = taken.transition.conversation.session().map(|session| session.id);
        for (id, payload) in rows(taken) {
            let Lane::Desk(session) = id.lane else { continue };
            if is_pushed_log(taken.event) {
                assert!(!self.memory.opened.contains(&session), "a lane of its own");
            } else if Some(session) == stands {
                assert!(
                    stood == stands || !self.memory.opened.contains(&session),
                    "a session id is never used again"
                );
            } else {
                assert_eq!(Some(session), stood);
                // It stands in front of the end.
                let of_album = self.album().is_some() && of_customer(payload).is_some();
                let why = matches!(
                    payload,
                    Payload::Desk(DeskPayload::Message {
                        opener: false,
                        from_customer: false,
                        ..
                    })
                ) && ended_by_timer(taken);
                assert!(
                    why || of_album || payload == &Payload::Desk(DeskPayload::End),
                    "nothing but the end joins a lane that is over, and a line that says why"
                );
            }
        }
    }

    /// By what came by, not by what the brain remembers of it.
    fn what_is_told_of_time_is_true(&self, taken: &Taken<'_>) {
        let Some(session) = taken.before.session().map(|session| session.id) else {
            return;
        };
        let went_by = |since: &BTreeMap<SessionId, Timestamp>| taken.now.since(since[&session]);
        match ended(taken) {
            Some(EndReason::Silence) => {
                assert!(went_by(&self.memory.heard_at) >= SILENCE_MAX + WARNED_MAX);
                let (_, warned_at) = self.memory.warnings[&session];
                let warned_at = warned_at.expect("the warning was over before the session");
                assert!(taken.now.since(warned_at) >= WARNED_MAX);
            }
            Some(EndReason::WaitingTimeout) => assert!(went_by(&self.memory.waiting_since) >= WAITING_MAX),
            _ => {}
        }
        if notices(taken, NoticeKind::SilenceWarning).count() > 0 {
            assert!(went_by(&self.memory.heard_at) >= SILENCE_MAX);
        }
        if notices(taken, NoticeKind::StillWaiting).count() > 0 {
            assert!(went_by(&self.memory.waiting_since) >= WAITING_MAX);
        }
        if notices(taken, NoticeKind::DeskAway).count() > 0 {
            assert!(self.awaited_for(DESK_AWAY_MAX), "something waits for long");
            assert!(!self.memory.knows_of_outage.contains(&session), "once per outage");
        }
    }

    /// Whether something that the customer waits for has waited for this long.
    fn awaited_for(&self, wait: Duration) -> bool {
        let Some(session) = self.conversation().session() else {
            return false;
        };
        let is_leaving = matches!(self.conversation().state, State::Leaving(_));
        self.rows.iter().any(|(id, row)| {
            let is_ticket = matches!(row.payload, Payload::Desk(DeskPayload::ChatbotLog { .. })) && is_leaving;
            id.lane == session.lane()
                && row.status == Status::Waiting
                && (is_ticket || of_customer(&row.payload).is_some())
                && self.now().since(row.since) >= wait
        })
    }

    pub(super) fn whoever_waits_long_for_the_desk_was_told(&self) {
        let session = self.conversation().session().map(|session| session.id);
        let knows = session.is_some_and(|session| self.memory.knows_of_outage.contains(&session));
        assert!(knows || !self.awaited_for(DESK_AWAY_MAX), "{session:?} was not told");
    }

    fn rows_are_taken_back_once(&self, taken: &Taken<'_>) {
        let mut taken_back = BTreeSet::new();
        for effect in &taken.transition.effects {
            if let Effect::TakeBack(id) = effect {
                assert!(taken_back.insert(*id), "{id} is taken back twice");
                // An album is closed in front of the end that takes it back.
                let just_came = rows(taken).any(|(came, _)| came == *id);
                assert!(
                    just_came || self.rows.get(id).is_some_and(|row| row.status == Status::Waiting),
                    "{id} waits"
                );
            }
        }
    }
}

fn owner_and_epoch_change_together(taken: &Taken<'_>) {
    let (before, after) = (taken.before, &taken.transition.conversation);
    let changes = u64::from(before.is_human() != after.is_human());
    assert_eq!(after.epoch.0, before.epoch.0 + changes);
    let (stood, stands) = (before.session().map(|s| s.id), after.session().map(|s| s.id));
    assert!(
        stood.is_none() || stands.is_none() || stood == stands,
        "no session slips in for another"
    );
    assert_eq!(
        after.last != before.last,
        before.is_human() && !after.is_human(),
        "an end is noted where one is"
    );
}

fn former_positions_change_nothing(taken: &Taken<'_>) {
    let Event::Customer {
        position: Some(position),
        event: CustomerEvent::Message(_) | CustomerEvent::Edited(_) | CustomerEvent::Ended,
    } = taken.event
    else {
        return;
    };
    if taken.before.is_former(*position, taken.now) {
        let expected = if taken.before.is_human() {
            Verdict::Bots
        } else {
            Verdict::Kept
        };
        assert_eq!(taken.transition.verdict, expected, "it is the former owner's");
        assert_eq!(&taken.transition.conversation, taken.before);
        assert_eq!(taken.transition.effects, []);
    }
}

fn what_is_the_bots_leaves_no_trace(taken: &Taken<'_>) {
    if taken.transition.verdict == Verdict::Bots {
        assert_eq!(&taken.transition.conversation, taken.before);
        assert_eq!(taken.transition.effects, []);
    }
}

fn marks_that_hold_are_not_drawn_back(taken: &Taken<'_>) {
    if let Some(mark) = taken.before.mark {
        let after = taken.transition.conversation.mark.expect("a mark stays");
        assert!(after.position >= mark.position || !mark.covers(mark.position, taken.now));
    }
}

fn texts_are_fit_to_be_sent(taken: &Taken<'_>) {
    for (id, payload) in rows(taken) {
        if let Some(text) = payload.readable() {
            assert!(!text.is_blank(), "{id} says something");
        }
        match payload {
            Payload::Desk(DeskPayload::Message { text, .. }) => assert!(text.as_str().chars().count() <= 500),
            Payload::Chat(payload @ (ChatPayload::Message { .. } | ChatPayload::Notice { .. }))
                if is_sent(taken, id) =>
            {
                let shown = payload.plain().expect("it has words");
                assert!(LengthUnit::Utf16.count(&shown) <= 300);
            }
            _ => {}
        }
    }
}

/// Somebody is told of each dead letter, but for those of the bot's own lane.
fn dead_letters_are_told(taken: &Taken<'_>) {
    let died = matches!(taken.event, Event::Settled(settled)
        if matches!(settled.settlement, Settlement::Dead { .. }) && !matches!(settled.id.lane, Lane::Bot(_)));
    let buried = taken
        .transition
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Bury(..)));
    if died || buried {
        let tells = |event: &BotEvent| matches!(event, BotEvent::Undelivered { .. } | BotEvent::Failed { .. });
        assert!(bot_events(taken).any(tells), "the bot hears of it");
    }
}

/// What must hold at every moment.
impl Walk {
    pub(super) fn check_whole(&self) {
        self.each_session_ends_once_and_the_bot_is_told_once();
        self.the_timers_run_that_the_state_wants_and_none_is_late();
    }

    fn each_session_ends_once_and_the_bot_is_told_once(&self) {
        let stands = self.conversation().session().map(|session| session.id);
        for session in &self.memory.opened {
            let is_over = Some(*session) != stands;
            assert_eq!(self.memory.ends.contains_key(session), is_over);
            assert_eq!(self.memory.closed.contains(session), is_over);
        }
    }

    fn the_timers_run_that_the_state_wants_and_none_is_late(&self) {
        let state = &self.conversation().state;
        let policy = self.policy();
        let due = state.timer(policy);
        let kind = match state {
            State::WithBot => None,
            State::Opening(_) => Some(TimerKind::Opening),
            State::Waiting(session) => {
                let waits = session.watch.told == Told::NotYet || policy.still_waiting == HowOften::Again;
                waits.then_some(TimerKind::Waiting)
            }
            State::WithAgent(session) => {
                let warning = self.memory.warnings.get(&session.id);
                let on_its_way = warning.is_some_and(|(_, over_at)| over_at.is_none());
                (!on_its_way).then_some(TimerKind::Silence)
            }
            State::Leaving(_) => Some(TimerKind::Leaving),
        };
        assert_eq!(due.map(|(kind, _)| kind), kind);
        let watched = state
            .session()
            .is_some_and(|session| session.watch.desk == DeskWatch::On)
            .then_some(TimerKind::DeskAway);
        let wanted: BTreeSet<(SessionId, TimerKind)> = state
            .session()
            .into_iter()
            .flat_map(|session| {
                let album = session.album.as_ref().map(|_| TimerKind::Album);
                let kinds = kind.into_iter().chain(watched).chain(album);
                kinds.map(move |kind| (session.id, kind))
            })
            .collect();
        assert_eq!(self.timers.keys().copied().collect::<BTreeSet<_>>(), wanted);
        if let (Some((kind, due)), Some(session)) = (due, state.session()) {
            assert!(self.timers[&(session.id, kind)] <= due, "it finds out in time");
        }
        if let (Some(album), Some(session)) = (self.album(), state.session()) {
            let is_relayed_to = matches!(state, State::Opening(_) | State::Waiting(_) | State::WithAgent(_));
            assert!(is_relayed_to, "an album is open where there is a desk to get it");
            assert!(self.timers[&(session.id, TimerKind::Album)] <= album.due(policy));
        }
    }

    /// A line stands in a row for the desk, in an open album, in what the bot was given, in a message that is left, or was
    /// told to be lost. What is lost or doubled stays so: once at the end of a walk is enough.
    pub(super) fn whatever_was_kept_is_in_one_place(&self) {
        for sign in &self.memory.kept {
            let holds = |text: &&Text| text.as_str().contains(sign.as_str());
            let rows = self.rows.values().filter(|row| row.status != Status::TakenBack);
            let rows = rows
                .filter_map(|row| of_customer(&row.payload))
                .filter(|text| holds(&text))
                .count();
            let tickets = self.memory.tickets.values().flatten().filter(holds).count();
            let left = self.left_lines().iter().filter(holds).count();
            let gathered = self.album().map_or(0, |album| {
                let captions = album.captions.iter().map(|caption| caption.words().clone());
                let files = album.files.iter().map(Attachment::label);
                captions.chain(files).filter(|text| holds(&text)).count()
            });
            let given_back = self.memory.given_back.iter().filter(holds).count();
            let refused = self.memory.refused.iter().filter(holds).count();
            assert_eq!(
                rows + tickets + left + gathered + given_back + refused,
                1,
                "{sign}: {rows} rows, {tickets} tickets, {left} left, {gathered} gathered, {given_back} given back, {refused} refused"
            );
        }
    }
}

/// What is remembered of each decision, once it is committed.
impl Walk {
    pub(super) fn remember(&mut self, taken: &Taken<'_>) {
        for (id, payload) in rows(taken) {
            self.memory.last_seq.insert(id.lane, id.seq);
            if let (Lane::Desk(session), Payload::Desk(DeskPayload::Message { number, .. })) = (id.lane, payload) {
                self.memory.last_number.insert(session, *number);
            }
        }
        let after = &taken.transition.conversation;
        if let Verdict::Opened(session) = taken.transition.verdict {
            assert!(self.memory.opened.insert(session), "a session id is never used again");
        }
        if let Some(last) = after.last.filter(|last| Some(last) != taken.before.last.as_ref()) {
            let before = self.memory.ends.insert(last.session, last.reason);
            assert_eq!(before, None, "the first end wins");
        }
        self.remember_the_times(taken);
        self.remember_what_the_bot_heard(taken);
        self.remember_what_was_said(taken);
        self.remember_the_ticket(taken);
    }

    fn remember_the_times(&mut self, taken: &Taken<'_>) {
        let Some(session) = taken.transition.conversation.session().map(|session| session.id) else {
            return;
        };
        let waits = bot_events(taken).any(|event| matches!(event, BotEvent::Waiting { .. }));
        if waits {
            self.memory.waiting_since.insert(session, taken.now);
        }
        let is_said = match taken.event {
            Event::Customer { event, .. } => matches!(event, CustomerEvent::Message(_) | CustomerEvent::Edited(_)),
            Event::Desk { session: of, event } => *of == session && *event != DeskEvent::Ended,
            Event::Settled(_) | Event::Due { .. } => false,
        };
        let with_agent = matches!(taken.transition.conversation.state, State::WithAgent(_));
        if with_agent && is_said && taken.transition.verdict == Verdict::Kept {
            self.memory.heard_at.insert(session, taken.now);
            self.memory.warnings.remove(&session);
        }
        self.remember_the_warning(session, taken);
        if notices(taken, NoticeKind::DeskAway).count() > 0 {
            self.memory.knows_of_outage.insert(session);
        } else if !self.awaited_for(Duration::ZERO) {
            self.memory.knows_of_outage.remove(&session);
        }
    }

    fn remember_the_warning(&mut self, session: SessionId, taken: &Taken<'_>) {
        let warnings = rows(taken).filter(|(_, payload)| is_warning(payload));
        if let Some((last, _)) = warnings.last() {
            self.memory.warnings.insert(session, (last, None));
        }
        if let (Event::Settled(settled), Some((row, over_at))) = (taken.event, self.memory.warnings.get_mut(&session))
            && settled.id == *row
        {
            over_at.get_or_insert(taken.now);
        }
    }

    fn remember_what_the_bot_heard(&mut self, taken: &Taken<'_>) {
        for event in bot_events(taken) {
            match event {
                BotEvent::Waiting { session, .. } | BotEvent::Connected { session, .. } => {
                    assert!(
                        !self.memory.closed.contains(session),
                        "nothing of a session comes after its end"
                    );
                }
                BotEvent::HandedBack { session, unsent, .. } | BotEvent::Failed { session, unsent, .. } => {
                    assert!(self.memory.closed.insert(*session), "a session ends once for the bot");
                    self.memory
                        .given_back
                        .extend(unsent.iter().map(|line| line.text.clone()));
                }
                BotEvent::Undelivered { .. } => {}
            }
        }
    }

    fn remember_what_was_said(&mut self, taken: &Taken<'_>) {
        let Event::Customer { event, .. } = taken.event else {
            return;
        };
        let was_kept = taken.before.is_human() && taken.transition.verdict == Verdict::Kept;
        let Some(line) = event.readable().filter(|line| was_kept && !line.is_blank()) else {
            return;
        };
        let signs = line
            .as_str()
            .split_inclusive('>')
            .filter_map(|piece| piece.rfind('<').map(|at| &piece[at..]));
        self.memory
            .kept
            .extend(signs.filter(|sign| sign.ends_with('>')).map(str::to_owned));
        if let (State::Leaving(before), State::Leaving(after)) =
            (&taken.before.state, &taken.transition.conversation.state)
            && before.lines.len() == after.lines.len()
        {
            assert!(
                notices(taken, NoticeKind::Undelivered).count() > 0,
                "a line that is not kept is told"
            );
            self.memory.refused.push(line);
        }
        self.memory.refused.extend(notices(taken, NoticeKind::TooBig).cloned());
    }

    fn remember_the_ticket(&mut self, taken: &Taken<'_>) {
        if let State::Leaving(leaving) = &taken.transition.conversation.state
            && let Some(ticket) = leaving.ticket()
        {
            let lines = leaving.lines[leaving.header..leaving.logged].to_vec();
            self.memory.tickets.entry(ticket).or_insert(lines);
        }
        // A ticket that died while the customer still wrote gives its lines to the bot.
        if let (State::Leaving(leaving), Some(last)) = (&taken.before.state, taken.transition.conversation.last)
            && (last.session, last.reason) == (leaving.session.id, EndReason::Refused)
            && let Some(ticket) = leaving.ticket()
        {
            self.memory.tickets.remove(&ticket);
        }
    }
}

fn rows<'t>(taken: &Taken<'t>) -> impl Iterator<Item = (DeliveryId, &'t Payload)> {
    taken.transition.effects.iter().filter_map(|effect| match effect {
        Effect::Deliver(id, payload) | Effect::Bury(id, payload, _) => Some((*id, payload)),
        _ => None,
    })
}

fn is_sent(taken: &Taken<'_>, id: DeliveryId) -> bool {
    let mut effects = taken.transition.effects.iter();
    effects.any(|effect| matches!(effect, Effect::Deliver(sent, _) if *sent == id))
}

fn bot_events<'t>(taken: &Taken<'t>) -> impl Iterator<Item = &'t BotEvent> {
    rows(taken).filter_map(|(_, payload)| match payload {
        Payload::Bot(event) => Some(event),
        _ => None,
    })
}

fn notices<'t>(taken: &Taken<'t>, wanted: NoticeKind) -> impl Iterator<Item = &'t Text> {
    rows(taken).filter_map(move |(_, payload)| match payload {
        Payload::Chat(ChatPayload::Notice { kind, text, .. }) if *kind == wanted => Some(text),
        _ => None,
    })
}

/// Why a session ended in this step.
fn is_warning(payload: &Payload) -> bool {
    matches!(
        payload,
        Payload::Chat(ChatPayload::Notice {
            kind: NoticeKind::SilenceWarning,
            ..
        })
    )
}

fn ended(taken: &Taken<'_>) -> Option<EndReason> {
    let last = taken.transition.conversation.last?;
    (Some(last) != taken.before.last).then_some(last.reason)
}

fn ended_by_timer(taken: &Taken<'_>) -> bool {
    matches!(ended(taken), Some(EndReason::Silence | EndReason::WaitingTimeout))
}

fn is_pushed_log(event: &Event) -> bool {
    matches!(
        event,
        Event::Customer {
            event: CustomerEvent::PushLog { .. },
            ..
        }
    )
}

/// What a row for the desk says of the customer's: neither the opener, which tells the history, nor a line of ours.
fn of_customer(payload: &Payload) -> Option<Text> {
    match payload {
        Payload::Desk(
            DeskPayload::Message {
                from_customer: true, ..
            }
            | DeskPayload::File { .. },
        ) => payload.readable(),
        _ => None,
    }
}
