//! What stands behind the channel in these tests: it keeps in memory who owns which chat, and what was offered.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use escalator::{
    channel::{
        EscalateError, Escalated, Held, Inbound, Ingress, IngressError, IngressPort, Offered, Owner, Started, Turn,
    },
    model::{
        ChannelId, ConversationKey, CustomerEvent, Escalation, EventKey, HistoryRoute, Line, Position, SessionId,
        Signal,
    },
};
use tokio::sync::watch;

/// A ledger and a desk of one chat each. Its turns are bound to no conversation, so that no takeover ends them: what one
/// does to a turn is the core's, and tested there.
pub(crate) struct House {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

/// What has happened.
#[derive(Default)]
pub(crate) struct State {
    /// How an offer goes wrong, while it does.
    pub(crate) trouble: Option<Trouble>,
    /// Every offer, those that failed among them.
    pub(crate) offers: Vec<Position>,
    /// What a human got, in order.
    pub(crate) accepted: Vec<Inbound>,
    /// What the bot's handlers were asked about.
    pub(crate) started: Vec<Position>,
    humans: HashSet<ConversationKey>,
    keys: HashSet<EventKey>,
    /// What the bot was passed and has not started.
    pub(crate) passed: HashMap<ConversationKey, Vec<Inbound>>,
    taken: HashSet<Position>,
}

/// How an offer goes wrong.
#[derive(Clone, Copy)]
pub(crate) enum Trouble {
    Away,
    Panics,
    Hangs,
    /// Nothing is handed to a human; all else goes on.
    NoHumans,
}

impl House {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            changes: watch::Sender::new(0),
        })
    }

    pub(crate) fn ingress(self: &Arc<Self>) -> Ingress {
        Ingress::new(ChannelId::new("telegram"), Arc::clone(self) as Arc<dyn IngressPort>)
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let out = change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|count| *count += 1);
        out
    }

    /// Hands a conversation to a human.
    pub(crate) fn hand_over(&self, conversation: &ConversationKey) {
        self.change(|state| state.humans.insert(conversation.clone()));
    }

    pub(crate) fn set_trouble(&self, trouble: Option<Trouble>) {
        self.change(|state| state.trouble = trouble);
    }

    pub(crate) async fn wait(&self, wanted: impl Fn(&State) -> bool) {
        let mut changes = self.changes.subscribe();
        let waiting = async {
            loop {
                changes.borrow_and_update();
                if self.look(&wanted) {
                    return;
                }
                changes.changed().await.expect("the house stands as long as the test");
            }
        };
        tokio::time::timeout(Duration::from_secs(10), waiting)
            .await
            .expect("it happens in time");
    }
}

impl State {
    /// What a human read, line by line.
    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.accepted.iter().filter_map(|update| update.event.readable());
        lines.map(escalator::model::Text::into_string).collect()
    }

    fn accept(&mut self, update: Inbound) {
        if !self.keys.insert(update.key.clone()) {
            return;
        }
        if update.event == CustomerEvent::Ended {
            self.humans.remove(&update.conversation);
        }
        self.accepted.push(update);
    }
}

#[async_trait]
impl IngressPort for House {
    fn held(&self, _channel: &ChannelId) -> Vec<Held> {
        Vec::new()
    }

    fn owner(&self, conversation: &ConversationKey) -> Owner {
        let human = self.look(|state| state.humans.contains(conversation));
        if human { Owner::Human } else { Owner::Bot }
    }

    async fn offer(&self, update: Inbound) -> Result<Offered, IngressError> {
        let trouble = self.change(|state| {
            state.offers.push(update.position);
            state.trouble
        });
        match trouble {
            Some(Trouble::Away) => {
                return Err(away());
            }
            Some(Trouble::Panics) => panic!("as the test wants it"),
            Some(Trouble::Hangs) => std::future::pending().await,
            Some(Trouble::NoHumans) | None => {}
        }
        Ok(self.change(|state| {
            let is_human = state.humans.contains(&update.conversation) || state.keys.contains(&update.key);
            // It is about a session that is over, whoever owns the conversation.
            if is_human || matches!(update.event, CustomerEvent::Answered { .. }) {
                state.accept(update);
                return Offered::Kept;
            }
            let passed = state.passed.entry(update.conversation.clone()).or_default();
            passed.push(update);
            Offered::Pass
        }))
    }

    async fn start(&self, conversation: &ConversationKey, position: Position) -> Started {
        self.change(|state| {
            state.started.push(position);
            if let Some(passed) = state.passed.get_mut(conversation) {
                passed.retain(|update| update.position > position);
            }
            if state.taken.contains(&position) {
                Started::Taken
            } else {
                Started::Turn(Turn::unbound(conversation.clone()))
            }
        })
    }

    fn turn(&self, conversation: &ConversationKey) -> Option<Turn> {
        (self.owner(conversation) == Owner::Bot).then(|| Turn::unbound(conversation.clone()))
    }

    async fn escalate(&self, turn: Turn, _escalation: Escalation) -> Result<Escalated, EscalateError> {
        if self.look(|state| matches!(state.trouble, Some(Trouble::NoHumans))) {
            return Err(EscalateError::Ingress(away()));
        }
        self.change(|state| {
            state.humans.insert(turn.conversation().clone());
            for update in state.passed.remove(turn.conversation()).unwrap_or_default() {
                state.taken.insert(update.position);
                state.accept(update);
            }
        });
        Ok(Escalated::Opened(SessionId::mint()))
    }

    async fn push_history(
        &self,
        _turn: &Turn,
        _history: Vec<Line>,
        _route: HistoryRoute,
        _details: Escalation,
    ) -> Result<(), IngressError> {
        Ok(())
    }

    async fn end(&self, conversation: &ConversationKey) -> Result<bool, IngressError> {
        Ok(self.change(|state| state.humans.remove(conversation)))
    }

    fn signal(&self, _conversation: &ConversationKey, _signal: Signal) {}
}

fn away() -> IngressError {
    IngressError::Unavailable {
        detail: "as the test wants it".to_owned(),
    }
}
