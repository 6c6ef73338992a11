use std::{
    env, fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use super::{error::PostgresError, user::User};

/// The most lines of a log that an error shows.
const SAID_LINES_MAX: usize = 8;

/// A server's temporary folder: its data, its log, its socket. Removed by the watcher, and once more when it is dropped.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn make(user: User) -> Result<Self, PostgresError> {
        // Short: a socket's path has a limit of about a hundred bytes.
        let name = Uuid::new_v4().simple().to_string();
        let path = env::temp_dir().join(format!("escalator-postgres-{}", &name[..12]));
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(PostgresError::system("a temporary folder could not be made"))?;
        let folder = Self(path);
        user.own(&folder.0)?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    /// Where the watcher finds who is paused.
    pub(super) fn stopped(&self) -> PathBuf {
        self.0.join("stopped")
    }

    /// Whether the server with this process id takes connections.
    pub(super) fn says_ready(&self, pid: u32) -> bool {
        // What `pg_ctl` waits for: the first line is the server's process id, the eighth its state.
        let said = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let mut lines = said.lines().map(str::trim);
        lines.next() == Some(pid.to_string().as_str()) && lines.nth(6) == Some("ready")
    }

    /// The last lines of the log.
    pub(super) fn said(&self) -> String {
        last_lines(&fs::read(self.log()).unwrap_or_default())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let removed = fs::remove_dir_all(&self.0);
        if let Err(error) = removed.or_else(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        }) {
            tracing::warn!(%error, "a PostgreSQL's temporary folder stays behind");
        }
    }
}

/// The last lines that a program said.
pub(super) fn last_lines(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let lines: Vec<&str> = said.trim().lines().collect();
    lines[lines.len().saturating_sub(SAID_LINES_MAX)..].join("\n")
}
