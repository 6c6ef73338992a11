//! The timers of a session. One that fires is no order: what is remembered says whether it is due, so that a timer need not
//! be set anew with each message. Fired early it is set again; fired twice, or for what is over, it changes nothing.

use std::time::Duration;

use super::{Conversation, Draft, Effect, Session, State, TimerKind, Verdict, end, leave};
use crate::{
    delivery::{DeliveryId, DeskPayload, Lane, NoticeKind, Payload},
    model::{EndReason, HowOften, OnTimeout, Policy, SessionId, Timestamp},
};

/// What the timers of a session go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// From when the timer of its state counts: when the state began, or with an agent when somebody said something last.
    pub since: Timestamp,
    /// Whether that timer ran out and the customer was told, if the session goes on as it was.
    pub told: Told,
    /// Whether the desk takes what the customer says.
    pub desk: DeskWatch,
}

/// Whether the customer was told that a timer ran out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Told {
    /// It has not run out.
    #[default]
    NotYet,
    /// It is on its way: this row of the chat lane says it, the last one where it takes several. No timer runs until that
    /// row is over.
    OnItsWay(u64),
    /// Since then.
    Since(Timestamp),
}

/// Whether the desk is seen to take what the customer says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeskWatch {
    /// Nothing of the customer's waits that a timer would have to look for.
    #[default]
    Off,
    /// A timer will look whether something waits.
    On,
    /// The desk is away and the customer knows. Nothing more is said until nothing waits any more.
    Told,
}

impl Watch {
    /// A state begins.
    pub const fn since(since: Timestamp) -> Self {
        Self {
            since,
            told: Told::NotYet,
            desk: DeskWatch::Off,
        }
    }
}

impl Conversation {
    /// The timers whose time is remembered, of the session that stands, and when each is due.
    pub(crate) fn timers(&self, policy: &Policy) -> impl Iterator<Item = (SessionId, TimerKind, Timestamp)> + use<> {
        let of_state = self.state.timer(policy);
        let album = self.session().and_then(|session| session.album.as_ref());
        let album = album.map(|album| (TimerKind::Album, album.due(policy)));
        let session = self.session().map(|session| session.id);
        let timers = of_state.into_iter().chain(album);
        timers.filter_map(move |(kind, due)| session.map(|session| (session, kind, due)))
    }

    /// When a timer of the session that stands is due by what is remembered; `None` where that is not.
    pub(super) fn due(&self, kind: TimerKind, policy: &Policy) -> Option<Timestamp> {
        let mut timers = self.timers(policy);
        timers.find(|(_, of, _)| *of == kind).map(|(.., due)| due)
    }
}

impl State {
    /// The timer that this state runs by, and when it is due by what is remembered. `None` where it runs by none.
    pub fn timer(&self, policy: &Policy) -> Option<(TimerKind, Timestamp)> {
        match self {
            Self::WithBot => None,
            Self::Opening(session) => Some((TimerKind::Opening, session.opened_at + policy.opening_max)),
            Self::Waiting(session) => {
                let from = match (session.watch.told, policy.still_waiting) {
                    (Told::NotYet, _) => session.watch.since,
                    (Told::Since(told_at), HowOften::Again) => told_at,
                    (Told::Since(_), HowOften::Once) | (Told::OnItsWay(_), _) => return None,
                };
                policy.waiting_max.map(|max| (TimerKind::Waiting, from + max))
            }
            Self::WithAgent(session) => {
                let silence_max = policy.silence_max?;
                let due = match session.watch.told {
                    Told::NotYet => session.watch.since + silence_max,
                    Told::OnItsWay(_) => return None,
                    Told::Since(warned_at) => warned_at + policy.warned_max,
                };
                Some((TimerKind::Silence, due))
            }
            Self::Leaving(leaving) => Some((TimerKind::Leaving, leaving.session.watch.since + policy.leaving_max)),
        }
    }
}

