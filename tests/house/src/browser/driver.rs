//! ChromeDriver's process.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result};

use crate::town::Heard;

/// A running driver. Killed when dropped.
pub(super) struct Driver {
    child: Child,
    address: String,
}

/// How often a start is tried.
const STARTS_MAX: usize = 4;

impl Driver {
    /// Starts it on a free port. It takes one that is free for IPv6 and ends where that is not free for IPv4, too: then
    /// another start finds another.
    pub(super) async fn start(program: &Path) -> Result<Self> {
        for _ in 1..STARTS_MAX {
            if let Ok(driver) = Self::start_once(program).await {
                return Ok(driver);
            }
        }
        Self::start_once(program).await
    }

    async fn start_once(program: &Path) -> Result<Self> {
        let mut child = Command::new(program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        let told = Heard::on(child.stdout.take().context("the driver has a standard output")?);
        let mut driver = Self {
            child,
            address: String::new(),
        };
        let port = told.find(|lines| lines.iter().find_map(|line| port(line))).await;
        driver.address = format!(
            "http://127.0.0.1:{}",
            port.context("the driver does not say where it listens")?
        );
        Ok(driver)
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn kill(&mut self) {
        // That it ended before is fine.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.kill();
    }
}

/// `ChromeDriver was started successfully on port 43113.`
fn port(line: &str) -> Option<u16> {
    line.split_once("started successfully on port ")?
        .1
        .trim_end_matches('.')
        .parse()
        .ok()
}
