//! The vendor's side: the calls of the contract, as the product makes them.
//!
//! Every call takes the same way: note it, draw its fault, read it, judge it against the contract, let it have its
//! effect, answer it. Its record follows it, and says how far it came.

mod arrival;
mod effect;
mod form;
mod judge;
mod routes;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::any,
};

use self::{
    arrival::Arrival,
    form::{Form, Pace, ReadError},
    routes::{ROUTES, Route, UNKNOWN, Verb},
};
use super::{call::Stage, fault::Fault, office::Office, wire::Connection};

/// The routes of the contract; any other path under `/api/` is noted and answered 404.
pub(super) fn router() -> Router<Arc<Office>> {
    let unknown = Router::new().route("/api/{*rest}", any(handler(&UNKNOWN)));
    ROUTES
        .iter()
        .fold(unknown, |router, route| router.route(route.path, any(handler(route))))
}

type Handled = std::pin::Pin<Box<dyn Future<Output = Response> + Send>>;

fn handler(route: &'static Route) -> impl Fn(State<Arc<Office>>, ConnectInfo<Connection>, Request) -> Handled + Clone {
    move |State(office), ConnectInfo(connection), request| Box::pin(receive(route, office, connection, request))
}

async fn receive(route: &'static Route, office: Arc<Office>, connection: Connection, request: Request) -> Response {
    let arrival = Arrival::note(office, connection.clone(), route, &request);
    let cut = connection.cut_token().clone();
    // What is returned for a cut connection is never written.
    let served = cut.run_until_cancelled(serve(arrival, route, request)).await;
    served.unwrap_or_else(nothing)
}

async fn serve(mut arrival: Arrival, route: &'static Route, request: Request) -> Response {
    let mut fault = arrival.draw(route.endpoint);
    if fault == Some(Fault::Refuse) {
        arrival.tell(Stage::Received);
        return arrival.cut();
    }
    let read = read(&arrival, route, request, pace(&arrival, fault.as_ref())).await;
    if matches!(read, Err(ReadError::CallerGone)) {
        return nothing();
    }
    if let Ok(form) = &read {
        arrival.note_form(form);
        fault = fault.or_else(|| arrival.draw_for_session(form));
    }
    arrival.tell(Stage::Received);
    match fault {
        Some(Fault::Refuse) => return arrival.cut(),
        Some(Fault::Hang) => arrival.hang().await,
        _ => {}
    }
    if let Some((status, content_type, body, retry_after_secs)) = fault.as_ref().and_then(faulty_answer) {
        return arrival.answer(status, content_type, body, retry_after_secs);
    }
    let (status, body) = judge::judge(&mut arrival, route, read);
    match fault {
        Some(Fault::LostAnswer) => arrival.cut(),
        Some(Fault::HangAfterEffect) => {
            arrival.hang().await;
            arrival.answer(status, JSON, body.to_string(), None)
        }
        _ => arrival.answer(status, JSON, body.to_string(), None),
    }
}

async fn read(arrival: &Arrival, route: &Route, request: Request, pace: Option<Pace>) -> Result<Form, ReadError> {
    if route.verb == Verb::Get {
        return Ok(form::from_query(request.uri()));
    }
    let file_bytes_max = arrival.office().look(|state| state.settings.file_bytes_max);
    form::from_body(request, file_bytes_max, pace).await
}

fn pace(arrival: &Arrival, fault: Option<&Fault>) -> Option<Pace> {
    match fault {
        Some(Fault::SlowBody { bytes_per_sec }) => Some(Pace {
            bytes_per_sec: *bytes_per_sec,
            release: Box::pin(arrival.office().faults.hang()),
        }),
        _ => None,
    }
}

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

const BAD_GATEWAY_PAGE: &str =
    "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>";
const MAINTENANCE_PAGE: &str =
    "<!doctype html><html><head><title>Maintenance</title></head><body><p>We will be back soon.</p></body></html>";

/// The answer of a fault that answers without an effect: status, content type, body, `Retry-After`.
fn faulty_answer(fault: &Fault) -> Option<(StatusCode, &'static str, String, Option<u64>)> {
    match fault {
        Fault::TooManyRequests { retry_after_secs } => Some((
            StatusCode::TOO_MANY_REQUESTS,
            TEXT,
            "Too Many Requests".to_owned(),
            Some(*retry_after_secs),
        )),
        Fault::Unavailable => Some((StatusCode::SERVICE_UNAVAILABLE, TEXT, String::new(), None)),
        Fault::Html => Some((StatusCode::BAD_GATEWAY, HTML, BAD_GATEWAY_PAGE.to_owned(), None)),
        Fault::HtmlOk => Some((StatusCode::OK, HTML, MAINTENANCE_PAGE.to_owned(), None)),
        Fault::Answer { status, body } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Some((status, JSON, body.clone(), None))
        }
        Fault::Refuse | Fault::Hang | Fault::HangAfterEffect | Fault::LostAnswer | Fault::SlowBody { .. } => None,
    }
}

fn response(status: StatusCode, content_type: &'static str, body: String) -> Response {
    (status, [(CONTENT_TYPE, content_type)], body).into_response()
}

/// What a handler returns on a connection that writes nothing any more.
fn nothing() -> Response {
    Response::new(Body::empty())
}
