//! A stand-in for the platform: it posts updates until they are acknowledged, takes calls, and fails on demand. It shares
//! no code with the channel.

use std::{
    collections::HashMap,
    net::SocketAddr,
    panic,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use escalator_testkit::conformance::{
    Unsupported,
    channel::{Act, Customer, Fault, Shown},
};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::watch,
    task::JoinHandle,
};
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) const TOKEN: &str = "template-api-token-51c7";
pub(crate) const SECRET: &str = "template-webhook-secret-9e20";

/// How long a text may be, in characters.
const TEXT_MAX: usize = 4_000;
/// How long an update waits that was not acknowledged.
const AGAIN_AFTER: Duration = Duration::from_millis(20);

/// The stand-in.
pub(crate) struct StandIn {
    world: Arc<Mutex<World>>,
    /// Where updates go, once a channel is there.
    webhook: watch::Sender<Option<String>>,
    /// Told when there is an update.
    updates: watch::Sender<usize>,
    address: SocketAddr,
    port: tokio::sync::Mutex<Port>,
    /// Ends the posting of updates.
    _stops: DropGuard,
}

/// What the platform knows.
#[derive(Default)]
pub(crate) struct World {
    updates: Vec<Value>,
    /// How many updates were answered with 200, from the first.
    pub(crate) acknowledged: usize,
    pub(crate) shown: HashMap<Customer, Vec<Shown>>,
    pub(crate) fault: Option<Fault>,
    files: HashMap<String, Bytes>,
}

enum Port {
    Open(DropGuard, JoinHandle<()>),
    /// Bound, so that nobody else is given the number, and not listening.
    Closed(TcpSocket),
}

type Shared = State<Arc<Mutex<World>>>;

