//! The stored form of an event for the bot.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::parts::{EndReasonForm, KeyForm, words};
use crate::model::{BotEvent, SessionId, Text, Unsent};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::store) enum BotEventForm {
    Waiting {
        conversation: KeyForm,
        session: Uuid,
    },
    Connected {
        conversation: KeyForm,
        session: Uuid,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<String>,
    },
    /// Without the transcript: it stands in the ledger, and is read from there when the bot is told.
    HandedBack {
        conversation: KeyForm,
        session: Uuid,
        reason: EndReasonForm,
        unsent: Vec<String>,
    },
    Failed {
        conversation: KeyForm,
        session: Uuid,
        reason: EndReasonForm,
        detail: String,
        unsent: Vec<String>,
    },
    Undelivered {
        conversation: KeyForm,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<Uuid>,
        detail: String,
    },
}

impl From<&BotEvent> for BotEventForm {
    fn from(event: &BotEvent) -> Self {
        match event {
            BotEvent::Waiting { conversation, session } => Self::Waiting {
                conversation: conversation.into(),
                session: session.uuid(),
            },
            BotEvent::Connected {
                conversation,
                session,
                agent,
            } => Self::Connected {
                conversation: conversation.into(),
                session: session.uuid(),
                agent: words(agent.as_ref()),
            },
            BotEvent::HandedBack {
                conversation,
                session,
                reason,
                unsent,
                transcript: _,
            } => Self::HandedBack {
                conversation: conversation.into(),
                session: session.uuid(),
                reason: (*reason).into(),
                unsent: unsent_words(unsent),
            },
            BotEvent::Failed {
                conversation,
                session,
                reason,
                detail,
                unsent,
            } => Self::Failed {
                conversation: conversation.into(),
                session: session.uuid(),
                reason: (*reason).into(),
                detail: detail.clone(),
                unsent: unsent_words(unsent),
            },
            BotEvent::Undelivered {
                conversation,
                session,
                detail,
            } => Self::Undelivered {
                conversation: conversation.into(),
                session: session.map(SessionId::uuid),
                detail: detail.clone(),
            },
        }
    }
}

impl From<BotEventForm> for BotEvent {
    fn from(form: BotEventForm) -> Self {
        match form {
            BotEventForm::Waiting { conversation, session } => Self::Waiting {
                conversation: conversation.into(),
                session: SessionId::from_uuid(session),
            },
            BotEventForm::Connected {
                conversation,
                session,
                agent,
            } => Self::Connected {
                conversation: conversation.into(),
                session: SessionId::from_uuid(session),
                agent: agent.map(Text::new),
            },
            BotEventForm::HandedBack {
                conversation,
                session,
                reason,
                unsent,
            } => Self::HandedBack {
                conversation: conversation.into(),
                session: SessionId::from_uuid(session),
                reason: reason.into(),
                unsent: unsent_lines(unsent),
                transcript: Vec::new(),
            },
            BotEventForm::Failed {
                conversation,
                session,
                reason,
                detail,
                unsent,
            } => Self::Failed {
                conversation: conversation.into(),
                session: SessionId::from_uuid(session),
                reason: reason.into(),
                detail,
                unsent: unsent_lines(unsent),
            },
            BotEventForm::Undelivered {
                conversation,
                session,
                detail,
            } => Self::Undelivered {
                conversation: conversation.into(),
                session: session.map(SessionId::from_uuid),
                detail,
            },
        }
    }
}

fn unsent_words(unsent: &[Unsent]) -> Vec<String> {
    unsent.iter().map(|Unsent { text }| text.as_str().to_owned()).collect()
}

fn unsent_lines(words: Vec<String>) -> Vec<Unsent> {
    words
        .into_iter()
        .map(|words| Unsent { text: Text::new(words) })
        .collect()
}
