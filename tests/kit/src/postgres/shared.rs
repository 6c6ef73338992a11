use std::{
    env,
    sync::{Mutex, PoisonError},
};

use super::{access::Access, database::Database, error::PostgresError, programs::Programs, server::Server};

/// The variable that names a server to use instead of a private one.
const ELSEWHERE: &str = "DATABASE_URL";

/// The server of this process. It is never dropped: its watcher stops it when the process is no more.
static OURS: Mutex<Option<Server>> = Mutex::new(None);

/// Makes a fresh database: in the server that `DATABASE_URL` names by a `postgres://` address, else in the private one of
/// this process, which the first call starts.
///
/// # Errors
/// [`PostgresError::Missing`] where PostgreSQL is not installed.
pub fn database() -> Result<Database, PostgresError> {
    let elsewhere = env::var(ELSEWHERE).ok().filter(|url| url.starts_with("postgres"));
    match elsewhere {
        Some(url) => Database::create(Access::new(Programs::of_a_client()?, &url)?, None),
        None => ours()?.database(),
    }
}

fn ours() -> Result<Server, PostgresError> {
    // Whoever comes second waits for the start.
    let mut ours = OURS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = &*ours {
        return Ok(server.clone());
    }
    let server = Server::start()?;
    Ok(ours.insert(server).clone())
}
