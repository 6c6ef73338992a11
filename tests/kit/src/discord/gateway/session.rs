//! Sessions and connections: what is due to whom.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use serde_json::{Value, json};

use super::intents;
use crate::{discord::show::hide, wire::WireHandle};

/// What happened on the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seen {
    /// A client connected.
    Connected,
    /// It identified itself, and the session is ready.
    Ready {
        /// The session.
        session: String,
        /// The bits of the intents that it asked for.
        intents: u64,
    },
    /// It took up its session again.
    Resumed {
        /// The session.
        session: String,
        /// How many events it had missed.
        missed: usize,
    },
    /// It wanted to, and was refused.
    ResumeRefused,
    /// It gave a sign of life.
    Heartbeat,
    /// It was closed by the server with that code.
    ClosedByServer(u16),
    /// It was closed by the client; without a code when it was just gone.
    ClosedByClient(Option<u16>),
    /// It was cut without a word.
    Cut,
}

/// Something that the server does to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    Cut,
    Close(u16),
    Reconnect,
    Invalid { resumable: bool },
}

/// An event before it is known who gets it.
pub(crate) struct Dispatch {
    pub(crate) name: &'static str,
    pub(crate) data: Value,
    /// The intent that it takes; nothing for what everybody gets.
    pub(crate) needs: u64,
    /// Whether its words are for those who may read content.
    pub(crate) private: bool,
}

/// A way in which the gateway does not do what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mood {
    /// Holds events back.
    Holding,
    /// Leaves heartbeats without an answer.
    Deaf,
    RefusingConnections,
    RefusingResumes,
}

/// The sessions and connections of the gateway.
#[derive(Default)]
pub(crate) struct GatewayState {
    sessions: BTreeMap<String, Session>,
    links: BTreeMap<u64, Link>,
    seen: Vec<Seen>,
    count: u64,
    moods: BTreeSet<Mood>,
}

struct Session {
    intents: u64,
    /// Every event so far; the one with number `s` stands at `s - 1`.
    log: Vec<Arc<str>>,
    link: Option<u64>,
    /// How many events its connection was given.
    sent: usize,
}

struct Link {
    session: Option<String>,
    orders: VecDeque<Order>,
    wire: WireHandle,
}

/// What is to be sent on a connection now.
#[derive(Default)]
pub(crate) struct Due {
    pub(crate) events: Vec<Arc<str>>,
    pub(crate) order: Option<Order>,
}

/// Why a session cannot be taken up again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoResume {
    Unknown,
    WrongNumber,
}

impl GatewayState {
    pub(crate) fn seen(&self) -> &[Seen] {
        &self.seen
    }

    pub(crate) fn see(&mut self, seen: Seen) {
        self.seen.push(seen);
    }

    pub(crate) fn is(&self, mood: Mood) -> bool {
        self.moods.contains(&mood)
    }

    pub(crate) fn set(&mut self, mood: Mood, on: bool) {
        if on {
            self.moods.insert(mood);
        } else {
            self.moods.remove(&mood);
        }
    }

    pub(crate) fn connected(&self) -> bool {
        self.sessions.values().any(|session| session.link.is_some())
    }

    pub(crate) fn all_sent(&self) -> bool {
        let mut sessions = self.sessions.values();
        !self.sessions.is_empty() && sessions.all(|session| session.link.is_some() && session.sent == session.log.len())
    }

    /// A connection that is open.
    pub(crate) fn connect(&mut self, wire: WireHandle) -> u64 {
        self.count += 1;
        let link = Link {
            session: None,
            orders: VecDeque::new(),
            wire,
        };
        self.links.insert(self.count, link);
        self.see(Seen::Connected);
        self.count
    }

    /// A connection that is gone. Its session waits to be taken up again, unless its client took
    /// leave.
    pub(crate) fn disconnect(&mut self, link: u64, for_good: bool) {
        self.detach(link);
        let gone = self.links.remove(&link).and_then(|link| link.session);
        if let Some(session) = gone.filter(|_| for_good) {
            self.sessions.remove(&session);
        }
    }

