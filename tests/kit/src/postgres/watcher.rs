use std::{
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

use super::{error::PostgresError, folder::Folder, programs::Programs, user::User};

/// Waits for the end of its standard input, which comes when the test's process is no more, however it ended; then lets
/// go on what is paused, stops the server and removes the folder.
const SCRIPT: &str = r#"
read -r _ || true
if [ -f "$1/stopped" ]; then kill -CONT $(cat "$1/stopped"); fi
if [ -f "$1/data/postmaster.pid" ]; then "$2" -D "$1/data" -m immediate -w stop; fi
rm -rf -- "$1"
"#;

/// A process beside the test that cleans up behind it.
pub(super) struct Watcher(Child);

impl Watcher {
    pub(super) fn start(folder: &Folder, programs: &Programs, user: User) -> Result<Self, PostgresError> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "watcher"]);
        command.arg(folder.path()).arg(programs.path("pg_ctl"));
        command.current_dir("/").stdin(Stdio::piped());
        // Whoever reads the test's output must not wait for us.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        // A Ctrl-C is for the test.
        command.process_group(0);
        let child = user.run(&mut command).spawn();
        child
            .map(Self)
            .map_err(PostgresError::system("sh could not be started"))
    }

    /// Has it clean up now.
    pub(super) fn finish(&mut self) {
        drop(self.0.stdin.take());
        if let Err(error) = self.0.wait() {
            tracing::warn!(%error, "a PostgreSQL's watcher is lost");
        }
    }
}
