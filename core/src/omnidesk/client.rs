use std::time::{Duration, Instant, SystemTime};

use reqwest::{
    Method, RequestBuilder, Response, Url,
    header::{HeaderMap, HeaderValue, LOCATION, RETRY_AFTER},
    redirect::Policy,
};
use tokio::time::timeout;

use super::{
    ErrorKind, FileName, OmnideskConfig, OmnideskError, ValueError,
    answer::{self, Answer, Question, Reply},
    encoding::Fields,
    failure,
    upload::{File, Progress},
};
use crate::delivery::Scope;

/// How much of an answer is read, in bytes. What lies behind it is not waited for.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The same for the chat configuration, which can carry pictures of the team.
const CONFIG_BYTES_MAX: usize = 1024 * 1024;
/// How long a connection waits for its next call. Below the five seconds after which common servers close theirs, since
/// a call that meets a closing connection has an unknown outcome.
const POOL_IDLE_MAX: Duration = Duration::from_secs(4);

/// The one path that every call takes: address, header, encoding, time-outs, reading of the answer, one line in the log.
pub(super) struct Client {
    http: reqwest::Client,
    config: OmnideskConfig,
}

/// A call to the desk.
pub(super) struct Call {
    pub(super) endpoint: &'static str,
    pub(super) host: Host,
    pub(super) path: &'static str,
    pub(super) fields: Fields,
    /// Of the file that goes along. Private too: an answer can repeat it.
    pub(super) file_name: Option<String>,
}

/// Which of the two hosts is called, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// The account, to do something.
    Account,
    /// The account, to ask for something.
    AccountAsked,
    /// The shared chat host, which is only asked. When it is away or refuses, the account may still be there.
    Chat,
}

impl Host {
    const fn asked_only(self) -> bool {
        matches!(self, Self::AccountAsked | Self::Chat)
    }

    const fn scope(self) -> Scope {
        match self {
            Self::Account | Self::AccountAsked => Scope::Door,
            Self::Chat => Scope::Lane,
        }
    }

    const fn answer_bytes_max(self) -> usize {
        match self {
            Self::Account => ANSWER_BYTES_MAX,
            Self::AccountAsked | Self::Chat => CONFIG_BYTES_MAX,
        }
    }
}

impl Call {
    /// A call that does something at the account.
    pub(super) const fn new(endpoint: &'static str, path: &'static str, fields: Fields) -> Self {
        Self {
            endpoint,
            host: Host::Account,
            path,
            fields,
            file_name: None,
        }
    }

    /// The same call with a file of this name.
    pub(super) fn with_file(mut self, name: &FileName) -> Self {
        self.file_name = Some(name.as_str().to_owned()).filter(|name| name != FileName::UNNAMED);
        self
    }

    /// The same call to another host, or to ask alone.
    pub(super) const fn to(mut self, host: Host) -> Self {
        self.host = host;
        self
    }

    /// A failure of this call, without an answer to it.
    pub(super) fn fails(&self, kind: ErrorKind, detail: impl Into<String>) -> OmnideskError {
        OmnideskError::new(kind, self.endpoint, detail)
            .speaks_for(self.host.scope())
            .asked_only(self.host.asked_only())
    }
}

impl Client {
    pub(super) fn new(config: OmnideskConfig) -> Result<Self, ValueError> {
        config.check()?;
        let mut builder = reqwest::Client::builder()
            .connect_timeout(config.connect_max)
            .pool_idle_timeout(POOL_IDLE_MAX)
            .redirect(Policy::none())
            .user_agent(concat!("escalator/", env!("CARGO_PKG_VERSION")));
        if config.account.is_local() {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|_| {
            let problem = "cannot be reached over TLS as this system is set up";
            ValueError::new("account", problem, "working TLS and proxy settings of the system")
        })?;
        Ok(Self { http, config })
    }

    pub(super) const fn config(&self) -> &OmnideskConfig {
        &self.config
    }

    /// Makes a call of fields alone, within the time for a request.
    pub(super) async fn call(&self, call: &Call) -> Result<Reply, OmnideskError> {
        let started = Instant::now();
        let result = self.exchange(call).await;
        log(call, started, &result);
        result
    }

    /// Makes a call with a file, for as long as its bytes move.
    pub(super) async fn upload(&self, call: &Call, file: File) -> Result<Reply, OmnideskError> {
        let started = Instant::now();
        let result = self.exchange_file(call, file).await;
        log(call, started, &result);
        result
    }

