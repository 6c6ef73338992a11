//! One request from its first line to its answer, with the faults that strike it on the way.

use std::{sync::Arc, time::SystemTime};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::{
    body,
    call::{Answer, Call, Fate, Stage},
    fault::{Fault, LimitScope, Line},
    file::StoredFile,
    gateway,
    refusal::Refusal,
    rest::{self, Ask, Reply},
    shared::Shared,
    spec::Violation,
};
use crate::{
    pace::{Pace, paced},
    wire::WireHandle,
};

/// Where the calls of REST begin.
const REST: &str = "/api/v10";

/// The page of a gateway that stands in front of a server that is away.
const GATEWAY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n";

/// What stands at the address of an attachment that is not there any more.
const GONE: &str = "This content is no longer available.";

/// The server as an application.
pub(crate) fn app(shared: &Arc<Shared>) -> Router {
    Router::new()
        .fallback(serve)
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::clone(shared))
}

/// Whether a call that may carry a body does not say how long it is.
fn lacks_length(request: &Request) -> bool {
    let takes_body = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
    let says = |name| request.headers().contains_key(name);
    takes_body && !says(header::CONTENT_LENGTH) && !says(header::TRANSFER_ENCODING)
}

/// Answers every address of the server.
async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(wire): ConnectInfo<WireHandle>,
    request: Request,
) -> Response {
    if gateway::wants_socket(&request) {
        return gateway::connect(shared, wire, request);
    }
    let path = request.uri().path();
    let rest = path.strip_prefix(REST).filter(|rest| rest.starts_with('/'));
    let (path, download) = match rest {
        Some(rest) => (rest.to_owned(), false),
        None if path.starts_with("/attachments/") || path.starts_with("/stickers/") => (path.to_owned(), true),
        None => return refusal_response(&Refusal::not_found()),
    };
    let exchange = Exchange::begin(shared, wire, &request, path);
    if download {
        exchange.download().await
    } else {
        exchange.rest(request).await
    }
}

struct Exchange {
    shared: Arc<Shared>,
    wire: WireHandle,
    number: usize,
    method: String,
    path: String,
    query: Vec<(String, String)>,
    authorized: bool,
}

impl Exchange {
    fn begin(shared: Arc<Shared>, wire: WireHandle, request: &Request, path: String) -> Self {
        let method = request.method().to_string();
        let query = request.uri().query().unwrap_or_default();
        let query: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let authorization = request.headers().get(header::AUTHORIZATION);
        let authorization = authorization.and_then(|value| value.to_str().ok());
        let authorized = authorization.is_some_and(|value| shared.knows(value));
        let number = shared.change(|world| {
            let number = world.calls.len();
            world.calls.push(Call {
                number,
                method: method.clone(),
                path: path.clone(),
                query: query.clone(),
                authorized,
                body: Value::Null,
                uploads: Vec::new(),
                received_at: SystemTime::now(),
                fault: None,
                effect: false,
                answer: None,
                fate: Fate::Open,
            });
            number
        });
        Self {
            shared,
            wire,
            number,
            method,
            path,
            query,
            authorized,
        }
    }

    async fn rest(self, request: Request) -> Response {
        let fault = self.strike();
        if fault == Some(Fault::Refuse) {
            return self.cut().await;
        }
        if lacks_length(&request) {
            return self.page(411);
        }
        let rate = match fault {
            Some(Fault::SlowUpload { bytes_per_sec }) => Some(bytes_per_sec),
            _ => None,
        };
        let limit = self.shared.look(|world| rest::file_bytes_max(world, &self.path));
        let content = match body::read(request, limit, rate).await {
            Ok(content) => content,
            Err(refusal) => return self.answer(&Err(refusal)),
        };
        self.received(&content);
        if let Some(response) = self.fail_before(fault.as_ref()).await {
            return response;
        }
        if !self.authorized && rest::needs_token(&self.path) {
            return self.answer(&Err(Refusal::unauthorized()));
        }
        let ask = Ask {
            number: self.number,
            query: &self.query,
            body: &content.body,
            uploads: &content.uploads,
            nonce_window: self.shared.habits.nonce_window,
        };
        let outcome = self
            .shared
            .change(|world| rest::run(world, &ask, &self.method, &self.path));
        self.settle(outcome.is_ok());
        if let Some(response) = self.fail_after(fault.as_ref()).await {
            return response;
        }
        self.answer(&outcome)
    }

