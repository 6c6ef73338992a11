//! Faults between the channel and its ingress: what the channel would have done wrong on its way in.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use escalator::{
    channel::{
        EscalateError, Escalated, Held, Inbound, Ingress, IngressError, IngressPort, Offered, Owner, Started, Turn,
    },
    model::{
        Address, ChannelId, ConversationKey, CustomerEvent, CustomerId, CustomerMessage, Escalation, EventKey,
        FileSource, HistoryRoute, Line, Position, Signal,
    },
};
use tokio::sync::Notify;

/// How long a channel waits that cuts its offers off.
const CUT_OFF_AFTER: Duration = Duration::from_millis(50);

/// One fault on the way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IngressFault {
    /// Says that an update is accepted, and offers it afterwards.
    AcknowledgesFirst,
    /// Takes an error for a yes.
    OffersOnce,
    /// Numbers an update anew that comes again after it was accepted.
    ForgetsWhatWasAccepted,
    /// Numbers an update anew whose offer was cut off.
    ForgetsWhatWasCutOff,
    /// Makes a key anew each time.
    MintsKeys,
    /// Counts keys from the start of the process.
    CountsKeysFromTheStart,
    /// Counts positions from the start of the process.
    CountsPositionsFromTheStart,
    /// Names conversations anew in each process.
    RenamesConversations,
    /// Hands the bot what was kept, too.
    PassesAll,
    /// Keeps from the bot what was passed.
    KeepsAll,
    /// Does not ask who may start.
    StartsUnasked,
    /// Starts what an escalation took.
    StartsAll,
    /// Starts each update as it comes.
    StartsAtOnce,
    /// Offers for ever what is refused for good.
    InsistsOnRefused,
    /// Hands the bot what is refused for good.
    PassesRefused,
    /// Leaves the channel's name out of keys.
    KeysWithoutTheChannel,
    /// Lets the second update overtake the first.
    Reorders,
    /// Counts positions down.
    CountsDown,
    /// Trims and lowers what was written.
    ChangesWords,
    /// Takes an edit for a message.
    EditsAsMessages,
    /// Takes an end for a message.
    EndsAsMessages,
    /// Puts all customers into one conversation.
    MixesCustomers,
    /// Loses a file's name.
    LosesNames,
    /// Hands on another file's handle.
    MixesFiles,
    /// Says nothing of typing.
    SwallowsTyping,
}

/// A way in with a fault, for one connection of a channel.
pub(super) struct FaultyIngress {
    inner: Ingress,
    fault: IngressFault,
    /// Under which offer an update was numbered, by its key.
    numbered: Mutex<HashMap<EventKey, i64>>,
    /// Which connection it is, from 1.
    connection: usize,
    offers: AtomicI64,
    /// The keys that were counted, by the real ones.
    counted: Mutex<HashMap<EventKey, i64>>,
    second: std::sync::Arc<Notify>,
}

impl FaultyIngress {
    pub(super) fn new(inner: Ingress, fault: IngressFault, connection: usize) -> Self {
        Self {
            inner,
            fault,
            numbered: Mutex::default(),
            connection,
            offers: AtomicI64::new(0),
            counted: Mutex::default(),
            second: std::sync::Arc::default(),
        }
    }

    /// The number of a key in this connection.
    fn count(&self, key: &EventKey) -> i64 {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let next = i64::try_from(counted.len()).unwrap_or(i64::MAX) + 1;
        *counted.entry(key.clone()).or_insert(next)
    }

    fn numbered(&self) -> MutexGuard<'_, HashMap<EventKey, i64>> {
        self.numbered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offers an update under a number that is forgotten too early.
    async fn offer_forgetful(&self, mut update: Inbound, offer: i64) -> Result<Offered, IngressError> {
        let key = update.key.clone();
        let number = *self.numbered().entry(key.clone()).or_insert(offer);
        update.position = Position(update.position.0 * 1_000 + number);
        let Ok(offered) = tokio::time::timeout(CUT_OFF_AFTER, self.inner.offer(update)).await else {
            if self.fault == IngressFault::ForgetsWhatWasCutOff {
                self.numbered().remove(&key);
            }
            return Err(IngressError::Unavailable {
                detail: "the offer was cut off".to_owned(),
            });
        };
        if self.fault == IngressFault::ForgetsWhatWasAccepted && offered.is_ok() {
            self.numbered().remove(&key);
        }
        offered
    }

