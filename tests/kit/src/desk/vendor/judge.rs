//! Judges a call against the contract, and lets a good one have its effect.

use axum::http::StatusCode;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    arrival::Arrival,
    effect,
    form::{Form, ReadError},
    routes::{End, Route, Verb},
};
use crate::desk::{
    call::{Endpoint, Stage},
    office::Credentials,
    rules,
    settings::{EndPath, Settings},
    state::{DeskState, Violation},
};

/// Why a call is refused.
struct Refusal {
    status: StatusCode,
    message: String,
    /// The rules of the contract that were broken; a wrong token or a path that is off breaks none.
    broken: Vec<String>,
}

/// The answer to a call. Its effect, and the violations that it is guilty of, are in the state when this returns.
pub(super) fn judge(arrival: &mut Arrival, route: &Route, read: Result<Form, ReadError>) -> (StatusCode, Value) {
    let office = arrival.office();
    let judged = office.change(|state| {
        let form = admit(arrival, route, read, &state.settings, &office.credentials);
        form.and_then(|form| take(arrival, route, &form, state))
            .map_err(|refusal| refuse(arrival, route, refusal, state))
    });
    match judged {
        Ok(body) => {
            arrival.tell(Stage::EffectDone);
            (StatusCode::OK, body)
        }
        Err(refused) => refused,
    }
}

/// Lets a call of good form have its effect.
fn take(arrival: &Arrival, route: &Route, form: &Form, state: &mut DeskState) -> Result<Value, Refusal> {
    let taken = effect::apply(route.endpoint, form, arrival.number(), state);
    let (ticket, body) = taken.map_err(|rule| Refusal::breach(vec![rule.to_owned()]))?;
    let call = state.call_mut(arrival.number());
    call.effect = true;
    call.ticket = ticket;
    Ok(body)
}

fn refuse(arrival: &Arrival, route: &Route, refusal: Refusal, state: &mut DeskState) -> (StatusCode, Value) {
    let of_rule = |rule| Violation {
        call: arrival.number(),
        endpoint: route.endpoint,
        rule,
    };
    state.violations.extend(refusal.broken.into_iter().map(of_rule));
    (refusal.status, json!({ "status": "error", "message": refusal.message }))
}

fn admit(
    arrival: &Arrival,
    route: &Route,
    read: Result<Form, ReadError>,
    settings: &Settings,
    credentials: &Credentials,
) -> Result<Form, Refusal> {
    check_path(arrival, route, settings)?;
    check_api_key(arrival, route, credentials)?;
    let form = read.map_err(Refusal::from)?;
    if !settings.accept.takes(form.encoding) {
        let rule = "Content-Type: must be multipart/form-data".to_owned();
        return Err(Refusal::breach(vec![rule]));
    }
    let mut broken = rules::broken(demanded(route, settings), &form.fields, form.file.is_some());
    if route.verb == Verb::Post {
        broken.extend(in_query(arrival));
    }
    if !broken.is_empty() {
        return Err(Refusal::breach(broken));
    }
    check_tokens(&form, credentials)?;
    Ok(form)
}

fn demanded(route: &Route, settings: &Settings) -> &'static [rules::Field] {
    if route.endpoint == Endpoint::Chatbot && !settings.brand_required {
        return rules::CHATBOT_WITHOUT_BRAND;
    }
    route.fields
}

fn check_path(arrival: &Arrival, route: &Route, settings: &Settings) -> Result<(), Refusal> {
    let off = matches!(
        (route.end, settings.end_path),
        (Some(End::Guide), EndPath::Specification) | (Some(End::Specification), EndPath::Guide)
    );
    if off {
        return Err(Refusal::plain(StatusCode::NOT_FOUND, "Not found."));
    }
    if route.endpoint == Endpoint::Unknown {
        let rule = "path: not a call of the contract".to_owned();
        return Err(Refusal::breach(vec![rule]).status(StatusCode::NOT_FOUND));
    }
    if !arrival.method_fits {
        let rule = format!("method: must be {}", route.verb);
        return Err(Refusal::breach(vec![rule]).status(StatusCode::METHOD_NOT_ALLOWED));
    }
    Ok(())
}

/// The vendor's OpenAPI pages have the key on every `/api/v2` call, as a header or in the query.
fn check_api_key(arrival: &Arrival, route: &Route, credentials: &Credentials) -> Result<(), Refusal> {
    let Some(demanded) = &credentials.api_key else {
        return Ok(());
    };
    let header = arrival.headers.get("apiKey").and_then(|key| key.to_str().ok());
    let in_query = query(arrival).into_iter().find(|(name, _)| name == "apiKey");
    let shown = header == Some(demanded) || in_query.is_some_and(|(_, key)| key == *demanded);
    if shown || !route.path.starts_with("/api/v2/") {
        return Ok(());
    }
    Err(Refusal::plain(StatusCode::UNAUTHORIZED, "apiKey: missing or not valid"))
}

fn check_tokens(form: &Form, credentials: &Credentials) -> Result<(), Refusal> {
    let tokens = [
        ("chatAccountToken", &credentials.account_token),
        ("chatServerToken", &credentials.server_token),
    ];
    for (name, token) in tokens {
        if form.field(name).is_some_and(|shown| shown != token) {
            let message = format!("{name}: not valid");
            return Err(Refusal::plain(StatusCode::UNAUTHORIZED, &message));
        }
    }
    Ok(())
}

/// Fields in the query of a POST call, where the contract has none.
fn in_query(arrival: &Arrival) -> Option<String> {
    let strays = query(arrival).iter().any(|(name, _)| name != "apiKey");
    strays.then(|| "query: fields belong into the body".to_owned())
}

fn query(arrival: &Arrival) -> Vec<(String, String)> {
    let query = arrival.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

impl Refusal {
    fn breach(broken: Vec<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: broken.join("; "),
            broken,
        }
    }

    fn plain(status: StatusCode, message: &str) -> Self {
        Self {
            status,
            message: message.to_owned(),
            broken: Vec::new(),
        }
    }

    fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Breach(rule) => Self::breach(vec![rule]),
            ReadError::TooLarge => Self::plain(StatusCode::PAYLOAD_TOO_LARGE, "larger than this desk takes"),
            // Never written: there is nobody to read it.
            ReadError::CallerGone => Self::plain(StatusCode::BAD_REQUEST, "broke off"),
        }
    }
}
