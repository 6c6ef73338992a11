use std::{net::SocketAddr, time::Duration};

use http::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{
    form::{MULTIPART, field, file, multipart, urlencoded},
    world::{SECRET, World, locked, until},
};
use crate::hookpoint::{ServeSettings, serve};

/// The hookpoint on a port of its own.
struct Served {
    at: SocketAddr,
    shutdown: CancellationToken,
    server: JoinHandle<()>,
}

impl Served {
    async fn new(world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let at = listener.local_addr().expect("it is bound");
        let shutdown = CancellationToken::new();
        let settings = ServeSettings {
            drain_max: Duration::from_secs(5),
            ..ServeSettings::default()
        };
        let server = tokio::spawn(serve(listener, world.router(), shutdown.clone(), settings));
        Self { at, shutdown, server }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.at).await.expect("it listens")
    }

    async fn stop(self) {
        self.shutdown.cancel();
        let stopped = tokio::time::timeout(Duration::from_secs(10), self.server).await;
        stopped.expect("it stops in time").expect("it does not panic");
    }
}

fn request(target: &str, media_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /bot/{SECRET}//{target} HTTP/1.1\r\nHost: bot\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn end(world: &World) -> Vec<u8> {
    let form = urlencoded(&[("sessionID", &world.session.to_string())]);
    request("endSession", "application/x-www-form-urlencoded", form.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_hangs_up_at_once_is_heard() {
    let world = World::new();
    let served = Served::new(&world).await;
    let session = world.session.to_string();
    let query = format!("endSession?{}", urlencoded(&[("sessionID", &session)]));
    let upload = multipart(&[
        file(Some("a.bin"), None, &vec![7; 300_000]),
        field("sessionID", &session),
    ]);
    let upload = request("uploadForCustomer", MULTIPART.expect("it is told"), &upload);
    let mut count = 0;
    for _ in 0..50 {
        for hook in [end(&world), request(&query, "text/plain", b""), upload.clone()] {
            let mut caller = served.connect().await;
            caller.write_all(&hook).await.expect("it is taken");
            caller.shutdown().await.expect("it was open");
            drop(caller);
            count += 1;
        }
    }
    until("each of them is heard", || locked(&world.store.heard).len() == count).await;
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_under_way_survives_its_caller_behind_axum_too() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("it is bound");
    let server = tokio::spawn(axum::serve(listener, world.router()).into_future());
    let permits = world.store.gate.forget_permits(1_000);

    let mut caller = TcpStream::connect(at).await.expect("it listens");
    caller.write_all(&end(&world)).await.expect("it is taken");
    until("the commit is under way", || *locked(&world.store.begun) == 1).await;
    drop(caller);
    world.store.gate.add_permits(permits);
    until("it is heard", || locked(&world.store.heard).len() == 1).await;
    server.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_hangs_up_half_way_is_not_heard() {
    let world = World::new();
    let served = Served::new(&world).await;
    let session = world.session.to_string();
    let upload = multipart(&[
        file(Some("a.bin"), None, &vec![7; 300_000]),
        field("sessionID", &session),
    ]);
    let upload = request("uploadForCustomer", MULTIPART.expect("it is told"), &upload);
    for hook in [end(&world), upload] {
        let mut caller = served.connect().await;
        caller.write_all(&hook[..hook.len() - 10]).await.expect("it is taken");
        caller.shutdown().await.expect("it was open");
        let mut answer = String::new();
        caller.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    world.hookpoint.close().await;
    assert_eq!(*locked(&world.store.begun), 0);
    assert!(locked(&world.blobs.kept).is_empty());
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hooks_under_way_at_the_shutdown_are_answered() {
    let world = World::new();
    let served = Served::new(&world).await;
    let (at, permits) = (served.at, world.store.gate.forget_permits(1_000));
    let mut idle = served.connect().await;
    let mut caller = served.connect().await;
    caller.write_all(&end(&world)).await.expect("it is taken");
    until("the commit is under way", || *locked(&world.store.begun) == 1).await;

    let stopped = tokio::spawn(served.stop());
    let mut nothing = Vec::new();
    idle.read_to_end(&mut nothing).await.expect("it is closed in order");
    assert!(nothing.is_empty() && !stopped.is_finished());
    world.store.gate.add_permits(permits);
    let mut answer = String::new();
    caller.read_to_string(&mut answer).await.expect("an answer");
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{ "message": "ok" }"#),
        "{answer}"
    );
    stopped.await.expect("it stopped");
    assert!(TcpStream::connect(at).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn one_connection_carries_many_hooks() {
    let world = World::new();
    let served = Served::new(&world).await;
    let mut caller = served.connect().await;
    let wrong = "POST /wrong/endSession HTTP/1.1\r\nHost: bot\r\nContent-Length: 3\r\n\r\na=b";
    for (hook, status) in [
        (end(&world), StatusCode::OK),
        (wrong.as_bytes().to_vec(), StatusCode::NOT_FOUND),
        (end(&world), StatusCode::OK),
    ] {
        caller.write_all(&hook).await.expect("it is taken");
        let mut answer = [0; 1_024];
        let bytes = caller.read(&mut answer).await.expect("an answer");
        let answer = String::from_utf8_lossy(&answer[..bytes]);
        assert!(answer.starts_with(&format!("HTTP/1.1 {}", status.as_u16())), "{answer}");
    }
    assert_eq!(world.heard().len(), 2);
    served.stop().await;
}
