//! What is said between the customer and the agent.

use super::{Draft, Effect, Env, Speaking, State, Verdict, album, contact};
use crate::{
    delivery::{ChatPayload, DeskCustomer, DeskPayload, NoticeKind, Payload, split},
    model::{
        Attachment, Author, BotEvent, CustomerMessage, LengthUnit, Line, MessageId, ReceiptSign, RichText, SessionId,
        Text, Timestamp,
    },
};

/// The customer's words and files go to the desk, in the order in which a person would read them.
pub(super) fn message(draft: &mut Draft<'_>, message: &CustomerMessage) -> Verdict {
    match &message.album {
        Some(id) if !draft.env.policy.album_wait.is_zero() => album::part(draft, id, message),
        _ => said(draft, message, draft.env.now),
    }
    draft.answered();
    draft.heard();
    Verdict::Kept
}

/// What the customer said at a moment joins the transcript and the desk lane.
pub(super) fn said(draft: &mut Draft<'_>, message: &CustomerMessage, at: Timestamp) {
    let told = contact::told(draft, message);
    let shared = told.as_ref().filter(|_| !has_words(message));
    let shared = shared.and_then(|told| told.contact.as_ref()).map(contact::shared);
    let line = message.readable().filter(|line| !line.is_blank());
    if let Some(line) = line.or_else(|| shared.clone()) {
        draft.record(Line::customer(at, line));
    }
    // A message of which a file stays behind is never whole.
    let is_whole = message.files.iter().all(|file| !is_too_big(draft.env, file));
    let completes = message.id.clone().filter(|_| is_whole && draft.shows_receipts());
    let of_text = completes.as_ref().filter(|_| message.files.is_empty());
    if let Some(text) = shared.map(RichText::from).as_ref().or(message.text.as_ref()) {
        draft.customer_text(text, told, of_text);
    }
    for (at, file) in message.files.iter().enumerate() {
        let completes = completes.clone().filter(|_| at + 1 == message.files.len());
        customer_file(draft, file, completes);
    }
}

/// An edit is a line of its own: the desk has no call for it.
pub(super) fn edit(draft: &mut Draft<'_>, text: &RichText) -> Verdict {
    let line = edited(text);
    draft.record(Line::customer(draft.env.now, line.plain()));
    draft.desk_text(&line, true);
    draft.answered();
    draft.heard();
    Verdict::Kept
}

/// An edit as a line reads. A caption can be taken away whole.
pub(super) fn edited(text: &RichText) -> RichText {
    let words = if text.is_blank() {
        "(no text)".into()
    } else {
        text.clone()
    };
    RichText::joined(["Edited:".into(), words], " ")
}

fn has_words(message: &CustomerMessage) -> bool {
    message.text.as_ref().is_some_and(|text| !text.is_blank())
}

fn is_too_big(env: &Env<'_>, file: &Attachment) -> bool {
    let bytes_max = env.chat.fetch_bytes_max.min(env.desk.file_bytes_max);
    file.bytes.is_some_and(|bytes| bytes > bytes_max)
}

fn customer_file(draft: &mut Draft<'_>, file: &Attachment, completes: Option<MessageId>) {
    match file.bytes {
        Some(bytes) if is_too_big(draft.env, file) => {
            let line = format!(
                "{} ({}) is too big to be passed on",
                file.label().as_str(),
                megabytes(bytes)
            );
            draft.desk_text(&line.into(), false);
            draft.notice(NoticeKind::TooBig, Some(file.name.as_str()));
        }
        _ => draft.desk(DeskPayload::File {
            file: file.clone(),
            completes,
        }),
    }
}

/// An agent wrote. A text with nothing to read in it is no more than a sign.
pub(super) fn agent_message(draft: &mut Draft<'_>, author: Option<&Author>, text: &RichText) -> Verdict {
    let verdict = agent_shows(draft, author);
    if !text.is_blank() {
        let agent = draft.agent();
        let line = Line::agent(draft.env.now, name_of(agent.as_ref()), text.plain());
        draft.record(line);
        let speaking = draft.speaks();
        draft.chat_text(agent.as_ref(), speaking, text);
    }
    verdict
}

/// An agent sent a file.
pub(super) fn agent_file(draft: &mut Draft<'_>, file: &Attachment) -> Verdict {
    let verdict = agent_shows(draft, None);
    let agent = draft.agent();
    let line = Line::agent(draft.env.now, name_of(agent.as_ref()), file.label());
    draft.record(line);
    let payload = |speaking| ChatPayload::File {
        author: agent,
        continues: speaking == Speaking::GoesOn,
        file: file.clone(),
    };
    if let (Some(why), Some(session)) = (cannot_reach_chat(draft.env, file), draft.conversation.session()) {
        let session = session.id;
        draft.bury(session, payload(Speaking::Begins), &why);
        let line = format!("{} did not reach the customer: {why}", file.label().as_str());
        draft.desk_text(&line.into(), false);
    } else {
        let speaking = draft.speaks();
        draft.chat(payload(speaking));
    }
    verdict
}

