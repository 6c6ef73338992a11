//! Accept and settle, over a ledger that can fail, wait and be opened again.

mod desk_side;
mod doubt;
mod hand_back;
mod history;
mod leases;
mod race;
mod replays;
mod seats;
mod takeover;

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Intake, IntakeSettings, Port, SignalTo, Signals};
use crate::{
    channel::{EscalateError, Escalated, Inbound, IngressError, IngressPort, Offered, Started, Turn},
    model::{ConversationKey, CustomerEvent, CustomerMessage, Escalation, EventKey, Position, Profile, SessionId},
    store::{
        Ledger, Store,
        rig::{BEGIN, Place, Tenant, deliver_all, key, words},
    },
};

/// Intake over a ledger.
struct Bed {
    place: Place,
    ledger: Arc<Ledger>,
    intake: Arc<Intake>,
    port: Arc<Port>,
    signals: mpsc::Receiver<SignalTo>,
}

impl Bed {
    async fn in_memory() -> Self {
        Self::at(Place::in_memory()).await
    }

    /// One over each kind of storage.
    async fn each() -> Vec<Self> {
        let mut beds = Vec::new();
        for place in Place::each().await {
            beds.push(Self::at(place).await);
        }
        beds
    }

    async fn at(place: Place) -> Self {
        let ledger = place.open().await;
        let store: Arc<dyn Store> = Arc::<Ledger>::clone(&ledger);
        Self::over(place, ledger, store)
    }

    /// In memory, as one of several instances that share it.
    async fn tenant() -> (Self, Arc<Tenant>) {
        let place = Place::in_memory();
        let ledger = place.open().await;
        let tenant = Tenant::new(Arc::clone(&ledger));
        let store: Arc<dyn Store> = Arc::<Tenant>::clone(&tenant);
        (Self::over(place, ledger, store), tenant)
    }

    fn over(place: Place, ledger: Arc<Ledger>, store: Arc<dyn Store>) -> Self {
        let (signals, receiver) = Signals::channel();
        let intake = Intake::new(store, || BEGIN, IntakeSettings::default(), signals);
        let port = Port::new(Arc::clone(&intake));
        Self {
            place,
            ledger,
            intake,
            port,
            signals: receiver.typing,
        }
    }

    /// Another process over the same storage.
    async fn restart(self) -> Self {
        self.ledger.close().await;
        Self::at(self.place).await
    }

    async fn offer(&self, position: i64, text: &str) -> Result<Offered, IngressError> {
        self.port.offer(said(1, position, text)).await
    }

    /// Offers updates of the bot's.
    async fn pass(&self, positions: impl IntoIterator<Item = i64>) {
        for position in positions {
            let offered = self.offer(position, &position.to_string()).await;
            assert_eq!(offered.expect("it is answered"), Offered::Pass, "{position}");
        }
    }

    /// Offers updates of the human's.
    async fn keep(&self, positions: impl IntoIterator<Item = i64>) {
        for position in positions {
            let offered = self.offer(position, &position.to_string()).await;
            assert_eq!(offered.expect("it is answered"), Offered::Kept, "{position}");
        }
    }

    /// The turn that the bot's handler of an update gets; `None` where it is not to handle it.
    async fn start(&self, position: i64) -> Option<Turn> {
        match self.port.start(&key(1), Position(position)).await {
            Started::Turn(turn) => Some(turn),
            Started::Taken => None,
        }
    }

    async fn turn(&self, position: i64) -> Turn {
        self.start(position).await.expect("it is the bot's")
    }

    async fn escalate(&self, turn: Turn) -> Result<Escalated, EscalateError> {
        self.port.escalate(turn, Escalation::default()).await
    }

    async fn opened(&self, turn: Turn) -> SessionId {
        match self.escalate(turn).await.expect("it is committed") {
            Escalated::Opened(session) => session,
            other @ Escalated::Already(_) => panic!("the escalation was answered {other:?}"),
        }
    }

    /// What the desk was told but for the opener, in order.
    async fn told(&self) -> Vec<String> {
        let mut delivered = deliver_all(&self.ledger).await;
        delivered.retain(|claimed| claimed.payload.word() == "desk.message");
        words(&delivered)
    }

    /// The opener, once the desk has it.
    async fn opener(&self) -> String {
        let mut delivered = deliver_all(&self.ledger).await;
        delivered.retain(|claimed| claimed.payload.word() == "desk.opener");
        words(&delivered).concat()
    }
}

/// An update of the customer of a number, as a platform reads it.
fn said(n: u32, position: i64, text: &str) -> Inbound {
    inbound(key(n), position, CustomerEvent::Message(CustomerMessage::text(text)))
}

fn ended(n: u32, position: i64) -> Inbound {
    inbound(key(n), position, CustomerEvent::Ended)
}

/// An edit, as a channel reads it whose bot knows no edits.
fn edited(n: u32, position: i64, text: &str) -> Inbound {
    inbound(key(n), position, CustomerEvent::Edited(text.into())).without_handler()
}

fn inbound(conversation: ConversationKey, position: i64, event: CustomerEvent) -> Inbound {
    let event_key = EventKey::new(format!("{}:{position}", conversation.address));
    Inbound::new(event_key, conversation, Position(position), event).with_profile(Profile {
        name: Some("Ben".into()),
        ..Profile::default()
    })
}
