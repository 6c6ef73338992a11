//! Sessions, and what the agent does in them.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    body::to_bytes,
    extract::{Path, Query, Request, State},
    http::{StatusCode, header::CONTENT_TYPE},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Refused, Told, markdown};
use crate::desk::{
    call::Encoding,
    hook::{self, HookAnswer, HookContent, HookKind, HookRecord, Reply, Upload},
    office::Office,
    session::{Content, Line, Session, SessionStatus},
    state::SessionRef,
};

/// Sessions that a list holds unless it is asked for more.
const LIST_LIMIT: usize = 200;

type Shared = State<Arc<Office>>;

#[derive(Deserialize)]
pub(super) struct Which {
    status: Option<SessionStatus>,
    limit: Option<usize>,
}

/// A session in a list.
#[derive(Serialize)]
pub(super) struct Summary {
    ticket: u64,
    id: String,
    status: SessionStatus,
    customer_name: Option<String>,
    customer_typing: bool,
    lines: usize,
    last_line: Option<String>,
    changed_at: Timestamp,
}

/// A session with what became of its hooks.
#[derive(Serialize)]
pub(super) struct Detail {
    #[serde(flatten)]
    session: Session,
    /// By number. Typing that was taken is left out.
    hook_records: BTreeMap<u64, HookRecord>,
    /// The texts as trees, by the line's number, where they are read as Markdown.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    rendered: BTreeMap<u64, Vec<markdown::Node>>,
}

/// How the texts of a session are read.
#[derive(Deserialize)]
pub(super) struct Reading {
    #[serde(default)]
    markdown: bool,
}

/// The sessions that changed last.
pub(super) async fn list(State(office): Shared, Query(which): Query<Which>) -> Json<Vec<Summary>> {
    let limit = which.limit.unwrap_or(LIST_LIMIT);
    Json(office.look(|state| {
        let wanted = |session: &&Session| which.status.is_none_or(|status| status == session.status);
        let mut sessions: Vec<_> = state.sessions().filter(wanted).collect();
        sessions.sort_unstable_by_key(|session| std::cmp::Reverse(session.changed_at));
        sessions.into_iter().take(limit).map(summary).collect()
    }))
}

pub(super) async fn one(
    State(office): Shared,
    Path(ticket): Path<u64>,
    Query(reading): Query<Reading>,
) -> Result<Json<Detail>, Refused> {
    let detail = office.look(|state| {
        let session = state.session(ticket)?.clone();
        let records = session
            .hooks
            .iter()
            .filter_map(|number| state.hooks().get(usize::try_from(*number).ok()?));
        let told = records.filter(|hook| hook.kind != HookKind::Typing || (hook.done && !taken(hook)));
        let hook_records = told.map(|hook| (hook.number, hook.clone())).collect();
        let texts = session.transcript.iter().filter(|_| reading.markdown);
        let texts = texts.filter_map(|line| Some((line.number, line.text()?)));
        let rendered = texts.map(|(number, text)| (number, markdown::read(text))).collect();
        Some(Detail {
            session,
            hook_records,
            rendered,
        })
    });
    detail.map(Json).ok_or_else(|| Refused::not_found("session"))
}

#[derive(Deserialize)]
pub(super) struct ReplyRequest {
    message: String,
    #[serde(default = "agent_name")]
    name: String,
    #[serde(default)]
    picture: String,
    encoding: Option<Encoding>,
}

fn agent_name() -> String {
    "Anna".to_owned()
}

#[derive(Deserialize)]
pub(super) struct FileRequest {
    name: String,
    encoding: Option<Encoding>,
}

#[derive(Deserialize)]
pub(super) struct TypingRequest {
    typing: bool,
    encoding: Option<Encoding>,
}

#[derive(Deserialize, Default)]
pub(super) struct EndRequest {
    encoding: Option<Encoding>,
}