/// Why a file of an agent cannot go to the customer's platform; `None` where it can, or its size is not known.
pub(super) fn cannot_reach_chat(env: &Env<'_>, file: &Attachment) -> Option<String> {
    if !env.files {
        return Some("the customer's platform takes no files".to_owned());
    }
    let bytes_max = env.chat.send_bytes_max;
    file.bytes.filter(|bytes| *bytes > bytes_max).map(|_| {
        let limit = megabytes(bytes_max);
        format!("the file is too big for the customer's platform ({limit} at most)")
    })
}

/// An agent's first sign takes the session, and proves that the desk has it.
pub(super) fn agent_shows(draft: &mut Draft<'_>, author: Option<&Author>) -> Verdict {
    if let State::WithAgent(session) = &mut draft.conversation.state {
        if let Some(author) = author {
            if session.agent.as_ref().map(|known| &known.name) != Some(&author.name) {
                session.speaking = Speaking::Begins;
            }
            session.agent = Some(author.clone());
        }
        draft.heard();
        return Verdict::Kept;
    }
    let (mut session, was_opening) = match draft.conversation.state.clone() {
        State::Opening(session) => (session, true),
        State::Waiting(session) | State::WithAgent(session) => (session, false),
        State::WithBot | State::Leaving(_) => return Verdict::Over,
    };
    if was_opening {
        draft.prove_opened(&session);
    }
    session.agent = author.cloned();
    session.speaking = Speaking::Begins;
    let id = session.id;
    draft.enter(session, State::WithAgent);
    draft.present(author);
    let name = author.map(|author| &author.name);
    let conversation = draft.conversation.key.clone();
    draft.tell_bot(BotEvent::Connected {
        conversation,
        session: id,
        agent: name.cloned(),
    });
    Verdict::Kept
}

/// The name that a transcript gives; empty where nobody gave one.
pub(super) fn name_of(author: Option<&Author>) -> Text {
    author.map(|author| author.name.clone()).unwrap_or_default()
}

/// What goes with the words of a message to the desk.
#[derive(Default)]
pub(super) struct Said {
    pub(super) opener: bool,
    pub(super) customer: Option<Box<DeskCustomer>>,
    pub(super) from_customer: bool,
    pub(super) completes: Option<MessageId>,
}

