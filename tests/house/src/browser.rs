//! A real browser: headless Chromium, driven by ChromeDriver over WebDriver.
//!
//! The client is here because it is small: the libraries for it bring a second `http` and a Unicode segmenter with them.
//!
//! # Invariants
//! - Each browser has a profile of its own, which is empty at first.
//! - The processes end with their browser, after a panic too.
//!
//! # Not here
//! - What stands on the agent's page: `desk_page`.

mod driver;
mod element;
mod wire;

use std::{env, path::PathBuf};

use anyhow::{Context, Result, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use self::{driver::Driver, wire::Session};
use crate::town::PATIENCE;

pub use element::Element;

/// Set by `cargo xtask browser`, which has made a browser ready: then none is a failure.
const REQUIRED: &str = "ESCALATOR_BROWSER_REQUIRED";
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const DRIVER: &str = "chromedriver";

/// No calls of its own, no sandbox (which a container's root cannot have), no graphics card.
const ARGUMENTS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/// Calls back with the first element of a selector that is shown, holds a text and, if it is a picture, is loaded; or,
/// where none is wanted, as soon as there is none.
const LOOK: &str = r#"
    const [selector, text, wanted, tell] = arguments;
    const shown = (element) => element.checkVisibility() && element.textContent.includes(text)
        && (element.tagName !== "IMG" || element.naturalWidth > 0);
    const observer = new MutationObserver(look);
    function look() {
        const found = [...document.querySelectorAll(selector)].find(shown);
        if (Boolean(found) !== wanted) return;
        observer.disconnect();
        document.removeEventListener("load", look, true);
        tell(found ?? null);
    }
    observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
    document.addEventListener("load", look, true);
    look();
"#;

/// A browser with one window.
pub struct Browser {
    session: Session,
    /// As the driver tells it; some drivers do not.
    chromium: Option<Pid>,
    driver: Driver,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser; `None` where the machine has none and none is required.
    ///
    /// # Errors
    /// It is required and missing, or does not start.
    pub async fn start() -> Result<Option<Self>> {
        let (Some(chromium), Some(driver)) = (BROWSERS.into_iter().find_map(on_path), on_path(DRIVER)) else {
            if env::var_os(REQUIRED).is_some() {
                bail!("{} or {DRIVER} is not on the PATH", BROWSERS.join(", "));
            }
            return Ok(None);
        };
        let profile = tempfile::tempdir()?;
        let driver = Driver::start(&driver).await?;
        let data = format!("--user-data-dir={}", profile.path().display());
        let arguments: Vec<&str> = ARGUMENTS.into_iter().chain([data.as_str()]).collect();
        let options = json!({ "binary": chromium, "args": arguments });
        let millis = PATIENCE.as_millis();
        let wanted = json!({
            "timeouts": { "script": millis, "pageLoad": millis },
            "goog:chromeOptions": options,
        });
        let (session, told) = Session::open(driver.address(), &wanted).await?;
        let chromium = told["goog:processID"].as_i64();
        Ok(Some(Self {
            session,
            chromium: chromium.and_then(|id| Pid::from_raw(id.try_into().ok()?)),
            driver,
            _profile: profile,
        }))
    }

    /// Goes to an address.
    ///
    /// # Errors
    /// The page does not load.
    pub async fn open(&self, address: &str) -> Result<()> {
        self.session.post("url", &json!({ "url": address })).await.map(drop)
    }

    /// Gives the page this many pixels, one for one.
    ///
    /// # Errors
    /// The browser does not take it.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        let command = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": metrics });
        self.session.post("goog/cdp/execute", &command).await.map(drop)
    }

    /// Waits for an element of this selector that is shown and holds this text. A picture counts once it is loaded.
    ///
    /// # Errors
    /// There is none in time.
    pub async fn sees(&self, selector: &str, text: &str) -> Result<Element<'_>> {
        let found = self
            .look(selector, text, true)
            .await
            .with_context(|| format!("the page does not show \"{text}\" in {selector}"))?;
        Element::read(&self.session, &found)
    }

    /// Waits until no element of this selector is shown and holds this text.
    ///
    /// # Errors
    /// One stays.
    pub async fn misses(&self, selector: &str, text: &str) -> Result<()> {
        let gone = self.look(selector, text, false).await;
        gone.with_context(|| format!("the page still shows \"{text}\" in {selector}"))
            .map(drop)
    }

    /// The first element of a selector, shown or not.
    ///
    /// # Errors
    /// There is none.
    pub async fn find(&self, selector: &str) -> Result<Element<'_>> {
        let by = json!({ "using": "css selector", "value": selector });
        Element::read(&self.session, &self.session.post("element", &by).await?)
    }

    /// What a script returns.
    ///
    /// # Errors
    /// It throws.
    pub async fn run(&self, script: &str) -> Result<Value> {
        let call = json!({ "script": script, "args": [] });
        self.session.post("execute/sync", &call).await
    }

    /// The window's content, as PNG.
    ///
    /// # Errors
    /// The browser does not tell.
    pub async fn picture(&self) -> Result<Vec<u8>> {
        let picture = self.session.get("screenshot").await?;
        let picture = picture.as_str().context("a picture is base64")?;
        Ok(BASE64_STANDARD.decode(picture)?)
    }

    /// Closes the browser as its user would.
    ///
    /// # Errors
    /// It does not close.
    pub async fn quit(mut self) -> Result<()> {
        self.session.close().await?;
        self.chromium = None;
        Ok(())
    }

    async fn look(&self, selector: &str, text: &str, wanted: bool) -> Result<Value> {
        let call = json!({ "script": LOOK, "args": [selector, text, wanted] });
        self.session.post("execute/async", &call).await
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its driver, which would close it, is killed next. That it ended before is fine.
        if let Some(chromium) = self.chromium {
            kill_process(chromium, Signal::KILL).ok();
        }
        self.driver.kill();
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}
