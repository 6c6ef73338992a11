use std::io;

use bytes::Bytes;
use escalator::{
    delivery::{OpenedFile, Outcome},
    model::FileRef,
};
use futures::{Stream, StreamExt};
use serenity::model::id::{AttachmentId, ChannelId, MessageId};

use crate::{
    error::Failure,
    inbound::{self, Source},
    post::Post,
};

/// Opens a file of Discord's. Its address expires within a day, so the message is asked for it each time.
pub(crate) async fn fetch(post: &Post, file: &FileRef) -> Result<OpenedFile, Outcome> {
    let bytes_max = post.settings.fetch_bytes_max;
    let (address, size) = match inbound::file_source(file) {
        Some(Source::Attachment {
            channel,
            message,
            attachment,
        }) => attached(post, channel, message, attachment).await?,
        Some(Source::Sticker { sticker, drawn }) => (post.rest.sticker(sticker, drawn), None),
        None => return Err(Outcome::rejected("the file's handle is none of Discord's")),
    };
    if size.is_some_and(|size| size > bytes_max) {
        return Err(too_big(bytes_max));
    }
    let answer = post.rest.open(&address).await.map_err(Failure::outcome_of_fetch)?;
    let bytes = answer.content_length().or(size);
    if bytes.is_some_and(|bytes| bytes > bytes_max) {
        return Err(too_big(bytes_max));
    }
    Ok(OpenedFile {
        bytes,
        stream: capped(answer.bytes_stream(), bytes_max).boxed(),
    })
}

/// The address at which a file of a message is right now, and its size in bytes. That of a forwarded message stands in the
/// one that forwards it.
async fn attached(
    post: &Post,
    channel: ChannelId,
    message: MessageId,
    attachment: AttachmentId,
) -> Result<(String, Option<u64>), Outcome> {
    let message = post.rest.message(channel, message).await;
    let message = message.map_err(Failure::outcome_of_fetch)?;
    let forwarded = message.message_snapshots.iter().flat_map(|of| &of.attachments);
    let mut files = message.attachments.iter().chain(forwarded);
    match files.find(|file| file.id == attachment) {
        Some(file) => Ok((file.url.clone(), Some(u64::from(file.size)))),
        None => Err(Outcome::rejected("the customer has taken the file back")),
    }
}

/// Passes the pieces on, up to the limit, without the errors' own texts: they show the address.
fn capped<E: Send>(
    pieces: impl Stream<Item = Result<Bytes, E>> + Send,
    bytes_max: u64,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let mut left = bytes_max;
    pieces.map(move |piece| {
        let piece = piece.map_err(|_| io::Error::other("the download from Discord broke off"))?;
        let size = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        left = left
            .checked_sub(size)
            .ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "the file is larger than allowed"))?;
        Ok(piece)
    })
}

fn too_big(bytes_max: u64) -> Outcome {
    Outcome::rejected(format!(
        "the file is larger than the {} MB that can be fetched from Discord",
        bytes_max >> 20
    ))
}
