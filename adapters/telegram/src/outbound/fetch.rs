use std::io;

use bytes::Bytes;
use escalator::{
    delivery::{OpenedFile, Outcome, Scope},
    model::FileRef,
};
use futures::{Stream, StreamExt, stream};
use reqwest::StatusCode;
use teloxide::{
    ApiError, RequestError,
    requests::Request,
    types::{File, FileId},
};

use crate::{channel::TelegramBot, error::Failure};

/// Opens a file of Telegram's. The first piece is waited for, so that a refusal is an outcome and no broken stream.
///
/// The address of a file holds the bot's token: it never leaves this room.
pub(crate) async fn fetch<R: TelegramBot>(bot: &R, bytes_max: u64, file: &FileRef) -> Result<OpenedFile, Outcome> {
    let found = bot.get_file(FileId(file.as_str().to_owned())).send().await;
    let found = found.map_err(|failed| refused(&failed, bytes_max))?;
    let bytes = stated_size(&found);
    if bytes.is_some_and(|bytes| bytes > bytes_max) {
        return Err(too_big(bytes_max));
    }
    let mut pieces = Box::pin(bot.download_file_stream(&found.path));
    let first = match pieces.next().await {
        Some(Err(failed)) => return Err(not_opened(&failed, &found.path)),
        first => first,
    };
    let all = stream::iter(first).chain(pieces);
    Ok(OpenedFile {
        bytes,
        stream: capped(all, bytes_max).boxed(),
    })
}

/// teloxide writes the largest number where Telegram tells no size.
fn stated_size(file: &File) -> Option<u64> {
    (file.size != u32::MAX).then_some(u64::from(file.size))
}

/// Passes the pieces on, up to the limit, without the errors' own texts: they show the address.
fn capped<E: Send>(
    pieces: impl Stream<Item = Result<Bytes, E>> + Send,
    bytes_max: u64,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let mut left = bytes_max;
    pieces.map(move |piece| {
        let piece = piece.map_err(|_| io::Error::other("the download from Telegram broke off"))?;
        let size = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        left = left
            .checked_sub(size)
            .ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "the file is larger than allowed"))?;
        Ok(piece)
    })
}

/// The lane that waits for the file is the desk's: what goes wrong here must not close the desk's door, so nothing here
/// speaks for more than the lane.
fn in_lane(failure: Failure) -> Outcome {
    match super::outcome(failure, Scope::Lane) {
        // Fetching again harms nobody: it has not happened until the desk has the file.
        Outcome::NotSent {
            detail, retry_after, ..
        } => Outcome::NotSent {
            detail,
            retry_after,
            scope: Scope::Lane,
        },
        Outcome::Unknown { detail, .. } => Outcome::not_sent(detail),
        Outcome::Refused { detail, .. } => Outcome::Refused {
            detail,
            scope: Scope::Lane,
        },
        Outcome::Delivered(_) => Outcome::not_sent("Telegram's answer cannot be read"),
        rejected @ Outcome::Rejected { .. } => rejected,
    }
}

fn refused(failed: &RequestError, bytes_max: u64) -> Outcome {
    match failed {
        RequestError::Api(ApiError::Unknown(said)) if said.contains("file is too big") => too_big(bytes_max),
        // Said of a wrong id as well, which ours are not: Telegram gave them.
        RequestError::Api(ApiError::Unknown(said)) if said.contains("temporarily unavailable") => {
            Outcome::not_sent("Telegram says that the file is temporarily unavailable")
        }
        failed => in_lane(Failure::of(failed)),
    }
}

fn not_opened(failed: &(dyn std::error::Error + 'static), path: &str) -> Outcome {
    let status = failed.downcast_ref::<reqwest::Error>().and_then(reqwest::Error::status);
    let Some(status) = status else {
        return in_lane(Failure::of_network(failed));
    };
    let answer = format!("Telegram answers {} for the file", status.as_u16());
    let is_for_now = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
    if is_for_now || !status.is_client_error() {
        return Outcome::not_sent(answer);
    }
    // The address was asked for a moment ago, so it is not one that has run out.
    Outcome::rejected(if is_local(path) {
        format!("{answer}: the Bot API server runs in its local mode, in which it hands out no files")
    } else {
        answer
    })
}

/// A Bot API server in `--local` mode tells where the file lies on its own disk, in place of an address.
fn is_local(path: &str) -> bool {
    path.starts_with('/') || path.contains(":\\")
}

fn too_big(bytes_max: u64) -> Outcome {
    Outcome::rejected(format!(
        "the file is larger than the {} MB that can be fetched from Telegram",
        bytes_max >> 20
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_on_the_servers_own_disk_is_told_from_an_address() {
        for path in [
            "/var/lib/telegram-bot-api/1:a/photos/file_0.jpg",
            "C:\\bots\\1\\file_0.jpg",
        ] {
            assert!(is_local(path), "{path}");
        }
        assert!(!is_local("photos/file_0.jpg"));
    }
}
