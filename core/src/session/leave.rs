//! A message that is left where no agent is there: a contact is asked for, and all of it becomes one ticket.

use super::{Draft, Leaving, Session, State, Verdict, compose, contact, end, relay};
use crate::{
    delivery::{DeskPayload, NoticeKind, Payload},
    model::{Attachment, Contact, CustomerMessage, Escalation, Line, RichText, Text, Unsent},
};

/// The opening is taken back, and what was to be said there begins a message.
pub(super) fn begin(draft: &mut Draft<'_>, session: &Session) {
    let queued = draft.env.queued;
    // The log stands before the opener and says the same, and more: the first of the two is enough.
    let header = queued.iter().find_map(|row| opening(&row.payload));
    // The question stood in front of the opener until now: nobody can have tried it meanwhile.
    let unsent = end::withdraw(draft, session, end::opener_tried(draft, session));
    start(draft, header, unsent);
}

/// No agent took the session in time: it ends at the desk, behind a line that says why, and a message begins. What no call
/// has brought to the desk stands in it as what the customer wrote; the rest is its history.
pub(super) fn begin_instead(draft: &mut Draft<'_>, session: &Session, why: String) -> Verdict {
    let unsent = draft.take_back_waiting(session);
    draft.desk_text(&why.into(), false);
    draft.desk(DeskPayload::End);
    let (policy, chars_max) = (draft.env.policy, draft.env.desk.message_chars_max);
    let escalation = Escalation {
        profile: session.profile.clone(),
        ..Escalation::default()
    };
    let context = compose::context(&draft.conversation.key, &escalation);
    let history = compose::without(draft.env.history, &unsent);
    let header = compose::with_history(&context, &history, policy.history_lines_max, chars_max);
    start(draft, Some(header), unsent);
    Verdict::Kept
}

/// What is known so far begins a message, and a contact is asked for, unless one is known.
fn start(draft: &mut Draft<'_>, header: Option<Text>, unsent: Vec<Unsent>) {
    let has_files = draft
        .env
        .queued
        .iter()
        .any(|row| matches!(row.payload, Payload::Desk(DeskPayload::File { .. })));
    let session = draft
        .conversation
        .session()
        .cloned()
        .expect("the session stands until it is handed back");
    let contact = session.profile.contact.clone();
    let mut lines: Vec<Text> = header.into_iter().collect();
    let header = lines.len();
    lines.extend(unsent.into_iter().map(|line| line.text));
    draft.enter(session, |session| {
        State::Leaving(Leaving {
            session,
            lines,
            header,
            log: None,
            logged: 0,
        })
    });
    if has_files {
        draft.undelivered(None, NO_FILES);
    }
    match contact {
        Some(contact) => submit(draft, contact),
        None => draft.notice(NoticeKind::AskContact, None),
    }
}

/// Context and history, as they stand in a row of the opening.
fn opening(payload: &Payload) -> Option<Text> {
    match payload {
        Payload::Desk(DeskPayload::Message { opener: true, text, .. } | DeskPayload::ChatbotLog { text, .. }) => {
            Some(text.clone())
        }
        _ => None,
    }
}

/// The customer wrote while a message is being left: a contact completes it, anything else becomes part of it. A file
/// cannot: the ticket names it, and the customer is told.
pub(super) fn line(draft: &mut Draft<'_>, leaving: Leaving, message: &CustomerMessage) -> Verdict {
    let own = message.text.as_ref().map(RichText::own_words);
    let contact = message.contact.clone().or_else(|| own.and_then(Contact::find));
    let line = message.readable().filter(|line| !line.is_blank());
    let Some(line) = line.or_else(|| contact.as_ref().map(contact::shared)) else {
        return Verdict::Kept;
    };
    add(draft, leaving, line, contact, message.files.first())
}

/// An edit while a message is being left. That of a caption names its files.
pub(super) fn edit(draft: &mut Draft<'_>, leaving: Leaving, text: &RichText) -> Verdict {
    let own = Attachment::words_behind_labels(text.own_words());
    add(draft, leaving, relay::edited(text).plain(), Contact::find(own), None)
}

/// The contact was looked for in own words alone: the name of a file can look like an address, and what is answered can
/// have the desk's own in it.
fn add(
    draft: &mut Draft<'_>,
    mut leaving: Leaving,
    line: Text,
    contact: Option<Contact>,
    file: Option<&Attachment>,
) -> Verdict {
    draft.record(Line::customer(draft.env.now, line.clone()));
    if let Some(file) = file {
        draft.undelivered(Some(file.name.as_str()), NO_FILES);
    }
    let contact = contact.filter(|_| leaving.log.is_none());
    let chars = written_chars(&leaving) + line.as_str().chars().count();
    if contact.is_none() && chars > draft.env.desk.message_chars_max {
        draft.undelivered(None, TOO_LONG);
        return Verdict::Kept;
    }
    leaving.lines.push(line);
    let log = leaving.log;
    draft.conversation.state = State::Leaving(leaving);
    match contact {
        Some(contact) => submit(draft, contact),
        None if log.is_none() => draft.notice(NoticeKind::AskContact, None),
        None => {}
    }
    Verdict::Kept
}

const NO_FILES: &str = "a file cannot be left with a message";
const TOO_LONG: &str = "the message that is being left would be too long";

/// How much the customer has written into the message so far.
fn written_chars(leaving: &Leaving) -> usize {
    let written = leaving.lines.iter().skip(leaving.header);
    written.map(|line| line.as_str().chars().count()).sum()
}

/// The ticket is made up of what stands so far; what comes later goes to the bot.
fn submit(draft: &mut Draft<'_>, from: Contact) {
    let State::Leaving(leaving) = &draft.conversation.state else {
        return;
    };
    let text = ticket(leaving, draft.env.desk.message_chars_max);
    draft.desk(DeskPayload::ChatbotLog {
        from,
        subject: "A message was left".into(),
        text,
    });
    if let State::Leaving(leaving) = &mut draft.conversation.state {
        leaving.log = Some(leaving.session.desk_seq);
        leaving.logged = leaving.lines.len();
    }
}

/// The text of the ticket, in at most `chars_max` characters as far as the context and the history can give way: what
/// the customer wrote is not cut.
fn ticket(leaving: &Leaving, chars_max: usize) -> Text {
    let (header, written) = leaving.lines.split_at(leaving.header);
    let taken: usize = written
        .iter()
        .map(|line| line.as_str().chars().count() + GAP.len())
        .sum();
    let room = chars_max.saturating_sub(taken);
    let header = header
        .iter()
        .map(|text| compose::shorten(text.as_str(), room))
        .filter(|text| !text.is_empty());
    let written = written.iter().map(|line| line.as_str().to_owned());
    Text::new(header.chain(written).collect::<Vec<_>>().join(GAP))
}

/// What stands between two entries of a ticket.
const GAP: &str = "\n\n";
