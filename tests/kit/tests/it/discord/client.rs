//! A client of the gateway that does only what a test tells it.

use std::time::Duration;

use escalator_testkit::discord::FakeDiscord;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, protocol::CloseFrame},
};

use super::SOON;

/// Guilds, messages, reactions, typing, direct ones too, and content.
pub(super) const INTENTS: u64 = 1 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 15;

pub(super) struct Client {
    socket: WebSocketStream<TcpStream>,
    pub(super) session: String,
    pub(super) last: u64,
}

/// What comes from the server.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    Payload(Value),
    Closed(Option<u16>),
}

impl Client {
    /// Connects and hears hello.
    pub(super) async fn connect(fake: &FakeDiscord) -> Self {
        Self::connect_to(fake, "v=10&encoding=json").await.expect("it connects")
    }

    pub(super) async fn connect_to(fake: &FakeDiscord, query: &str) -> Result<Self, u16> {
        let stream = TcpStream::connect(fake.addr()).await.expect("the port is open");
        let address = format!("ws://{}/?{query}", fake.addr());
        let socket = match client_async(address, stream).await {
            Ok((socket, _)) => socket,
            Err(Error::Http(response)) => return Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        };
        Ok(Self {
            socket,
            session: String::new(),
            last: 0,
        })
    }

    /// Connects, identifies itself and hears READY and the guilds.
    pub(super) async fn ready(fake: &FakeDiscord, intents: u64) -> Self {
        let mut client = Self::connect(fake).await;
        client.hello().await;
        client.identify(fake.token(), intents).await;
        let ready = client.event("READY").await;
        client.session = ready["session_id"].as_str().expect("it has a name").to_owned();
        for _ in ready["guilds"].as_array().into_iter().flatten() {
            if intents & 1 != 0 {
                client.event("GUILD_CREATE").await;
            }
        }
        client
    }

    pub(super) async fn hello(&mut self) -> Duration {
        let hello = self.payload().await;
        assert_eq!(hello["op"], 10);
        let millis = hello["d"]["heartbeat_interval"].as_u64();
        Duration::from_millis(millis.expect("it is a number"))
    }

    pub(super) async fn identify(&mut self, token: &str, intents: u64) {
        let properties = json!({ "os": "linux", "browser": "x", "device": "x" });
        let data = json!({ "token": token, "intents": intents, "properties": properties });
        self.send(json!({ "op": 2, "d": data })).await;
    }

    /// Connects anew and takes the session up again behind what it heard.
    pub(super) async fn resume(&mut self, fake: &FakeDiscord) {
        let mut next = Self::connect(fake).await;
        next.hello().await;
        self.socket = next.socket;
        let data = json!({ "token": fake.token(), "session_id": self.session, "seq": self.last });
        self.send(json!({ "op": 6, "d": data })).await;
    }

    pub(super) async fn send(&mut self, payload: Value) {
        let sent = self.socket.send(Message::Text(payload.to_string())).await;
        sent.expect("the connection is open");
    }

    pub(super) async fn leave(mut self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        self.socket.close(Some(frame)).await.expect("the connection is open");
        while self.socket.next().await.is_some_and(|message| message.is_ok()) {}
    }

    pub(super) async fn hear(&mut self) -> Heard {
        let message = tokio::time::timeout(SOON, self.socket.next()).await;
        match message.expect("something comes in time") {
            Some(Ok(Message::Text(text))) => {
                let payload: Value = serde_json::from_str(&text).expect("it is JSON");
                if let Some(number) = payload["s"].as_u64() {
                    assert_eq!(number, self.last + 1, "no event is left out or comes twice");
                    self.last = number;
                }
                Heard::Payload(payload)
            }
            Some(Ok(Message::Close(frame))) => Heard::Closed(frame.map(|frame| frame.code.into())),
            Some(Ok(other)) => panic!("{other:?}"),
            Some(Err(_)) | None => Heard::Closed(None),
        }
    }

    pub(super) async fn payload(&mut self) -> Value {
        match self.hear().await {
            Heard::Payload(payload) => payload,
            Heard::Closed(code) => panic!("closed with {code:?}"),
        }
    }

    /// The data of the next event, which must be of that name.
    pub(super) async fn event(&mut self, name: &str) -> Value {
        let mut payload = self.payload().await;
        assert_eq!(payload["t"], name, "{payload}");
        payload["d"].take()
    }

    /// The code of a close that must come next.
    pub(super) async fn closed(&mut self) -> Option<u16> {
        match self.hear().await {
            Heard::Closed(code) => code,
            Heard::Payload(payload) => panic!("not closed but {payload}"),
        }
    }

    /// The contents of the next so many messages.
    pub(super) async fn contents(&mut self, count: usize) -> Vec<String> {
        let mut contents = Vec::new();
        for _ in 0..count {
            let message = self.event("MESSAGE_CREATE").await;
            contents.push(message["content"].as_str().expect("it is text").to_owned());
        }
        contents
    }
}