    async fn download(self) -> Response {
        let fault = self.strike();
        if fault == Some(Fault::Refuse) {
            return self.cut().await;
        }
        self.shared.observe(Stage::Received, self.number);
        if let Some(response) = self.fail_before(fault.as_ref()).await {
            return response;
        }
        let signature = self.query.iter().find(|(name, _)| name == "hm");
        let signature = signature.map(|(_, value)| value.as_str()).unwrap_or_default();
        let file = self
            .shared
            .look(|world| world.files.open(&self.path, signature).cloned());
        self.settle(file.is_some());
        if let Some(response) = self.fail_after(fault.as_ref()).await {
            return response;
        }
        if let Some(file) = file {
            return self.send_file(&file, fault.as_ref());
        }
        self.record(404, Value::Null);
        self.report_when_sent();
        (StatusCode::NOT_FOUND, GONE).into_response()
    }

    fn strike(&self) -> Option<Fault> {
        let line = Line {
            method: &self.method,
            path: &self.path,
            query: &self.query,
        };
        self.shared.change(|world| {
            let fault = world.faults.strike(&line)?;
            world.calls[self.number].fault = Some(fault.clone());
            Some(fault)
        })
    }

    fn received(&self, content: &body::Content) {
        let problems = match &self.shared.spec {
            Some(spec) => spec.check_call(&self.method, &self.path, &self.query, content),
            None => Vec::new(),
        };
        self.shared.change(|world| {
            let call = &mut world.calls[self.number];
            call.body = content.body.clone();
            call.uploads.clone_from(&content.uploads);
            world.violations.extend(problems.into_iter().map(|problem| Violation {
                call: self.number,
                method: self.method.clone(),
                field: problem.field,
                problem: problem.problem,
            }));
        });
        self.shared.observe(Stage::Received, self.number);
    }

    fn settle(&self, effect: bool) {
        self.shared.change_call(self.number, |call| call.effect = effect);
        self.shared.observe(Stage::EffectDone, self.number);
    }

    async fn fail_before(&self, fault: Option<&Fault>) -> Option<Response> {
        match fault? {
            Fault::Refuse => Some(self.cut().await),
            Fault::Hang => Some(self.hang().await),
            Fault::Html { status } => Some(self.page(*status)),
            Fault::Block => Some(self.answer(&Err(Refusal::blocked()))),
            Fault::RateLimit { wait, scope } => Some(self.answer(&Err(Refusal::limited(*wait, *scope)))),
            Fault::Refusal { status, code, message } => {
                Some(self.answer(&Err(Refusal::new(*status, *code, message.clone()))))
            }
            _ => None,
        }
    }

    async fn fail_after(&self, fault: Option<&Fault>) -> Option<Response> {
        match fault? {
            Fault::LoseAnswer => Some(self.cut().await),
            Fault::HangAfterEffect => Some(self.hang().await),
            Fault::AnswerAfter(time) => {
                tokio::time::sleep(*time).await;
                None
            }
            _ => None,
        }
    }

    async fn cut(&self) -> Response {
        self.shared.set_fate(self.number, Fate::Cut);
        self.wire.cut();
        std::future::pending().await
    }

    async fn hang(&self) -> Response {
        self.shared.set_fate(self.number, Fate::Hanging);
        std::future::pending().await
    }

