//! What comes for a session that is over. Ended is not unknown: for a while the agent's late word still goes out.

use super::{Draft, Effect, Speaking, State, Verdict, relay, wording};
use crate::{
    delivery::{ChatPayload, DeliveryId},
    model::{Attachment, Author, BotEvent, Line, RichText, SessionId, Text},
};

/// An agent wrote after the end.
pub(super) fn message(draft: &mut Draft<'_>, session: SessionId, author: Option<&Author>, text: &RichText) -> Verdict {
    if text.is_blank() {
        return Verdict::Over;
    }
    if !still_welcome(draft, session) {
        let payload = ChatPayload::Message {
            author: author.cloned(),
            continues: false,
            text: text.clone(),
        };
        return bury(draft, session, payload, TOO_LATE);
    }
    let text = match wording::late_mark(draft.env) {
        Some(mark) => RichText::joined([mark.into(), text.clone()], "\n"),
        None => text.clone(),
    };
    let line = Line::agent(draft.env.now, relay::name_of(author), text.plain());
    draft.effect(Effect::Record(Some(session), line));
    draft.chat_text(author, Speaking::Begins, &text);
    Verdict::Kept
}

/// An agent sent a file after the end.
pub(super) fn file(draft: &mut Draft<'_>, session: SessionId, file: &Attachment) -> Verdict {
    let payload = ChatPayload::File {
        author: None,
        continues: false,
        file: file.clone(),
    };
    if !still_welcome(draft, session) {
        return bury(draft, session, payload, TOO_LATE);
    }
    if let Some(why) = relay::cannot_reach_chat(draft.env, file) {
        return bury(draft, session, payload, &why);
    }
    draft.effect(Effect::Record(
        Some(session),
        Line::agent(draft.env.now, Text::default(), file.label()),
    ));
    if let Some(mark) = wording::late_mark(draft.env) {
        draft.chat_text(None, Speaking::Begins, &mark.into());
    }
    draft.chat(payload);
    Verdict::Kept
}

/// What cannot go out any more is a dead letter. Its own ticket is closed: a line there would open a new one. Where the
/// customer has a newer one, the agents read of it there; else the bot alone is told.
fn bury(draft: &mut Draft<'_>, session: SessionId, payload: ChatPayload, why: &str) -> Verdict {
    draft.bury(session, payload, why);
    if matches!(draft.conversation.state, State::Waiting(_) | State::WithAgent(_)) {
        let line = format!("A late message from an earlier chat did not reach the customer: {why}");
        draft.desk_text(&line.into(), false);
    }
    Verdict::Over
}

const TOO_LATE: &str = "it came too late: the session is over";

/// Whether the session was over at the desk a short while ago, and no newer one is open.
fn still_welcome(draft: &Draft<'_>, session: SessionId) -> bool {
    let over = match &draft.conversation.state {
        State::WithBot => draft.conversation.last.map(|last| (last.session, last.at)),
        // The agents came too late for it, and a message is left in their place.
        State::Leaving(leaving) => Some((leaving.session.id, leaving.session.watch.since)),
        State::Opening(_) | State::Waiting(_) | State::WithAgent(_) => None,
    };
    over.is_some_and(|(over, at)| over == session && draft.env.now.since(at) <= draft.env.policy.late_max)
}

impl Draft<'_> {
    /// The bot is told of a dead letter.
    pub(super) fn tell_undelivered(&mut self, session: Option<SessionId>, id: DeliveryId, what: &str, detail: &str) {
        let conversation = self.conversation.key.clone();
        let detail = format!("{what} ({id}): {detail}");
        self.tell_bot(BotEvent::Undelivered {
            conversation,
            session,
            detail,
        });
    }
}