    /// Begins a session on a connection and gives it its name.
    pub(crate) fn begin(&mut self, link: u64, intents: u64) -> String {
        self.count += 1;
        let name = format!("{:032x}", u128::from(self.count) | 0xfade << 64);
        let session = Session {
            intents,
            log: Vec::new(),
            link: Some(link),
            sent: 0,
        };
        self.sessions.insert(name.clone(), session);
        if let Some(link) = self.links.get_mut(&link) {
            link.session = Some(name.clone());
        }
        self.see(Seen::Ready {
            session: name.clone(),
            intents,
        });
        name
    }

    /// Takes a session up again behind that event.
    pub(crate) fn resume(&mut self, link: u64, name: &str, after: u64) -> Result<(), NoResume> {
        if self.is(Mood::RefusingResumes) {
            self.sessions.remove(name);
        }
        let Some(session) = self.sessions.get_mut(name) else {
            self.see(Seen::ResumeRefused);
            return Err(NoResume::Unknown);
        };
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        let Some(missed) = session.log.len().checked_sub(after) else {
            return Err(NoResume::WrongNumber);
        };
        session.link = Some(link);
        session.sent = after;
        session.push("RESUMED", &json!({ "_trace": [] }));
        if let Some(link) = self.links.get_mut(&link) {
            link.session = Some(name.to_owned());
        }
        self.see(Seen::Resumed {
            session: name.to_owned(),
            missed,
        });
        Ok(())
    }

    /// Whether a connection holds a session.
    pub(crate) fn holds_session(&self, link: u64) -> bool {
        self.links.get(&link).is_some_and(|link| link.session.is_some())
    }

    /// An event for one session alone.
    pub(crate) fn tell(&mut self, session: &str, name: &str, data: &Value) {
        if let Some(session) = self.sessions.get_mut(session) {
            session.push(name, data);
        }
    }

    /// An event for every session that asked for its kind.
    pub(crate) fn emit(&mut self, dispatch: &Dispatch) {
        for session in self.sessions.values_mut() {
            if dispatch.needs & session.intents != dispatch.needs {
                continue;
            }
            if dispatch.private && session.intents & intents::MESSAGE_CONTENT == 0 {
                let mut data = dispatch.data.clone();
                hide(&mut data);
                session.push(dispatch.name, &data);
            } else {
                session.push(dispatch.name, &dispatch.data);
            }
        }
    }

    /// What is due on a connection; it counts as sent.
    pub(crate) fn take(&mut self, link: u64) -> Due {
        let held = self.is(Mood::Holding);
        let Some(record) = self.links.get_mut(&link) else {
            return Due::default();
        };
        if let Some(order) = record.orders.pop_front() {
            return Due {
                order: Some(order),
                ..Due::default()
            };
        }
        let session = record.session.as_ref().filter(|_| !held);
        let session = session.and_then(|name| self.sessions.get_mut(name));
        let Some(session) = session.filter(|session| session.link == Some(link)) else {
            return Due::default();
        };
        let events = session.log[session.sent..].to_vec();
        session.sent = session.log.len();
        Due { events, order: None }
    }

    /// Does something to every connection. What happens from now on is not sent on them any more.
    pub(crate) fn order(&mut self, order: &Order) {
        let links: Vec<_> = self.links.keys().copied().collect();
        for link in links {
            self.detach(link);
            if matches!(order, Order::Close(4004 | 4009) | Order::Invalid { resumable: false }) {
                self.end_session(link);
            }
            let Some(record) = self.links.get_mut(&link) else {
                continue;
            };
            if *order == Order::Cut {
                record.wire.cut();
                self.see(Seen::Cut);
            } else {
                record.orders.push_back(order.clone());
            }
        }
    }

    /// Ends the sessions that have no connection.
    pub(crate) fn forget_sessions(&mut self) {
        self.sessions.retain(|_, session| session.link.is_some());
    }

    fn detach(&mut self, link: u64) {
        for session in self.sessions.values_mut() {
            if session.link == Some(link) {
                session.link = None;
            }
        }
    }

    fn end_session(&mut self, link: u64) {
        if let Some(session) = self.links.get_mut(&link).and_then(|link| link.session.take()) {
            self.sessions.remove(&session);
        }
    }
}

impl Session {
    fn push(&mut self, name: &str, data: &Value) {
        let number = self.log.len() + 1;
        let payload = json!({ "op": 0, "t": name, "s": number, "d": data });
        self.log.push(payload.to_string().into());
    }
}
