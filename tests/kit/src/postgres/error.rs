use std::io;

/// Why there is no PostgreSQL, or why it did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// The programs are not installed.
    #[error(
        "PostgreSQL is missing; as root, on Debian, run: apt-get update && apt-get install -y \
         --no-install-recommends postgresql (or set DATABASE_URL to a server that runs)"
    )]
    Missing,
    /// `DATABASE_URL` is not an address.
    #[error("DATABASE_URL is not an address: it reads like postgres://user:password@host:5432/postgres")]
    Address,
    /// A program was not started, or a file not read or written.
    #[error("{what}: {source}")]
    System {
        /// What was being done.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A program failed.
    #[error("{program} failed: {said}")]
    Failed {
        /// The program's name.
        program: &'static str,
        /// The last lines that it said.
        said: String,
    },
    /// A server did not get ready, or did not stop, in time.
    #[error("PostgreSQL {what} in {secs_max} seconds; it says: {said}")]
    Late {
        /// What did not happen.
        what: &'static str,
        /// How long was waited.
        secs_max: u64,
        /// The last lines of its log.
        said: String,
    },
}

impl PostgresError {
    pub(super) fn system(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}
