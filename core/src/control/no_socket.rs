//! Where there are no Unix sockets.

use std::{
    io,
    path::{Path, PathBuf},
};

use axum::Router;
use tokio_util::sync::CancellationToken;

/// A socket that there is not.
#[derive(Debug)]
pub struct Socket(std::convert::Infallible);

impl Socket {
    /// Where the socket of a database lies.
    pub fn beside(database: &Path) -> PathBuf {
        database.with_added_extension("sock")
    }

    /// Refuses.
    ///
    /// # Errors
    /// Always.
    pub fn bind(_: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Never comes to be called.
    pub async fn serve(self, _: Router, _: CancellationToken) {
        match self.0 {}
    }
}
