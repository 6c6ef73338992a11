//! The product's side of the tests: makes the calls of the contract, and receives hooks on a socket of its own.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::to_bytes,
    extract::{FromRequest, Multipart, Request, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
};
use escalator_testkit::desk::{DeskSimulator, DeskSimulatorBuilder};
use reqwest::{Client, RequestBuilder, Response, multipart::Form};
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch, task::AbortHandle};

pub(super) const SOON: Duration = Duration::from_secs(10);
pub(super) const SESSION: &str = "session-0001";
pub(super) const SERVER: &str = "http://127.0.0.1:9/secret";
pub(super) const MESSAGE: &str = "/api/v2/chat/notifyUserNewChatMessage";
pub(super) const ATTACHMENT: &str = "/api/v2/chat/addAttachment";
pub(super) const EVENT: &str = "/api/v2/chat/notifyUserNewChatEvent";
pub(super) const END: &str = "/api/v2/message/notifyUserEndChat";

pub(super) type Fields = Vec<(&'static str, String)>;

pub(super) async fn start(builder: DeskSimulatorBuilder) -> DeskSimulator {
    builder.start().await.expect("a free port of the local host")
}

pub(super) async fn desk() -> DeskSimulator {
    start(DeskSimulator::builder()).await
}

/// A client that opens a connection a call, so that a fault of one call touches no other.
pub(super) fn client() -> Client {
    let client = Client::builder().no_proxy().pool_max_idle_per_host(0);
    client.build().expect("a client without TLS roots")
}

pub(super) fn message(text: &str) -> Fields {
    message_of(SERVER, SESSION, text)
}

pub(super) fn message_of(server: &str, session: &str, text: &str) -> Fields {
    vec![
        ("chatServer", server.to_owned()),
        ("chatSessionID", session.to_owned()),
        ("chatAccountToken", "simulatoraccount".to_owned()),
        ("channelID", "8".to_owned()),
        ("message", text.to_owned()),
        ("url", "https://www.brand.example/support".to_owned()),
    ]
}

pub(super) fn of_session(more: &[(&'static str, &str)]) -> Fields {
    let mut fields = vec![("chatServer", SERVER.to_owned()), ("chatSessionID", SESSION.to_owned())];
    fields.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    fields
}

pub(super) fn attachment() -> Fields {
    vec![
        ("chatServer", SERVER.to_owned()),
        ("chatAccountToken", "simulatoraccount".to_owned()),
        ("sessionID", SESSION.to_owned()),
    ]
}

pub(super) fn form(fields: Fields) -> Form {
    fields
        .into_iter()
        .fold(Form::new(), |form, (name, value)| form.text(name, value))
}

pub(super) fn file(bytes: impl Into<Vec<u8>>) -> reqwest::multipart::Part {
    let part = reqwest::multipart::Part::bytes(bytes.into()).file_name("photo.png");
    part.mime_str("image/png").expect("a content type")
}

pub(super) fn call(desk: &DeskSimulator, path: &str, fields: Fields) -> RequestBuilder {
    client().post(desk.url() + path).multipart(form(fields))
}

/// Makes a call as multipart: status and body.
pub(super) async fn post(desk: &DeskSimulator, path: &str, fields: Fields) -> (u16, Value) {
    answer(call(desk, path, fields).send().await.expect("an answer")).await
}

pub(super) async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.json().await.expect("a JSON body"))
}

/// Opens a session whose hooks go to the given product.
pub(super) async fn open_at(desk: &DeskSimulator, product: &Product) {
    let (status, _) = post(desk, MESSAGE, message_of(&product.server, SESSION, "hello")).await;
    assert_eq!(status, 200);
}

/// A product that receives hooks and answers them as the contract says, unless told otherwise.
pub(super) struct Product {
    pub(super) server: String,
    hooks: Arc<Mutex<Vec<Received>>>,
    count: watch::Receiver<usize>,
    serving: AbortHandle,
}

/// A hook as it came.
#[derive(Clone, Default)]
pub(super) struct Received {
    pub(super) path: String,
    pub(super) query: String,
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
    /// The parts of a multipart body: name, file name, bytes.
    pub(super) parts: Vec<(String, Option<String>, Vec<u8>)>,
}

#[derive(Clone)]
struct Shared {
    hooks: Arc<Mutex<Vec<Received>>>,
    count: Arc<watch::Sender<usize>>,
    /// Answers instead of the good one, the next first.
    instead: Arc<Mutex<Vec<(u16, &'static str)>>>,
}

impl Product {
    pub(super) async fn start() -> Self {
        Self::answering(Vec::new()).await
    }

    /// A product that gives these answers first.
    pub(super) async fn answering(mut first: Vec<(u16, &'static str)>) -> Self {
        first.reverse();
        let (count, counted) = watch::channel(0);
        let shared = Shared {
            hooks: Arc::default(),
            count: Arc::new(count),
            instead: Arc::new(Mutex::new(first)),
        };
        let hooks = Arc::clone(&shared.hooks);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let app = Router::new().fallback(receive).with_state(shared);
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            server: format!("http://{address}/hook/4f1c-secret"),
            hooks,
            count: counted,
            serving: serving.abort_handle(),
        }
    }

    /// Waits for this many hooks.
    pub(super) async fn received(&self, count: usize) -> Vec<Received> {
        let mut counted = self.count.clone();
        let arrived = counted.wait_for(|arrived| *arrived >= count);
        tokio::time::timeout(SOON, arrived)
            .await
            .expect("in time")
            .expect("the product runs");
        self.hooks.lock().expect("not poisoned").clone()
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn receive(State(shared): State<Shared>, request: Request) -> impl IntoResponse {
    let received = read(request).await;
    let good = if received.path.ends_with("/endSession") {
        r#"{ "message": "ok" }"#
    } else {
        "ok"
    };
    shared.hooks.lock().expect("not poisoned").push(received);
    shared.count.send_modify(|count| *count += 1);
    let instead = shared.instead.lock().expect("not poisoned").pop();
    let (status, body) = instead.unwrap_or((200, good));
    (StatusCode::from_u16(status).expect("a status"), body)
}

async fn read(request: Request) -> Received {
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .map(|is| is.to_str().expect("text").to_owned());
    let mut received = Received {
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        content_type: content_type.unwrap_or_default(),
        ..Received::default()
    };
    if received.content_type.starts_with("multipart/form-data") {
        let mut parts = Multipart::from_request(request, &()).await.expect("a form");
        while let Some(part) = parts.next_field().await.expect("a part") {
            let name = part.name().expect("a name").to_owned();
            let file_name = part.file_name().map(str::to_owned);
            let bytes = part.bytes().await.expect("bytes").to_vec();
            received.parts.push((name, file_name, bytes));
        }
    } else {
        let body = to_bytes(request.into_body(), 64 << 20).await.expect("a body");
        received.body = body.to_vec();
    }
    received
}
