//! One request from its first line to its answer, with the faults that strike it on the way.

use std::{sync::Arc, time::SystemTime};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, DefaultBodyLimit, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    body,
    call::{Answer, Call, DOWNLOAD, Fate, Stage},
    fault::Fault,
    file::StoredFile,
    methods,
    params::Params,
    refusal::Refusal,
    route::{Route, route},
    shared::Shared,
    spec::Violation,
};
use crate::{pace::paced, wire::WireHandle};

/// The page of a gateway that stands in front of a server that is away.
const GATEWAY_PAGE: &str = "<html>\r\n<head><title>Bad Gateway</title></head>\r\n<body>\r\n\
<center><h1>Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

/// The server as an application.
pub(crate) fn app(shared: &Arc<Shared>) -> Router {
    Router::new()
        .fallback(serve)
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::clone(shared))
}

/// Answers every address of the server.
async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(wire): ConnectInfo<WireHandle>,
    request: Request,
) -> Response {
    match route(request.uri().path()) {
        Some(Route::Method { token, method }) => {
            let exchange = Exchange::begin(shared, wire, &method);
            if exchange.knows(&token) {
                exchange.method(request).await
            } else {
                exchange.answer(&Err(Refusal::unauthorized()))
            }
        }
        Some(Route::File { token, path }) => {
            let exchange = Exchange::begin(shared, wire, DOWNLOAD);
            if exchange.knows(&token) {
                exchange.file(path).await
            } else {
                exchange.answer(&Err(Refusal::unauthorized()))
            }
        }
        None => json_response(&Err(Refusal::not_found())),
    }
}

struct Exchange {
    shared: Arc<Shared>,
    wire: WireHandle,
    number: usize,
    method: String,
}

impl Exchange {
    fn begin(shared: Arc<Shared>, wire: WireHandle, method: &str) -> Self {
        let method = canonical(&shared, method);
        let number = shared.change(|world| {
            let number = world.calls.len();
            world.calls.push(Call {
                number,
                method: method.clone(),
                params: Params::default(),
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
        }
    }

    fn knows(&self, token: &str) -> bool {
        self.shared.token == token
    }

    async fn method(self, request: Request) -> Response {
        let mut fault = self.strike(None);
        if fault == Some(Fault::Refuse) {
            return self.cut().await;
        }
        let pace = match fault {
            Some(Fault::SlowUpload { bytes_per_sec }) => Some(self.shared.pace(bytes_per_sec)),
            _ => None,
        };
        let limit = self.shared.limits.upload_bytes_max;
        let params = match body::read(request, limit, pace).await {
            Ok(params) => params,
            Err(refusal) => return self.answer(&Err(refusal)),
        };
        self.received(&params);
        fault = fault.or_else(|| self.strike(params.chat_id()));
        if let Some(response) = self.fail_before(fault.as_ref()).await {
            return response;
        }
        let outcome = methods::run(&self.shared, self.number, &self.method, &params).await;
        self.settle(outcome.is_ok());
        if let Some(response) = self.fail_after(fault.as_ref()).await {
            return response;
        }
        self.answer(&outcome)
    }

    async fn file(self, path: String) -> Response {
        let fault = self.strike(None);
        if fault == Some(Fault::Refuse) {
            return self.cut().await;
        }
        let mut params = Params::default();
        params.values.insert("file_path".to_owned(), json!(path.clone()));
        self.shared.change_call(self.number, |call| call.params = params);
        self.shared.observe(Stage::Received, self.number);
        if let Some(response) = self.fail_before(fault.as_ref()).await {
            return response;
        }
        let file = self.shared.look(|world| world.files.by_path(&path).cloned());
        self.settle(file.is_some());
        if let Some(response) = self.fail_after(fault.as_ref()).await {
            return response;
        }
        match file {
            Some(file) => self.send_file(&file, fault.as_ref()),
            None => self.answer(&Err(Refusal::not_found())),
        }
    }

    /// Draws the fault that strikes this call: by its method, or by its chat once that is known.
    fn strike(&self, chat: Option<i64>) -> Option<Fault> {
        self.shared.change(|world| {
            let fault = match chat {
                None => world.faults.strike(&self.method),
                Some(chat) => world.faults.strike_chat(&self.method, chat),
            }?;
            world.calls[self.number].fault = Some(fault.clone());
            Some(fault)
        })
    }

    fn received(&self, params: &Params) {
        let problems = match &self.shared.spec {
            Some(spec) => spec.check_call(&self.method, params),
            None => Vec::new(),
        };
        self.shared.change(|world| {
            world.calls[self.number].params = params.clone();
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
            Fault::RetryAfter { secs } => Some(self.answer(&Err(Refusal::retry_after(*secs)))),
            Fault::Refusal { code, description } => Some(self.answer(&Err(Refusal::new(*code, description.clone())))),
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

    fn answer(&self, outcome: &Result<Value, Refusal>) -> Response {
        let status = match outcome {
            Ok(_) => 200,
            Err(refusal) => refusal.code,
        };
        self.record(status, envelope(outcome));
        self.report_when_sent();
        json_response(outcome)
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
            Some(Fault::SlowDownload { bytes_per_sec }) => paced(content, self.shared.pace(*bytes_per_sec)),
            _ => Body::from_stream(content),
        };
        self.report_when_sent();
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/octet-stream"),
            ),
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

/// The method in the spelling of the documentation, or as it was sent when nobody knows it.
fn canonical(shared: &Shared, method: &str) -> String {
    let documented = shared.spec.as_ref().and_then(|spec| spec.method_name(method));
    documented
        .or_else(|| methods::known_name(method))
        .unwrap_or(method)
        .to_owned()
}

fn envelope(outcome: &Result<Value, Refusal>) -> Value {
    match outcome {
        Ok(result) => json!({ "ok": true, "result": result }),
        Err(refusal) => refusal.body(),
    }
}

fn json_response(outcome: &Result<Value, Refusal>) -> Response {
    let mut response = axum::Json(envelope(outcome)).into_response();
    if let Err(refusal) = outcome {
        *response.status_mut() = StatusCode::from_u16(refusal.code).unwrap_or(StatusCode::BAD_REQUEST);
        if let Some(secs) = refusal.retry_after_secs() {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
    }
    response
}
