use std::{os::unix::fs::PermissionsExt, sync::Arc, time::Duration};

use axum::{Router, body::Body, http::Request};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{Control, Socket};
use crate::{
    delivery::{DeliveryId, Door},
    model::Clock,
    store::{
        Ledger, SettleAs, Store,
        rig::{
            Place, agent_ends, agent_says, claim, customer_ends, deliver_all, door, message, settle, with_agent, within,
        },
    },
};

struct Desk {
    place: Place,
    ledger: Arc<Ledger>,
    router: Router,
}

impl Desk {
    async fn new() -> Self {
        let place = Place::in_memory();
        let ledger = place.open().await;
        let clock = Arc::clone(&place.clock) as Arc<dyn Clock>;
        let router = Control::new(Arc::<Ledger>::clone(&ledger), clock).router();
        Self { place, ledger, router }
    }

    async fn ask(&self, method: &str, path: &str) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path).body(Body::empty());
        let answer = self.router.clone().oneshot(request.expect("it is a request"));
        let answer = answer.await.expect("a router answers");
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20)
            .await
            .expect("it is short");
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask("GET", path).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Makes a dead letter of the head of a door.
    async fn bury(&self, door: &Door) -> DeliveryId {
        let head = claim(&self.ledger, door).await.remove(0);
        let dead = SettleAs::Dead {
            detail: "the customer has blocked the bot".to_owned(),
            maybe_sent: false,
        };
        settle(&self.ledger, &head, dead).await;
        head.id
    }
}

#[tokio::test]
async fn dead_letters_are_listed_without_their_words_and_shown_with_them() {
    let desk = Desk::new().await;
    let session = with_agent(&desk.ledger, 1, 1).await;
    let says = ["my secret", "another"].map(|text| agent_says(session, text));
    desk.ledger.accept(says.into()).await.expect("it is written");
    let (first, second) = (desk.bury(&door()).await, desk.bury(&door()).await);

    let list = desk.get("/v1/dead-letters").await;
    assert!(!list.to_string().contains("secret"), "{list}");
    assert_eq!(
        (&list["letters"][1]["id"], &list["more"]),
        (&first.to_string().into(), &false.into())
    );
    assert_eq!(list["letters"][1]["payload"], "chat.message");
    assert_eq!(
        (&list["letters"][1]["chars"], &list["letters"][1]["channel"]),
        (&9.into(), &"test".into())
    );
    let one = desk.get("/v1/dead-letters?max=1").await;
    assert_eq!(
        (&one["letters"][0]["id"], &one["more"]),
        (&second.to_string().into(), &true.into())
    );
    for (query, expected) in [
        ("channel=test", 2),
        ("channel=other", 0),
        (&format!("lane={}", first.lane), 2),
    ] {
        let found = desk.get(&format!("/v1/dead-letters?{query}")).await;
        assert_eq!(found["letters"].as_array().map(Vec::len), Some(expected), "{query}");
    }

    let shown = desk.get(&format!("/v1/dead-letters/{first}")).await;
    assert_eq!((&shown["text"], &shown["retries"]), (&"my secret".into(), &0.into()));
    assert_eq!(shown["reason"], "the customer has blocked the bot");
    let letter: super::Letter = serde_json::from_value(shown).expect("it is in its form");
    assert!(!format!("{letter:?}").contains("secret"), "{letter:?}");
}

#[tokio::test]
async fn a_dead_letter_is_sent_again_or_dropped_and_what_cannot_be_done_says_why() {
    let desk = Desk::new().await;
    let session = with_agent(&desk.ledger, 1, 1).await;
    let says = ["a", "b"].map(|text| agent_says(session, text));
    desk.ledger.accept(says.into()).await.expect("it is written");
    let (first, second) = (desk.bury(&door()).await, desk.bury(&door()).await);
    let again = format!("/v1/dead-letters/{first}/send-again");
    assert_eq!(desk.ask("POST", &again).await, (200, "sent_again".into()));
    let (status, refused) = desk.ask("POST", &again).await;
    assert_eq!(status, 409, "{refused}");
    assert!(
        refused["error"]
            .as_str()
            .is_some_and(|error| error.contains("waits for its turn")),
        "{refused}"
    );
    assert_eq!(desk.ask("GET", &format!("/v1/dead-letters/{first}")).await.0, 409);

    assert_eq!(
        desk.ask("DELETE", &format!("/v1/dead-letters/{second}")).await,
        (200, "dropped".into())
    );
    assert_eq!(desk.ask("DELETE", &format!("/v1/dead-letters/{second}")).await.0, 404);
    assert_eq!(desk.ask("GET", &format!("/v1/dead-letters/{second}")).await.0, 404);

    desk.ledger
        .accept(vec![message(1, 2, "c")])
        .await
        .expect("it is written");
    deliver_first_lines(&desk).await;
    let of_desk = desk.bury(&Door::Desk).await;
    desk.ledger
        .accept(vec![customer_ends(1, 3)])
        .await
        .expect("it is written");
    let (status, refused) = desk
        .ask("POST", &format!("/v1/dead-letters/{of_desk}/send-again"))
        .await;
    assert_eq!(status, 409, "{refused}");
    assert!(
        refused["error"]
            .as_str()
            .is_some_and(|error| error.contains("its session is over")),
        "{refused}"
    );
}

