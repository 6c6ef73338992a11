//! Our own small client of Discord's API. serenity's waits for rate limits inside, for ever, or, for an address that is
//! not Discord's, hides how long to wait; it holds a file in memory, and its errors show addresses with secrets in them.
//! So what we send ourselves goes out here, where a 429 is an outcome, a file is a stream, and an error says nothing.
//!
//! # Invariants
//! - A call is made once. Who waits and who makes it again is decided by the caller.
//! - No secret leaves this room but to Discord.
//!
//! # Not here
//! - The bot's own calls: those go through serenity.

mod answer;
mod endpoints;
mod pace;

use std::time::Duration;

use bytes::Bytes;
use reqwest::{
    Method,
    header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, USER_AGENT},
    multipart::Form,
};
use serde::{Serialize, de::DeserializeOwned};
use serenity::model::id::StickerId;

pub(crate) use self::endpoints::{Channel, NewMessage, Role, Spoken, Through, Webhook};
use self::pace::Pace;
use crate::{bot::Bot, error::Failure, inbound::Drawn};

/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// A connection that is silent this long is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// The version of the API, which is serenity's.
const API: &str = "/api/v10";
/// As Discord wants to be told.
const AGENT: &str = concat!(
    "DiscordBot (https://docs.rs/escalator-discord, ",
    env!("CARGO_PKG_VERSION"),
    ")"
);

/// The client.
pub(crate) struct Rest {
    http: reqwest::Client,
    base: String,
    /// Where pictures are that belong to no message: PNG files, and GIF files.
    pictures: [String; 2],
    authorization: HeaderValue,
    pace: Pace,
    call_max: Duration,
}

/// One call.
pub(crate) struct Call {
    method: Method,
    /// Behind the version.
    path: String,
    body: Body,
    /// Whether it is made in the bot's name; webhooks and interactions carry their right in the path.
    is_signed: bool,
}

enum Body {
    None,
    Json(Vec<u8>),
    Form(Form),
}

impl Rest {
    pub(crate) fn new(bot: &Bot, call_max: Duration) -> Self {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_MAX)
            .tcp_keepalive(KEEPALIVE)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("the settings are constant, and TLS needs nothing of the system's");
        Self {
            http,
            base: format!("{}{API}", bot.address()),
            pictures: bot.pictures(),
            authorization: bot.authorization(),
            pace: Pace::default(),
            call_max,
        }
    }

    /// The address of a sticker's picture, which never changes.
    pub(crate) fn sticker(&self, sticker: StickerId, drawn: Drawn) -> String {
        let [pngs, gifs] = &self.pictures;
        let at = match drawn {
            Drawn::Png => pngs,
            Drawn::Gif => gifs,
        };
        format!("{at}/stickers/{sticker}.{}", drawn.ending())
    }

    /// Opens an address of Discord's own that belongs to no API: a file.
    pub(crate) async fn open(&self, address: &str) -> Result<reqwest::Response, Failure> {
        let opened = tokio::time::timeout(self.call_max, self.http.get(address).send()).await;
        match opened {
            Ok(Ok(answer)) if answer.status().is_success() => Ok(answer),
            Ok(Ok(answer)) => Err(answer::failure_of_file(answer.status().as_u16())),
            Ok(Err(failed)) => Err(Failure::of_network(&failed)),
            Err(_elapsed) => Err(Failure::Unknown("Discord did not answer in time".to_owned())),
        }
    }

    /// Makes a call and reads its answer.
    async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, Failure> {
        let answer = self.make(call).await?;
        serde_json::from_slice(&answer).map_err(|_| Failure::Unknown("Discord's answer cannot be read".to_owned()))
    }

    /// Makes a call.
    async fn make(&self, call: Call) -> Result<Bytes, Failure> {
        let limit = pace::limit(&call.method, &call.path);
        let is_answer = call.path.starts_with("/interactions/");
        if let Some(wait) = self.pace.wait(&limit, is_answer) {
            return Err(wait);
        }
        let is_upload = matches!(call.body, Body::Form(_));
        let is_signed = call.is_signed;
        let made = async {
            let answer = self.request(call).send().await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            Ok((status, headers, answer.bytes().await?))
        };
        let answered: Result<_, reqwest::Error> = if is_upload {
            // Its length is the file's: the delivery's own deadline cuts it off.
            made.await
        } else {
            match tokio::time::timeout(self.call_max, made).await {
                Ok(answered) => answered,
                Err(_elapsed) => return Err(Failure::Unknown("Discord did not answer in time".to_owned())),
            }
        };
        let (status, headers, body) = answered.map_err(|failed| Failure::of_network(&failed))?;
        if status.is_success() {
            self.pace.note(&limit, &headers);
            return Ok(body);
        }
        let failure = answer::failure(status.as_u16(), &headers, &body, is_signed);
        self.pace.note_failure(&failure);
        Err(failure)
    }

    fn request(&self, call: Call) -> reqwest::RequestBuilder {
        let takes_body = call.method != Method::GET;
        let request = self.http.request(call.method, format!("{}{}", self.base, call.path));
        let request = request.header(USER_AGENT, AGENT);
        let request = if call.is_signed {
            request.header(AUTHORIZATION, self.authorization.clone())
        } else {
            request
        };
        match call.body {
            // Said by hand: the client leaves it out where there is no body, and what stands in front of Discord may insist.
            Body::None if takes_body => request.header(CONTENT_LENGTH, 0),
            Body::None => request,
            Body::Json(body) => request.header(CONTENT_TYPE, "application/json").body(body),
            Body::Form(form) => request.multipart(form),
        }
    }
}

impl Call {
    fn new(method: Method, path: String) -> Self {
        Self {
            method,
            path,
            body: Body::None,
            is_signed: true,
        }
    }

    fn get(path: String) -> Self {
        Self::new(Method::GET, path)
    }

    fn post(path: String) -> Self {
        Self::new(Method::POST, path)
    }

    fn json(mut self, body: &impl Serialize) -> Self {
        self.body = Body::Json(serde_json::to_vec(body).expect("the bodies are plain structs with text keys"));
        self
    }

    fn form(mut self, form: Form) -> Self {
        self.body = Body::Form(form);
        self
    }

    /// The right to make it stands in its path.
    fn unsigned(mut self) -> Self {
        self.is_signed = false;
        self
    }
}
