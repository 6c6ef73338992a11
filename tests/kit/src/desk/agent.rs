//! The agent's side: the page, and the HTTP API that it is made of.

mod controls;
mod live;
mod markdown;
mod page;
mod records;
mod sessions;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{FromRequest, Request},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{hook::HookError, office::Office};

pub(super) fn router() -> Router<Arc<Office>> {
    Router::new().route("/", get(page::page)).nest("/agent/api", api())
}

fn api() -> Router<Arc<Office>> {
    Router::new()
        .route("/desk", get(controls::desk).post(controls::configure))
        .route(
            "/faults",
            get(controls::faults)
                .post(controls::set_fault)
                .delete(controls::clear_faults),
        )
        .route("/faults/release", post(controls::release))
        .route("/port/close", post(controls::close_port))
        .route("/sessions", get(sessions::list))
        .route("/sessions/{ticket}", get(sessions::one))
        .route("/sessions/{ticket}/reply", post(sessions::reply))
        .route("/sessions/{ticket}/file", post(sessions::file))
        .route("/sessions/{ticket}/typing", post(sessions::typing))
        .route("/sessions/{ticket}/end", post(sessions::end))
        .route("/hooks", get(records::hooks).post(sessions::hook))
        .route("/calls", get(records::calls))
        .route("/violations", get(records::violations))
        .route("/remarks", get(records::remarks))
        .route("/chatbot-logs", get(records::chatbot_logs))
        .route("/files/{number}", get(records::file))
        .route("/events", get(live::events))
}

/// Why the agent's side refuses something.
struct Refused(StatusCode, String);

impl Refused {
    fn not_found(what: &str) -> Self {
        Self(StatusCode::NOT_FOUND, format!("no such {what}"))
    }
}

/// A JSON body that is refused in JSON too.
struct Told<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Told<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let read = Json::from_request(request, state).await;
        let Json(told) = read.map_err(|rejection| Refused(rejection.status(), rejection.body_text()))?;
        Ok(Self(told))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<HookError> for Refused {
    fn from(error: HookError) -> Self {
        let status = match error {
            HookError::UnknownSession => StatusCode::NOT_FOUND,
            HookError::Address => StatusCode::UNPROCESSABLE_ENTITY,
            HookError::Unreachable => StatusCode::BAD_GATEWAY,
            HookError::ShutDown => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self(status, error.to_string())
    }
}
