//! The agent's page of the desk simulator, in the hands of an agent.

use std::path::Path;

use anyhow::Result;

use crate::browser::{Browser, Element};

/// WebDriver's code for the Enter key.
const ENTER: &str = "\u{e007}";

/// The page, in a browser.
pub struct DeskPage {
    browser: Browser,
}

impl DeskPage {
    /// Opens the page.
    ///
    /// # Errors
    /// It does not load.
    pub async fn open(browser: Browser, address: &str) -> Result<Self> {
        browser.open(address).await?;
        Ok(Self { browser })
    }

    /// The browser that it is open in.
    pub fn browser(&self) -> &Browser {
        &self.browser
    }

    /// Waits for a part of the page (`data-testid`) that holds a text.
    ///
    /// # Errors
    /// There is none in time.
    pub async fn sees(&self, part: &str, text: &str) -> Result<Element<'_>> {
        self.browser.sees(&selector(part), text).await
    }

    /// Waits until no such part holds a text.
    ///
    /// # Errors
    /// One stays.
    pub async fn misses(&self, part: &str, text: &str) -> Result<()> {
        self.browser.misses(&selector(part), text).await
    }

    /// Waits for a picture in the transcript, loaded, and the link to its file.
    ///
    /// # Errors
    /// There is none in time.
    pub async fn sees_picture(&self, name: &str) -> Result<Element<'_>> {
        self.browser.sees(&format!("img[alt=\"{name}\"]"), "").await?;
        self.sees("file", name).await
    }

    /// Opens the session that waits.
    ///
    /// # Errors
    /// None waits.
    pub async fn takes_waiting(&self) -> Result<()> {
        let waiting = format!("{} button", selector("waiting"));
        self.browser.sees(&waiting, "").await?.click().await
    }

    /// Writes, without sending.
    ///
    /// # Errors
    /// No session is open.
    pub async fn writes(&self, text: &str) -> Result<()> {
        self.sees("reply-text", "").await?.types(text).await
    }

    /// Sends what was written.
    ///
    /// # Errors
    /// No session is open.
    pub async fn sends(&self) -> Result<()> {
        self.writes(ENTER).await
    }

    /// Sends a file.
    ///
    /// # Errors
    /// There is no such file.
    pub async fn sends_file(&self, file: &Path) -> Result<()> {
        let input = self.browser.find(&selector("file-input")).await?;
        input.takes_file(file).await
    }

    /// Clicks on a part.
    ///
    /// # Errors
    /// It is not there.
    pub async fn clicks(&self, part: &str) -> Result<()> {
        self.sees(part, "").await?.click().await
    }

    /// Makes a choice from a list.
    ///
    /// # Errors
    /// The list is not there.
    pub async fn chooses(&self, list: &str, choice: &str) -> Result<()> {
        self.sees(list, "").await?.types(choice).await
    }

    /// Closes the browser.
    ///
    /// # Errors
    /// It does not close.
    pub async fn close(self) -> Result<()> {
        self.browser.quit().await
    }
}

fn selector(part: &str) -> String {
    format!("[data-testid=\"{part}\"]")
}
