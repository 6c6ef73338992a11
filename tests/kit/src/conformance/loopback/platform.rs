use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::sync::watch;

use crate::conformance::channel::{Customer, Fault, Shown};

/// How long a text may be, in characters.
pub(super) const TEXT_MAX: usize = 500;

/// A chat platform in memory: it keeps updates until they are acknowledged, takes calls, and fails on demand.
pub struct Loopback {
    token: String,
    /// Whether files and typing go at all.
    is_rich: bool,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    updates: Vec<Update>,
    /// The id up to which updates are forgotten.
    acknowledged: i64,
    heard: usize,
    shown: HashMap<Customer, Vec<Shown>>,
    files: HashMap<String, Bytes>,
    /// A fault of the next call.
    next: Option<Fault>,
    is_away: bool,
    is_refused: bool,
    /// Whether the next acknowledgement is lost.
    loses_acknowledgement: bool,
    closed: Option<Customer>,
}

/// Something that a customer did.
#[derive(Clone, Debug)]
pub struct Update {
    /// Its number, from 1.
    pub id: i64,
    /// Who did it.
    pub from: Customer,
    /// What it was.
    pub what: What,
}

/// What a customer did.
#[derive(Clone, Debug)]
pub enum What {
    /// Wrote a line.
    Line(String),
    /// Changed the last line to this.
    Edit(String),
    /// Sent a file.
    File {
        /// Its name.
        name: String,
        /// How to ask for it.
        handle: String,
    },
    /// Began to write.
    Typing,
    /// Pressed the end button.
    End,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No connection was made.
    #[error("connection refused")]
    Refused,
    /// The connection broke off before the answer.
    #[error("connection reset")]
    Reset,
    /// The platform answered 429.
    #[error("too many calls")]
    TooMany {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The platform answered 500.
    #[error("the platform has an error of its own")]
    Server,
    /// The platform answered 403: this customer cannot be reached.
    #[error("the customer has closed the chat")]
    Closed,
    /// The platform answered 401: the token is refused.
    #[error("the token is refused")]
    Unauthorized,
    /// The platform answered 400: it does not take this.
    #[error("the platform does not take this")]
    Invalid,
}

impl Loopback {
    /// A platform without customers' acts so far. A plain one takes texts alone.
    pub fn new(token: impl Into<String>, is_rich: bool) -> Arc<Self> {
        Arc::new(Self {
            token: token.into(),
            is_rich,
            state: Mutex::default(),
            changes: watch::Sender::new(0),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change under this lock is one step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether files and typing go.
    pub fn is_rich(&self) -> bool {
        self.is_rich
    }

    /// The token that it takes.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A customer does something.
    pub fn push(&self, from: Customer, what: What) {
        let mut state = self.state();
        let id = i64::try_from(state.updates.len()).unwrap_or(i64::MAX) + 1;
        state.updates.push(Update { id, from, what });
        drop(state);
        self.changes.send_modify(|count| *count += 1);
    }

    /// Keeps a file and gives it a handle.
    pub fn upload(&self, bytes: Bytes) -> String {
        let mut state = self.state();
        let handle = format!("file-{}", state.files.len());
        state.files.insert(handle.clone(), bytes);
        handle
    }

    /// Waits for the first update that is not acknowledged.
    ///
    /// # Cancel safety
    /// Nothing is lost when it is dropped.
    pub async fn next(&self) -> Update {
        let mut changes = self.changes.subscribe();
        loop {
            changes.borrow_and_update();
            let first = {
                let state = self.state();
                let acknowledged = usize::try_from(state.acknowledged).unwrap_or(usize::MAX);
                state.updates.get(acknowledged).cloned()
            };
            if let Some(update) = first {
                return update;
            }
            // The sender lives as long as the platform.
            drop(changes.changed().await);
        }
    }

    /// Forgets updates up to this one.
    pub fn acknowledge(&self, id: i64) {
        let mut state = self.state();
        if !std::mem::take(&mut state.loses_acknowledgement) {
            state.acknowledged = state.acknowledged.max(id);
        }
    }

    /// How many updates are acknowledged.
    pub fn acknowledged(&self) -> usize {
        usize::try_from(self.state().acknowledged).unwrap_or(usize::MAX)
    }

    /// The bot's own handler gets an update.
    pub fn hear(&self) {
        self.state().heard += 1;
    }

    /// How many updates the bot's handler got.
    pub fn heard(&self) -> usize {
        self.state().heard
    }

    /// What a customer saw.
    pub fn shown(&self, to: Customer) -> Vec<Shown> {
        self.state().shown.get(&to).cloned().unwrap_or_default()
    }

    /// Sets a fault.
    pub fn set_fault(&self, fault: Fault) {
        let mut state = self.state();
        match fault {
            Fault::Unreachable => state.is_away = true,
            Fault::Closed(who) => state.closed = Some(who),
            Fault::AccountRefused => state.is_refused = true,
            Fault::LostAcknowledgement => state.loses_acknowledgement = true,
            next => state.next = Some(next),
        }
    }

    /// Ends all faults.
    pub fn mend(&self) {
        let mut state = self.state();
        (state.next, state.closed) = (None, None);
        (state.is_away, state.is_refused, state.loses_acknowledgement) = (false, false, false);
    }

    /// The call that a channel makes first.
    ///
    /// # Errors
    /// [`CallError`]
    pub fn who_am_i(&self, token: &str) -> Result<(), CallError> {
        self.state().admit(token == self.token)
    }

    /// The call that shows something to a customer.
    ///
    /// # Errors
    /// [`CallError`]
    ///
    /// # Cancel safety
    /// When the future is dropped, it may have been shown.
    pub async fn show(&self, token: &str, to: Customer, what: Shown) -> Result<(), CallError> {
        match self.strike(token, to, what)? {
            Some(Fault::Silence) => std::future::pending().await,
            Some(Fault::LostAnswer) => Err(CallError::Reset),
            _ => Ok(()),
        }
    }

    /// Carries a call out, and says what goes wrong after its effect.
    fn strike(&self, token: &str, to: Customer, what: Shown) -> Result<Option<Fault>, CallError> {
        let mut state = self.state();
        state.admit(token == self.token)?;
        if state.closed == Some(to) {
            return Err(CallError::Closed);
        }
        let fault = match &what {
            Shown::Text(text) if text.chars().count() > TEXT_MAX => return Err(CallError::Invalid),
            Shown::Text(_) => state.next.take(),
            _ if !self.is_rich => return Err(CallError::Invalid),
            _ => None,
        };
        match fault {
            Some(Fault::Busy { retry_after }) => return Err(CallError::TooMany { retry_after }),
            Some(Fault::ServerError) => return Err(CallError::Server),
            _ => {}
        }
        state.shown.entry(to).or_default().push(what);
        Ok(fault)
    }

    /// Hands out a file.
    ///
    /// # Errors
    /// [`CallError`]
    pub fn file(&self, token: &str, handle: &str) -> Result<Bytes, CallError> {
        let state = self.state();
        state.admit(token == self.token)?;
        state.files.get(handle).cloned().ok_or(CallError::Invalid)
    }
}

impl State {
    fn admit(&self, is_token: bool) -> Result<(), CallError> {
        if self.is_away {
            return Err(CallError::Refused);
        }
        if self.is_refused || !is_token {
            return Err(CallError::Unauthorized);
        }
        Ok(())
    }
}
