use std::{
    future::pending,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::to_bytes,
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State},
    response::{IntoResponse, Response},
};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A request as it reached the stub.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) content_type: String,
    pub(super) api_key: Option<String>,
    pub(super) content_length: Option<String>,
    /// The fields of the body or the query, in the order of arrival.
    pub(super) fields: Vec<(String, String)>,
    pub(super) file: Option<SeenFile>,
}

/// A file as it reached the stub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SeenFile {
    pub(super) field: String,
    pub(super) name: String,
    pub(super) content_type: String,
    pub(super) bytes: usize,
    /// The sum of its bytes, in place of them.
    pub(super) sum: u64,
}

type Reply = Arc<dyn Fn(&Seen) -> Response + Send + Sync>;
type Log = Arc<Mutex<Vec<Seen>>>;

/// A desk that notes what it is sent and answers as it is told.
pub(super) struct Stub {
    pub(super) address: String,
    seen: Log,
    task: JoinHandle<()>,
}

impl Stub {
    pub(super) async fn start<R: IntoResponse>(reply: impl Fn(&Seen) -> R + Send + Sync + 'static) -> Self {
        let seen = Log::default();
        let reply: Reply = Arc::new(move |request| reply(request).into_response());
        let app = Router::new()
            .fallback(take)
            .layer(DefaultBodyLimit::disable())
            .with_state((seen.clone(), reply));
        let (listener, address) = listen().await;
        let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves until the end") });
        Self { address, seen, task }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("nothing panics with the lock").clone()
    }

    pub(super) fn last(&self) -> Seen {
        self.seen().pop().expect("a request came")
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A listener on a free port, and its address.
pub(super) async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    (listener, address)
}

/// The address of a raw server that gives each connection to `handle`, one after the other, for the life of the test.
pub(super) async fn raw<F: Future<Output = ()> + Send>(
    handle: impl Fn(TcpStream) -> F + Send + Sync + 'static,
) -> String {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            handle(connection).await;
        }
    });
    address
}

/// Keeps a connection open and says nothing.
pub(super) async fn hang(connection: TcpStream) {
    pending::<()>().await;
    drop(connection);
}

/// Reads a request to the end of its form. What is closed with bytes unread is reset, and its answer can be lost.
pub(super) async fn read_request(connection: &mut TcpStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"--\r\n") {
        let bytes = connection.read_buf(&mut request).await.expect("a request");
        assert!(bytes > 0, "the request is whole");
    }
}

async fn take(State((log, reply)): State<(Log, Reply)>, request: Request) -> Response {
    let seen = note(request).await;
    log.lock().expect("nothing panics with the lock").push(seen.clone());
    reply(&seen)
}

async fn note(request: Request) -> Seen {
    let mut seen = note_head(&request);
    match seen.content_type.split(';').next().unwrap_or_default() {
        "multipart/form-data" => read_form(request, &mut seen).await,
        "application/json" => seen.fields = json_fields(&body(request).await),
        _ => {
            let pairs: Vec<_> = serde_urlencoded::from_bytes(&body(request).await).expect("urlencoded fields");
            seen.fields.extend(pairs);
        }
    }
    seen
}

fn note_head(request: &Request) -> Seen {
    let header = |name: &str| {
        let value = request.headers().get(name)?;
        Some(value.to_str().expect("ASCII").to_owned())
    };
    let query = request.uri().query().unwrap_or_default();
    Seen {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        content_type: header("content-type").unwrap_or_default(),
        api_key: header("apiKey"),
        content_length: header("content-length"),
        fields: serde_urlencoded::from_str(query).expect("a query of fields"),
        file: None,
    }
}

async fn body(request: Request) -> Vec<u8> {
    to_bytes(request.into_body(), 1 << 20).await.expect("a body").to_vec()
}

/// Numbers stay apart from texts: a text stands in quotes.
fn json_fields(body: &[u8]) -> Vec<(String, String)> {
    let json: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(body).expect("an object");
    json.into_iter()
        .map(|(name, value)| (name, value.to_string()))
        .collect()
}

async fn read_form(request: Request, seen: &mut Seen) {
    let mut form = Multipart::from_request(request, &()).await.expect("a form");
    // A form that breaks off is left as it is: that is what the tests of it look at.
    while let Ok(Some(mut field)) = form.next_field().await {
        let name = field.name().expect("a name").to_owned();
        let Some(file_name) = field.file_name().map(str::to_owned) else {
            seen.fields.push((name, field.text().await.expect("a text")));
            continue;
        };
        let content_type = field.content_type().unwrap_or_default().to_owned();
        let (mut bytes, mut sum) = (0, 0);
        while let Ok(Some(piece)) = field.chunk().await {
            bytes += piece.len();
            sum += piece.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        }
        seen.file = Some(SeenFile {
            field: name,
            name: file_name,
            content_type,
            bytes,
            sum,
        });
    }
}
