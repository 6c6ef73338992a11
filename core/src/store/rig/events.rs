use crate::{
    model::{
        Address, Attachment, BlobId, ChannelId, Contact, ConversationKey, CustomerEvent, CustomerId, CustomerMessage,
        DeskEvent, Escalation, EventKey, FileKind, FileSource, Line, Position, SessionId,
    },
    session::Event,
    store::{Incoming, Target},
};

/// The conversation of a number.
pub(crate) fn key(n: u32) -> ConversationKey {
    ConversationKey {
        channel: ChannelId::new("test"),
        address: Address::new(format!("chat-{n}")),
        customer: CustomerId::new(format!("customer-{n}")),
    }
}

/// An update of the customer of a number. Its key is made of the position, as a platform's is.
pub(crate) fn update(n: u32, position: i64, event: CustomerEvent) -> Incoming {
    Incoming {
        key: EventKey::new(format!("test:{n}:{position}")),
        target: Target::Conversation(key(n)),
        event: Event::Customer {
            position: Some(Position(position)),
            event,
        },
        is_new: false,
    }
}

pub(crate) fn message(n: u32, position: i64, text: &str) -> Incoming {
    update(n, position, CustomerEvent::Message(CustomerMessage::text(text)))
}

pub(crate) fn customer_ends(n: u32, position: i64) -> Incoming {
    update(n, position, CustomerEvent::Ended)
}

/// What the bot does of its own accord.
pub(crate) fn of_bot(n: u32, mark: Option<i64>, event: CustomerEvent) -> Incoming {
    Incoming {
        key: minted(),
        target: Target::Conversation(key(n)),
        event: Event::Customer {
            position: mark.map(Position),
            event,
        },
        is_new: true,
    }
}

/// The bot asks for a human; it has handled the conversation up to `mark`.
pub(crate) fn escalate(n: u32, mark: i64) -> Incoming {
    escalation(n, mark, Escalation::because("the customer asked"))
}

pub(crate) fn escalation(n: u32, mark: i64, escalation: Escalation) -> Incoming {
    of_bot(n, Some(mark), CustomerEvent::Escalate(Box::new(escalation)))
}

pub(crate) fn push_log(n: u32, history: Vec<Line>) -> Incoming {
    let event = CustomerEvent::PushLog {
        from: Contact::Email("anna@example.org".to_owned()),
        subject: "A chat".into(),
        history,
    };
    of_bot(n, None, event)
}

pub(crate) fn agent_says(session: SessionId, text: &str) -> Incoming {
    hook(
        session,
        DeskEvent::Message {
            name: Some("Anna".into()),
            picture: None,
            text: text.into(),
        },
    )
}

pub(crate) fn agent_file(session: SessionId, blob: BlobId, bytes: u64) -> Incoming {
    let file = Attachment {
        kind: FileKind::Image,
        name: "cat.png".into(),
        media_type: None,
        bytes: Some(bytes),
        source: FileSource::Blob(blob),
    };
    hook(session, DeskEvent::File(file))
}

pub(crate) fn agent_ends(session: SessionId) -> Incoming {
    hook(session, DeskEvent::Ended)
}

fn hook(session: SessionId, event: DeskEvent) -> Incoming {
    Incoming {
        key: minted(),
        target: Target::Session(session),
        event: Event::Desk { session, event },
        is_new: true,
    }
}

fn minted() -> EventKey {
    EventKey::new(format!("minted:{}", SessionId::mint()))
}
