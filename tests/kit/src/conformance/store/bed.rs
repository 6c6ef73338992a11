//! One trial's place, store and clock, and the calls as `intake` and `dispatch` make them: again, where they fail.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use escalator::{
    delivery::{Availability, DeskPayload, Door, Payload, Receipt},
    model::{
        Address, Attachment, BlobId, ChannelId, ChatLimits, Clock, Contact, ConversationKey, CustomerEvent, CustomerId,
        CustomerMessage, DeskEvent, DeskLimits, Escalation, EventKey, FileKind, FileSource, Formatting, LengthUnit,
        Position, SessionId, Timestamp,
    },
    session::Event,
    store::{
        Accepted, Claimed, Incoming, LedgerSettings, Maintained, Maintenance, Settle, SettleAs, Store, StoreError,
        Target,
    },
};

use super::{Place, Setup, StoreHarness};
use crate::conformance::{
    Patience,
    trial::{Checked, broken, ensure, skipped},
};

/// How often a call that failed is made again.
const ATTEMPTS_MAX: usize = 8;

/// More than any trial has to deliver.
const DELIVERIES_MAX: usize = 200;

/// Where every trial's time begins.
const BEGIN: Timestamp = Timestamp::from_millis(1_790_000_000_000);

pub(super) struct Bed {
    pub(super) patience: Patience,
    place: Arc<dyn Place>,
    clock: Arc<TrialClock>,
    store: Mutex<Option<Arc<dyn Store>>>,
}

/// A clock that stands until the trial moves it.
struct TrialClock(AtomicI64);

impl Clock for TrialClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

impl Bed {
    pub(super) async fn new(harness: &dyn StoreHarness) -> Self {
        let bed = Self {
            patience: harness.patience(),
            place: harness.place().await,
            clock: Arc::new(TrialClock(AtomicI64::new(BEGIN.as_millis()))),
            store: Mutex::default(),
        };
        bed.open().await;
        bed
    }

    async fn open(&self) {
        let store = self.place.open(self.setup()).await;
        *self.store.lock().unwrap_or_else(PoisonError::into_inner) = Some(store);
    }

    pub(super) fn settings(&self) -> LedgerSettings {
        self.setup().settings
    }

    fn setup(&self) -> Setup {
        let mut settings = LedgerSettings::new(DeskLimits {
            message_chars_max: 10_000,
            file_bytes_max: 1 << 20,
        });
        settings.clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Setup {
            settings,
            channel: channel(),
            limits: ChatLimits {
                text_max: 4_096,
                text_unit: LengthUnit::Utf16,
                formatting: Formatting::None,
                fetch_bytes_max: 1 << 20,
                send_bytes_max: 1 << 20,
            },
            hook_address: "https://bot.example/hooks/0123456789abcdef".to_owned(),
        }
    }

    pub(super) fn store(&self) -> Arc<dyn Store> {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(store.as_ref().expect("the store is open until the trial is over"))
    }

    /// A second instance of the store, or the end of the trial where there can be none.
    pub(super) async fn beside(&self) -> Checked<Arc<dyn Store>> {
        let beside = self.place.open_beside(self.setup());
        match self.patience.within("the store opens a second time", beside).await? {
            Some(store) => Ok(store),
            None => skipped("the store belongs to one process"),
        }
    }

    /// Stops the first instance from keeping itself alive.
    pub(super) fn pause(&self) {
        self.place.pause();
    }

    /// Ends the first instance as a crash of its process does.
    pub(super) async fn kill(&self) -> Checked {
        self.let_go();
        self.patience.within("the store can be killed", self.place.kill()).await
    }

