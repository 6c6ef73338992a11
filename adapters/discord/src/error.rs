//! What a failed call to Discord means.
//!
//! # Invariants
//! - No text of ours holds a token, an address or what a person wrote: addresses of webhooks and interactions are
//!   secrets, and Discord's list of what is wrong with a form repeats the form.

use std::{error::Error, time::Duration};

use escalator::{
    channel::ChannelError,
    delivery::{Outcome, RetryPolicy, Scope},
};

/// How much of Discord's own reason is handed on, in characters.
const REASON_CHARS_MAX: usize = 200;

/// A failed call, in our terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Discord asks to wait.
    Wait {
        wait: Duration,
        /// Whether that speaks for the whole bot.
        is_global: bool,
    },
    /// Discord cannot be reached.
    Unreachable(String),
    /// Nothing was sent, for a reason of this call alone.
    NotSent(String),
    /// Nobody knows.
    Unknown(String),
    /// Discord does not take this call.
    Refused(Refusal),
    /// Discord does not take the bot.
    Account(String),
}

/// Discord's answer to a call that it does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// Discord's own number; 0 where it gave none.
    pub(crate) code: u32,
    pub(crate) said: String,
    /// Of a form: the fields that are wrong, by the names that we sent them under.
    pub(crate) fields: Vec<String>,
}

impl Refusal {
    pub(crate) const UNKNOWN_CHANNEL: u32 = 10003;
    pub(crate) const UNKNOWN_MESSAGE: u32 = 10008;
    pub(crate) const UNKNOWN_WEBHOOK: u32 = 10015;
    pub(crate) const REACTIONS_FULL: u32 = 30010;
    pub(crate) const TOO_LARGE: u32 = 40005;
    /// What stands in front of Discord blocks the bot, in the API's own form
    /// (<https://github.com/discord/discord-api-docs/issues/6473>).
    pub(crate) const BLOCKED: u32 = 40333;
    pub(crate) const MISSING_ACCESS: u32 = 50001;
    pub(crate) const NO_DIRECT_MESSAGES: u32 = 50007;
    pub(crate) const MISSING_PERMISSION: u32 = 50013;
    pub(crate) const INVALID_WEBHOOK_TOKEN: u32 = 50027;
    const INVALID_FORM: u32 = 50035;
    pub(crate) const REACTION_BLOCKED: u32 = 90001;

    /// Whether the bot lacks a permission there.
    pub(crate) const fn is_of_permission(&self) -> bool {
        matches!(self.code, Self::MISSING_ACCESS | Self::MISSING_PERMISSION)
    }

    /// Whether a field of the form is wrong, or may be: where Discord does not tell which.
    pub(crate) fn is_of_field(&self, field: &str) -> bool {
        self.code == Self::INVALID_FORM && (self.fields.is_empty() || self.fields.iter().any(|wrong| wrong == field))
    }

    pub(crate) const fn is_too_large(&self) -> bool {
        self.status == 413 || self.code == Self::TOO_LARGE
    }

    pub(crate) fn detail(&self) -> String {
        match self.code {
            Self::UNKNOWN_CHANNEL => "the channel does not exist any more".to_owned(),
            Self::UNKNOWN_MESSAGE => "the message does not exist any more".to_owned(),
            Self::MISSING_ACCESS => "the bot lacks the permission View Channel there".to_owned(),
            Self::NO_DIRECT_MESSAGES => "the customer takes no direct messages from the bot".to_owned(),
            Self::MISSING_PERMISSION => "the bot lacks a permission there".to_owned(),
            _ if self.is_too_large() => "the file is larger than Discord takes here".to_owned(),
            _ if self.said.is_empty() => format!("it was refused without a reason of Discord's ({})", self.status),
            code => {
                let said: String = self.said.chars().take(REASON_CHARS_MAX).collect();
                format!("Discord refused it: {said} ({}, {code})", self.status)
            }
        }
    }
}

impl Failure {
    /// What went wrong on the way.
    pub(crate) fn of_network(failed: &reqwest::Error) -> Self {
        let cause = innermost(failed);
        if failed.is_connect() {
            Self::Unreachable(format!("Discord cannot be reached{cause}"))
        } else if failed.is_builder() {
            Self::NotSent("the call could not be put together".to_owned())
        } else if failed.is_timeout() {
            Self::Unknown("Discord did not answer in time".to_owned())
        } else {
            Self::Unknown(format!("the connection to Discord broke off{cause}"))
        }
    }