/// No agent has taken the session in time.
pub(super) fn nobody_came(draft: &mut Draft<'_>, session: &Session) -> Verdict {
    let policy = draft.env.policy;
    // The customer was told, and that once; or the setting is off by now.
    let (Some(waiting_max), Some(_)) = (policy.waiting_max, draft.conversation.state.timer(policy)) else {
        return Verdict::Over;
    };
    let nobody = format!("No agent has taken this chat within {}", spoken(waiting_max));
    match policy.on_timeout {
        OnTimeout::KeepWaiting => {
            draft.told(session, State::Waiting);
            draft.notice(NoticeKind::StillWaiting, None);
            Verdict::Kept
        }
        OnTimeout::BackToBot => {
            let why = format!("{nobody}: it is over, and the customer is talking to the bot again.");
            end::by_timer(draft, session, EndReason::WaitingTimeout, why, NoticeKind::NobodyCame)
        }
        OnTimeout::LeaveMessage => {
            let why = format!("{nobody}: it is over, and the customer can leave a message.");
            leave::begin_instead(draft, session, why)
        }
    }
}

/// Nobody has said anything: for long, or since the customer was warned. While words of the customer wait for the desk the
/// silence is not theirs: it counts anew.
pub(super) fn silence(draft: &mut Draft<'_>, session: &Session) -> Verdict {
    let policy = draft.env.policy;
    // The warning is on its way; or the setting is off by now.
    let (Some(silence_max), Some(_)) = (policy.silence_max, draft.conversation.state.timer(policy)) else {
        return Verdict::Over;
    };
    // The customer has spoken, and nobody has heard it yet.
    if draft.waits_since().is_some() {
        let mut session = session.clone();
        (session.watch.since, session.watch.told) = (draft.env.now, Told::NotYet);
        draft.conversation.state = State::WithAgent(session);
        draft.set_timer();
        return Verdict::Kept;
    }
    if session.watch.told == Told::NotYet {
        warn(draft, session);
        return Verdict::Kept;
    }
    let silent = spoken(silence_max.saturating_add(policy.warned_max));
    let why =
        format!("Nobody has written for {silent}, so this chat is over: the customer is talking to the bot again.");
    end::by_timer(draft, session, EndReason::Silence, why, NoticeKind::SilenceEnded)
}

/// The customer is warned. The time to answer begins when the warning is over in its lane; where its text is switched off,
/// now.
fn warn(draft: &mut Draft<'_>, session: &Session) {
    let before = draft.conversation.chat_seq;
    draft.notice(NoticeKind::SilenceWarning, None);
    let last = draft.conversation.chat_seq;
    if last == before {
        return draft.told(session, State::WithAgent);
    }
    if let Some(session) = draft.conversation.state.session_mut() {
        session.watch.told = Told::OnItsWay(last);
    }
}

/// What the customer wrote has waited for long, as it seemed when it joined its lane.
pub(super) fn desk_away(draft: &mut Draft<'_>) -> Verdict {
    let (now, policy) = (draft.env.now, draft.env.policy);
    let since = draft.waits_since();
    let session = draft.conversation.state.session_mut();
    let Some(session) = session.filter(|session| session.watch.desk == DeskWatch::On) else {
        return Verdict::Over;
    };
    match policy.desk_away_max.zip(since).map(|(max, since)| since + max) {
        None => session.watch.desk = DeskWatch::Off,
        Some(due) if now < due => {
            let session = session.id;
            return draft.again(session, TimerKind::DeskAway, due);
        }
        Some(_) => {
            session.watch.desk = DeskWatch::Told;
            draft.notice(NoticeKind::DeskAway, None);
        }
    }
    Verdict::Kept
}

