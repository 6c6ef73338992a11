//! Sending files.

use std::sync::Arc;

use serde_json::Value;

use super::{Ask, markup, send};
use crate::telegram::{
    file::{FileKind, NewFile, StoredFile},
    formatted,
    message::Message,
    params::{Params, Upload},
    picture,
    refusal::Refusal,
    web,
    world::World,
};

/// The largest photo, in bytes: "10 MB max size for photos", <https://core.telegram.org/bots/api#sending-files>.
const PHOTO_BYTES_MAX: usize = 10 << 20;

pub(crate) fn send(world: &mut World, ask: &Ask<'_>, kind: FileKind) -> Result<Value, Refusal> {
    let caption = formatted::caption(ask.params)?;
    let markup = markup::read(ask.params)?;
    let chat = world.open_chat(ask.chat_name().as_deref())?;
    markup::check_place(markup.as_ref(), chat.kind)?;
    let chat_id = chat.id;
    let file = resolve(world, ask.params, ask.params, kind.field(), kind)?;
    let message = Message {
        file: Some(file),
        ..Message::default()
    };
    let message = message.with_caption(caption).with_markup(markup);
    send::post(world, ask, chat_id, message)
}

/// The file that a field names: an upload, an attached one, or one that is stored already.
/// `uploads` are those of the call; `params` may be one item of its album.
pub(crate) fn resolve(
    world: &mut World,
    uploads: &Params,
    params: &Params,
    field: &str,
    kind: FileKind,
) -> Result<Arc<StoredFile>, Refusal> {
    let value = params.text(field).unwrap_or_default();
    let attached = value.strip_prefix("attach://").unwrap_or(field);
    if value.is_empty() || value.starts_with("attach://") {
        let missing = || {
            let noun = field.replace('_', " ");
            Refusal::bad_request(format!("there is no {noun} in the request"))
        };
        let upload = uploads.upload(attached).ok_or_else(missing)?;
        return store(world, upload, kind);
    }
    if value.starts_with("http://") || value.starts_with("https://") {
        // The real server would fetch it; this one reaches nothing but what a test put there.
        let page = world.web.get(&value).ok_or_else(web::unreachable_page)?;
        let file = page.fetched(kind, &value)?;
        if let Some(refusal) = picture::refusal(&file.bytes).filter(|_| kind == FileKind::Photo) {
            return Err(Refusal::bad_request(refusal));
        }
        return Ok(world.files.add(file));
    }
    let file = world.files.by_id(&value).cloned();
    let file = file.ok_or_else(|| Refusal::bad_request("wrong file identifier/HTTP URL specified"))?;
    if file.kind.field() != kind.field() {
        return Err(Refusal::bad_request(format!(
            "can't use file of type {} as {}",
            file.kind.title(),
            kind.title()
        )));
    }
    Ok(file)
}

fn store(world: &mut World, upload: &Upload, kind: FileKind) -> Result<Arc<StoredFile>, Refusal> {
    let size = upload.bytes.len();
    if size == 0 {
        return Err(Refusal::bad_request("file must be non-empty"));
    }
    if kind == FileKind::Photo && size > PHOTO_BYTES_MAX {
        return Err(Refusal::bad_request(format!(
            "file of size {size} bytes is too big for a photo; the maximum size is \
             {PHOTO_BYTES_MAX} bytes"
        )));
    }
    if let Some(refusal) = picture::refusal(&upload.bytes).filter(|_| kind == FileKind::Photo) {
        return Err(Refusal::bad_request(refusal));
    }
    Ok(world.files.add(NewFile {
        kind,
        name: upload.name.clone(),
        mime: upload.mime.clone(),
        bytes: upload.bytes.clone(),
        size: None,
        emoji: None,
    }))
}
