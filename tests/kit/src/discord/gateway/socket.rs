//! One connection of the gateway, from hello to its end.

use std::{ops::ControlFlow, sync::Arc};

use futures::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{sync::watch, time::Instant};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::{
    intents,
    session::{Mood, NoResume, Order, Seen},
};
use crate::{
    discord::{message::snowflake, shared::Shared},
    wire::WireHandle,
};

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Whether the connection goes on.
type Flow = ControlFlow<()>;

/// Serves the gateway until the connection ends.
pub(super) async fn serve(shared: Arc<Shared>, wire: WireHandle, socket: Socket, version_known: bool) {
    let link = shared.change(|world| world.gateway.connect(wire));
    let talk = Talk {
        changes: shared.changes(),
        deadline: Instant::now() + shared.habits.heartbeat_interval * 2,
        shared: Arc::clone(&shared),
        link,
        socket,
    };
    let for_good = talk.run(version_known).await;
    shared.change(|world| world.gateway.disconnect(link, for_good));
}

struct Talk {
    shared: Arc<Shared>,
    link: u64,
    socket: Socket,
    changes: watch::Receiver<u64>,
    /// When a client that gave no sign of life is given up.
    deadline: Instant,
}

impl Talk {
    /// Whether the client took leave for good.
    async fn run(mut self, version_known: bool) -> bool {
        if !version_known {
            self.close(4012).await;
            return true;
        }
        let interval = u64::try_from(self.shared.habits.heartbeat_interval.as_millis()).unwrap_or(u64::MAX);
        let hello = json!({ "op": 10, "s": null, "t": null, "d": { "heartbeat_interval": interval, "_trace": [] } });
        if self.send(&hello).await.is_break() {
            return false;
        }
        loop {
            if self.send_due().await.is_break() {
                return false;
            }
            tokio::select! {
                changed = self.changes.changed() => {
                    if changed.is_err() {
                        return false;
                    }
                }
                message = self.socket.next() => match message {
                    Some(Ok(Message::Close(frame))) => return self.left(frame.as_ref()).await,
                    Some(Ok(message)) => {
                        if self.hear(message).await.is_break() {
                            return false;
                        }
                    }
                    Some(Err(_)) | None => {
                        self.see(Seen::ClosedByClient(None));
                        return false;
                    }
                },
                () = tokio::time::sleep_until(self.deadline) => {
                    self.close(4009).await;
                    return true;
                }
            }
        }
    }

    async fn send_due(&mut self) -> Flow {
        loop {
            self.changes.borrow_and_update();
            let due = self.shared.touch(|world| world.gateway.take(self.link));
            if let Some(order) = due.order {
                return self.obey(&order).await;
            }
            if due.events.is_empty() {
                return Flow::Continue(());
            }
            for event in &due.events {
                if !self.fed(event.to_string()).await {
                    return Flow::Break(());
                }
            }
            if self.socket.flush().await.is_err() {
                return Flow::Break(());
            }
            // Whoever waits until all is sent looks again.
            self.shared.change(|_| ());
        }
    }

    async fn obey(&mut self, order: &Order) -> Flow {
        match order {
            Order::Cut => Flow::Break(()),
            Order::Close(code) => {
                self.close(*code).await;
                Flow::Break(())
            }
            Order::Reconnect => self.send(&json!({ "op": 7, "s": null, "t": null, "d": null })).await,
            Order::Invalid { resumable } => self.invalid(*resumable).await,
        }
    }

    async fn hear(&mut self, message: Message) -> Flow {
        let text = match message {
            Message::Text(text) => text,
            Message::Ping(_) | Message::Pong(_) => return Flow::Continue(()),
            _ => return self.turn_away(4002).await,
        };
        let Ok(payload) = serde_json::from_str::<Value>(&text) else {
            return self.turn_away(4002).await;
        };
        let held = self.shared.look(|world| world.gateway.holds_session(self.link));
        match (payload["op"].as_u64(), held) {
            (Some(1), _) => self.heartbeat().await,
            (Some(2), false) => self.identify(&payload["d"]).await,
            (Some(6), false) => self.resume(&payload["d"]).await,
            (Some(2 | 6), true) => self.turn_away(4005).await,
            (Some(3 | 4 | 8 | 31), true) => Flow::Continue(()),
            (Some(3 | 4 | 8 | 31), false) => self.turn_away(4003).await,
            _ => self.turn_away(4001).await,
        }
    }

