//! What stands behind the channel in these tests: it keeps in memory who owns which conversation, and what was offered.

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
        Address, ChannelId, ConversationKey, CustomerEvent, Escalation, EventKey, HistoryRoute, Line, Position,
        SessionId, Signal, Timestamp,
    },
};
use tokio::sync::watch;

/// A ledger and a desk of one.
pub(crate) struct House {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

/// What has happened.
#[derive(Default)]
pub(crate) struct State {
    /// Whether offers fail.
    pub(crate) is_away: bool,
    /// Whether nobody can be asked for.
    pub(crate) is_closed: bool,
    /// Offers that failed.
    pub(crate) failed: usize,
    /// What a human got, in order.
    pub(crate) accepted: Vec<Inbound>,
    /// What came a second time.
    pub(crate) doubles: usize,
    /// Signs of typing.
    pub(crate) signals: usize,
    /// Where conversations are held, as far as the ledger knows.
    pub(crate) places: HashMap<ConversationKey, Address>,
    /// When the humans were asked for; long ago where no test says so.
    pub(crate) since: Timestamp,
    /// The history that came with the last escalation.
    pub(crate) history: Vec<Line>,
    humans: HashMap<ConversationKey, Option<Position>>,
    keys: HashSet<EventKey>,
}

impl House {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            changes: watch::Sender::new(0),
        })
    }

    pub(crate) fn ingress(self: &Arc<Self>) -> Ingress {
        Ingress::new(ChannelId::new("discord"), Arc::clone(self) as Arc<dyn IngressPort>)
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
        self.change(|state| state.humans.insert(conversation.clone(), None));
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
        let in_time = tokio::time::timeout(Duration::from_secs(40), waiting).await;
        assert!(
            in_time.is_ok(),
            "it does not happen in time: {:?}",
            self.look(State::lines)
        );
    }
}

impl State {
    /// What a human read of one conversation, line by line.
    pub(crate) fn lines_of(&self, conversation: &ConversationKey) -> Vec<String> {
        let theirs = self
            .accepted
            .iter()
            .filter(|update| update.conversation == *conversation);
        let lines = theirs.filter_map(|update| update.event.readable());
        lines.map(escalator::model::Text::into_string).collect()
    }

    /// What a human read, line by line.
    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.accepted.iter().filter_map(|update| update.event.readable());
        lines.map(escalator::model::Text::into_string).collect()
    }

    fn accept(&mut self, update: Inbound) {
        if !self.keys.insert(update.key.clone()) {
            self.doubles += 1;
            return;
        }
        if update.event == CustomerEvent::Ended {
            self.humans.remove(&update.conversation);
        } else if let Some(mark) = self.humans.get_mut(&update.conversation) {
            *mark = (*mark).max(Some(update.position));
        }
        self.accepted.push(update);
    }
}

#[async_trait]
impl IngressPort for House {
    fn owner(&self, conversation: &ConversationKey) -> Owner {
        let human = self.look(|state| state.humans.contains_key(conversation));
        if human { Owner::Human } else { Owner::Bot }
    }

    fn held(&self, _channel: &ChannelId) -> Vec<Held> {
        let held = |state: &State, conversation: &ConversationKey, accepted: &Option<Position>| Held {
            conversation: conversation.clone(),
            place: state.places.get(conversation).cloned(),
            accepted: *accepted,
            since: state
                .since
                .max(Timestamp::default() + Duration::from_hours(24 * 365 * 50)),
        };
        self.look(|state| {
            let humans = state.humans.iter();
            humans.map(|(of, accepted)| held(state, of, accepted)).collect()
        })
    }

    async fn offer(&self, update: Inbound) -> Result<Offered, IngressError> {
        if self.look(|state| state.is_away) {
            self.change(|state| state.failed += 1);
            return Err(IngressError::Overloaded);
        }
        Ok(self.change(|state| {
            if state.humans.contains_key(&update.conversation) || state.keys.contains(&update.key) {
                state.accept(update);
                return Offered::Kept;
            }
            Offered::Pass
        }))
    }

    async fn start(&self, conversation: &ConversationKey, _position: Position) -> Started {
        Started::Turn(Turn::unbound(conversation.clone()))
    }

    fn turn(&self, conversation: &ConversationKey) -> Option<Turn> {
        (self.owner(conversation) == Owner::Bot).then(|| Turn::unbound(conversation.clone()))
    }

    async fn escalate(&self, turn: Turn, escalation: Escalation) -> Result<Escalated, EscalateError> {
        if self.look(|state| state.is_closed) {
            return Err(IngressError::Overloaded.into());
        }
        self.change(|state| {
            state.history = escalation.history;
            state.humans.insert(turn.conversation().clone(), None)
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
        Ok(self.change(|state| state.humans.remove(conversation).is_some()))
    }

    fn signal(&self, _conversation: &ConversationKey, _signal: Signal) {
        self.change(|state| state.signals += 1);
    }
}
