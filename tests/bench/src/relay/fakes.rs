//! Telegram and the desk, as far as a relay needs them. They answer at once, and note when a marked text came.

use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    routing::{any, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle, time::timeout};

use super::arrivals::Arrivals;

/// The bot's token.
pub(crate) const TOKEN: &str = "123456789:AAE0000000000000000000000000000000";

/// User ids start here; a private chat has its user's.
const FIRST_USER: i64 = 5_000_000_000;

/// Both fakes, served at one address. They stop when dropped.
pub(crate) struct Fakes {
    pub(super) address: SocketAddr,
    telegram: Arc<Telegram>,
    server: JoinHandle<()>,
}

struct Telegram {
    arrivals: Arc<Arrivals>,
    /// What was not acknowledged, each with its number.
    updates: Mutex<VecDeque<(i64, Value)>>,
    more: Notify,
    next_update: AtomicI64,
    next_message: AtomicI64,
}

impl Fakes {
    pub(super) async fn serve(arrivals: &Arc<Arrivals>) -> Result<Self> {
        let telegram = Arc::new(Telegram {
            arrivals: Arc::clone(arrivals),
            updates: Mutex::default(),
            more: Notify::new(),
            next_update: AtomicI64::new(1),
            next_message: AtomicI64::new(1),
        });
        let router = Router::new()
            .route("/{bot}/{method}", post(call))
            .route("/api/{*path}", any(desk))
            .route("/requestChatConfig", any(desk))
            .with_state(Arc::clone(&telegram));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the fakes are no longer served: {error}");
            }
        });
        Ok(Self {
            address,
            telegram,
            server,
        })
    }

    /// Serves them for somebody who does not ask what arrived when.
    pub(crate) async fn quiet() -> Result<Self> {
        Self::serve(&Arrivals::new()).await
    }

    /// The address of both.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The customer of a conversation writes.
    pub(super) fn customer_says(&self, conversation: usize, text: &str) {
        let telegram = &self.telegram;
        let number = telegram.next_update.fetch_add(1, Ordering::Relaxed);
        let message = telegram.message(user(conversation), text);
        telegram
            .updates()
            .push_back((number, json!({ "update_id": number, "message": message })));
        telegram.more.notify_one();
    }
}

impl Drop for Fakes {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The customer of a conversation.
pub(crate) fn user(conversation: usize) -> i64 {
    FIRST_USER + i64::try_from(conversation).expect("conversations are few")
}

/// The conversation of a customer.
pub(super) fn conversation_of(user: i64) -> Option<usize> {
    usize::try_from(user.checked_sub(FIRST_USER)?).ok()
}

impl Telegram {
    fn message(&self, user: i64, text: &str) -> Value {
        let person = json!({ "id": user, "is_bot": false, "first_name": "Customer" });
        json!({
            "message_id": self.next_message.fetch_add(1, Ordering::Relaxed),
            "date": 1_760_000_000,
            "from": person,
            "chat": { "id": user, "type": "private", "first_name": "Customer" },
            "text": text,
        })
    }

    /// What waits from an offset on; what stands before it is acknowledged.
    fn waiting(&self, offset: i64) -> Vec<Value> {
        const UPDATES_MAX: usize = 100;
        let mut updates = self.updates();
        while updates.front().is_some_and(|(number, _)| *number < offset) {
            updates.pop_front();
        }
        updates
            .iter()
            .take(UPDATES_MAX)
            .map(|(_, update)| update.clone())
            .collect()
    }

    async fn updates_from(&self, offset: i64, wait: Duration) -> Vec<Value> {
        let waiting = async {
            loop {
                let waiting = self.waiting(offset);
                if !waiting.is_empty() {
                    return waiting;
                }
                self.more.notified().await;
            }
        };
        timeout(wait, waiting).await.unwrap_or_default()
    }

    fn updates(&self) -> MutexGuard<'_, VecDeque<(i64, Value)>> {
        self.updates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The parameters that matter here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Parameters {
    offset: i64,
    timeout: u64,
    chat_id: i64,
    text: String,
}

async fn call(
    State(telegram): State<Arc<Telegram>>,
    Path((_, method)): Path<(String, String)>,
    body: Bytes,
) -> Json<Value> {
    telegram.arrivals.note(&body);
    let parameters: Parameters = serde_json::from_slice(&body).unwrap_or_default();
    let result = match method.to_ascii_lowercase().as_str() {
        "getme" => me(),
        "getwebhookinfo" => json!({ "url": "", "has_custom_certificate": false, "pending_update_count": 0 }),
        "getupdates" => {
            let wait = Duration::from_secs(parameters.timeout);
            telegram.updates_from(parameters.offset, wait).await.into()
        }
        "sendmessage" => telegram.message(parameters.chat_id, &parameters.text),
        _ => json!(true),
    };
    Json(json!({ "ok": true, "result": result }))
}

async fn desk(State(telegram): State<Arc<Telegram>>, body: Bytes) -> Json<Value> {
    telegram.arrivals.note(&body);
    Json(json!({ "ticketID": 7, "config": {}, "instructions": [] }))
}

fn me() -> Value {
    json!({
        "id": 123_456_789,
        "is_bot": true,
        "first_name": "Bench",
        "username": "bench_bot",
        "can_join_groups": true,
        "can_read_all_group_messages": false,
        "supports_inline_queries": false,
        "can_connect_to_business": false,
        "has_main_web_app": false,
    })
}
