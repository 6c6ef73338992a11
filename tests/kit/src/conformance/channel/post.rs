//! What stands behind the channel's ingress in a trial: it records, and answers as the trial wants it.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use escalator::{
    channel::{EscalateError, Escalated, Held, Inbound, IngressError, IngressPort, Offered, Owner, Started, Turn},
    model::{
        Address, ChannelId, Clock, ConversationKey, Escalation, EventKey, HistoryRoute, Line, Position, Signal,
        SystemClock,
    },
};
use tokio::sync::watch;

/// The recorder.
pub(super) struct Post {
    record: Mutex<Record>,
    /// Whether offers wait.
    held: watch::Sender<bool>,
    /// Whether the bot waits when it asks to start.
    starts_held: watch::Sender<bool>,
}

/// What was seen so far, and what is answered next.
#[derive(Default)]
pub(super) struct Record {
    pub(super) answer: Answer,
    /// Every offer, those that failed and those that came again among them.
    pub(super) offers: Vec<Inbound>,
    /// What was taken for a human, once each, in order.
    pub(super) kept: Vec<Inbound>,
    /// What was passed to the bot.
    pub(super) passed: Vec<Inbound>,
    /// What the bot asked to start.
    pub(super) started: Vec<Position>,
    /// What is answered as taken when the bot asks to start.
    pub(super) taken: HashSet<Position>,
    pub(super) signals: Vec<Signal>,
    /// How far the conversations are in which something was kept.
    held: Vec<Held>,
    keys: HashSet<EventKey>,
}

/// How an offer is answered.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Answer {
    /// A human owns every conversation.
    #[default]
    Keep,
    /// The bot owns every conversation.
    Pass,
    /// The ledger is away.
    Fail,
    /// What the ledger holds of the conversation cannot be read.
    Refuse,
}

impl Default for Post {
    fn default() -> Self {
        Self {
            record: Mutex::default(),
            held: watch::Sender::new(false),
            starts_held: watch::Sender::new(false),
        }
    }
}

impl Post {
    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        // Every change under this lock is one step.
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn look<T>(&self, look: impl FnOnce(&Record) -> T) -> T {
        look(&self.record())
    }

    pub(super) fn answer(&self, answer: Answer) {
        self.record().answer = answer;
    }

    /// Makes offers wait, or lets them go on.
    pub(super) fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// Makes the bot wait when it asks to start, or lets it go on.
    pub(super) fn hold_starts(&self, held: bool) {
        self.starts_held.send_replace(held);
    }
}

impl Record {
    fn settle(&mut self, update: Inbound) -> Result<Offered, IngressError> {
        match self.answer {
            Answer::Fail => Err(IngressError::Unavailable {
                detail: "as the trial wants it".to_owned(),
            }),
            Answer::Refuse => Err(IngressError::Refused {
                detail: "as the trial wants it".to_owned(),
            }),
            Answer::Keep => {
                if self.keys.insert(update.key.clone()) {
                    self.go_on(&update);
                    self.kept.push(update);
                }
                Ok(Offered::Kept)
            }
            Answer::Pass => {
                self.passed.push(update);
                Ok(Offered::Pass)
            }
        }
    }

    fn go_on(&mut self, kept: &Inbound) {
        let accepted = Some(kept.position);
        if let Some(held) = self.held_of(&kept.conversation) {
            held.accepted = held.accepted.max(accepted);
            return;
        }
        self.held.push(Held {
            conversation: kept.conversation.clone(),
            place: None,
            accepted,
            since: SystemClock.now(),
        });
    }

    fn held_of(&mut self, conversation: &ConversationKey) -> Option<&mut Held> {
        self.held.iter_mut().find(|held| held.conversation == *conversation)
    }

    /// Notes where a conversation is held from now on.
    pub(super) fn move_to(&mut self, conversation: &ConversationKey, place: Address) {
        if let Some(held) = self.held_of(conversation) {
            held.place = Some(place);
        }
    }

    /// Where a conversation is held, when that is not its own address.
    pub(super) fn place(&self, conversation: &ConversationKey) -> Option<Address> {
        let held = self.held.iter().find(|held| held.conversation == *conversation);
        held.and_then(|held| held.place.clone())
    }
}

async fn released(held: &watch::Sender<bool>) {
    let mut held = held.subscribe();
    held.wait_for(|held| !held)
        .await
        .expect("the recorder outlives what asks it");
}

#[async_trait]
impl IngressPort for Post {
    /// What was kept, with its highest positions.
    fn held(&self, _: &ChannelId) -> Vec<Held> {
        self.look(|record| match record.answer {
            Answer::Pass => Vec::new(),
            Answer::Keep | Answer::Fail | Answer::Refuse => record.held.clone(),
        })
    }

    fn owner(&self, _: &ConversationKey) -> Owner {
        match self.record().answer {
            Answer::Pass => Owner::Bot,
            Answer::Keep | Answer::Fail | Answer::Refuse => Owner::Human,
        }
    }

    async fn offer(&self, update: Inbound) -> Result<Offered, IngressError> {
        self.record().offers.push(update.clone());
        released(&self.held).await;
        self.record().settle(update)
    }

    async fn start(&self, conversation: &ConversationKey, position: Position) -> Started {
        self.record().started.push(position);
        released(&self.starts_held).await;
        if self.record().taken.contains(&position) {
            return Started::Taken;
        }
        Started::Turn(Turn::unbound(conversation.clone()))
    }

    fn turn(&self, conversation: &ConversationKey) -> Option<Turn> {
        (self.owner(conversation) == Owner::Bot).then(|| Turn::unbound(conversation.clone()))
    }

    async fn escalate(&self, _: Turn, _: Escalation) -> Result<Escalated, EscalateError> {
        Err(IngressError::Invalid("no trial hands over").into())
    }

    async fn push_history(&self, _: &Turn, _: Vec<Line>, _: HistoryRoute, _: Escalation) -> Result<(), IngressError> {
        Ok(())
    }

    async fn end(&self, _: &ConversationKey) -> Result<bool, IngressError> {
        Ok(false)
    }

    fn signal(&self, _: &ConversationKey, signal: Signal) {
        self.record().signals.push(signal);
    }
}
