//! A program in a process of its own, with a folder of its own.

use std::{
    path::Path,
    process::{ExitStatus, Stdio},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::SOON;

pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    output: Option<BufReader<ChildStdout>>,
    /// Where it works, and where its temporary files go.
    folder: TempDir,
}

impl Program {
    /// Starts a program with these variables and no others.
    pub(crate) fn start(path: &str, variables: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a folder can be made");
        let mut child = Command::new(path)
            .env_clear()
            .envs(["TMPDIR", "TEMP"].map(|name| (name, folder.path())))
            .envs(std::env::var_os("SYSTEMROOT").map(|root| ("SYSTEMROOT", root)))
            .envs(variables.iter().copied())
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        Self {
            input: child.stdin.take(),
            output: child.stdout.take().map(BufReader::new),
            child,
            folder,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    #[cfg(unix)]
    pub(crate) fn pid(&self) -> rustix::process::Pid {
        let id = self.child.id().expect("it runs");
        let id = i32::try_from(id).expect("a process id is small");
        rustix::process::Pid::from_raw(id).expect("it is not 0")
    }

    /// Types a line.
    pub(crate) async fn types(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input is open");
        input.write_all(format!("{line}\n").as_bytes()).await.expect("it reads");
    }

    /// The next line that it shows.
    pub(crate) async fn shows(&mut self) -> String {
        let output = self.output.as_mut().expect("its output is read");
        line_of(output).await
    }

    /// Waits until a line on standard error holds a text.
    pub(crate) async fn tells(&mut self, text: &str) {
        let mut told = BufReader::new(self.child.stderr.as_mut().expect("it is read"));
        while !line_of(&mut told).await.contains(text) {}
    }

    /// Reads its output no more.
    pub(crate) fn is_read_no_more(&mut self) {
        self.output = None;
    }

    /// Closes its input, as Ctrl-D does.
    pub(crate) fn is_left(&mut self) {
        self.input = None;
    }

    /// Waits for its end. Returns what it told on standard error and was not read.
    pub(crate) async fn ends(&mut self) -> (ExitStatus, String) {
        let mut told = String::new();
        let ended = async {
            if let Some(mut errors) = self.child.stderr.take() {
                errors.read_to_string(&mut told).await.expect("it is text");
            }
            self.child.wait().await.expect("it is ours")
        };
        let status = timeout(SOON, ended).await.expect("it ends in time");
        (status, told)
    }
}

async fn line_of(from: &mut BufReader<impl AsyncRead + Unpin>) -> String {
    let mut line = String::new();
    let read = timeout(SOON, from.read_line(&mut line))
        .await
        .expect("it comes in time");
    assert_ne!(read.expect("it is text"), 0, "it ended");
    line.trim_end().to_owned()
}