impl Draft<'_> {
    /// The agent, once one has shown. A hook without a name comes from the one who is known.
    fn agent(&self) -> Option<Author> {
        self.conversation.session().and_then(|session| session.agent.clone())
    }

    /// A row joins the desk lane of the session that stands.
    pub(super) fn desk(&mut self, payload: DeskPayload) {
        let session = self
            .conversation
            .state
            .session_mut()
            .expect("rows of the desk belong to a session that stands");
        session.desk_seq += 1;
        let id = session.row(session.desk_seq);
        let payload = Payload::Desk(payload);
        let is_awaited = self.is_awaited(&payload);
        self.effect(Effect::Deliver(id, payload));
        if is_awaited {
            self.watch_desk();
        }
    }

    /// A text of ours, or a change of the customer's, joins the desk lane, in as many messages as its length needs.
    pub(super) fn desk_text(&mut self, text: &RichText, from_customer: bool) {
        for part in self.desk_parts(text) {
            self.desk_message(
                part,
                Said {
                    from_customer,
                    ..Said::default()
                },
            );
        }
    }

    /// A text of the customer joins the desk lane: what was told with it beside the first part, and the message is whole
    /// with the last.
    fn customer_text(&mut self, text: &RichText, mut told: Option<Box<DeskCustomer>>, completes: Option<&MessageId>) {
        let parts = self.desk_parts(text);
        let last = parts.len().saturating_sub(1);
        for (at, part) in parts.into_iter().enumerate() {
            let said = Said {
                from_customer: true,
                opener: false,
                customer: told.take(),
                completes: completes.filter(|_| at == last).cloned(),
            };
            self.desk_message(part, said);
        }
    }

    /// Whether the customer is to see that a message arrived.
    fn shows_receipts(&self) -> bool {
        self.env.receipts && self.env.policy.receipt_sign == ReceiptSign::Reaction
    }

    /// A text as the desk reads it, in parts that it takes.
    fn desk_parts(&self, text: &RichText) -> Vec<Text> {
        let (format, chars_max) = (self.env.policy.desk_text, self.env.desk.message_chars_max);
        let fits = |part: &RichText| LengthUnit::Chars.count(part.in_format(format).as_str()) <= chars_max;
        split(text, fits).iter().map(|part| part.in_format(format)).collect()
    }

    pub(super) fn desk_message(&mut self, text: Text, said: Said) {
        let Said {
            opener,
            customer,
            from_customer,
            completes,
        } = said;
        let session = self
            .conversation
            .state
            .session_mut()
            .expect("messages belong to a session that stands");
        session.messages += 1;
        let (number, url) = (session.messages, session.url.clone());
        self.desk(DeskPayload::Message {
            opener,
            number,
            text,
            customer,
            url,
            from_customer,
            completes,
        });
    }

    /// A row joins the chat lane.
    pub(super) fn chat(&mut self, payload: ChatPayload) {
        self.conversation.chat_seq += 1;
        let id = self.conversation.chat_row();
        self.effect(Effect::Deliver(id, Payload::Chat(payload)));
    }

    /// A text of an agent joins the chat lane, in as many parts as its length needs. Each leaves room for the name.
    pub(super) fn chat_text(&mut self, author: Option<&Author>, speaking: Speaking, text: &RichText) {
        let chat = self.env.chat;
        let units = |author: &Author| chat.text_unit.count(author.name.as_str()) + 2;
        // A name that leaves no room for the text is no name.
        let author = author.filter(|author| units(author) <= chat.text_max / 2);
        let payload = |text, continues| ChatPayload::Message {
            author: author.cloned(),
            continues,
            text,
        };
        let fits = |part: &RichText| payload(part.clone(), false).rich().is_none_or(|text| chat.fits(&text));
        for (at, part) in split(text, fits).into_iter().enumerate() {
            self.chat(payload(part, at > 0 || speaking == Speaking::GoesOn));
        }
    }

    /// Whether the agent goes on speaking; from now on so.
    fn speaks(&mut self) -> Speaking {
        let session = self.conversation.state.session_mut();
        session.map_or(Speaking::Begins, |session| {
            std::mem::replace(&mut session.speaking, Speaking::GoesOn)
        })
    }

    /// The customer spoke: whoever speaks next begins.
    pub(super) fn answered(&mut self) {
        if let Some(session) = self.conversation.state.session_mut() {
            session.speaking = Speaking::Begins;
        }
    }

    /// A row of the chat lane that is a dead letter from the start.
    pub(super) fn bury(&mut self, session: SessionId, payload: ChatPayload, detail: &str) {
        self.conversation.chat_seq += 1;
        let id = self.conversation.chat_row();
        self.tell_undelivered(Some(session), id, "a message of the agent", detail);
        self.effect(Effect::Bury(id, Payload::Chat(payload), detail.to_owned()));
    }

    /// A text from us to the customer, unless it is switched off.
    pub(super) fn notice(&mut self, kind: NoticeKind, name: Option<&str>) {
        self.say(kind, super::wording::notice(self.env, kind, name), None);
    }

    /// Whether a text of this kind is said at all.
    pub(super) fn says(&self, kind: NoticeKind) -> bool {
        super::wording::notice(self.env, kind, None).is_some()
    }

    /// The customer is told who came, unless that is switched off.
    fn present(&mut self, agent: Option<&Author>) {
        let name = agent.map(|agent| agent.name.as_str());
        let text = super::wording::notice(self.env, NoticeKind::Connected, name);
        self.say(NoticeKind::Connected, text, agent);
    }

    /// The customer is told that a message did not get through, unless that is switched off.
    pub(super) fn undelivered(&mut self, name: Option<&str>, reason: &str) {
        let text = super::wording::undelivered(self.env, name, reason);
        self.say(NoticeKind::Undelivered, text, None);
    }

    fn say(&mut self, kind: NoticeKind, text: Option<Text>, agent: Option<&Author>) {
        let Some(text) = text else { return };
        // It stands between the agent's lines.
        self.answered();
        let chat = self.env.chat;
        // A text of ours has no formatting: what stands in a part is all of it.
        for (at, part) in split(&text.into(), |part| chat.fits(part)).into_iter().enumerate() {
            let agent = agent.filter(|_| at == 0).cloned();
            let text = part.words().clone();
            self.chat(ChatPayload::Notice { kind, text, agent });
        }
    }

    /// The bot is told.
    pub(super) fn tell_bot(&mut self, event: BotEvent) {
        self.conversation.bot_seq += 1;
        let id = self.conversation.bot_row();
        self.effect(Effect::Deliver(id, Payload::Bot(event)));
    }

    /// A line joins the transcript of the session that stands.
    pub(super) fn record(&mut self, line: Line) {
        let session = self.conversation.session().map(|session| session.id);
        self.effect(Effect::Record(session, line));
    }
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) / 1_000_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
