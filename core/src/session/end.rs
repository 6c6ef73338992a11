//! How a session ends. The first end wins.

use super::{Draft, Effect, Ended, Leaving, Mark, Session, State, UnsentTo, Verdict, answer};
use crate::{
    delivery::{DeliveryId, DeskPayload, Lane, NoticeKind, Payload},
    model::{BotEvent, EndReason, SessionId, Text, Unsent},
};

/// The customer or the bot ends what the desk has: the end stands behind what was said before it.
pub(super) fn at_our_side(draft: &mut Draft<'_>, session: &Session, reason: EndReason) -> Verdict {
    draft.desk(DeskPayload::End);
    draft.hand_back(session.id, reason, Vec::new(), NoticeKind::Ended);
    Verdict::Kept
}

/// A timer ends what the desk has: the end stands behind what was said before it, and behind a line that tells the agent
/// why.
pub(super) fn by_timer(
    draft: &mut Draft<'_>,
    session: &Session,
    reason: EndReason,
    why: String,
    notice: NoticeKind,
) -> Verdict {
    draft.desk_text(&why.into(), false);
    draft.desk(DeskPayload::End);
    draft.hand_back(session.id, reason, Vec::new(), notice);
    Verdict::Kept
}

/// The agent ended it. What has not gone out yet would come after the end: it goes to the bot instead.
pub(super) fn at_the_desk(draft: &mut Draft<'_>, session: &Session) -> Verdict {
    let unsent = match draft.conversation.state {
        State::Opening(_) => withdraw(draft, session, false),
        _ => draft.take_back_waiting(session),
    };
    draft.hand_back(session.id, EndReason::Agent, unsent, NoticeKind::Ended);
    Verdict::Kept
}

/// The agent ended what was over already. The end that waits, and our lines in front of it, would open a new ticket there:
/// they are taken back. Words of the customer go out all the same, and the end behind them.
pub(super) fn at_the_desk_too(draft: &mut Draft<'_>, session: SessionId) -> Verdict {
    let rows = draft.env.queued;
    if !rows.iter().any(|row| customer_wrote(&row.payload)) {
        for row in rows.iter().filter(|row| is_ours(&row.payload)) {
            let lane = Lane::Desk(session);
            draft.effect(Effect::TakeBack(DeliveryId { lane, seq: row.seq }));
        }
    }
    Verdict::Over
}

/// Whether it is a line of ours to the agent, or the end.
fn is_ours(payload: &Payload) -> bool {
    matches!(
        payload,
        Payload::Desk(
            DeskPayload::Message {
                from_customer: false,
                ..
            } | DeskPayload::End
        )
    )
}

/// The customer or the bot ends what the desk has not taken yet.
pub(super) fn cancel(draft: &mut Draft<'_>, session: &Session, reason: EndReason) -> Verdict {
    let unsent = withdraw(draft, session, maybe_opened(draft, session));
    draft.hand_back(session.id, reason, unsent, NoticeKind::Ended);
    Verdict::Kept
}

/// The customer or the bot ends the leaving of a message.
pub(super) fn of_leaving(draft: &mut Draft<'_>, leaving: &Leaving, reason: EndReason) -> Verdict {
    let unsent = lines_outside_log(leaving);
    draft.hand_back(leaving.session.id, reason, unsent, NoticeKind::Ended);
    Verdict::Kept
}

/// The desk refused the session.
pub(super) fn refused(draft: &mut Draft<'_>, session: &Session, detail: &str, maybe_sent: bool) -> Verdict {
    let unsent = withdraw(draft, session, maybe_sent);
    fail(draft, session, EndReason::Refused, detail, unsent)
}

/// The desk took too long.
pub(super) fn too_late(draft: &mut Draft<'_>, session: &Session) -> Verdict {
    let unsent = withdraw(draft, session, maybe_opened(draft, session));
    fail(
        draft,
        session,
        EndReason::OpeningTimeout,
        "the desk did not accept the session in time",
        unsent,
    )
}

/// The message that the customer left did not get through.
pub(super) fn not_left(draft: &mut Draft<'_>, leaving: &Leaving, detail: &str) -> Verdict {
    let unsent = leaving.lines.iter().skip(leaving.header).map(as_unsent).collect();
    fail(draft, &leaving.session, EndReason::Refused, detail, unsent)
}

/// The platform has no place for the session. The lines that the desk has not got go to the bot.
pub(super) fn without_place(draft: &mut Draft<'_>, session: &Session, detail: &str) -> Verdict {
    let unsent = if matches!(draft.conversation.state, State::Opening(_)) {
        withdraw(draft, session, maybe_opened(draft, session))
    } else {
        let unsent = draft.take_back_waiting(session);
        draft.desk(DeskPayload::End);
        unsent
    };
    draft.conversation.place = None;
    fail(draft, session, EndReason::NoPlace, detail, unsent)
}

