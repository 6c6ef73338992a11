//! The pictures of an album, which some platforms send as a message each: gathered into one, within a bounded wait.
//!
//! # Invariants
//! - What is gathered lies in the session, so it is committed with the event that brought it.
//! - An album is open in `Opening`, `Waiting` and `WithAgent` alone. Whatever would stand behind it, or ends the session, is
//!   decided on as if the album had been relayed just before.

use super::{Conversation, Draft, Effect, Env, Occurrence, Queued, TimerKind, Transition, Verdict, relay};
use crate::{
    delivery::Payload,
    model::{AlbumId, Attachment, CustomerMessage, Line, MessageId, OnNoAgents, Policy, RichText, Timestamp},
};

/// How many files an album may have. Telegram's have ten at the most (core.telegram.org/bots/api#sendmediagroup).
const FILES_MAX: usize = 10;

/// How often the wait for one part may be spent on a whole album.
const WAITS_MAX: u32 = 5;

/// An album whose parts are still coming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Album {
    /// Which one.
    pub id: AlbumId,
    /// The captions so far, in order.
    pub captions: Vec<RichText>,
    /// The files so far, in order.
    pub files: Vec<Attachment>,
    /// The platform's id of the last part, where the customer can be shown that the desk has it.
    pub message: Option<MessageId>,
    /// When the first part came.
    pub since: Timestamp,
    /// When the last one came.
    pub last: Timestamp,
}

impl Album {
    /// When it is no longer waited for more.
    pub fn due(&self, policy: &Policy) -> Timestamp {
        let whole = policy.album_wait.saturating_mul(WAITS_MAX);
        (self.last + policy.album_wait).min(self.since + whole)
    }

    fn new(id: AlbumId, now: Timestamp) -> Self {
        Self {
            id,
            captions: Vec::new(),
            files: Vec::new(),
            message: None,
            since: now,
            last: now,
        }
    }

    fn add(&mut self, part: &CustomerMessage, now: Timestamp) {
        // What the whole album answers, or from whom it was forwarded, stands at each part.
        let caption = part.text.as_ref();
        let caption = caption.and_then(|caption| caption.without_marks_of(&self.captions));
        self.captions.extend(caption);
        self.files.extend_from_slice(&part.files);
        self.message.clone_from(&part.id);
        self.last = now;
    }

    fn has_room_for(&self, part: &CustomerMessage) -> bool {
        self.files.len() + part.files.len() <= FILES_MAX
    }

    fn into_message(self) -> CustomerMessage {
        let Self {
            captions,
            files,
            message,
            ..
        } = self;
        CustomerMessage {
            text: (!captions.is_empty()).then(|| RichText::joined(captions, "\n")),
            files,
            id: message,
            ..CustomerMessage::default()
        }
    }
}

/// A part of an album joins those before it.
pub(super) fn part(draft: &mut Draft<'_>, id: &AlbumId, part: &CustomerMessage) {
    let (now, policy) = (draft.env.now, draft.env.policy);
    let session = draft.conversation.state.session_mut();
    let session = session.expect("a part joins a session that stands");
    let is_first = session.album.is_none();
    let album = session.album.get_or_insert_with(|| Album::new(id.clone(), now));
    album.add(part, now);
    let (due, is_full) = (album.due(policy), album.files.len() >= FILES_MAX);
    let session = session.id;
    if is_first {
        draft.again(session, TimerKind::Album, due);
    }
    if is_full {
        draft.close_album();
    }
}

/// No part has come for long: what is there is all of it.
pub(super) fn over(draft: &mut Draft<'_>) -> Verdict {
    if draft.close_album() {
        Verdict::Kept
    } else {
        Verdict::Over
    }
}

/// What stands after the open album is closed.
pub(super) struct Closed<'e> {
    transition: Transition,
    queued: Vec<Queued>,
    history: Vec<Line>,
    env: &'e Env<'e>,
}