    async fn heartbeat(&mut self) -> Flow {
        self.deadline = Instant::now() + self.shared.habits.heartbeat_interval * 2;
        let deaf = self.shared.change(|world| {
            world.gateway.see(Seen::Heartbeat);
            world.gateway.is(Mood::Deaf)
        });
        if deaf {
            return Flow::Continue(());
        }
        self.send(&json!({ "op": 11, "s": null, "t": null, "d": null })).await
    }

    async fn identify(&mut self, data: &Value) -> Flow {
        if !self.shared.knows_token(&data["token"]) {
            return self.turn_away(4004).await;
        }
        let Some(wanted) = snowflake(&data["intents"]).filter(|wanted| wanted & !intents::KNOWN == 0) else {
            return self.turn_away(4013).await;
        };
        if !data["properties"].is_object() {
            return self.turn_away(4002).await;
        }
        let privileges = self.shared.look(|world| world.privileges);
        if wanted & intents::PRIVILEGED & !privileges != 0 {
            return self.turn_away(4014).await;
        }
        tokio::time::sleep(self.shared.habits.ready_after).await;
        self.shared.change(|world| {
            let session = world.gateway.begin(self.link, wanted);
            let ready = world.ready_json(&session, &data["shard"]);
            world.gateway.tell(&session, "READY", &ready);
            let guilds: Vec<_> = world
                .guilds
                .keys()
                .copied()
                .filter(|_| wanted & intents::GUILDS != 0)
                .collect();
            for guild in guilds {
                let data = world.guild_create_json(guild);
                world.gateway.tell(&session, "GUILD_CREATE", &data);
            }
        });
        Flow::Continue(())
    }

    async fn resume(&mut self, data: &Value) -> Flow {
        if !self.shared.knows_token(&data["token"]) {
            return self.turn_away(4004).await;
        }
        let (Some(session), Some(number)) = (data["session_id"].as_str(), data["seq"].as_u64()) else {
            return self.turn_away(4002).await;
        };
        let resumed = self
            .shared
            .change(|world| world.gateway.resume(self.link, session, number));
        match resumed {
            Ok(()) => Flow::Continue(()),
            Err(NoResume::Unknown) => self.invalid(false).await,
            Err(NoResume::WrongNumber) => self.turn_away(4007).await,
        }
    }

    async fn invalid(&mut self, resumable: bool) -> Flow {
        self.send(&json!({ "op": 9, "s": null, "t": null, "d": resumable }))
            .await
    }

    async fn turn_away(&mut self, code: u16) -> Flow {
        self.close(code).await;
        Flow::Break(())
    }

    async fn send(&mut self, payload: &Value) -> Flow {
        match self.socket.send(Message::Text(payload.to_string())).await {
            Ok(()) => Flow::Continue(()),
            Err(_) => Flow::Break(()),
        }
    }

    async fn fed(&mut self, text: String) -> bool {
        self.socket.feed(Message::Text(text)).await.is_ok()
    }

    /// Says goodbye, and waits until the client has heard it or is gone.
    async fn close(&mut self, code: u16) {
        self.see(Seen::ClosedByServer(code));
        let frame = CloseFrame {
            code: CloseCode::from(code),
            reason: reason(code).into(),
        };
        let closed = self.socket.close(Some(frame)).await;
        self.drain(closed).await;
    }

    /// The client took leave: for good with 1000 or 1001.
    async fn left(mut self, frame: Option<&CloseFrame<'_>>) -> bool {
        let code = frame.map(|frame| u16::from(frame.code));
        self.see(Seen::ClosedByClient(code));
        let flushed = self.socket.flush().await;
        self.drain(flushed).await;
        matches!(code, Some(1000 | 1001))
    }

    async fn drain(&mut self, done: Result<(), Error>) {
        let heard = async { while let Some(Ok(_)) = self.socket.next().await {} };
        if done.is_ok() && tokio::time::timeout(LEAVE, heard).await.is_err() {
            tracing::debug!("the client did not answer a close");
        }
    }

    fn see(&self, seen: Seen) {
        self.shared.change(|world| world.gateway.see(seen));
    }
}

/// How long a client may take to answer a close.
const LEAVE: std::time::Duration = std::time::Duration::from_secs(5);

/// The words that come with a code.
fn reason(code: u16) -> &'static str {
    match code {
        4000 => "Unknown error.",
        4001 => "Unknown opcode.",
        4002 => "Error while decoding payload.",
        4003 => "Not authenticated.",
        4004 => "Authentication failed.",
        4005 => "Already authenticated.",
        4007 => "Invalid seq.",
        4008 => "You are being rate limited.",
        4009 => "Session timed out.",
        4012 => "Invalid API version.",
        4013 => "Invalid intent(s).",
        4014 => "Disallowed intent(s).",
        _ => "",
    }
}
