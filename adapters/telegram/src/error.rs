//! What a failed call to Telegram means.
//!
//! # Invariants
//! - No text of ours holds the token, an address or what a person wrote: teloxide's own error texts are never handed on,
//!   since they show addresses and whole answers.

use std::{error::Error, time::Duration};

use escalator::channel::ChannelError;
use serde::Deserialize;
use teloxide::{ApiError, RequestError};

/// How long a call may take that no caller of ours cuts off.
const CALL_MAX: Duration = Duration::from_secs(20);

/// How much of Telegram's own reason is handed on, in characters.
const REASON_CHARS_MAX: usize = 200;

/// A failed call, in our terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It did not fail: Telegram has the message, and teloxide cannot read the answer.
    Arrived {
        /// The message's id.
        message_id: i64,
    },
    /// Telegram asks to wait.
    Wait(Duration),
    /// Telegram cannot be reached.
    Unreachable(String),
    /// Nothing was sent, for a reason of this call alone.
    NotSent(String),
    /// Nobody knows.
    Unknown(String),
    /// Telegram does not take this content.
    Content(String),
    /// Telegram does not take the entities of this content.
    Formatting,
    /// This customer cannot be reached any more.
    Customer(String),
    /// Telegram does not take the bot.
    Account(String),
}

/// Waits for a call with a limit on its time.
pub(crate) async fn in_time<T>(call: impl Future<Output = Result<T, RequestError>>) -> Result<T, Failure> {
    match tokio::time::timeout(CALL_MAX, call).await {
        Ok(answered) => answered.map_err(|failed| Failure::of(&failed)),
        Err(_elapsed) => Err(Failure::Unknown("Telegram did not answer in time".to_owned())),
    }
}

impl Failure {
    pub(crate) fn of(failed: &RequestError) -> Self {
        match failed {
            RequestError::Api(refusal) => Self::of_refusal(refusal),
            RequestError::RetryAfter(secs) => Self::Wait(secs.duration()),
            RequestError::MigrateToChatId(_) => Self::Customer("the chat has become another one".to_owned()),
            RequestError::Network(failed) => Self::of_network(&**failed),
            RequestError::InvalidJson { raw, .. } => Self::of_unread(raw),
            RequestError::Io(_) => Self::NotSent("the call could not be put together".to_owned()),
        }
    }

    /// What went wrong on the way.
    pub(crate) fn of_network(failed: &(dyn Error + 'static)) -> Self {
        let failed = failed.downcast_ref::<reqwest::Error>();
        let is = |what: fn(&reqwest::Error) -> bool| failed.is_some_and(what);
        let cause = failed.map(innermost).unwrap_or_default();
        if is(reqwest::Error::is_connect) {
            Self::Unreachable(format!("Telegram cannot be reached{cause}"))
        } else if is(reqwest::Error::is_builder) {
            Self::Account("the address of the Bot API is not one".to_owned())
        } else if is(reqwest::Error::is_timeout) {
            Self::Unknown("Telegram did not answer in time".to_owned())
        } else {
            Self::Unknown(format!("the connection to Telegram broke off{cause}"))
        }
    }

    fn of_refusal(refusal: &ApiError) -> Self {
        match refusal {
            ApiError::InvalidToken => Self::Account("Telegram refuses the bot's token".to_owned()),
            ApiError::BotBlocked => Self::Customer("the customer has blocked the bot".to_owned()),
            ApiError::UserDeactivated => Self::Customer("the customer's Telegram account is closed".to_owned()),
            ApiError::ChatNotFound | ApiError::UserNotFound => {
                Self::Customer("Telegram does not know the customer's chat with the bot".to_owned())
            }
            ApiError::CantInitiateConversation => Self::Customer("the customer has not started the bot".to_owned()),
            ApiError::CantTalkWithBots => Self::Customer("the customer is a bot".to_owned()),
            ApiError::RequestEntityTooLarge => {
                Self::Content("the file is larger than Telegram takes from a bot".to_owned())
            }
            ApiError::Unknown(said) => Self::of_words(said),
            ApiError::CantParseEntities(_) => Self::Formatting,
            refusal => Self::Content(refused(&refusal.to_string())),
        }
    }

    /// teloxide drops the status code; Telegram's words begin with its name.
    fn of_words(said: &str) -> Self {
        let begins = |with: &[&str]| with.iter().any(|with| said.starts_with(with));
        if begins(&[
            "Internal Server Error",
            "Bad Gateway",
            "Service Unavailable",
            "Gateway Timeout",
        ]) {
            Self::Unknown("Telegram has an error of its own".to_owned())
        } else if begins(&["Too Many Requests"]) {
            Self::NotSent("Telegram asks to wait".to_owned())
        } else if begins(&["Logged out"]) {
            Self::Account("the bot is logged out of this Bot API server".to_owned())
        } else if said.contains("can't initiate conversation") {
            Self::Customer("the customer has not started the bot".to_owned())
        } else if is_of_formatting(said) {
            Self::Formatting
        } else if begins(&["Forbidden"]) {
            Self::Customer(refused(said))
        } else {
            Self::Content(refused(said))
        }
    }

    /// An answer that teloxide cannot read: a gateway's page, or a message of a kind that it does not know.
    fn of_unread(raw: &str) -> Self {
        #[derive(Deserialize)]
        struct Answer {
            ok: bool,
            result: Option<Sent>,
            description: Option<String>,
        }
        #[derive(Deserialize)]
        struct Sent {
            message_id: i64,
        }
        match serde_json::from_str(raw) {
            Ok(Answer {
                ok: true,
                result: Some(Sent { message_id }),
                ..
            }) => Self::Arrived { message_id },
            Ok(Answer {
                ok: false,
                description: Some(said),
                ..
            }) => Self::of_words(&said),
            _ => Self::Unknown("Telegram's answer cannot be read".to_owned()),
        }
    }

    /// The failure as the supervisor logs it.
    pub(crate) fn as_channel_error(&self) -> ChannelError {
        match self {
            Self::Account(detail) => ChannelError::new(format!(
                "{detail}: check the token and the address of the Bot API, as @BotFather gives them"
            )),
            failure => ChannelError::new(failure.detail()),
        }
    }

    /// The failure in words.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Arrived { .. } => "Telegram's answer cannot be read".to_owned(),
            Self::Wait(wait) => format!("Telegram asks to wait {} seconds", wait.as_secs()),
            Self::Formatting => "Telegram refuses the formatting".to_owned(),
            Self::Unreachable(detail)
            | Self::NotSent(detail)
            | Self::Unknown(detail)
            | Self::Content(detail)
            | Self::Customer(detail)
            | Self::Account(detail) => detail.clone(),
        }
    }
}

