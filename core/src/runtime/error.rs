use crate::{
    hookpoint::{HookpointUrlError, SecretError},
    store::StoreError,
};

/// Why the house did not start. Each says what was wrong and what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The ledger could not be opened.
    #[error("the database {database}: {source}")]
    Store {
        /// Which database, as it was named.
        database: String,
        /// Why.
        source: StoreError,
    },
    /// The name of the database is not of a kind that we know. Only what stands up to its first colon is kept: behind it
    /// there can be a password.
    #[error(
        "the database `{0}…` cannot be read: write `sqlite:` and the path of a file, as in `sqlite:escalator.db`, or `postgres://user:password@host/name`"
    )]
    UnknownDatabase(String),
    /// The hookpoint's address breaks a rule.
    #[error(transparent)]
    HookpointUrl(#[from] HookpointUrlError),
    /// The hookpoint's secret breaks a rule.
    #[error(transparent)]
    HookpointSecret(#[from] SecretError),
    /// The hookpoint could not listen.
    #[error("the hookpoint cannot listen on {address}: {source}")]
    Listen {
        /// Where it should.
        address: std::net::SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The control socket could not be made.
    #[error("the control socket cannot be made at {path}: {source}")]
    Control {
        /// Where it should.
        path: std::path::PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The hookpoint is neither served nor given an address.
    #[error("the desk cannot reach us: name the hookpoint's public address, or let it be served")]
    NoHookpoint,
    /// The desk refuses us.
    #[error("the desk refuses us: {0}")]
    DeskRefused(String),
    /// A channel was connected twice under one name.
    #[error("two channels are called `{0}`: each needs a name of its own")]
    TwoChannels(crate::model::ChannelId),
}