    async fn exchange(&self, call: &Call) -> Result<Reply, OmnideskError> {
        let request = match call.host {
            Host::Chat => self.request(Method::GET, call).query(&call.fields.pairs()),
            Host::Account | Host::AccountAsked => {
                let request = self.request(Method::POST, call);
                call.fields.write(request, self.config.encoding)
            }
        };
        let fail = |error| failure::of_transport(call, error);
        let response = request.timeout(self.config.request_max).send().await.map_err(fail)?;
        let answer = read_body(response, call.host.answer_bytes_max()).await.map_err(fail)?;
        self.judge(call, &answer)
    }

    async fn exchange_file(&self, call: &Call, file: File) -> Result<Reply, OmnideskError> {
        let progress = Progress::start();
        let part = file.part(&progress, self.config.file_bytes_max);
        let request = self
            .request(Method::POST, call)
            .multipart(call.fields.form().part("file", part));
        let idle_max = self.config.idle_max;
        let sent = tokio::select! {
            () = progress.stalled(idle_max) => return Err(failure::of_stall(call, &progress)),
            sent = request.send() => sent,
        };
        // Before any answer: a desk that answers while the file breaks off has not got the file.
        if let Some(stop) = progress.stop() {
            return Err(failure::of_file(call, stop));
        }
        let response = sent.map_err(|error| failure::of_upload(call, error, &progress))?;
        let read = timeout(idle_max, read_body(response, ANSWER_BYTES_MAX)).await;
        let answer = read
            .map_err(|_| failure::uncertain(call, "no end of the answer in time"))?
            .map_err(|error| failure::of_transport(call, error))?;
        self.judge(call, &answer)
    }

    fn request(&self, method: Method, call: &Call) -> RequestBuilder {
        let (address, api_key) = match call.host {
            Host::Chat => (self.config.chat_url.as_str(), None),
            Host::Account | Host::AccountAsked => (self.config.account.as_str(), self.config.api_key.as_ref()),
        };
        let mut headers = HeaderMap::new();
        if let Some(key) = api_key {
            let mut value = HeaderValue::from_str(key.expose()).expect("a key is visible ASCII, by its constructor");
            value.set_sensitive(true);
            headers.insert("apiKey", value);
        }
        self.http
            .request(method, format!("{address}{}", call.path))
            .headers(headers)
    }

    fn judge(&self, call: &Call, answer: &Answer) -> Result<Reply, OmnideskError> {
        let secrets = [
            Some(self.config.account_token.expose()),
            self.config.server_token.as_ref().map(super::ServerToken::expose),
            self.config.api_key.as_ref().map(super::ApiKey::expose),
        ];
        let question = Question {
            endpoint: call.endpoint,
            asked_only: call.host.asked_only(),
            scope: call.host.scope(),
            privates: secrets
                .into_iter()
                .flatten()
                .chain(call.fields.privates())
                .chain(call.file_name.as_deref())
                .collect(),
        };
        answer::read(answer, &question)
    }
}

async fn read_body(mut response: Response, bytes_max: usize) -> Result<Answer, reqwest::Error> {
    let headers = response.headers();
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let retry_after = text(RETRY_AFTER).and_then(|value| answer::retry_after(value, SystemTime::now()));
    let leads_to = text(LOCATION).and_then(|value| origin(response.url(), value));
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while body.len() < bytes_max {
        match response.chunk().await {
            Ok(Some(piece)) => body.extend_from_slice(&piece[..piece.len().min(bytes_max - body.len())]),
            Ok(None) => break,
            // The status already says all that matters, but for a good one: an error could stand in the rest.
            Err(_) if !(200..300).contains(&status) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(Answer {
        status,
        retry_after,
        leads_to,
        body,
    })
}

/// Scheme, host and port of a redirect's aim: what is behind them can hold a token.
fn origin(from: &Url, location: &str) -> Option<String> {
    let to = from.join(location).ok()?;
    Some(to.origin().ascii_serialization())
}

fn log(call: &Call, started: Instant, result: &Result<Reply, OmnideskError>) {
    let (outcome, status) = match result {
        Ok(_) => ("delivered", None),
        Err(error) => (error.outcome().word(), error.status()),
    };
    let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(endpoint = call.endpoint, status, outcome, ms, "desk call");
}