    fn let_go(&self) {
        drop(self.store.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    pub(super) async fn close(&self) -> Checked {
        self.let_go();
        self.patience.within("the store closes", self.place.close()).await
    }

    /// Closes the store and opens it again, or ends the trial where that means nothing.
    pub(super) async fn reopen(&self) -> Checked {
        self.must_keep()?;
        self.close().await?;
        self.patience.within("the store opens", self.open()).await
    }

    /// Kills the store and opens it again, or ends the trial where that means nothing.
    pub(super) async fn crash(&self) -> Checked {
        self.must_keep()?;
        self.let_go();
        self.patience
            .within("the store can be killed", self.place.kill())
            .await?;
        self.patience.within("the store opens", self.open()).await
    }

    fn must_keep(&self) -> Checked {
        if self.place.keeps() {
            return Ok(());
        }
        skipped("the store keeps nothing over a restart")
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.clock.0.fetch_add(millis, Ordering::SeqCst);
    }

    /// Makes a call until it is answered.
    pub(super) async fn again<T, F>(&self, what: &str, call: impl Fn() -> F) -> Checked<T>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut last = None;
        for _attempt in 0..ATTEMPTS_MAX {
            match self.patience.within(what, call()).await? {
                Ok(answer) => return Ok(answer),
                Err(failed @ (StoreError::Unavailable { .. } | StoreError::InDoubt { .. })) => last = Some(failed),
                Err(failed) => return broken(format!("{what}: {failed}")),
            }
        }
        broken(format!("{what}: {last:?}, {ATTEMPTS_MAX} times"))
    }

    pub(super) async fn accept(&self, events: Vec<Incoming>) -> Checked<Vec<Accepted>> {
        let store = self.store();
        let count = events.len();
        let answers = self
            .again("events are accepted", || store.accept(events.clone()))
            .await?;
        ensure(answers.len() == count, "each event must have an answer")?;
        Ok(answers)
    }

    pub(super) async fn claim(&self, door: &Door, max: usize) -> Checked<Vec<Claimed>> {
        let store = self.store();
        let claims = self.again("deliveries are claimed", || store.claim(door, max)).await?;
        Ok(claims.claimed)
    }

    /// When the next lane of a door is due.
    pub(super) async fn next_due(&self, door: &Door) -> Checked<Option<Timestamp>> {
        let store = self.store();
        let claims = self.again("deliveries are claimed", || store.claim(door, 0)).await?;
        Ok(claims.next_due)
    }

    /// The one delivery that is due at the desk.
    pub(super) async fn head(&self) -> Checked<Claimed> {
        let mut claimed = self.claim(&Door::Desk, 9).await?;
        ensure(
            claimed.len() == 1,
            format!("one delivery is due at the desk, and {} were handed out", claimed.len()),
        )?;
        Ok(claimed.remove(0))
    }

    pub(super) async fn settle(&self, claimed: &Claimed, as_: SettleAs) -> Checked {
        let store = self.store();
        let settle = Settle {
            id: claimed.id,
            payload: claimed.payload.clone(),
            as_,
            lease: claimed.lease.clone(),
        };
        self.again("a delivery is settled", || store.settle(settle.clone()))
            .await
            .map(drop)
    }

    pub(super) async fn maintain(&self, task: Maintenance) -> Checked<Maintained> {
        let store = self.store();
        self.again("the store is maintained", || store.maintain(task.clone()))
            .await
    }

    /// Gives an order until it is answered, with a refusal too.
    pub(super) async fn ask(&self, task: Maintenance) -> Checked<Result<Maintained, StoreError>> {
        let store = self.store();
        let order = || async {
            match store.maintain(task.clone()).await {
                Err(away @ (StoreError::Unavailable { .. } | StoreError::InDoubt { .. })) => Err(away),
                answered => Ok(answered),
            }
        };
        self.again("an order is answered", order).await
    }

    /// Delivers what is due until nothing is, and tells what that was, in order.
    pub(super) async fn deliver_all(&self) -> Checked<Vec<Claimed>> {
        let mut delivered = Vec::new();
        loop {
            let mut claimed = Vec::new();
            for door in [Door::Desk, Door::Bot, chat()] {
                claimed.extend(self.claim(&door, 1_000).await?);
            }
            if claimed.is_empty() {
                return Ok(delivered);
            }
            for claimed in claimed {
                self.settle(&claimed, SettleAs::Delivered(receipt(&claimed.payload)))
                    .await?;
                delivered.push(claimed);
            }
            ensure(delivered.len() < DELIVERIES_MAX, "there is no end of deliveries")?;
        }
    }

    /// Hands the conversation of a number over. The desk has not been asked yet.
    pub(super) async fn open_session(&self, n: u32) -> Checked<SessionId> {
        self.accept(vec![escalate(n)]).await?;
        let store = self.store();
        let standing = store.owners().get(&key(n)).and_then(|owner| owner.session);
        standing.map_or_else(
            || broken("who owns a conversation must be known once the escalation is accepted"),
            |standing| Ok(standing.id),
        )
    }

    /// A session in which an agent has written, with nothing left to deliver.
    pub(super) async fn with_agent(&self, n: u32) -> Checked<SessionId> {
        let session = self.open_session(n).await?;
        self.deliver_all().await?;
        self.accept(vec![agent_says(session, "Hello")]).await?;
        self.deliver_all().await?;
        Ok(session)
    }
}

/// The door of the trials' channel.
pub(super) fn chat() -> Door {
    Door::Channel(channel())
}

pub(super) fn channel() -> ChannelId {
    ChannelId::new("conformance")
}

/// The conversation of a number.
pub(super) fn key(n: u32) -> ConversationKey {
    ConversationKey {
        channel: channel(),
        address: Address::new(format!("chat-{n}")),
        customer: CustomerId::new(format!("customer-{n}")),
    }
}

/// The customer of a number writes. The positions of a trial begin at 2: at 1 stands the escalation.
pub(super) fn message(n: u32, position: i64, text: &str) -> Incoming {
    update(n, position, CustomerEvent::Message(CustomerMessage::text(text)))
}

pub(super) fn customer_ends(n: u32, position: i64) -> Incoming {
    update(n, position, CustomerEvent::Ended)
}

fn update(n: u32, position: i64, event: CustomerEvent) -> Incoming {
    of_customer(
        EventKey::new(format!("conformance:{n}:{position}")),
        n,
        Some(position),
        event,
    )
}

pub(super) fn escalate(n: u32) -> Incoming {
    let escalation = Escalation::because("the customer asked");
    of_customer(minted(), n, Some(1), CustomerEvent::Escalate(Box::new(escalation)))
}

/// The bot hands its history in, through a call that must not be made twice.
pub(super) fn push_log(n: u32) -> Incoming {
    let event = CustomerEvent::PushLog {
        from: Contact::Email("anna@example.org".to_owned()),
        subject: "A chat".into(),
        history: Vec::new(),
    };
    of_customer(minted(), n, None, event)
}

fn of_customer(key_: EventKey, n: u32, position: Option<i64>, event: CustomerEvent) -> Incoming {
    Incoming {
        key: key_,
        target: Target::Conversation(key(n)),
        event: Event::Customer {
            position: position.map(Position),
            event,
        },
        is_new: false,
    }
}

pub(super) fn agent_says(session: SessionId, text: &str) -> Incoming {
    hook(
        session,
        DeskEvent::Message {
            name: Some("Anna".into()),
            picture: None,
            text: text.into(),
        },
    )
}

pub(super) fn agent_sends(session: SessionId, blob: BlobId, bytes: u64) -> Incoming {
    let file = Attachment {
        kind: FileKind::Image,
        name: "cat.png".into(),
        media_type: None,
        bytes: Some(bytes),
        source: FileSource::Blob(blob),
    };
    hook(session, DeskEvent::File(file))
}

fn hook(session: SessionId, event: DeskEvent) -> Incoming {
    Incoming {
        key: minted(),
        target: Target::Session(session),
        event: Event::Desk { session, event },
        is_new: false,
    }
}

/// A key that was never used.
pub(super) fn minted() -> EventKey {
    EventKey::new(format!("minted:{}", SessionId::mint()))
}

fn receipt(payload: &Payload) -> Receipt {
    match payload {
        Payload::Desk(DeskPayload::AskAvailability) => Receipt::Availability(Availability::default()),
        _ => Receipt::None,
    }
}

/// What deliveries said, in order.
pub(super) fn words(claimed: &[Claimed]) -> Vec<String> {
    let readable = claimed.iter().filter_map(|claimed| claimed.payload.readable());
    readable.map(escalator::model::Text::into_string).collect()
}