    /// Whether it is a refusal for a field of the form, or may be.
    pub(crate) fn is_of_field(&self, field: &str) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_of_field(field))
    }

    /// Whether it is a refusal of this code.
    pub(crate) fn is(&self, code: u32) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code == code)
    }

    /// Whether the same call may succeed later.
    pub(crate) const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Wait { .. } | Self::Unreachable(_) | Self::NotSent(_) | Self::Unknown(_)
        )
    }

    /// How long to wait before the same call is made again.
    pub(crate) fn wait(&self, attempt: u32) -> Duration {
        let asked = match self {
            Self::Wait { wait, .. } => Some(*wait),
            _ => None,
        };
        RetryPolicy::default().wait(attempt, 0.5, asked)
    }

    /// What it means for the delivery that it struck.
    pub(crate) fn outcome(self) -> Outcome {
        let detail = self.detail();
        match self {
            Self::Wait { wait, is_global } => Outcome::NotSent {
                detail,
                retry_after: Some(wait),
                scope: if is_global { Scope::Door } else { Scope::Lane },
            },
            Self::Unreachable(_) => Outcome::NotSent {
                detail,
                retry_after: None,
                scope: Scope::Door,
            },
            Self::NotSent(_) => Outcome::not_sent(detail),
            Self::Unknown(_) => Outcome::unknown(detail),
            Self::Refused(_) => Outcome::rejected(detail),
            Self::Account(_) => Outcome::Refused {
                detail,
                scope: Scope::Door,
            },
        }
    }

    /// What it means for a call that shows the customer nothing, or shows it once however often it is made: it is made
    /// again.
    pub(crate) fn outcome_of_harmless(self) -> Outcome {
        match self {
            Self::Unknown(detail) => Outcome::not_sent(detail),
            failure => failure.outcome(),
        }
    }

    /// What it means for a lane of the desk, which waits for a file: what goes wrong here must not close the desk's door.
    pub(crate) fn outcome_of_fetch(self) -> Outcome {
        match self.outcome_of_harmless() {
            Outcome::NotSent {
                detail, retry_after, ..
            } => Outcome::NotSent {
                detail,
                retry_after,
                scope: Scope::Lane,
            },
            Outcome::Refused { detail, .. } => Outcome::Refused {
                detail,
                scope: Scope::Lane,
            },
            outcome => outcome,
        }
    }

    /// The failure as the supervisor logs it.
    pub(crate) fn as_channel_error(&self) -> ChannelError {
        match self {
            Self::Account(detail) => ChannelError::new(format!(
                "{detail}: check the token and the address of the API, as the developer portal gives them"
            )),
            failure => ChannelError::new(failure.detail()),
        }
    }

    /// The failure in words.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Wait { wait, .. } => format!("Discord asks to wait {} milliseconds", wait.as_millis()),
            Self::Refused(refusal) => refusal.detail(),
            Self::Unreachable(detail) | Self::NotSent(detail) | Self::Unknown(detail) | Self::Account(detail) => {
                detail.clone()
            }
        }
    }
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
    use super::*;

    fn refused(status: u16, code: u32, said: &str) -> Failure {
        let said = said.to_owned();
        let fields = Vec::new();
        Failure::Refused(Refusal {
            status,
            code,
            said,
            fields,
        })
    }

    #[test]
    fn each_refusal_is_told_in_words_and_harms_its_own_lane_alone() {
        for (failure, word) in [
            (refused(403, 50007, "x"), "takes no direct messages"),
            (refused(403, 50013, "x"), "lacks a permission"),
            (refused(404, 10003, "x"), "does not exist any more"),
            (refused(413, 0, "x"), "larger than Discord takes"),
            (
                refused(400, 50035, "Invalid Form Body"),
                "Invalid Form Body (400, 50035)",
            ),
        ] {
            let Outcome::Rejected { detail } = failure.outcome() else {
                panic!("a refusal is for good");
            };
            assert!(detail.contains(word), "{detail}");
        }
    }

    #[test]
    fn a_long_reason_is_cut() {
        assert!(refused(400, 1, &"ä".repeat(5_000)).detail().chars().count() < 300);
    }

    #[test]
    fn a_wait_speaks_for_the_door_when_it_is_global() {
        for (is_global, scope) in [(false, Scope::Lane), (true, Scope::Door)] {
            let wait = Duration::from_secs(3);
            let outcome = Failure::Wait { wait, is_global }.outcome();
            assert!(
                matches!(outcome, Outcome::NotSent { retry_after, scope: of, .. } if retry_after == Some(wait) && of == scope)
            );
        }
    }
}
