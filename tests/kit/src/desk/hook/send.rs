//! Begins a hook (record and transcript) and sends it until it is taken or given up.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::{Client, header::CONTENT_TYPE};
use url::Url;

use super::{
    HookAnswer, HookContent, HookError, HookKind, HookRecord,
    encode::{Encoded, encode},
};
use crate::desk::{
    call::Encoding,
    office::Office,
    session::{Content, Party, Session, SessionStatus},
    settings::{HookRetry, HookSettings},
    state::{DeskState, SessionRef},
};

/// Bytes of an answer that are kept; no answer of the contract comes near.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A hook that stands in the records and was not sent yet.
pub(in crate::desk) struct Begun {
    pub(super) number: u64,
    pub(super) kind: HookKind,
    pub(super) url: Url,
    pub(super) encoded: Encoded,
    pub(super) settings: HookSettings,
}

/// Writes the hook into the records and its session's transcript.
pub(in crate::desk) fn begin(
    office: &Office,
    session: &SessionRef,
    content: &HookContent,
    encoding: Option<Encoding>,
) -> Result<Begun, HookError> {
    office.change(|state| {
        let (ticket, chat_server, session_id) = target(state, session)?;
        let settings = state.settings.hooks;
        let url = address(&chat_server, content.kind(), settings.double_slash)?;
        let encoded = encode(&session_id, content, encoding.unwrap_or(settings.encoding));
        let number = state.hooks.len() as u64;
        state.hooks.push(HookRecord {
            number,
            kind: content.kind(),
            ticket,
            chat_server,
            session_id,
            encoding: encoded.encoding,
            at: Timestamp::now(),
            attempts: Vec::new(),
            done: false,
        });
        if let Some(ticket) = ticket {
            note(state, ticket, content, number);
        }
        Ok(Begun {
            number,
            kind: content.kind(),
            url,
            encoded,
            settings,
        })
    })
}

/// Sends the hook, again where the settings say so, and returns its last answer.
pub(in crate::desk) async fn deliver(office: &Office, begun: Begun) -> Result<HookAnswer, HookError> {
    let work = attempts(office, &begun);
    let answer = office
        .shutdown
        .run_until_cancelled(work)
        .await
        .ok_or(HookError::ShutDown);
    office.change(|state| state.hook_mut(begun.number).done = true);
    answer
}

async fn attempts(office: &Office, begun: &Begun) -> HookAnswer {
    let (mut retries_left, mut wait) = match begun.settings.retry {
        HookRetry::Off => (0, Duration::ZERO),
        HookRetry::Growing {
            retries_max,
            first_wait,
        } => (retries_max, first_wait),
    };
    loop {
        let answer = attempt(&office.client, begun).await;
        office.change(|state| state.hook_mut(begun.number).attempts.push(answer.clone()));
        if answer.taken() || retries_left == 0 {
            return answer;
        }
        tokio::time::sleep(wait).await;
        wait *= 2;
        retries_left -= 1;
    }
}

async fn attempt(client: &Client, begun: &Begun) -> HookAnswer {
    let started = Instant::now();
    let mut url = begun.url.clone();
    url.set_query(begun.encoded.query.as_deref());
    let mut request = client
        .post(url)
        .timeout(begun.settings.timeout)
        .body(begun.encoded.body.clone());
    if let Some(content_type) = &begun.encoded.content_type {
        request = request.header(CONTENT_TYPE, content_type);
    }
    match exchange(request).await {
        Ok((status, body)) => HookAnswer::answered(begun.kind, status, body, started.elapsed()),
        // The address holds the product's secret: it is taken out of the error.
        Err(error) => HookAnswer::failed(reason(&error.without_url()), started.elapsed()),
    }
}

async fn exchange(request: reqwest::RequestBuilder) -> reqwest::Result<(u16, String)> {
    let mut response = request.send().await?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = ANSWER_BYTES_MAX - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok((response.status().as_u16(), String::from_utf8_lossy(&body).into_owned()))
}

fn reason(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    let deepest = std::iter::successors(std::error::Error::source(error), |error| error.source()).last();
    deepest.map_or_else(|| kind.to_owned(), |cause| format!("{kind}: {cause}"))
}

fn target(state: &DeskState, session: &SessionRef) -> Result<(Option<u64>, String, String), HookError> {
    match (state.session(session.clone()), session) {
        (Some(known), _) => Ok((Some(known.ticket), known.chat_server.clone(), known.id.clone())),
        (None, SessionRef::At { chat_server, id }) => Ok((None, chat_server.clone(), id.clone())),
        (None, _) => Err(HookError::UnknownSession),
    }
}

/// `chatServer` may be a bare host; it is called over plain HTTP then.
fn address(chat_server: &str, kind: HookKind, double_slash: bool) -> Result<Url, HookError> {
    let scheme = if chat_server.contains("://") { "" } else { "http://" };
    let slash = if double_slash { "//" } else { "/" };
    let address = format!("{scheme}{chat_server}{slash}{}", kind.path());
    let url = Url::parse(&address).map_err(|_| HookError::Address)?;
    if url.has_host() {
        Ok(url)
    } else {
        Err(HookError::Address)
    }
}

/// What a hook does to the desk's own view of its session.
fn note(state: &mut DeskState, ticket: u64, content: &HookContent, hook: u64) {
    let file = match content {
        HookContent::File(upload) => {
            let (name, content_type) = (upload.name.clone(), upload.content_type.clone());
            Some(state.keep_file(name, content_type, upload.bytes.clone()))
        }
        _ => None,
    };
    let Some(session) = state.session_mut(ticket) else {
        return;
    };
    session.changed_at = Timestamp::now();
    session.hooks.push(hook);
    match (content, file) {
        (HookContent::Message(reply), _) => {
            say(session, Content::text(&reply.message), hook).author = Some(reply.name.clone());
        }
        (HookContent::File(_), Some(file)) => {
            say(session, Content::File { file }, hook);
        }
        (HookContent::Typing(typing), _) => {
            join(session);
            session.agent_typing = *typing;
        }
        (HookContent::End, _) => session.end(Party::Agent),
        (HookContent::File(_), None) => {}
    }
}

fn say(session: &mut Session, content: Content, hook: u64) -> &mut crate::desk::session::Line {
    join(session);
    let line = session.add(Party::Agent, content);
    line.hook = Some(hook);
    line
}

fn join(session: &mut Session) {
    if session.status == SessionStatus::Waiting {
        session.status = SessionStatus::Open;
    }
}