/// Whether it is the entities that are refused: by the Bot API server when it reads them or holds them against the text
/// (`get_text_entity` and `fix_formatted_text` of `tdlib`), or by Telegram behind it (`ENTITY_BOUNDS_INVALID`).
fn is_of_formatting(said: &str) -> bool {
    let Some(said) = said.strip_prefix("Bad Request: ") else {
        return false;
    };
    let begins = [
        "can't parse entities",
        "can't parse MessageEntity",
        "ENTITY_",
        "ENTITIES_",
        "entity ",
        "receive an entity",
    ];
    begins.iter().any(|begin| said.starts_with(begin))
}

fn refused(said: &str) -> String {
    let said = said
        .trim_start_matches("Bad Request: ")
        .trim_start_matches("Forbidden: ");
    let said: String = said.chars().take(REASON_CHARS_MAX).collect();
    format!("Telegram refused it: {said}")
}

/// The innermost cause (`Connection refused`), which knows of no address; the outer ones name it.
fn innermost(failed: &reqwest::Error) -> String {
    let mut cause: Option<&dyn Error> = failed.source();
    while let Some(deeper) = cause.and_then(Error::source) {
        cause = Some(deeper);
    }
    cause
        .and_then(|cause| cause.downcast_ref::<std::io::Error>())
        .map(|cause| match cause.raw_os_error() {
            Some(_) => format!(": {}", cause.kind()),
            // A name that is not found has no number.
            None => format!(": {cause}"),
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn unread(raw: &str) -> Failure {
        let source = serde_json::from_str::<u8>("x").expect_err("it is no number");
        Failure::of(&RequestError::InvalidJson {
            source: Arc::new(source),
            raw: raw.into(),
        })
    }

    #[test]
    fn an_answer_that_teloxide_cannot_read_is_read_as_far_as_it_matters() {
        let taken = r#"{"ok":true,"result":{"message_id":17,"chat":{"id":1,"type":"new"},"text":"private"}}"#;
        assert_eq!(unread(taken), Failure::Arrived { message_id: 17 });
        let refused = r#"{"ok":false,"error_code":400,"description":"Bad Request: x","parameters":{"new":1}}"#;
        assert_eq!(unread(refused), Failure::Content("Telegram refused it: x".to_owned()));
        for page in ["<html>private</html>", "", "{}", r#"{"ok":true,"result":true}"#] {
            assert_eq!(
                unread(page),
                Failure::Unknown("Telegram's answer cannot be read".to_owned())
            );
        }
    }

    #[test]
    fn a_refusal_of_entities_is_told_from_others() {
        let said = |words: &str| {
            let refusal = serde_json::from_value(serde_json::Value::from(words)).expect("teloxide reads any words");
            Failure::of(&RequestError::Api(refusal))
        };
        for words in [
            "Bad Request: can't parse entities: Unsupported start tag \"x\" at byte offset 0",
            "Bad Request: can't parse MessageEntity: Can't find field \"url\"",
            "Bad Request: entity URL 'ftp://a' is invalid: Unsupported URL protocol",
            "Bad Request: entity begins in a middle of a UTF-16 symbol at byte offset 4",
            "Bad Request: receive an entity with incorrect length -1",
            "Bad Request: ENTITY_TEXTURL_INVALID",
            "Bad Request: ENTITIES_TOO_LONG",
        ] {
            assert_eq!(said(words), Failure::Formatting, "{words}");
        }
        for words in [
            "Bad Request: message is too long",
            "Request Entity Too Large",
            "Bad Request: BUTTON_DATA_INVALID",
            "Internal Server Error: ENTITY_BOUNDS_INVALID",
        ] {
            assert_ne!(said(words), Failure::Formatting, "{words}");
        }
    }

    #[test]
    fn a_long_reason_is_cut() {
        let said = format!("Bad Request: {}", "ä".repeat(5_000));
        let failure = Failure::of(&RequestError::Api(ApiError::Unknown(said)));
        assert!(failure.detail().chars().count() < 300);
    }
}