/// Closes the open album, where what happens would stand behind it or ends the session.
pub(super) fn closed<'e>(
    conversation: &Conversation,
    occurrence: &Occurrence<'_>,
    env: &'e Env<'e>,
) -> Option<Closed<'e>> {
    let album = conversation.session()?.album.as_ref()?;
    if !closes(album, occurrence, env) {
        return None;
    }
    let mut draft = Draft::new(conversation, env);
    draft.close_album();
    let transition = draft.end(Verdict::Kept);
    let (mut queued, mut history) = (env.queued.to_vec(), env.history.to_vec());
    for effect in &transition.effects {
        match effect {
            Effect::Deliver(id, payload @ Payload::Desk(_)) => queued.push(Queued {
                seq: id.seq,
                since: env.now,
                payload: payload.clone(),
                in_flight: false,
                maybe_sent: false,
            }),
            Effect::Record(_, line) => history.push(line.clone()),
            _ => {}
        }
    }
    Some(Closed {
        transition,
        queued,
        history,
        env,
    })
}

impl Closed<'_> {
    /// Decides on what happens from there.
    pub(super) fn then(self, decide: impl FnOnce(&Conversation, &Env<'_>) -> Transition) -> Transition {
        let env = Env {
            queued: &self.queued,
            history: &self.history,
            ..*self.env
        };
        let then = decide(&self.transition.conversation, &env);
        let mut effects = self.transition.effects;
        effects.extend(then.effects);
        Transition { effects, ..then }
    }
}

/// Whether what happens would stand behind the album, or ends the session. The rest passes by: what comes of our own
/// deliveries must not tear an album apart.
#[allow(
    clippy::match_same_arms,
    reason = "a list by what the kinds have in common reads better than one by its answer"
)]
fn closes(album: &Album, occurrence: &Occurrence<'_>, env: &Env<'_>) -> bool {
    match occurrence {
        // Without a wait a part goes as it comes, and those before it go first.
        Occurrence::Message(_) if env.policy.album_wait.is_zero() => true,
        Occurrence::Message(part) => part.album.as_ref() != Some(&album.id) || !album.has_room_for(part),
        Occurrence::Edited(_) | Occurrence::CustomerEnded | Occurrence::BotEnded => true,
        Occurrence::AgentMessage(..) | Occurrence::AgentFile(_) | Occurrence::AgentEnded => true,
        Occurrence::Available(answer) => answer.no_agents && env.policy.on_no_agents != OnNoAgents::EscalateAnyway,
        Occurrence::OpenerDead(..) | Occurrence::PlaceDead(..) => true,
        Occurrence::OpeningDue | Occurrence::WaitingDue | Occurrence::SilenceDue => true,
        // It is closed by it.
        Occurrence::AlbumDue => false,
        // Of a session that is over.
        Occurrence::Answered(..) => false,
        // What changes nothing, or says nothing.
        Occurrence::Former | Occurrence::Escalate(..) | Occurrence::PushLog(..) | Occurrence::AgentTyping => false,
        Occurrence::Past(..) | Occurrence::OpenerTaken | Occurrence::LogTaken(_) | Occurrence::LogDead(..) => false,
        Occurrence::PlaceOpened(_) | Occurrence::Taken(_) | Occurrence::Dead(..) => false,
        Occurrence::LeavingDue | Occurrence::DeskAwayDue | Occurrence::TooEarly(..) | Occurrence::PastDue => false,
    }
}

impl Draft<'_> {
    /// What the open album has so far goes to the desk, as one message.
    fn close_album(&mut self) -> bool {
        let session = self.conversation.state.session_mut();
        let Some((session, album)) = session.and_then(|session| session.album.take().map(|album| (session.id, album)))
        else {
            return false;
        };
        let (kind, since) = (TimerKind::Album, album.since);
        self.effect(Effect::ClearTimer { session, kind });
        relay::said(self, &album.into_message(), since);
        true
    }
}