impl Draft<'_> {
    /// Since when the oldest row waits that the customer waits for.
    fn waits_since(&self) -> Option<Timestamp> {
        let rows = self.env.queued.iter();
        rows.filter(|row| self.is_awaited(&row.payload))
            .map(|row| row.since)
            .min()
    }

    /// Whether the customer waits for a row to reach the desk: what they wrote, or the ticket of what they left.
    pub(super) fn is_awaited(&self, payload: &Payload) -> bool {
        let is_ticket = matches!(payload, Payload::Desk(DeskPayload::ChatbotLog { .. }))
            && matches!(self.conversation.state, State::Leaving(_));
        is_ticket || end::customer_wrote(payload)
    }

    /// A state begins, and its timer runs in place of the one before.
    pub(super) fn enter(&mut self, mut session: Session, state: impl FnOnce(Session) -> State) {
        self.clear_timer();
        session.watch = Watch {
            desk: session.watch.desk,
            ..Watch::since(self.env.now)
        };
        self.conversation.state = state(session);
        self.set_timer();
    }

    /// The customer is told that a timer ran out, and the state goes on.
    fn told(&mut self, session: &Session, state: fn(Session) -> State) {
        let mut session = session.clone();
        session.watch.told = Told::Since(self.env.now);
        self.conversation.state = state(session);
        self.set_timer();
    }

    /// Somebody said something: the silence is over. The timer finds that out by itself, unless it was set to end a
    /// session that was warned, or waits for the warning.
    pub(super) fn heard(&mut self) {
        let now = self.env.now;
        if let State::WithAgent(session) = &mut self.conversation.state {
            session.watch.since = now;
            if std::mem::take(&mut session.watch.told) != Told::NotYet {
                self.set_timer();
            }
        }
    }

    /// Something of the customer's waits for the desk: a timer will look whether it was taken.
    pub(super) fn watch_desk(&mut self) {
        let due = self.env.policy.desk_away_max.map(|max| self.env.now + max);
        if let (Some(due), Some(session)) = (due, self.conversation.state.session_mut())
            && session.watch.desk == DeskWatch::Off
        {
            session.watch.desk = DeskWatch::On;
            let session = session.id;
            self.again(session, TimerKind::DeskAway, due);
        }
    }

    /// A row is over. Where nothing waits behind it the desk is there again, and its next absence is told anew.
    pub(super) fn desk_moved(&mut self, id: DeliveryId) {
        let drained = !self.env.unread && self.waits_since().is_none();
        if let Some(session) = self.conversation.state.session_mut()
            && session.lane() == id.lane
            && session.watch.desk == DeskWatch::Told
            && drained
        {
            session.watch.desk = DeskWatch::Off;
        }
    }

    /// A row is over. Where it was the warning of a silence, the time to answer begins: delivered or dead, since a customer
    /// who cannot be told must not keep an agent for ever.
    pub(super) fn chat_moved(&mut self, id: DeliveryId) {
        let (lane, now) = (Lane::Chat(self.conversation.id), self.env.now);
        if let Some(session) = self.conversation.state.session_mut()
            && id.lane == lane
            && session.watch.told == Told::OnItsWay(id.seq)
        {
            session.watch.told = Told::Since(now);
            self.set_timer();
        }
    }

    /// A timer is set, in place of one of its kind.
    pub(super) fn again(&mut self, session: SessionId, kind: TimerKind, due: Timestamp) -> Verdict {
        self.effect(Effect::SetTimer { session, kind, due });
        Verdict::Kept
    }

    /// Sets the timer that the state runs by.
    pub(super) fn set_timer(&mut self) {
        let timer = self.conversation.state.timer(self.env.policy);
        if let (Some((kind, due)), Some(session)) = (timer, self.conversation.session().map(|session| session.id)) {
            self.again(session, kind, due);
        }
    }

    /// Clears the timers of a session that is over.
    pub(super) fn clear_timers(&mut self) {
        self.clear_timer();
        if let Some(session) = self
            .conversation
            .session()
            .filter(|session| session.watch.desk == DeskWatch::On)
        {
            let (session, kind) = (session.id, TimerKind::DeskAway);
            self.effect(Effect::ClearTimer { session, kind });
        }
    }

    /// Clears the timer that the state runs by.
    fn clear_timer(&mut self) {
        let timer = self.conversation.state.timer(self.env.policy);
        if let (Some((kind, _)), Some(session)) = (timer, self.conversation.session().map(|session| session.id)) {
            self.effect(Effect::ClearTimer { session, kind });
        }
    }
}

/// A time as a person says it.
fn spoken(time: Duration) -> String {
    let (count, unit) = match time.as_secs() {
        secs if secs >= 60 => (secs / 60, "minute"),
        secs => (secs, "second"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}
