use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderValue, Method, StatusCode, header};
use subtle::Choice;
use tokio::sync::Semaphore;

use super::{
    HookpointSettings,
    path::secret_and_name,
    refusal::Refusal,
    secret::Secret,
    to_the_end::{Panicked, ToTheEnd},
};
use crate::{
    desk::{Desk, HookKind},
    intake::Intake,
    store::blobs::Blobs,
};

/// The server that the desk calls. Cheap to clone.
#[derive(Clone)]
pub struct Hookpoint(Arc<Rooms>);

/// What a hook needs on its way.
pub(super) struct Rooms {
    pub(super) intake: Arc<Intake>,
    pub(super) desk: Arc<dyn Desk>,
    pub(super) blobs: Arc<dyn Blobs>,
    pub(super) settings: HookpointSettings,
    /// One permit for each hook that is under way.
    requests: Arc<Semaphore>,
}

impl Hookpoint {
    /// Puts the hookpoint before intake. `blobs` is where the ledger behind intake keeps files.
    pub fn new(intake: Arc<Intake>, desk: Arc<dyn Desk>, blobs: Arc<dyn Blobs>, settings: HookpointSettings) -> Self {
        let requests_max = usize::try_from(settings.requests_max).unwrap_or(Semaphore::MAX_PERMITS);
        Self(Arc::new(Rooms {
            intake,
            desk,
            blobs,
            settings,
            requests: Arc::new(Semaphore::new(requests_max.min(Semaphore::MAX_PERMITS))),
        }))
    }

    /// What the desk is told as `chatServer`. It holds the secret: not for logs.
    pub fn hook_address(&self) -> String {
        self.0.settings.hook_address()
    }

    /// The routes, to be served at the root, or nested into a router of the bot's own under the path of the hookpoint's
    /// address: `Router::new().nest("/omnidesk", hookpoint.router())`. What is no hook is answered 404.
    ///
    /// Serve it by [`serve`](super::serve()), which takes any router. `axum::serve` drops a request before a handler sees
    /// it when its caller has closed the connection by then, so a hook of an impatient caller is lost there.
    pub fn router(&self) -> Router {
        // A route, not a fallback: axum forgets the fallback of a router that is nested twice.
        Router::new()
            .route("/{*path}", any(answer))
            .with_state(Arc::clone(&self.0))
    }

    /// Takes no more hooks, answering them 503, and returns when those under way are done.
    ///
    /// # Cancel safety
    /// When the future is dropped before it returned, hooks are taken again.
    pub async fn close(&self) {
        let requests = &self.0.requests;
        let all = requests.acquire_many(self.0.settings.requests_max).await;
        requests.close();
        drop(all);
    }
}

impl std::fmt::Debug for Hookpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hookpoint")
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}

/// Answers a call. The hook itself comes to its end: axum drops this when the caller hangs up.
async fn answer(State(rooms): State<Arc<Rooms>>, request: Request) -> Response {
    let kind = match rooms.admit(&request) {
        Ok(kind) => kind,
        Err(turned_away) => return turned_away.into_response(),
    };
    let Ok(permit) = Arc::clone(&rooms.requests).try_acquire_owned() else {
        tracing::warn!(hook = kind.word(), status = 503, "too many hooks are under way");
        return Refusal::Busy.into_response();
    };
    let hook = ToTheEnd::new(async move {
        let answer = rooms.hook(kind, request).await;
        drop(permit);
        answer
    });
    hook.await.unwrap_or_else(|Panicked| {
        let why = "it panicked";
        tracing::error!(hook = kind.word(), status = 503, why, "a hook came to no end");
        Refusal::Unavailable { detail: why.to_owned() }.into_response()
    })
}

/// Why a call is no hook.
enum TurnedAway {
    /// The secret is wrong, or there is no such hook: the caller is not told which.
    Unknown,
    /// A probe of what is allowed.
    Probe,
    /// Another method than POST.
    Method,
}

impl IntoResponse for TurnedAway {
    fn into_response(self) -> Response {
        let allowed = [(header::ALLOW, HeaderValue::from_static("POST"))];
        match self {
            Self::Unknown => StatusCode::NOT_FOUND.into_response(),
            Self::Probe => (StatusCode::NO_CONTENT, allowed).into_response(),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, allowed).into_response(),
        }
    }
}

impl Rooms {
    /// Tells the hook that is called, by the line and the head of the request alone.
    fn admit(&self, request: &Request) -> Result<HookKind, TurnedAway> {
        let kind = secret_and_name(request.uri().path())
            .filter(|(secret, _)| self.knows(secret))
            .and_then(|(_, name)| self.desk.hook_kind(name));
        let Some(kind) = kind else {
            tracing::debug!(status = 404, "a call that is no hook of ours");
            return Err(TurnedAway::Unknown);
        };
        match *request.method() {
            Method::POST => Ok(kind),
            Method::OPTIONS => Err(TurnedAway::Probe),
            _ => Err(TurnedAway::Method),
        }
    }

    /// Compares with every secret, so that the time does not tell which of them is near.
    fn knows(&self, given: &str) -> bool {
        let older = self.settings.accepted.iter().map(|secret| secret.is(given));
        let known = older.fold(self.settings.secret.is(given), |one, other| one | other);
        known.into() || self.is_of_a_session(given)
    }

    /// Whether a session stands under this secret: another instance may have one of its own.
    fn is_of_a_session(&self, given: &str) -> bool {
        let addresses = self.intake.hook_addresses();
        let secrets = addresses
            .iter()
            .filter_map(|address| Secret::of_address(address.as_str()));
        secrets
            .fold(Choice::from(0), |one, secret| one | secret.is(given))
            .into()
    }
}
