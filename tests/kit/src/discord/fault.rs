//! Faults on demand: which call fails, how, and how often.

use std::time::{Duration, Instant};

use crate::plan::{FaultId, Schedule, Waits};

/// One way in which a call goes wrong.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is closed before the body is read. Nothing happens.
    Refuse,
    /// The call is read and never answered. Nothing happens.
    Hang,
    /// The call is carried out and never answered.
    HangAfterEffect,
    /// The call is carried out, and the connection is closed instead of an answer.
    LoseAnswer,
    /// The call is carried out at once and answered late.
    AnswerAfter(Duration),
    /// An HTML page with that status, as a gateway in front of the server gives. Nothing happens.
    Html {
        /// The HTTP status, such as 500 or 502.
        status: u16,
    },
    /// 403 as what stands in front of Discord answers a call that it blocks, in the API's own form:
    /// `internal network error`, 40333. Nothing happens.
    Block,
    /// 429 with that `retry_after` in the body and in the headers. Nothing happens.
    RateLimit {
        /// The time to wait.
        wait: Duration,
        /// What is limited.
        scope: LimitScope,
    },
    /// Any error answer. Nothing happens.
    Refusal {
        /// The HTTP status.
        status: u16,
        /// Discord's own `code`.
        code: u32,
        /// The `message`.
        message: String,
    },
    /// The request's body is read no faster than this.
    SlowUpload {
        /// Bytes a second.
        bytes_per_sec: u32,
    },
    /// An attachment is sent no faster than this.
    SlowDownload {
        /// Bytes a second.
        bytes_per_sec: u32,
    },
}

/// What a 429 limits, as `X-RateLimit-Scope` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitScope {
    /// This route, for this bot.
    User,
    /// This route, for everybody.
    Shared,
    /// Everything that the bot does.
    Global,
}

/// How often a fault strikes. For [`Plan::For`] a [`Fault::RateLimit`] names the time that is left.
pub type Plan = crate::plan::Plan<Fault>;

impl LimitScope {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Shared => "shared",
            Self::Global => "global",
        }
    }
}

impl Waits for Fault {
    fn with_left(&self, left: Duration) -> Self {
        match self {
            Self::RateLimit { scope, .. } => Self::RateLimit {
                wait: left,
                scope: *scope,
            },
            other => other.clone(),
        }
    }
}

/// The calls that a fault is meant for.
#[derive(Debug, Clone, Default)]
pub struct On {
    method: Option<String>,
    path: Option<String>,
    id: Option<u64>,
}

impl On {
    /// Every call, downloads with them.
    pub fn any() -> Self {
        Self::default()
    }

    /// The calls of one method and path, such as `POST` and `/channels/*/messages`. The path is
    /// that behind `/api/v10`; a star stands for one part of it. Downloads are at
    /// `/attachments/*/*/*`.
    pub fn call(method: &str, path: &str) -> Self {
        Self {
            method: Some(method.to_ascii_uppercase()),
            path: Some(path.to_owned()),
            id: None,
        }
    }

    /// The making of messages in channels, through no webhook.
    pub fn create_message() -> Self {
        Self::call("POST", "/channels/*/messages")
    }

    /// The making of messages through webhooks, follow-ups of interactions with them.
    pub fn execute_webhook() -> Self {
        Self::call("POST", "/webhooks/*/*")
    }

    /// The downloads of attachments.
    pub fn download() -> Self {
        Self::call("GET", "/attachments/*/*/*")
    }

    /// The calls whose address names that id: a channel, a thread, a webhook, a message.
    pub fn about(id: u64) -> Self {
        Self::any().and_about(id)
    }

    /// Narrows to the calls whose address names that id.
    pub fn and_about(mut self, id: u64) -> Self {
        self.id = Some(id);
        self
    }

    pub(crate) fn covers(&self, call: &Line<'_>) -> bool {
        self.method.as_deref().is_none_or(|method| method == call.method)
            && self.path.as_deref().is_none_or(|pattern| fits(pattern, call.path))
            && self.id.is_none_or(|id| call.names(&id.to_string()))
    }
}

/// The first line of a call.
pub(crate) struct Line<'a> {
    pub(crate) method: &'a str,
    /// The path behind `/api/v10`.
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(String, String)],
}

impl Line<'_> {
    fn names(&self, id: &str) -> bool {
        self.path.split('/').any(|part| part == id) || self.query.iter().any(|(_, value)| value == id)
    }
}

/// Whether a path fits a pattern in which a star stands for one part.
pub(crate) fn fits(pattern: &str, path: &str) -> bool {
    let mut wanted = pattern.split('/');
    let mut parts = path.split('/');
    loop {
        match (wanted.next(), parts.next()) {
            (None, None) => return true,
            (Some("*"), Some(part)) if !part.is_empty() => {}
            (Some(wanted), Some(part)) if wanted == part => {}
            _ => return false,
        }
    }
}

/// The faults that are set.
#[derive(Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
    ids: u64,
}

struct Rule {
    id: FaultId,
    on: On,
    schedule: Schedule<Fault>,
}

impl Faults {
    pub(crate) fn set(&mut self, on: On, plan: Plan) -> FaultId {
        self.ids += 1;
        let id = FaultId(self.ids);
        let schedule = Schedule::new(plan);
        self.rules.push(Rule { id, on, schedule });
        id
    }

    pub(crate) fn release(&mut self, id: FaultId) {
        self.rules.retain(|rule| rule.id != id);
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// What strikes a call of which the first line is known.
    pub(crate) fn strike(&mut self, call: &Line<'_>) -> Option<Fault> {
        let now = Instant::now();
        self.rules.retain(|rule| !rule.schedule.spent(now));
        self.rules
            .iter_mut()
            .filter(|rule| rule.on.covers(call))
            .find_map(|rule| rule.schedule.next(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_part() {
        assert!(fits("/channels/*/messages", "/channels/7/messages"));
        for path in ["/channels/messages", "/channels//messages", "/channels/7/messages/8"] {
            assert!(!fits("/channels/*/messages", path), "{path}");
        }
    }

    #[test]
    fn an_id_is_found_in_path_and_query() {
        let query = [("thread_id".to_owned(), "9".to_owned())];
        let line = Line {
            method: "POST",
            path: "/webhooks/7/token",
            query: &query,
        };
        assert!(On::execute_webhook().and_about(9).covers(&line));
        assert!(On::about(7).covers(&line));
        assert!(!On::about(8).covers(&line));
        assert!(!On::create_message().covers(&line));
    }

    #[test]
    fn a_limit_for_a_time_names_what_is_left() {
        let mut faults = Faults::default();
        let fault = Fault::RateLimit {
            wait: Duration::ZERO,
            scope: LimitScope::Global,
        };
        faults.set(On::any(), Plan::For(Duration::from_mins(1), fault));
        let line = Line {
            method: "GET",
            path: "/users/@me",
            query: &[],
        };
        let Some(Fault::RateLimit { wait, .. }) = faults.strike(&line) else {
            panic!("it strikes");
        };
        assert!(wait > Duration::from_secs(50) && wait <= Duration::from_mins(1));
        faults.clear();
        assert_eq!(faults.strike(&line), None);
    }
}
