use std::{fmt, io};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use super::Outcome;

/// The bytes of a file, piece by piece. An error ends it. On the way to the desk one of the kinds
/// [`FileTooLarge`](io::ErrorKind::FileTooLarge), [`NotFound`](io::ErrorKind::NotFound),
/// [`PermissionDenied`](io::ErrorKind::PermissionDenied) and [`IsADirectory`](io::ErrorKind::IsADirectory) is final; after
/// any other the delivery is made again.
pub type ByteStream = BoxStream<'static, io::Result<Bytes>>;

/// A file that is being read.
pub struct OpenedFile {
    /// Its size in bytes, where it is known.
    pub bytes: Option<u64>,
    /// Its bytes, from the start.
    pub stream: ByteStream,
}

impl fmt::Debug for OpenedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedFile")
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// Opens the bytes of the file that is being delivered, as often as an attempt needs them.
#[async_trait]
pub trait OpenFile: Send + Sync {
    /// Opens the bytes from the start. Called once or more an attempt.
    ///
    /// # Errors
    /// The outcome of the attempt, where the bytes cannot be had: hand it on as your own.
    async fn open(&self) -> Result<OpenedFile, Outcome>;
}
