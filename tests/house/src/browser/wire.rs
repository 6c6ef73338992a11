//! WebDriver's calls: JSON over HTTP (<https://www.w3.org/TR/webdriver2/>).

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::town::PATIENCE;

/// What a call may take beyond what the browser waits for by itself.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// One window, as the driver knows it.
pub(super) struct Session {
    http: Client,
    address: String,
}

impl Session {
    /// Opens a window of a browser that can do what is wanted, and returns what it tells about itself.
    pub(super) async fn open(driver: &str, wanted: &Value) -> Result<(Self, Value)> {
        let http = Client::builder().no_proxy().timeout(PATIENCE + ANSWER_MAX).build()?;
        let address = format!("{driver}/session");
        let wanted = json!({ "capabilities": { "alwaysMatch": wanted } });
        let mut told = call(&http, Method::POST, &address, Some(&wanted))
            .await
            .context("the browser does not start")?;
        let id = told["sessionId"].as_str().context("a session has an id")?;
        let address = format!("{address}/{id}");
        Ok((Self { http, address }, told["capabilities"].take()))
    }

    pub(super) async fn get(&self, what: &str) -> Result<Value> {
        call(&self.http, Method::GET, &format!("{}/{what}", self.address), None).await
    }

    pub(super) async fn post(&self, what: &str, body: &Value) -> Result<Value> {
        let address = format!("{}/{what}", self.address);
        call(&self.http, Method::POST, &address, Some(body)).await
    }

    pub(super) async fn close(&self) -> Result<()> {
        call(&self.http, Method::DELETE, &self.address, None).await.map(drop)
    }

    /// The bytes at an address.
    pub(super) async fn download(&self, address: &str) -> Result<Vec<u8>> {
        let answer = self.http.get(address).send().await?.error_for_status()?;
        Ok(answer.bytes().await?.to_vec())
    }
}

async fn call(http: &Client, method: Method, address: &str, body: Option<&Value>) -> Result<Value> {
    let mut request = http.request(method, address);
    if let Some(body) = body {
        request = request.json(body);
    }
    let mut answer: Value = request.send().await?.json().await.context("WebDriver speaks JSON")?;
    let value = answer["value"].take();
    if let Some(error) = value["error"].as_str() {
        // The lines behind the first are the driver's version and its stack.
        let message = value["message"].as_str().unwrap_or_default();
        bail!("{error}: {}", message.lines().next().unwrap_or_default());
    }
    Ok(value)
}