    fn answer(&self, outcome: &Result<Reply, Refusal>) -> Response {
        let (status, body) = match outcome {
            Ok(reply) => (reply.status, reply.body.clone().unwrap_or_default()),
            Err(refusal) => (refusal.status, refusal.body()),
        };
        self.record(status, body);
        self.report_when_sent();
        let mut response = match outcome {
            Ok(reply) => reply_response(reply),
            Err(refusal) => refusal_response(refusal),
        };
        if response.status() != StatusCode::TOO_MANY_REQUESTS {
            put_pace(response.headers_mut(), &self.method, &self.path);
        }
        response
    }

    fn page(&self, status: u16) -> Response {
        self.record(status, Value::Null);
        self.report_when_sent();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        (status, [(header::CONTENT_TYPE, "text/html")], GATEWAY_PAGE).into_response()
    }

    fn send_file(&self, file: &StoredFile, fault: Option<&Fault>) -> Response {
        self.record(200, Value::Null);
        let len = file.bytes.len();
        let content = futures::stream::iter([Ok::<_, axum::BoxError>(file.bytes.clone())]);
        let body = match fault {
            Some(Fault::SlowDownload { bytes_per_sec }) => paced(content, Pace::steady(*bytes_per_sec)),
            _ => Body::from_stream(content),
        };
        self.report_when_sent();
        let mime = file.mime.as_deref().and_then(|mime| HeaderValue::from_str(mime).ok());
        let mime = mime.unwrap_or(HeaderValue::from_static("application/octet-stream"));
        let headers = [
            (header::CONTENT_TYPE, mime),
            (header::CONTENT_LENGTH, HeaderValue::from(len)),
        ];
        (headers, body).into_response()
    }

    fn record(&self, status: u16, body: Value) {
        self.shared.change_call(self.number, |call| {
            call.answer = Some(Answer { status, body });
        });
    }

    fn report_when_sent(&self) {
        let shared = Arc::clone(&self.shared);
        let number = self.number;
        self.wire.when_sent(move || {
            shared.set_fate(number, Fate::Answered);
            shared.observe(Stage::Answered, number);
            // Whoever waits for what the observer noted looks again.
            shared.change(|_| ());
        });
    }
}

fn reply_response(reply: &Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    match &reply.body {
        Some(body) => (status, axum::Json(body)).into_response(),
        None => status.into_response(),
    }
}

fn refusal_response(refusal: &Refusal) -> Response {
    let mut response = axum::Json(refusal.body()).into_response();
    *response.status_mut() = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    if let Some((wait, scope)) = refusal.limit {
        put_limit(response.headers_mut(), wait.as_secs_f64(), scope);
    }
    response
}

/// The headers of a 429.
fn put_limit(headers: &mut HeaderMap, wait_secs: f64, scope: LimitScope) {
    put(headers, "retry-after", &format!("{}", wait_secs.ceil()));
    put(headers, "x-ratelimit-scope", scope.name());
    if scope == LimitScope::Global {
        put(headers, "x-ratelimit-global", "true");
        return;
    }
    put(headers, "x-ratelimit-limit", "5");
    put(headers, "x-ratelimit-remaining", "0");
    put(headers, "x-ratelimit-reset-after", &format!("{wait_secs:.3}"));
    put(headers, "x-ratelimit-reset", &reset(wait_secs));
    put(headers, "x-ratelimit-bucket", "fakebucket");
}

/// The headers of any other answer: there is always something left.
fn put_pace(headers: &mut HeaderMap, method: &str, path: &str) {
    let route: Vec<_> = path.split('/').filter(|part| part.parse::<u64>().is_err()).collect();
    let bucket = format!(
        "{method}{}",
        route
            .join("-")
            .replace(|letter: char| !letter.is_ascii_alphanumeric(), "")
    );
    put(headers, "x-ratelimit-limit", "5");
    put(headers, "x-ratelimit-remaining", "4");
    put(headers, "x-ratelimit-reset-after", "1.000");
    put(headers, "x-ratelimit-reset", &reset(1.0));
    put(headers, "x-ratelimit-bucket", &bucket);
}

fn reset(wait_secs: f64) -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    format!("{:.3}", now.as_secs_f64() + wait_secs)
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
