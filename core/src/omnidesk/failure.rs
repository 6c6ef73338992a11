//! Tells from a failed connection whether the desk can have the call.

use std::{error::Error, io};

use super::{
    ErrorKind, OmnideskError,
    client::Call,
    upload::{Progress, Stop},
};

/// A call that broke off. Without a connection the desk cannot have it; with one, nobody knows.
pub(super) fn of_transport(call: &Call, error: reqwest::Error) -> OmnideskError {
    // Scheme, host and port: what is behind them can hold a token.
    let host = error
        .url()
        .map(|url| format!(" to {}", url.origin().ascii_serialization()));
    let error = error.without_url();
    let cause = root_cause(&error);
    if error.is_builder() {
        return call
            .fails(ErrorKind::Rejected, format!("no request can be made of it: {cause}"))
            .because(error);
    }
    if error.is_connect() {
        return call
            .fails(
                ErrorKind::Unreachable,
                format!("no connection{}: {cause}", host.unwrap_or_default()),
            )
            .because(error);
    }
    let what = if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        format!("the connection broke off: {cause}")
    };
    uncertain(call, what).because(error)
}

/// A call with a file that broke off. Before the file's end the form was not closed, and half a form is none.
pub(super) fn of_upload(call: &Call, error: reqwest::Error, progress: &Progress) -> OmnideskError {
    if progress.ended() || error.is_connect() || error.is_builder() {
        return of_transport(call, error);
    }
    let error = error.without_url();
    let detail = format!(
        "the connection broke off before the end of the file: {}",
        root_cause(&error)
    );
    call.fails(ErrorKind::File, detail).because(error)
}

/// A file whose bytes did not move.
pub(super) fn of_stall(call: &Call, progress: &Progress) -> OmnideskError {
    if progress.ended() {
        return uncertain(call, "no answer in time");
    }
    let detail = if progress.waits_for_source() {
        "the file's bytes stopped coming"
    } else {
        "the desk stopped taking the file before its end"
    };
    call.fails(ErrorKind::File, detail)
}

/// A file that could not be read to its end, or must not be.
pub(super) fn of_file(call: &Call, stop: Stop) -> OmnideskError {
    match stop {
        Stop::TooBig { bytes_max } => {
            let detail = format!("the file is larger than {bytes_max} bytes");
            call.fails(ErrorKind::Rejected, detail)
        }
        // The reader's own words can hold an address with a token in it: its kind has to do.
        // What is not there to be read will not be there later, and what is too large will not shrink.
        Stop::Unreadable(
            kind @ (io::ErrorKind::FileTooLarge
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::NotFound
            | io::ErrorKind::PermissionDenied),
        ) => call.fails(ErrorKind::Rejected, format!("the file cannot be read: {kind}")),
        Stop::Unreadable(kind) => call.fails(ErrorKind::File, format!("the file could not be read: {kind}")),
        Stop::WrongLength => call.fails(ErrorKind::File, "the file is not as long as it was said to be"),
    }
}

pub(super) fn uncertain(call: &Call, detail: impl Into<String>) -> OmnideskError {
    call.fails(ErrorKind::Uncertain, detail)
}

/// The innermost cause: what the system or TLS said. The layers above it only repeat that a request failed.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::omnidesk::encoding::Fields;

    #[test]
    fn a_file_that_will_be_the_same_the_next_time_is_rejected_and_any_other_is_tried_again() {
        let call = Call::new("messages", "/messages", Fields::default());
        for (kind, told_as) in [
            (io::ErrorKind::FileTooLarge, ErrorKind::Rejected),
            (io::ErrorKind::IsADirectory, ErrorKind::Rejected),
            (io::ErrorKind::NotFound, ErrorKind::Rejected),
            (io::ErrorKind::PermissionDenied, ErrorKind::Rejected),
            (io::ErrorKind::Other, ErrorKind::File),
            (io::ErrorKind::ConnectionReset, ErrorKind::File),
        ] {
            assert_eq!(of_file(&call, Stop::Unreadable(kind)).kind(), told_as, "{kind}");
        }
    }
}
