use std::{error::Error, fmt, time::Duration};

use crate::delivery::{Outcome, Scope};

/// A value or a setting that breaks a rule of the desk. It names the rule and never shows the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` {problem}; it takes {rule}")]
pub struct ValueError {
    name: &'static str,
    problem: String,
    rule: &'static str,
}

impl ValueError {
    pub(super) fn new(name: &'static str, problem: impl Into<String>, rule: &'static str) -> Self {
        Self {
            name,
            problem: problem.into(),
            rule,
        }
    }

    /// The value or setting, by its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What was wrong.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What would be right.
    pub const fn rule(&self) -> &'static str {
        self.rule
    }
}

/// What kind of failure a call had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No connection: an unknown name, a closed port, no TLS. The desk does not have the call.
    Unreachable,
    /// The desk asked us to wait (429). It did not take the call.
    Throttled,
    /// The bytes of a file could not be sent to their end. The desk cannot have the file: its form was never closed.
    File,
    /// Nobody knows whether the desk took the call: a time-out, a reset, a 5xx, a page where an answer belongs.
    Uncertain,
    /// The desk will not take the call: a rule is broken, an address leads nowhere.
    Rejected,
    /// The desk does not take this from us as we are: a token or key is refused (401), or has no right to the call (403).
    Refused,
}

/// A call to Omnidesk that failed. Neither it nor its source shows a token, an address with a secret, or message text.
pub struct OmnideskError(Box<Failure>);

/// What is known of a failure.
struct Failure {
    kind: ErrorKind,
    endpoint: &'static str,
    detail: String,
    status: Option<u16>,
    retry_after: Option<Duration>,
    scope: Scope,
    /// Whether the call only asked: then an uncertain outcome has done nothing.
    asked_only: bool,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl OmnideskError {
    pub(super) fn new(kind: ErrorKind, endpoint: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Failure {
            kind,
            endpoint,
            detail: detail.into(),
            status: None,
            retry_after: None,
            scope: Scope::Lane,
            asked_only: false,
            source: None,
        }))
    }

    pub(super) fn status_was(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(super) fn wait(mut self, retry_after: Option<Duration>) -> Self {
        self.0.retry_after = retry_after;
        self
    }

    pub(super) fn speaks_for(mut self, scope: Scope) -> Self {
        self.0.scope = scope;
        self
    }

    pub(super) fn asked_only(mut self, asked_only: bool) -> Self {
        self.0.asked_only = asked_only;
        self
    }

    pub(super) fn hint(mut self, hint: &str) -> Self {
        self.0.detail.push_str(hint);
        self
    }

    /// Keeps the cause. The caller has taken addresses out of it.
    pub(super) fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of failure it is.
    pub const fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The call that failed, by the desk's name for it.
    pub const fn endpoint(&self) -> &'static str {
        self.0.endpoint
    }

    /// The HTTP status, where the desk answered.
    pub const fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// How long the desk asked us to wait.
    pub const fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The failure as the outcome of a delivery.
    pub fn outcome(&self) -> Outcome {
        let failure = &*self.0;
        let detail = self.to_string();
        match failure.kind {
            ErrorKind::Unreachable | ErrorKind::Throttled => Outcome::NotSent {
                detail,
                retry_after: failure.retry_after,
                scope: failure.scope,
            },
            ErrorKind::Uncertain if failure.asked_only => Outcome::NotSent {
                detail,
                retry_after: failure.retry_after,
                scope: Scope::Lane,
            },
            ErrorKind::File => Outcome::not_sent(detail),
            ErrorKind::Uncertain => Outcome::Unknown {
                detail,
                retry_after: failure.retry_after,
                repeatable: false,
            },
            ErrorKind::Rejected => Outcome::Rejected { detail },
            ErrorKind::Refused => Outcome::Refused {
                detail,
                scope: failure.scope,
            },
        }
    }
}

impl fmt::Display for OmnideskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.endpoint, self.0.detail)
    }
}

impl fmt::Debug for OmnideskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OmnideskError")
            .field("kind", &self.0.kind)
            .field("endpoint", &self.0.endpoint)
            .field("detail", &self.0.detail)
            .field("status", &self.0.status)
            .field("retry_after", &self.0.retry_after)
            .field("scope", &self.0.scope)
            .field("source", &self.0.source)
            .finish()
    }
}

impl Error for OmnideskError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
