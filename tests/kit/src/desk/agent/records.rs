//! The desk's records, over HTTP.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{
        HeaderName, HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
};
use bytes::Bytes;
use serde::Deserialize;

use super::Refused;
use crate::desk::{
    call::Call,
    files::StoredFile,
    hook::HookRecord,
    office::Office,
    session::ChatbotLog,
    state::{Remark, Violation},
};

/// A stretch of a record: from a number on, or its end.
#[derive(Deserialize)]
pub(super) struct Stretch {
    #[serde(default)]
    from: usize,
    last: Option<usize>,
}

impl Stretch {
    fn of<T: Clone>(&self, records: &[T]) -> Vec<T> {
        let from = match self.last {
            Some(last) => records.len().saturating_sub(last),
            None => self.from.min(records.len()),
        };
        records[from..].to_vec()
    }
}

pub(super) async fn calls(State(office): State<Arc<Office>>, Query(stretch): Query<Stretch>) -> Json<Vec<Call>> {
    Json(office.look(|state| stretch.of(state.calls())))
}

pub(super) async fn hooks(State(office): State<Arc<Office>>, Query(stretch): Query<Stretch>) -> Json<Vec<HookRecord>> {
    Json(office.look(|state| stretch.of(state.hooks())))
}

pub(super) async fn violations(State(office): State<Arc<Office>>) -> Json<Vec<Violation>> {
    Json(office.look(|state| state.violations().to_vec()))
}

pub(super) async fn remarks(State(office): State<Arc<Office>>) -> Json<Vec<Remark>> {
    Json(office.look(|state| state.remarks().to_vec()))
}

pub(super) async fn chatbot_logs(State(office): State<Arc<Office>>) -> Json<Vec<ChatbotLog>> {
    Json(office.look(|state| state.chatbot_logs().to_vec()))
}

pub(super) async fn file(
    State(office): State<Arc<Office>>,
    Path(number): Path<u64>,
) -> Result<([(HeaderName, HeaderValue); 4], Bytes), Refused> {
    let file = office.look(|state| state.file(number).cloned());
    let file = file.ok_or_else(|| Refused::not_found("file"))?;
    Ok((headers(&file), file.bytes))
}

/// What the agent's page shows or plays; `page.html` names the same.
const SHOWN: [&str; 17] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "audio/ogg",
    "audio/opus",
    "audio/mpeg",
    "audio/mp4",
    "audio/x-m4a",
    "audio/aac",
    "audio/wav",
    "audio/x-wav",
    "audio/webm",
    "video/mp4",
    "video/webm",
    "video/ogg",
    "video/quicktime",
];

/// Pictures are shown, audio and video are played; anything else is only saved, so that a customer's document runs nothing
/// on the agent's page.
fn headers(file: &StoredFile) -> [(HeaderName, HeaderValue); 4] {
    let essence = file.content_type.split(';').next().unwrap_or_default().trim();
    let content_type = SHOWN.into_iter().find(|shown| essence.eq_ignore_ascii_case(shown));
    let disposition = if content_type.is_some() { "inline" } else { "attachment" };
    let content_type = content_type.unwrap_or("application/octet-stream");
    [
        (CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (CONTENT_DISPOSITION, HeaderValue::from_static(disposition)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox; default-src 'none'"),
        ),
    ]
}