    /// The update as the faulty channel would have read it.
    fn misread(&self, mut update: Inbound, offer: i64) -> Inbound {
        let number = self.count(&update.key);
        match (self.fault, &mut update.event) {
            (IngressFault::MintsKeys, _) => update.key = EventKey::new(format!("{}:{offer}", update.key)),
            (IngressFault::CountsKeysFromTheStart, _) => {
                update.key = EventKey::new(format!("{}:{number}", self.connection));
            }
            (IngressFault::KeysWithoutTheChannel, _) => {
                let channel = format!("{}:", update.conversation.channel);
                update.key = EventKey::new(update.key.to_string().replace(&channel, ""));
            }
            (IngressFault::CountsPositionsFromTheStart, _) => update.position = Position(number),
            (IngressFault::RenamesConversations, _) => {
                update.conversation.address =
                    Address::new(format!("{}-{}", update.conversation.address, self.connection));
            }
            (IngressFault::CountsDown, _) => update.position = Position(-update.position.0),
            (IngressFault::MixesCustomers, _) => {
                update.conversation.address = Address::new("ada");
                update.conversation.customer = CustomerId::new("ada");
            }
            (IngressFault::EndsAsMessages, CustomerEvent::Ended) => {
                update.event = CustomerEvent::Message(CustomerMessage::text("/end"));
            }
            (IngressFault::EditsAsMessages, CustomerEvent::Edited(words)) => {
                update.event = CustomerEvent::Message(CustomerMessage::text(words.clone()));
            }
            (fault, CustomerEvent::Message(message)) => misread_message(fault, message),
            _ => {}
        }
        update
    }

    /// Answers at once, and offers in the background until it is taken.
    fn offer_later(&self, update: Inbound, until: impl Future<Output = ()> + Send + 'static) {
        let inner = self.inner.clone();
        tokio::spawn(async move {
            until.await;
            while inner.offer(update.clone()).await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
    }
}

fn misread_message(fault: IngressFault, message: &mut CustomerMessage) {
    match fault {
        IngressFault::ChangesWords => {
            message.text = message
                .text
                .take()
                .map(|words| words.words().as_str().replace('*', "").into());
        }
        IngressFault::LosesNames => message.files.iter_mut().for_each(|file| file.name = "file".into()),
        IngressFault::MixesFiles => message
            .files
            .iter_mut()
            .for_each(|file| file.source = FileSource::Platform(escalator::model::FileRef::new("file-9"))),
        _ => {}
    }
}

#[async_trait]
impl IngressPort for FaultyIngress {
    fn held(&self, _: &ChannelId) -> Vec<Held> {
        self.inner.held()
    }

    fn owner(&self, conversation: &ConversationKey) -> Owner {
        self.inner.owner(conversation)
    }

    async fn offer(&self, update: Inbound) -> Result<Offered, IngressError> {
        let offer = self.offers.fetch_add(1, Ordering::SeqCst) + 1;
        let update = self.misread(update, offer);
        match (self.fault, offer) {
            (IngressFault::ForgetsWhatWasAccepted | IngressFault::ForgetsWhatWasCutOff, _) => {
                return self.offer_forgetful(update, offer).await;
            }
            (IngressFault::AcknowledgesFirst, _) => {
                self.offer_later(update, std::future::ready(()));
                return Ok(Offered::Kept);
            }
            (IngressFault::Reorders, 1) => {
                let second = std::sync::Arc::clone(&self.second);
                self.offer_later(update, async move { second.notified().await });
                return Ok(Offered::Kept);
            }
            _ => {}
        }
        let (conversation, position) = (update.conversation.clone(), update.position);
        let offered = self.inner.offer(update).await;
        self.second.notify_one();
        match (self.fault, offered) {
            (IngressFault::OffersOnce, Err(_)) | (IngressFault::KeepsAll, Ok(_)) => Ok(Offered::Kept),
            (IngressFault::PassesAll, Ok(_)) | (IngressFault::PassesRefused, Err(IngressError::Refused { .. })) => {
                Ok(Offered::Pass)
            }
            (IngressFault::InsistsOnRefused, Err(IngressError::Refused { detail })) => {
                Err(IngressError::Unavailable { detail })
            }
            (IngressFault::StartsAtOnce, Ok(Offered::Pass)) => {
                let inner = self.inner.clone();
                tokio::spawn(async move { inner.start(&conversation, position).await });
                Ok(Offered::Pass)
            }
            (_, offered) => offered,
        }
    }

    async fn start(&self, conversation: &ConversationKey, position: Position) -> Started {
        let turn = || Started::Turn(Turn::unbound(conversation.clone()));
        match self.fault {
            IngressFault::StartsUnasked | IngressFault::StartsAtOnce => turn(),
            IngressFault::StartsAll => {
                self.inner.start(conversation, position).await;
                turn()
            }
            _ => self.inner.start(conversation, position).await,
        }
    }

    fn turn(&self, conversation: &ConversationKey) -> Option<Turn> {
        self.inner.turn(conversation)
    }

    async fn escalate(&self, turn: Turn, escalation: Escalation) -> Result<Escalated, EscalateError> {
        self.inner.escalate(turn, escalation).await
    }

    async fn push_history(
        &self,
        turn: &Turn,
        history: Vec<Line>,
        route: HistoryRoute,
        details: Escalation,
    ) -> Result<(), IngressError> {
        self.inner.push_history(turn, history, route, details).await
    }

    async fn end(&self, conversation: &ConversationKey) -> Result<bool, IngressError> {
        self.inner.end(conversation).await
    }

    fn signal(&self, conversation: &ConversationKey, signal: Signal) {
        if self.fault != IngressFault::SwallowsTyping {
            self.inner.signal(conversation, signal);
        }
    }
}
