//! What can be done with an element of a page.

use std::path::Path;

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::wire::Session;

/// The key under which an element's id stands: a constant of WebDriver.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// An element of the page.
pub struct Element<'b> {
    session: &'b Session,
    id: String,
}

impl<'b> Element<'b> {
    pub(super) fn read(session: &'b Session, told: &Value) -> Result<Self> {
        let id = told[ELEMENT].as_str().context("an element has an id")?.to_owned();
        Ok(Self { session, id })
    }

    /// Clicks on its middle.
    ///
    /// # Errors
    /// It is not there, or something lies above it.
    pub async fn click(&self) -> Result<()> {
        self.post("click", &json!({})).await
    }

    /// Types into it. In a list of choices, that chooses.
    ///
    /// # Errors
    /// It takes no text.
    pub async fn types(&self, text: &str) -> Result<()> {
        self.post("value", &json!({ "text": text })).await
    }

    /// Gives it a file, as its dialog would.
    ///
    /// # Errors
    /// It takes no file, or there is none.
    pub async fn takes_file(&self, file: &Path) -> Result<()> {
        let file = file
            .canonicalize()
            .with_context(|| format!("{} is there", file.display()))?;
        self.types(file.to_str().context("the path is UTF-8")?).await
    }

    /// The bytes that its link leads to.
    ///
    /// # Errors
    /// It has no link, or the link leads nowhere.
    pub async fn download(&self) -> Result<Vec<u8>> {
        let link = self.session.get(&format!("element/{}/property/href", self.id)).await?;
        self.session.download(link.as_str().context("it is no link")?).await
    }

    /// What it shows, as PNG.
    ///
    /// # Errors
    /// It is not there.
    pub async fn picture(&self) -> Result<Vec<u8>> {
        let picture = self.session.get(&format!("element/{}/screenshot", self.id)).await?;
        let picture = picture.as_str().context("a picture is base64")?;
        Ok(BASE64_STANDARD.decode(picture)?)
    }

    async fn post(&self, what: &str, body: &Value) -> Result<()> {
        self.session
            .post(&format!("element/{}/{what}", self.id), body)
            .await
            .map(drop)
    }
}
