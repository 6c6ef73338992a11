//! The stored form of a delivery's payload.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Stored,
    bot_event::BotEventForm,
    parts::{AttachmentForm, AuthorForm, ContactForm, SpanForm, words},
};
use crate::{
    delivery::{ChatPayload, DeskCustomer, DeskPayload, NoticeKind, Payload},
    model::{Author, Contact, MessageId, RichText, SessionId, Span, Text},
};

impl Stored for Payload {
    const KIND: &'static str = "payload";
    type Form = PayloadForm;
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::store) enum PayloadForm {
    Desk(DeskForm),
    Chat(ChatForm),
    Bot(BotEventForm),
}

impl From<&Payload> for PayloadForm {
    fn from(payload: &Payload) -> Self {
        match payload {
            Payload::Desk(desk) => Self::Desk(desk.into()),
            Payload::Chat(chat) => Self::Chat(chat.into()),
            Payload::Bot(event) => Self::Bot(event.into()),
        }
    }
}

impl From<PayloadForm> for Payload {
    fn from(form: PayloadForm) -> Self {
        match form {
            PayloadForm::Desk(desk) => Self::Desk(desk.into()),
            PayloadForm::Chat(chat) => Self::Chat(chat.into()),
            PayloadForm::Bot(event) => Self::Bot(event.into()),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::store) enum DeskForm {
    AskAvailability,
    ChatbotLog {
        from: ContactForm,
        subject: String,
        text: String,
    },
    Message {
        opener: bool,
        number: u32,
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        customer: Option<DeskCustomerForm>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        from_customer: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        completes: Option<String>,
    },
    File {
        file: AttachmentForm,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        completes: Option<String>,
    },
    End,
}

impl From<&DeskPayload> for DeskForm {
    fn from(payload: &DeskPayload) -> Self {
        match payload {
            DeskPayload::AskAvailability => Self::AskAvailability,
            DeskPayload::ChatbotLog { from, subject, text } => Self::ChatbotLog {
                from: from.into(),
                subject: subject.as_str().to_owned(),
                text: text.as_str().to_owned(),
            },
            DeskPayload::Message {
                opener,
                number,
                text,
                customer,
                url,
                from_customer,
                completes,
            } => Self::Message {
                opener: *opener,
                number: *number,
                text: text.as_str().to_owned(),
                customer: customer.as_deref().map(DeskCustomerForm::from),
                url: url.clone(),
                from_customer: *from_customer,
                completes: completes.as_ref().map(|id| id.as_str().to_owned()),
            },
            DeskPayload::File { file, completes } => Self::File {
                file: file.into(),
                completes: completes.as_ref().map(|id| id.as_str().to_owned()),
            },
            DeskPayload::End => Self::End,
        }
    }
}

impl From<DeskForm> for DeskPayload {
    fn from(form: DeskForm) -> Self {
        match form {
            DeskForm::AskAvailability => Self::AskAvailability,
            DeskForm::ChatbotLog { from, subject, text } => Self::ChatbotLog {
                from: from.into(),
                subject: Text::new(subject),
                text: Text::new(text),
            },
            DeskForm::Message {
                opener,
                number,
                text,
                customer,
                url,
                from_customer,
                completes,
            } => Self::Message {
                opener,
                number,
                text: Text::new(text),
                customer: customer.map(|customer| Box::new(customer.into())),
                url,
                from_customer,
                completes: completes.map(MessageId::new),
            },
            DeskForm::File { file, completes } => Self::File {
                file: file.into(),
                completes: completes.map(MessageId::new),
            },
            DeskForm::End => Self::End,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct DeskCustomerForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<ContactForm>,
}

impl From<&DeskCustomer> for DeskCustomerForm {
    fn from(customer: &DeskCustomer) -> Self {
        let DeskCustomer { name, contact } = customer;
        Self {
            name: words(name.as_ref()),
            contact: contact.as_ref().map(ContactForm::from),
        }
    }
}

impl From<DeskCustomerForm> for DeskCustomer {
    fn from(form: DeskCustomerForm) -> Self {
        Self {
            name: form.name.map(Text::new),
            contact: form.contact.map(Contact::from),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::store) enum ChatForm {
    Open {
        session: Uuid,
    },
    Message {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        author: Option<AuthorForm>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        continues: bool,
        text: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        spans: Vec<SpanForm>,
    },
    File {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        author: Option<AuthorForm>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        continues: bool,
        file: AttachmentForm,
    },
    Notice {
        kind: NoticeForm,
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<AuthorForm>,
    },
    Question {
        session: Uuid,
        text: String,
    },
}

impl From<&ChatPayload> for ChatForm {
    fn from(payload: &ChatPayload) -> Self {
        match payload {
            ChatPayload::Open { session } => Self::Open {
                session: session.uuid(),
            },
            ChatPayload::Message {
                author,
                continues,
                text,
            } => Self::Message {
                author: author.as_ref().map(AuthorForm::from),
                continues: *continues,
                text: text.words().as_str().to_owned(),
                spans: text.spans().iter().map(SpanForm::from).collect(),
            },
            ChatPayload::File {
                author,
                continues,
                file,
            } => Self::File {
                author: author.as_ref().map(AuthorForm::from),
                continues: *continues,
                file: file.into(),
            },
            ChatPayload::Notice { kind, text, agent } => Self::Notice {
                kind: (*kind).into(),
                text: text.as_str().to_owned(),
                agent: agent.as_ref().map(AuthorForm::from),
            },
            ChatPayload::Question { session, text } => Self::Question {
                session: session.uuid(),
                text: text.as_str().to_owned(),
            },
        }
    }
}

impl From<ChatForm> for ChatPayload {
    fn from(form: ChatForm) -> Self {
        match form {
            ChatForm::Open { session } => Self::Open {
                session: SessionId::from_uuid(session),
            },
            ChatForm::Message {
                author,
                continues,
                text,
                spans,
            } => Self::Message {
                author: author.map(Author::from),
                continues,
                text: RichText::new(text, spans.into_iter().map(Span::from).collect()),
            },
            ChatForm::File {
                author,
                continues,
                file,
            } => Self::File {
                author: author.map(Author::from),
                continues,
                file: file.into(),
            },
            ChatForm::Notice { kind, text, agent } => Self::Notice {
                kind: kind.into(),
                text: Text::new(text),
                agent: agent.map(Author::from),
            },
            ChatForm::Question { session, text } => Self::Question {
                session: SessionId::from_uuid(session),
                text: Text::new(text),
            },
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::store) enum NoticeForm {
    Waiting,
    Connected,
    NoAgents,
    AskContact,
    LeftMessage,
    Ended,
    Failed,
    Undelivered,
    TooBig,
    FileReceived,
    StillWaiting,
    NobodyCame,
    SilenceWarning,
    SilenceEnded,
    DeskAway,
    AskPhone,
    AskEmail,
    Answered,
}

impl From<NoticeKind> for NoticeForm {
    fn from(kind: NoticeKind) -> Self {
        match kind {
            NoticeKind::Waiting => Self::Waiting,
            NoticeKind::Connected => Self::Connected,
            NoticeKind::NoAgents => Self::NoAgents,
            NoticeKind::AskContact => Self::AskContact,
            NoticeKind::LeftMessage => Self::LeftMessage,
            NoticeKind::Ended => Self::Ended,
            NoticeKind::Failed => Self::Failed,
            NoticeKind::Undelivered => Self::Undelivered,
            NoticeKind::TooBig => Self::TooBig,
            NoticeKind::FileReceived => Self::FileReceived,
            NoticeKind::StillWaiting => Self::StillWaiting,
            NoticeKind::NobodyCame => Self::NobodyCame,
            NoticeKind::SilenceWarning => Self::SilenceWarning,
            NoticeKind::SilenceEnded => Self::SilenceEnded,
            NoticeKind::DeskAway => Self::DeskAway,
            NoticeKind::AskPhone => Self::AskPhone,
            NoticeKind::AskEmail => Self::AskEmail,
            NoticeKind::Answered => Self::Answered,
        }
    }
}

impl From<NoticeForm> for NoticeKind {
    fn from(form: NoticeForm) -> Self {
        match form {
            NoticeForm::Waiting => Self::Waiting,
            NoticeForm::Connected => Self::Connected,
            NoticeForm::NoAgents => Self::NoAgents,
            NoticeForm::AskContact => Self::AskContact,
            NoticeForm::LeftMessage => Self::LeftMessage,
            NoticeForm::Ended => Self::Ended,
            NoticeForm::Failed => Self::Failed,
            NoticeForm::Undelivered => Self::Undelivered,
            NoticeForm::TooBig => Self::TooBig,
            NoticeForm::FileReceived => Self::FileReceived,
            NoticeForm::StillWaiting => Self::StillWaiting,
            NoticeForm::NobodyCame => Self::NobodyCame,
            NoticeForm::SilenceWarning => Self::SilenceWarning,
            NoticeForm::SilenceEnded => Self::SilenceEnded,
            NoticeForm::DeskAway => Self::DeskAway,
            NoticeForm::AskPhone => Self::AskPhone,
            NoticeForm::AskEmail => Self::AskEmail,
            NoticeForm::Answered => Self::Answered,
        }
    }
}