impl StandIn {
    pub(crate) async fn start() -> Self {
        let world: Arc<Mutex<World>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port is there");
        let address = listener.local_addr().expect("it listens");
        let (webhook, updates) = (watch::Sender::new(None), watch::Sender::new(0));
        let stop = CancellationToken::new();
        let posting = post_updates(Arc::clone(&world), webhook.subscribe(), updates.subscribe());
        tokio::spawn(stop.clone().run_until_cancelled_owned(posting));
        let port = tokio::sync::Mutex::new(serve(listener, &world));
        Self {
            world,
            webhook,
            updates,
            address,
            port,
            _stops: stop.drop_guard(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn post_updates_to(&self, webhook: String) {
        self.webhook.send_replace(Some(webhook));
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look_into(&self.world, look)
    }

    /// A customer does something.
    pub(crate) fn happens(&self, who: Customer, act: Act) -> Result<(), Unsupported> {
        let count = self.look(|world| {
            let id = world.updates.len() + 1;
            let mut update = match act {
                Act::Write(text) => json!({ "kind": "message", "text": text }),
                Act::End => json!({ "kind": "message", "text": "/end" }),
                Act::Edit(text) => json!({ "kind": "edit", "text": text }),
                Act::Type => json!({ "kind": "typing" }),
                Act::Send { name, bytes } => {
                    let file = format!("file {id}");
                    let sent = json!({ "id": file, "name": name, "bytes": bytes.len() });
                    world.files.insert(file, bytes);
                    json!({ "kind": "message", "files": [sent] })
                }
                _ => return Err(Unsupported),
            };
            update["id"] = json!(id);
            update["chat"] = json!(chat_of(who));
            update["from"] = json!({ "id": chat_of(who), "name": format!("{who:?}") });
            world.updates.push(update);
            Ok(id)
        })?;
        self.updates.send_replace(count);
        Ok(())
    }

    /// Refuses connections, and breaks off those that stand.
    pub(crate) async fn close(&self) {
        let mut port = self.port.lock().await;
        if matches!(*port, Port::Closed(_)) {
            return;
        }
        let socket = TcpSocket::new_v4().expect("a socket can be made");
        socket.set_reuseaddr(true).expect("it is new");
        if let Port::Open(open, serving) = std::mem::replace(&mut *port, Port::Closed(socket)) {
            drop(open);
            serving.await.expect("it ends well");
        }
        if let Port::Closed(socket) = &*port {
            socket.bind(self.address).expect("the port was ours");
        }
    }

    pub(crate) async fn open(&self) {
        let mut port = self.port.lock().await;
        if matches!(*port, Port::Open(..)) {
            return;
        }
        let socket = TcpSocket::new_v4().expect("a socket can be made");
        let listening = |socket: TcpSocket| {
            let listener = socket.listen(64).expect("the port was ours");
            serve(listener, &self.world)
        };
        if let Port::Closed(held) = std::mem::replace(&mut *port, Port::Closed(socket)) {
            *port = listening(held);
        }
    }
}

fn look_into<T>(world: &Mutex<World>, look: impl FnOnce(&mut World) -> T) -> T {
    // Every change under this lock is one step.
    look(&mut world.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Posts the updates one after the other, each until it is answered with 200.
async fn post_updates(
    world: Arc<Mutex<World>>,
    mut webhook: watch::Receiver<Option<String>>,
    mut updates: watch::Receiver<usize>,
) {
    let client = reqwest::Client::new();
    loop {
        let first = look_into(&world, |world| world.updates.get(world.acknowledged).cloned());
        let Some(update) = first else {
            if updates.changed().await.is_err() {
                return;
            }
            continue;
        };
        let Ok(url) = webhook.wait_for(Option::is_some).await.map(|url| url.clone()) else {
            return;
        };
        let call = client.post(url.unwrap_or_default()).header("x-webhook-secret", SECRET);
        match call.json(&update).send().await {
            Ok(answer) if answer.status() == StatusCode::OK => look_into(&world, World::forget_update),
            _ => tokio::time::sleep(AGAIN_AFTER).await,
        }
    }
}

fn serve(listener: TcpListener, world: &Arc<Mutex<World>>) -> Port {
    let app = Router::new()
        .route("/messages", post(messages))
        .route("/files", post(send_file))
        .route("/files/{id}", get(fetch_file))
        .route("/typing", post(typing))
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(Arc::clone(world), admit))
        .with_state(Arc::clone(world));
    let open = CancellationToken::new();
    let closed = open.clone().cancelled_owned();
    let serving = axum::serve(listener, app).with_graceful_shutdown(closed);
    let serving = async move { serving.await.expect("it serves until it is told to stop") };
    Port::Open(open.drop_guard(), tokio::spawn(serving))
}

/// Knows the account by its token.
async fn admit(State(world): Shared, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION);
    let is_known = given.is_some_and(|given| given.as_bytes() == format!("Bearer {TOKEN}").as_bytes());
    let is_refused = look_into(&world, |world| world.fault == Some(Fault::AccountRefused));
    if !is_known || is_refused {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    next.run(request).await
}

async fn messages(State(world): Shared, Json(message): Json<Value>) -> Response {
    let (Some(to), Some(text)) = (customer_of(&message["chat"]), message["text"].as_str()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if text.is_empty() || text.chars().count() > TEXT_MAX {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    match look_into(&world, |world| world.take_text(to, text)) {
        Some(Fault::Closed(_)) => StatusCode::FORBIDDEN.into_response(),
        Some(Fault::Busy { retry_after }) => {
            let wait = [(header::RETRY_AFTER, retry_after.as_secs().to_string())];
            (StatusCode::TOO_MANY_REQUESTS, wait).into_response()
        }
        Some(Fault::ServerError) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Fault::Silence) => std::future::pending().await,
        // The connection's task ends here, without an answer and without a word on the console.
        Some(Fault::LostAnswer) => panic::resume_unwind(Box::new("the answer is lost")),
        _ => Json(json!({ "id": "message" })).into_response(),
    }
}

impl World {
    /// Forgets the update that was answered with 200, unless the answer is lost.
    fn forget_update(&mut self) {
        if self.fault == Some(Fault::LostAcknowledgement) {
            self.fault = None;
        } else {
            self.acknowledged += 1;
        }
    }

    /// Takes a text, and says which fault strikes the call. After some of them the text is shown all the same.
    fn take_text(&mut self, to: Customer, text: &str) -> Option<Fault> {
        let fault = match self.fault {
            Some(Fault::Closed(who)) => Some(Fault::Closed(who)).filter(|_| who == to),
            Some(Fault::LostAcknowledgement) => None,
            // It strikes once.
            _ => self.fault.take(),
        };
        if matches!(fault, None | Some(Fault::Silence | Fault::LostAnswer)) {
            self.show(to, Shown::Text(text.to_owned()));
        }
        fault
    }

    fn show(&mut self, to: Customer, what: Shown) {
        self.shown.entry(to).or_default().push(what);
    }
}

async fn send_file(
    State(world): Shared,
    Query(mut fields): Query<HashMap<String, String>>,
    bytes: Bytes,
) -> StatusCode {
    let to = fields.get("chat").and_then(|chat| customer_of(&json!(chat)));
    let (Some(to), Some(name)) = (to, fields.remove("name")) else {
        return StatusCode::BAD_REQUEST;
    };
    look_into(&world, |world| world.show(to, Shown::File { name, bytes }));
    StatusCode::OK
}

async fn fetch_file(State(world): Shared, Path(id): Path<String>) -> Response {
    let file = look_into(&world, |world| world.files.get(&id).cloned());
    file.map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}

async fn typing(State(world): Shared, _: HeaderMap, Json(sign): Json<Value>) -> StatusCode {
    let Some(to) = customer_of(&sign["chat"]) else {
        return StatusCode::BAD_REQUEST;
    };
    look_into(&world, |world| world.show(to, Shown::Typing));
    StatusCode::OK
}

const fn chat_of(customer: Customer) -> &'static str {
    match customer {
        Customer::Ada => "chat of ada",
        Customer::Ben => "chat of ben",
    }
}

fn customer_of(chat: &Value) -> Option<Customer> {
    [Customer::Ada, Customer::Ben]
        .into_iter()
        .find(|of| chat == chat_of(*of))
}
