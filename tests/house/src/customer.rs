//! The demo's customer: the demo runs in a process of its own, and its terminal is a pair of pipes.

use std::{
    collections::HashSet,
    io::Write,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::town::{Heard, PATIENCE};

/// A customer at the demo's terminal. The demo is killed when it is dropped.
pub struct Customer {
    demo: Child,
    screen: Arc<Heard>,
    asides: Arc<Heard>,
    /// The lines that were waited for, by their number.
    read: HashSet<usize>,
    /// Where the demo writes, so that nothing of it stays when it is killed.
    _folder: TempDir,
}

impl Customer {
    /// Starts the demo with nothing set.
    ///
    /// # Errors
    /// It does not start.
    pub fn sits_down(program: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut demo = Command::new(program)
            .env_clear()
            .env("TMPDIR", folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        let screen = Heard::on(demo.stdout.take().context("the demo has a standard output")?);
        let asides = Heard::on(demo.stderr.take().context("the demo has a standard error")?);
        Ok(Self {
            demo,
            screen,
            asides,
            read: HashSet::new(),
            _folder: folder,
        })
    }

    /// The address of the agent's page, which the demo prints.
    ///
    /// # Errors
    /// It prints none.
    pub async fn agent_page(&self) -> Result<String> {
        let address = |line: &String| Some(line.split_once("in a browser: ")?.1.to_owned());
        let page = self.asides.find(|lines| lines.iter().find_map(address)).await;
        page.context("the demo does not say where the agent's page is")
    }

    /// Types a line.
    ///
    /// # Errors
    /// The demo does not read.
    pub fn types(&mut self, line: &str) -> Result<()> {
        let input = self.demo.stdin.as_mut().context("the terminal is open")?;
        writeln!(input, "{line}")?;
        Ok(input.flush()?)
    }

    /// Waits for a line that holds a text, and that was not waited for before.
    ///
    /// # Errors
    /// It does not come in time.
    pub async fn reads(&mut self, text: &str) -> Result<String> {
        let read = &self.read;
        let new = |lines: &[String]| {
            let mut lines = lines.iter().enumerate().filter(|(at, _)| !read.contains(at));
            lines
                .find(|(_, line)| line.contains(text))
                .map(|(at, line)| (at, line.clone()))
        };
        let (at, line) = self
            .screen
            .find(new)
            .await
            .with_context(|| format!("\"{text}\" does not show in the terminal"))?;
        self.read.insert(at);
        Ok(line)
    }

    /// All that the terminal showed.
    pub fn screen(&self) -> Vec<String> {
        self.screen.lines()
    }

    /// Closes the input, as Ctrl-D does, and waits for the demo's end. Returns what it logged too.
    ///
    /// # Errors
    /// It does not end.
    pub async fn leaves(mut self) -> Result<(ExitStatus, Vec<String>)> {
        drop(self.demo.stdin.take());
        let over = async {
            self.screen.over().await;
            self.asides.over().await;
        };
        tokio::time::timeout(PATIENCE, over)
            .await
            .context("the demo does not end")?;
        // Its outputs are closed, so its end is a matter of moments.
        Ok((self.demo.wait()?, self.asides.lines()))
    }
}

impl Drop for Customer {
    fn drop(&mut self) {
        // That it ended before is fine.
        self.demo.kill().ok();
        self.demo.wait().ok();
    }
}
