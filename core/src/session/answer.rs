//! The question after the end: was it solved?

use std::time::Duration;

use super::{Asked, Draft, Effect, State, Verdict, wording};
use crate::{
    delivery::{ChatPayload, DeliveryId, DeskPayload, Lane, NoticeKind, Payload, split},
    model::{Answer, SessionId, SolvedQuestion, Text},
};

/// How long an answer is taken: after that nobody looks at the ticket for it.
const ANSWERED_WITHIN: Duration = Duration::from_hours(24);

/// The desk's name of the setting that a survey is shown.
const SURVEY: &str = "show_survey_after_chat";

/// Whether the customer is asked at the end of the session that stands, and where its lane goes on. Only a session that an
/// agent took can have solved anything.
pub(super) fn asks(draft: &Draft<'_>) -> Option<Asked> {
    let State::WithAgent(session) = &draft.conversation.state else {
        return None;
    };
    let env = draft.env;
    let is_wanted = match env.policy.solved_question {
        SolvedQuestion::Never => false,
        SolvedQuestion::Always => true,
        SolvedQuestion::AsDeskSays => env.desk_texts.get(SURVEY).is_some_and(|shown| is_yes(shown)),
    };
    (env.buttons && is_wanted).then_some(Asked {
        desk_seq: session.desk_seq,
        messages: session.messages,
    })
}

/// The desk's configuration writes it as a word or a number.
fn is_yes(shown: &str) -> bool {
    ["1", "true", "yes", "on"].contains(&shown.trim().to_ascii_lowercase().as_str())
}

/// Asks, behind the notice that the session is over, unless the text is switched off. The buttons stand under one message:
/// of a longer text its beginning is shown.
pub(super) fn ask(draft: &mut Draft<'_>, session: SessionId, asked: Option<Asked>) {
    let (Some(asked), Some(text)) = (asked, wording::solved_question(draft.env)) else {
        return;
    };
    if let Some(ended) = &mut draft.conversation.last {
        ended.asked = Some(asked);
    }
    let chat = draft.env.chat;
    let parts = split(&text.into(), |part| chat.fits(part));
    if let Some(part) = parts.first() {
        let text = part.words().clone();
        draft.chat(ChatPayload::Question { session, text });
    }
}

/// The customer answered: the ticket gets a last line, which is the customer's own word, so that it is neither taken back
/// nor lost without one. It goes under the id of the session that is over, which has to be ended again, or an agent would
/// sit with nobody. The first answer counts.
pub(super) fn given(draft: &mut Draft<'_>, session: SessionId, answer: Answer) -> Verdict {
    let now = draft.env.now;
    let ended = draft.conversation.last.as_mut();
    let ended = ended.filter(|ended| ended.session == session && now.since(ended.at) <= ANSWERED_WITHIN);
    let Some(asked) = ended.and_then(|ended| ended.asked.take()) else {
        return Verdict::Over;
    };
    let told = DeskPayload::Message {
        opener: false,
        number: asked.messages + 1,
        text: Text::new(format!(
            "The customer was asked whether it was solved: {}.",
            answer.word()
        )),
        customer: None,
        url: draft.env.policy.url.clone(),
        from_customer: true,
        completes: None,
    };
    for (seq, payload) in (asked.desk_seq + 1..).zip([told, DeskPayload::End]) {
        let lane = Lane::Desk(session);
        draft.effect(Effect::Deliver(DeliveryId { lane, seq }, Payload::Desk(payload)));
    }
    draft.notice(NoticeKind::Answered, None);
    Verdict::Kept
}