/// The platform has no place in which a message could be left.
pub(super) fn not_left_without_place(draft: &mut Draft<'_>, leaving: &Leaving, detail: &str) -> Verdict {
    let unsent = lines_outside_log(leaving);
    draft.conversation.place = None;
    fail(draft, &leaving.session, EndReason::NoPlace, detail, unsent)
}

fn fail(draft: &mut Draft<'_>, session: &Session, reason: EndReason, detail: &str, unsent: Vec<Unsent>) -> Verdict {
    draft.release(session.id, reason);
    draft.tell_unsent(&unsent);
    draft.notice(NoticeKind::Failed, None);
    let conversation = draft.conversation.key.clone();
    let detail = detail.to_owned();
    draft.tell_bot(BotEvent::Failed {
        conversation,
        session: session.id,
        reason,
        detail,
        unsent,
    });
    Verdict::Kept
}

/// Takes an opening back. If the desk may have it all the same, an end goes there, so that no agent sits with nobody.
pub(super) fn withdraw(draft: &mut Draft<'_>, session: &Session, maybe_there: bool) -> Vec<Unsent> {
    let unsent = draft.take_back_waiting(session);
    if maybe_there {
        draft.desk(DeskPayload::End);
    }
    unsent
}

/// Whether the desk may have the session although no answer of it was seen. An opener with nothing in front of it may have
/// been tried: by a process that died over it, or since its lane was looked at.
pub(super) fn maybe_opened(draft: &Draft<'_>, session: &Session) -> bool {
    let is_next = draft.env.queued.first().is_some_and(|row| row.seq == session.opener);
    is_next || opener_tried(draft, session)
}

/// Whether an attempt at the opener is known that may have arrived.
pub(super) fn opener_tried(draft: &Draft<'_>, session: &Session) -> bool {
    let opener = draft.env.queued.iter().find(|row| row.seq == session.opener);
    opener.is_none_or(|row| row.in_flight || row.maybe_sent)
}

/// What the customer wrote while leaving a message, but for what stands in the ticket.
pub(super) fn lines_outside_log(leaving: &Leaving) -> Vec<Unsent> {
    leaving
        .lines
        .iter()
        .skip(leaving.header.max(leaving.logged))
        .map(as_unsent)
        .collect()
}

fn as_unsent(text: &Text) -> Unsent {
    Unsent { text: text.clone() }
}

impl Draft<'_> {
    /// A hook came: the desk has the session, whatever became of our call.
    pub(super) fn prove_opened(&mut self, session: &Session) {
        if self.env.queued.iter().any(|row| row.seq == session.opener) {
            self.effect(Effect::TakeBack(session.row(session.opener)));
        }
    }

    /// Takes the waiting rows of the desk lane back and gives what the customer wrote in them. A row with an attempt under
    /// way is among them, so that it is not repeated in a session that is over; it may arrive all the same: twice is
    /// better than never.
    pub(super) fn take_back_waiting(&mut self, session: &Session) -> Vec<Unsent> {
        let rows = self.env.queued;
        for row in rows {
            self.effect(Effect::TakeBack(session.row(row.seq)));
        }
        rows.iter()
            .filter(|row| customer_wrote(&row.payload))
            .filter_map(|row| row.payload.readable().map(|text| Unsent { text }))
            .collect()
    }

    /// The bot owns the conversation again, and everybody is told.
    pub(super) fn hand_back(&mut self, session: SessionId, reason: EndReason, unsent: Vec<Unsent>, notice: NoticeKind) {
        let asked = answer::asks(self);
        self.release(session, reason);
        self.tell_unsent(&unsent);
        self.notice(notice, None);
        answer::ask(self, session, asked);
        let conversation = self.conversation.key.clone();
        self.tell_bot(BotEvent::HandedBack {
            conversation,
            session,
            reason,
            unsent,
            transcript: Vec::new(),
        });
    }

    /// What no agent got goes to the bot; where the bot does not listen, the customer is told.
    fn tell_unsent(&mut self, unsent: &[Unsent]) {
        if !unsent.is_empty() && self.env.unsent_to == UnsentTo::Nobody {
            self.notice(NoticeKind::Undelivered, None);
        }
    }

    /// The owner changes, with the epoch and the position. Where no update was accepted, the older mark still says it
    /// all, and holds no longer than before.
    fn release(&mut self, session: SessionId, reason: EndReason) {
        self.clear_timers();
        let now = self.env.now;
        let conversation = &mut self.conversation;
        conversation.state = State::WithBot;
        conversation.epoch = conversation.epoch.next();
        if let Some(Mark { position, .. }) = conversation.accepted {
            conversation.mark = Some(Mark { position, at: now });
        }
        conversation.last = Some(Ended {
            session,
            at: now,
            reason,
            asked: None,
        });
    }
}

/// Whether a row for the desk is the customer's own.
pub(super) fn customer_wrote(payload: &Payload) -> bool {
    matches!(
        payload,
        Payload::Desk(
            DeskPayload::Message {
                from_customer: true,
                ..
            } | DeskPayload::File { .. }
        )
    )
}
