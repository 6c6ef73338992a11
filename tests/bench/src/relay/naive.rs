//! The relay that keeps nothing: what a bot's author writes in an afternoon. Each hook is sent on before it is answered, each
//! update as it comes; what fails is lost.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use anyhow::Result;
use axum::{Json, Router, extract::State, http::StatusCode, routing::post, serve::ListenerExt};
use escalator::model::SessionId;
use escalator_telegram::{client, polling};
use serde::Deserialize;
use teloxide::{dispatching::ShutdownToken, error_handlers::LoggingErrorHandler, prelude::*, types::ChatId};
use tokio::{net::TcpListener, task::JoinHandle};

use super::fakes::{Fakes, TOKEN, conversation_of, user};
use crate::hookpoint::message;

/// A relay that runs.
pub(super) struct Naive {
    pub(super) hooks_at: SocketAddr,
    pub(super) sessions: Vec<SessionId>,
    server: JoinHandle<()>,
    dispatcher: ShutdownToken,
}

/// What both directions need.
struct Relay {
    bot: Bot,
    chats: HashMap<SessionId, ChatId>,
    sessions: Vec<SessionId>,
    desk: reqwest::Client,
    desk_url: String,
}

impl Naive {
    pub(super) async fn start(fakes: &Fakes, conversations: usize) -> Result<Self> {
        let sessions: Vec<SessionId> = (0..conversations).map(|_| SessionId::mint()).collect();
        let bot = client(TOKEN, Some(&fakes.url()))?;
        let relay = Arc::new(Relay {
            bot: bot.clone(),
            chats: (0..)
                .map(|n| ChatId(user(n)))
                .zip(&sessions)
                .map(|(chat, session)| (*session, chat))
                .collect(),
            sessions: sessions.clone(),
            desk: reqwest::Client::builder().tcp_nodelay(true).build()?,
            desk_url: format!("{}/api/v2/chat/notifyUserNewChatMessage", fakes.url()),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let hooks_at = listener.local_addr()?;
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                eprintln!("TCP_NODELAY could not be set: {error}");
            }
        });
        let router = Router::new()
            .route(&message::path(), post(hook))
            .with_state(Arc::clone(&relay));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the relay's hooks are no longer served: {error}");
            }
        });
        let handlers = dptree::entry().branch(Update::filter_message().endpoint(update));
        let mut dispatcher = Dispatcher::builder(bot.clone(), handlers)
            .dependencies(dptree::deps![relay])
            .build();
        let stop = dispatcher.shutdown_token();
        tokio::spawn(async move {
            dispatcher
                .dispatch_with_listener(polling(bot), LoggingErrorHandler::new())
                .await;
        });
        Ok(Self {
            hooks_at,
            sessions,
            server,
            dispatcher: stop,
        })
    }

    pub(super) fn stop(self) {
        self.server.abort();
        if let Ok(stopping) = self.dispatcher.shutdown() {
            drop(stopping);
        }
    }
}

/// The fields of a message hook.
#[derive(Deserialize)]
struct AgentMessage {
    #[serde(rename = "sessionID")]
    session: String,
    message: String,
    name: Option<String>,
}

/// The agent wrote: to the customer's chat.
async fn hook(State(relay): State<Arc<Relay>>, Json(hook): Json<AgentMessage>) -> Result<&'static str, StatusCode> {
    let session = SessionId::parse(&hook.session).ok_or(StatusCode::BAD_REQUEST)?;
    let chat = relay.chats.get(&session).ok_or(StatusCode::NOT_FOUND)?;
    let text = format!("{}: {}", hook.name.as_deref().unwrap_or("Agent"), hook.message);
    let sent = relay.bot.send_message(*chat, text).await;
    sent.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok("ok")
}

/// The customer wrote: to the desk.
async fn update(message: Message, relay: Arc<Relay>) -> Result<(), reqwest::Error> {
    let Some(session) = conversation_of(message.chat.id.0).and_then(|n| relay.sessions.get(n)) else {
        return Ok(());
    };
    let fields = [
        ("chatServer", "http://127.0.0.1/naive"),
        ("chatSessionID", &session.to_string()),
        ("chatAccountToken", "token"),
        ("channelID", "8"),
        ("message", message.text().unwrap_or_default()),
    ];
    let call = relay.desk.post(&relay.desk_url).form(&fields);
    call.send().await?.error_for_status()?.bytes().await.map(drop)
}
