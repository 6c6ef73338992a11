use std::error::Error;

use axum::{
    body::Body,
    extract::{
        DefaultBodyLimit, FromRequest, Multipart, Request,
        multipart::{Field, MultipartError},
    },
};
use futures::StreamExt;
use http::{HeaderValue, header};

use super::{
    collected::Collected,
    encoding::check_charset,
    pieces::{Allowance, Pieces},
};
use crate::hookpoint::{
    body::Inflow,
    file::{Kept, Stated},
    refusal::Refusal,
    router::Rooms,
};

/// Reads a multipart form. Its file is kept as it comes, wherever it stands in the form.
pub(super) async fn read(
    rooms: &Rooms,
    media_type: HeaderValue,
    inflow: Inflow,
    collected: &mut Collected<'_>,
) -> Result<(), Refusal> {
    let allowance = Allowance::new(rooms.settings.text_body_bytes_max);
    let mut form = open(media_type, Body::from_stream(Pieces::stream(inflow, allowance.clone()))).await?;
    while let Some(field) = form.next_field().await.map_err(|error| refusal(&error))? {
        let Some(name) = field.name().map(str::to_owned) else {
            pass_over(field, &allowance).await?;
            continue;
        };
        if collected.is_file(&name) && collected.file.is_none() {
            collected.file = keep(rooms, field, &allowance).await?;
        } else if collected.is_file(&name) || field.file_name().is_some_and(|name| !name.is_empty()) {
            pass_over(field, &allowance).await?;
        } else {
            let value = text(field, &name, collected).await?;
            collected.add(name, value)?;
        }
    }
    Ok(())
}

async fn open(media_type: HeaderValue, body: Body) -> Result<Multipart, Refusal> {
    let mut request = Request::new(body);
    request.headers_mut().insert(header::CONTENT_TYPE, media_type);
    // The body is measured already, by limits that are ours.
    DefaultBodyLimit::disable().apply(&mut request);
    let form = Multipart::from_request(request, &()).await;
    form.map_err(|_| Refusal::Multipart("its boundary is not told"))
}

async fn keep(rooms: &Rooms, field: Field<'_>, allowance: &Allowance) -> Result<Option<Kept>, Refusal> {
    let stated = Stated::new(field.file_name(), field.content_type());
    let is_named = stated.is_named();
    let parts = field.map(|part| {
        let part = part.map_err(|error| refusal(&error))?;
        allowance.give_back(part.len());
        Ok(part)
    });
    let kept = Kept::keep(&*rooms.blobs, parts, rooms.settings.file_bytes_max, stated).await?;
    if kept.bytes == 0 && !is_named {
        // What a browser sends for a file that nobody chose.
        rooms.discard(kept.blob).await;
        return Ok(None);
    }
    Ok(Some(kept))
}

async fn text(mut field: Field<'_>, name: &str, collected: &Collected<'_>) -> Result<String, Refusal> {
    check_charset(field.content_type().unwrap_or_default())?;
    let mut value = Vec::new();
    while let Some(part) = field.chunk().await.map_err(|error| refusal(&error))? {
        if value.len() + part.len() > collected.field_bytes_max() {
            return Err(collected.field_too_large());
        }
        value.extend_from_slice(&part);
    }
    String::from_utf8(value).map_err(|_| Refusal::NotUtf8(name.to_owned()))
}

async fn pass_over(mut field: Field<'_>, allowance: &Allowance) -> Result<(), Refusal> {
    while let Some(part) = field.chunk().await.map_err(|error| refusal(&error))? {
        allowance.give_back(part.len());
    }
    Ok(())
}

/// What stopped the body, where something did; else the form is not one.
fn refusal(error: &MultipartError) -> Refusal {
    let mut causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes
        .find_map(|cause| cause.downcast_ref::<Refusal>())
        .cloned()
        .unwrap_or(Refusal::Multipart("a part or its end is missing"))
}
