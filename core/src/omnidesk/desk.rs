use async_trait::async_trait;
use futures::FutureExt;

use super::{
    AddAttachment, ChatEvent, ChatServer, ChatSessionId, ChatbotLog, CustomerName, Email, FileName, Filled, NewMessage,
    Omnidesk, OmnideskError, PhoneNumber, ValueError, hook,
};
use crate::{
    delivery::{Availability, DeskCustomer, DeskPayload, OpenFile, Outcome, Receipt},
    desk::{Desk, DeskDelivery, DeskSession, Hook, HookAnswer, HookError, HookFields, HookKind},
    model::{Attachment, Contact, DeskLimits, Signal, Text},
};

#[async_trait]
impl Desk for Omnidesk {
    fn limits(&self) -> DeskLimits {
        DeskLimits {
            message_chars_max: self.config().message_chars_max,
            file_bytes_max: self.config().file_bytes_max,
        }
    }

    async fn deliver(&self, delivery: DeskDelivery<'_>) -> Outcome {
        let session = delivery.session;
        let sent = match delivery.payload {
            DeskPayload::AskAvailability => self
                .availability(session.hook_address.as_str())
                .await
                .map(Receipt::Availability),
            DeskPayload::ChatbotLog { from, subject, text } => self.deliver_log(from, subject, text).await,
            DeskPayload::Message {
                number,
                text,
                customer,
                url,
                ..
            } => {
                self.deliver_message(session, *number, text, customer.as_deref(), url.as_deref())
                    .await
            }
            DeskPayload::File { file, .. } => self.deliver_file(session, file, delivery.file).await,
            DeskPayload::End => self.deliver_end(session).await,
        };
        sent.map_or_else(|outcome| outcome, Outcome::Delivered)
    }

    async fn signal(&self, session: DeskSession<'_>, signal: Signal) -> Outcome {
        let event = match signal {
            Signal::TypingStarted => ChatEvent::StartedTyping,
            Signal::TypingStopped => ChatEvent::StoppedTyping,
        };
        self.deliver_event(session, event)
            .await
            .map_or_else(|outcome| outcome, Outcome::Delivered)
    }

    async fn availability(&self, hook_address: &str) -> Result<Availability, Outcome> {
        let chat_server = kept(ChatServer::new(hook_address))?;
        let asker = self.clone();
        let ask = async move {
            let config = asker.chat_config(&chat_server).await.map_err(outcome)?;
            Ok(config.availability())
        };
        self.recent.get(|| ask.boxed()).await
    }

    fn hook_kind(&self, name: &str) -> Option<HookKind> {
        hook::hook_kind(name)
    }

    fn read_hook(&self, kind: HookKind, fields: &HookFields) -> Result<Hook, HookError> {
        hook::read_hook(kind, fields, self.config().agent_text)
    }

    fn hook_answer(&self, kind: HookKind) -> HookAnswer {
        hook::hook_answer(kind)
    }
}

/// A receipt, or the outcome of what went wrong on the way to one.
type Sent = Result<Receipt, Outcome>;

impl Omnidesk {
    async fn deliver_log(&self, from: &Contact, subject: &Text, text: &Text) -> Sent {
        let log = ChatbotLog {
            from,
            subject: kept(Filled::new("subject", subject.as_str()))?,
            message: kept(Filled::new("message", text.as_str()))?,
        };
        self.chatbot_log(&log).await.map_err(outcome)?;
        Ok(Receipt::None)
    }

    async fn deliver_message(
        &self,
        session: DeskSession<'_>,
        number: u32,
        text: &Text,
        customer: Option<&DeskCustomer>,
        url: Option<&str>,
    ) -> Sent {
        let (chat_server, id) = address(session)?;
        let about = customer.map(About::of).unwrap_or_default();
        let mut message = NewMessage::new(&chat_server, &id, kept(Filled::new("message", text.as_str()))?);
        message.number = self.config().numbers_past_50.number(number);
        // The guide lists an origin with what every message has: where none is known, the bot's own host stands for it.
        message.url = url.filter(|url| !url.is_empty()).or(Some(chat_server.origin()));
        message.customer_name = about.name.as_ref();
        message.email = about.email.as_ref();
        message.phone = about.phone.as_ref();
        let taken = self.new_message(&message).await.map_err(outcome)?;
        Ok(Receipt::Ticket {
            ticket: taken.ticket_id.map(|id| id.to_string()),
            message: None,
        })
    }

    async fn deliver_file(
        &self,
        session: DeskSession<'_>,
        attachment: &Attachment,
        bytes: Option<&dyn OpenFile>,
    ) -> Sent {
        let (chat_server, id) = address(session)?;
        let Some(bytes) = bytes else {
            return Err(Outcome::rejected(
                "addAttachment: the delivery came without the file's bytes",
            ));
        };
        let file = AddAttachment {
            chat_server: &chat_server,
            session: &id,
            name: FileName::clean(attachment.name.as_str()),
            media_type: attachment.media_type.clone(),
            file: bytes.open().await?,
        };
        let taken = self.add_attachment(file).await.map_err(outcome)?;
        Ok(Receipt::Ticket {
            ticket: taken.ticket_id.map(|id| id.to_string()),
            message: taken.message_id.map(|id| id.to_string()),
        })
    }

    async fn deliver_end(&self, session: DeskSession<'_>) -> Sent {
        let (chat_server, id) = address(session)?;
        self.end_chat(&chat_server, &id).await.map_err(outcome)?;
        Ok(Receipt::None)
    }

    async fn deliver_event(&self, session: DeskSession<'_>, event: ChatEvent) -> Sent {
        let (chat_server, id) = address(session)?;
        self.new_event(&chat_server, &id, event).await.map_err(outcome)?;
        Ok(Receipt::None)
    }
}

/// What the desk takes of what is known of a customer. What it does not take is left out: the message counts.
#[derive(Default)]
struct About {
    name: Option<CustomerName>,
    email: Option<Email>,
    phone: Option<PhoneNumber>,
}

impl About {
    fn of(customer: &DeskCustomer) -> Self {
        let name = customer.name.as_ref();
        let (email, phone) = match &customer.contact {
            Some(Contact::Email(email)) => (Email::new(email).ok(), None),
            Some(Contact::Phone(phone)) => (None, PhoneNumber::new(phone).ok()),
            None => (None, None),
        };
        Self {
            name: name.and_then(|name| CustomerName::transliterate(name.as_str())),
            email,
            phone,
        }
    }
}

fn address(session: DeskSession<'_>) -> Result<(ChatServer, ChatSessionId), Outcome> {
    let chat_server = kept(ChatServer::new(session.hook_address.as_str()))?;
    Ok((chat_server, session.id.into()))
}

/// A value that breaks a rule would break it on every attempt.
fn kept<T>(value: Result<T, ValueError>) -> Result<T, Outcome> {
    value.map_err(|error| Outcome::rejected(error.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn outcome(error: OmnideskError) -> Outcome {
    error.outcome()
}
