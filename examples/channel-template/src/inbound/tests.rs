use std::sync::{Arc, Mutex};

use axum::http::HeaderValue;
use escalator::{
    async_trait,
    channel::{EscalateError, Escalated, Held, IngressPort, Started, Turn},
    model::{ChannelId, Escalation, HistoryRoute, Line},
};
use serde_json::json;
use tokio::sync::Notify;

use super::*;
use crate::{Account, Bot, lanes::WAITING_MAX};

const SECRET: &str = "the secret";

#[tokio::test]
async fn who_does_not_know_the_secret_is_turned_away() {
    let house = House::of(Owner::Human);
    let messenger = messenger(&house);
    for secret in [None, Some(""), Some("another"), Some("the secret and more")] {
        assert_eq!(post(&messenger, secret, 1).await, StatusCode::NOT_FOUND, "{secret:?}");
    }
    assert_eq!(house.kept(), []);
    assert_eq!(post(&messenger, Some(SECRET), 1).await, StatusCode::OK);
    assert_eq!(house.kept(), [Position(1)]);
}

#[tokio::test]
async fn a_bot_that_hangs_keeps_no_line_from_a_human() {
    let house = House::of(Owner::Bot);
    let messenger = messenger(&house);
    assert_eq!(post(&messenger, Some(SECRET), 1).await, StatusCode::OK);
    house.started.notified().await;
    // The first is under way, and so many wait.
    let past = WAITING_MAX + 2;
    for id in 2..past {
        assert_eq!(post(&messenger, Some(SECRET), id).await, StatusCode::OK);
    }
    assert_eq!(
        post(&messenger, Some(SECRET), past).await,
        StatusCode::SERVICE_UNAVAILABLE
    );
    house.is_of(Owner::Human);
    assert_eq!(post(&messenger, Some(SECRET), past).await, StatusCode::OK);
    assert_eq!(house.kept().len(), 1);
}

fn messenger(house: &Arc<House>) -> Messenger {
    let account = Account {
        api: "http://127.0.0.1:9".to_owned(),
        token: "the token".to_owned(),
        webhook_secret: SECRET.to_owned(),
    };
    let ingress = Ingress::new(ChannelId::new("messenger"), Arc::clone(house) as Arc<dyn IngressPort>);
    Messenger::new(&account, ingress, Silent).expect("the account's words are right")
}

async fn post(messenger: &Messenger, secret: Option<&'static str>, id: usize) -> StatusCode {
    let headers = secret.map(|secret| {
        (
            SECRET_HEADER.parse().expect("it is a name"),
            HeaderValue::from_static(secret),
        )
    });
    let update = json!({ "id": id, "chat": "ada", "from": { "id": "ada" }, "kind": "message", "text": "hello" });
    receive(
        State(messenger.clone()),
        headers.into_iter().collect(),
        update.to_string().into(),
    )
    .await
}

struct Silent;

#[async_trait]
impl Bot for Silent {
    async fn answer(&self, _: Turn, _: CustomerEvent, _: &Messenger) {}
}

/// What the channel offers to: one owner of all conversations, and a bot that never comes to its turn.
struct House {
    owner: Mutex<Owner>,
    kept: Mutex<Vec<Position>>,
    /// Told when the bot asks to start.
    started: Notify,
}

impl House {
    fn of(owner: Owner) -> Arc<Self> {
        Arc::new(Self {
            owner: Mutex::new(owner),
            kept: Mutex::default(),
            started: Notify::new(),
        })
    }

    fn is_of(&self, owner: Owner) {
        *self.owner.lock().expect("nobody panics with it") = owner;
    }

    fn kept(&self) -> Vec<Position> {
        self.kept.lock().expect("nobody panics with it").clone()
    }
}

#[async_trait]
impl IngressPort for House {
    fn owner(&self, _: &ConversationKey) -> Owner {
        *self.owner.lock().expect("nobody panics with it")
    }

    fn held(&self, _: &ChannelId) -> Vec<Held> {
        Vec::new()
    }

    async fn offer(&self, update: Inbound) -> Result<Offered, IngressError> {
        if self.owner(&update.conversation) == Owner::Bot {
            return Ok(Offered::Pass);
        }
        self.kept.lock().expect("nobody panics with it").push(update.position);
        Ok(Offered::Kept)
    }

    async fn start(&self, _: &ConversationKey, _: Position) -> Started {
        self.started.notify_one();
        std::future::pending().await
    }

    fn turn(&self, _: &ConversationKey) -> Option<Turn> {
        None
    }

    async fn escalate(&self, _: Turn, _: Escalation) -> Result<Escalated, EscalateError> {
        Err(IngressError::Invalid("nobody is handed over here").into())
    }

    async fn push_history(&self, _: &Turn, _: Vec<Line>, _: HistoryRoute, _: Escalation) -> Result<(), IngressError> {
        Ok(())
    }

    async fn end(&self, _: &ConversationKey) -> Result<bool, IngressError> {
        Ok(false)
    }

    fn signal(&self, _: &ConversationKey, _: Signal) {}
}
