//! Reads the fields of a hook out of whichever encoding they came in.
//!
//! # Invariants
//! - When a hook is refused here, its file is not kept.

mod base64;
mod collected;
mod encoding;
mod form;
mod json;
mod multipart;
mod pieces;

use axum::extract::Request;

use self::{collected::Collected, encoding::Encoding};
use super::{body::Inflow, refusal::Refusal, router::Rooms};
use crate::desk::{HookFields, HookKind};

/// Reads the fields of a hook: those of its body, then those of its query string.
pub(super) async fn read(rooms: &Rooms, kind: HookKind, request: Request) -> Result<HookFields, Refusal> {
    let mut collected = Collected::new(&rooms.settings, kind == HookKind::File);
    match collect(rooms, request, &mut collected).await {
        Ok(()) => Ok(collected.into_fields()),
        Err(refusal) => {
            if let Some(file) = collected.file {
                rooms.discard(file.blob).await;
            }
            Err(refusal)
        }
    }
}

async fn collect(rooms: &Rooms, request: Request, collected: &mut Collected<'_>) -> Result<(), Refusal> {
    let (head, body) = request.into_parts();
    let (settings, with_file) = (&rooms.settings, collected.with_file);
    let encoding = Encoding::of(&head.headers)?;
    let bytes_max = match (&encoding, with_file) {
        (_, false) => settings.text_body_bytes_max as u64,
        (Encoding::Multipart(_), true) => settings
            .file_bytes_max
            .saturating_add(settings.text_body_bytes_max as u64),
        (_, true) => settings.base64_body_bytes_max as u64,
    };
    let inflow = Inflow::new(body, bytes_max, settings.body_idle_max)?;
    match encoding {
        Encoding::Multipart(media_type) => multipart::read(rooms, media_type, inflow, collected).await?,
        Encoding::Json => read_whole(&inflow.whole().await?, true, collected)?,
        Encoding::FormOrUntold => read_whole(&inflow.whole().await?, false, collected)?,
    }
    collected.in_query = true;
    form::read(head.uri.query().unwrap_or_default().as_bytes(), collected)?;
    match collected.file_text.take() {
        Some(text) if !text.is_empty() => collected.file = Some(base64::keep(rooms, text).await?),
        _ if collected.file.is_none() && collected.file_in_query => return Err(Refusal::FileInQuery),
        _ => {}
    }
    Ok(())
}

fn read_whole(body: &[u8], is_json: bool, collected: &mut Collected<'_>) -> Result<(), Refusal> {
    // A byte order mark of UTF-8 says nothing.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    match body.first() {
        None => Ok(()),
        // No form begins so: its sender forgot to say that it is JSON.
        Some(b'{') => json::read(body, collected),
        Some(_) if is_json => json::read(body, collected),
        Some(_) => form::read(body, collected),
    }
}