/// Delivers the two lines to the agent that stand in front of the customer's.
async fn deliver_first_lines(desk: &Desk) {
    for _ in 0..2 {
        let head = claim(&desk.ledger, &Door::Desk).await.remove(0);
        settle(&desk.ledger, &head, SettleAs::Delivered(crate::delivery::Receipt::None)).await;
    }
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused_with_what_would_be_right() {
    let desk = Desk::new().await;
    for (method, path, right) in [
        ("GET", "/v1/dead-letters?max=many", "max"),
        ("GET", "/v1/dead-letters?lane=chat", "`chat/`"),
        ("GET", "/v1/dead-letters/chat/12/1", "UUID"),
        (
            "DELETE",
            "/v1/dead-letters/room/0199f2a4-7c1e-7b60-9f3a-2d5e8c4b1a07/1",
            "`desk/`",
        ),
        ("GET", "/v1/sessions?ended_within_secs=-1", "ended_within_secs"),
    ] {
        let (status, refused) = desk.ask(method, path).await;
        assert_eq!(status, 400, "{path}: {refused}");
        assert!(
            refused["error"].as_str().is_some_and(|error| error.contains(right)),
            "{path}: {refused}"
        );
    }
    assert_eq!(desk.ask("GET", "/v1/letters").await.0, 404);
    desk.place.faults.set_away(true);
    for path in ["/v1/dead-letters", "/v1/sessions", "/v1/queues"] {
        let (status, refused) = desk.ask("GET", path).await;
        assert_eq!(status, 503, "{path}: {refused}");
    }
}

#[tokio::test]
async fn sessions_and_queues_are_told() {
    let desk = Desk::new().await;
    let agent = with_agent(&desk.ledger, 1, 1).await;
    let over = with_agent(&desk.ledger, 2, 1).await;
    desk.ledger.accept(vec![agent_ends(over)]).await.expect("it is written");
    deliver_all(&desk.ledger).await;
    desk.ledger
        .accept(vec![agent_says(agent, "a"), agent_says(agent, "b")])
        .await
        .expect("it is written");
    desk.bury(&door()).await;

    let sessions = desk.get("/v1/sessions").await;
    let seen = |n: usize, field: &str| sessions["sessions"][n][field].clone();
    assert_eq!(
        (seen(0, "session"), seen(0, "state")),
        (agent.to_string().into(), "with_agent".into())
    );
    assert_eq!(
        (seen(1, "session"), seen(1, "state"), seen(1, "ended")),
        (over.to_string().into(), "ended".into(), "agent".into())
    );
    // The other part, the line in the ticket, and the event for the bot.
    assert_eq!(seen(0, "waiting"), 3);
    desk.place.clock.advance(Duration::from_secs(10));
    let lately = desk.get("/v1/sessions?ended_within_secs=5").await;
    assert_eq!(lately["sessions"].as_array().map(Vec::len), Some(1));

    let queues = desk.get("/v1/queues").await;
    assert_eq!(
        (&queues["total"]["waiting"], &queues["total"]["dead"]),
        (&3.into(), &1.into())
    );
    let doors: Vec<&str> = queues["queues"]
        .as_array()
        .expect("there are some")
        .iter()
        .filter_map(|row| row["door"].as_str())
        .collect();
    assert_eq!(doors, ["desk", "channel/test", "bot"]);
    assert_eq!(queues["queues"][0]["gate"], Value::Null, "nothing is delivered here");
}

#[tokio::test]
async fn the_socket_is_its_owners_alone_answers_and_goes_with_its_process() {
    let dir = TempDir::new().expect("a directory can be made");
    let path = Socket::beside(&dir.path().join("escalator.db"));
    assert!(path.ends_with("escalator.db.sock"));
    let desk = Desk::new().await;
    let socket = Socket::bind(&path).expect("it can be made");
    let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        std::fs::read_dir(dir.path()).expect("it is read").count(),
        1,
        "nothing else is left"
    );
    let in_use = Socket::bind(&path).expect_err("it is served");
    assert!(in_use.to_string().contains("another process"), "{in_use}");

    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(socket.serve(desk.router.clone(), shutdown.clone()));
    let mut call = UnixStream::connect(&path).await.expect("somebody listens");
    call.write_all(b"GET /v1/queues HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .expect("it is sent");
    let mut answer = String::new();
    within(call.read_to_string(&mut answer)).await.expect("it answers");
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("ledger_ready"),
        "{answer}"
    );

    // One that says nothing keeps no shutdown waiting.
    let _silent = UnixStream::connect(&path).await.expect("somebody listens");
    shutdown.cancel();
    within(serving).await.expect("it ends");
    assert!(!path.exists());
}

#[tokio::test]
async fn a_socket_left_behind_is_replaced_and_anything_else_is_left_alone() {
    let dir = TempDir::new().expect("a directory can be made");
    let path = dir.path().join("a.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).expect("it can be made"));
    assert!(path.exists(), "the system leaves it there");
    let socket = Socket::bind(&path).expect("nobody listens there");
    drop(socket);
    assert!(!path.exists());

    std::fs::write(&path, "dear diary").expect("it can be written");
    Socket::bind(&path).expect_err("a file lies there");
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), "dear diary");
    assert_eq!(std::fs::read_dir(dir.path()).expect("it is read").count(), 1);

    // As long as every system takes it, what is made on the way included.
    let name = "escalator.db.sock";
    let taken = dir.path().as_os_str().len() + "//".len() + name.len();
    let deep = dir.path().join("x".repeat(100_usize.saturating_sub(taken).max(1)));
    std::fs::create_dir(&deep).expect("it can be made");
    let socket = Socket::bind(&deep.join(name)).expect("its path is not too long");
    drop(socket);
    assert_eq!(std::fs::read_dir(&deep).expect("it is read").count(), 0);
    std::fs::remove_dir(&deep).expect("it is empty");

    let long = dir.path().join("x".repeat(200));
    Socket::bind(&long.join("a.sock")).expect_err("there is no such folder");
}