/// A hook to any address and session id, known or not.
#[derive(Deserialize)]
pub(super) struct HookRequest {
    chat_server: String,
    session_id: String,
    #[serde(flatten)]
    content: AnyHook,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum AnyHook {
    Message(ReplyRequest),
    Typing(TypingRequest),
    End(EndRequest),
}

pub(super) async fn reply(
    State(office): Shared,
    Path(ticket): Path<u64>,
    Told(request): Told<ReplyRequest>,
) -> Result<Json<HookAnswer>, Refused> {
    send(office, ticket.into(), AnyHook::Message(request)).await
}

pub(super) async fn typing(
    State(office): Shared,
    Path(ticket): Path<u64>,
    Told(request): Told<TypingRequest>,
) -> Result<Json<HookAnswer>, Refused> {
    send(office, ticket.into(), AnyHook::Typing(request)).await
}

pub(super) async fn end(
    State(office): Shared,
    Path(ticket): Path<u64>,
    request: Option<Json<EndRequest>>,
) -> Result<Json<HookAnswer>, Refused> {
    let Json(request) = request.unwrap_or_default();
    send(office, ticket.into(), AnyHook::End(request)).await
}

pub(super) async fn hook(State(office): Shared, Told(request): Told<HookRequest>) -> Result<Json<HookAnswer>, Refused> {
    let session = SessionRef::from((request.chat_server.as_str(), request.session_id.as_str()));
    send(office, session, request.content).await
}

/// The body is the file.
pub(super) async fn file(
    State(office): Shared,
    Path(ticket): Path<u64>,
    Query(file): Query<FileRequest>,
    request: Request,
) -> Result<Json<HookAnswer>, Refused> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|is| is.to_str().ok());
    let content_type = content_type.unwrap_or("application/octet-stream").to_owned();
    let bytes_max = office.look(|state| state.settings.file_bytes_max);
    let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    let bytes = to_bytes(request.into_body(), bytes_max).await;
    let bytes = bytes.map_err(|_| Refused(StatusCode::PAYLOAD_TOO_LARGE, "larger than this desk takes".to_owned()))?;
    let upload = Upload::new(file.name, content_type, bytes);
    deliver(office, ticket.into(), HookContent::File(upload), file.encoding).await
}

async fn send(office: Arc<Office>, session: SessionRef, hook: AnyHook) -> Result<Json<HookAnswer>, Refused> {
    let (content, encoding) = match hook {
        AnyHook::Message(request) => {
            let mut reply = Reply::new(request.message, request.name);
            reply.picture = request.picture;
            (HookContent::Message(reply), request.encoding)
        }
        AnyHook::Typing(request) => (HookContent::Typing(request.typing), request.encoding),
        AnyHook::End(request) => (HookContent::End, request.encoding),
    };
    deliver(office, session, content, encoding).await
}

async fn deliver(
    office: Arc<Office>,
    session: SessionRef,
    content: HookContent,
    encoding: Option<Encoding>,
) -> Result<Json<HookAnswer>, Refused> {
    let begun = hook::begin(&office, &session, &content, encoding)?;
    // The hook goes out although the agent's browser may be closed meanwhile.
    let tasks = office.tasks.clone();
    let sent = tasks.spawn(async move { hook::deliver(&office, begun).await }).await;
    let failed = |_| Refused(StatusCode::INTERNAL_SERVER_ERROR, "the hook was not sent".to_owned());
    Ok(Json(sent.map_err(failed)??))
}

fn summary(session: &Session) -> Summary {
    Summary {
        ticket: session.ticket,
        id: session.id.clone(),
        status: session.status,
        customer_name: session.customer.get("customerName").cloned(),
        customer_typing: session.customer_typing,
        lines: session.transcript.len(),
        last_line: session.transcript.last().map(preview),
        changed_at: session.changed_at,
    }
}

fn preview(line: &Line) -> String {
    match &line.content {
        Content::Text { text } => text.chars().take(120).collect(),
        Content::File { file } => file.name.clone(),
    }
}

fn taken(hook: &HookRecord) -> bool {
    hook.answer().is_some_and(HookAnswer::taken)
}
