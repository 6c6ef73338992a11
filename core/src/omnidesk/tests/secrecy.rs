use std::{
    error::Error,
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex},
};

use axum::http::StatusCode;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

use super::{
    stub::{listen, raw},
    *,
};
use crate::{
    desk::{Desk, DeskSession},
    model::{HookAddress, SessionId, Signal},
};

/// Keeps every event of the thread as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        let mut all = self.0.lock().expect("nothing panics with the lock");
        writeln!(all, "{}:{}", event.metadata().target(), line.0).expect("a string takes all");
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").expect("a string takes all");
    }
}

/// An error with all of its causes, both ways of showing them.
fn shown(error: &OmnideskError) -> String {
    let mut all = format!("{error} {error:?} {:?}", error.outcome());
    let mut cause = error.source();
    while let Some(deeper) = cause {
        write!(all, " {deeper} {deeper:?}").expect("a string takes all");
        cause = deeper.source();
    }
    all
}

fn assert_secret(text: &str) {
    for secret in [ACCOUNT_TOKEN, SERVER_TOKEN, API_KEY, HOOK_SECRET, WORDS, "5500 0000"] {
        assert!(!text.contains(secret), "{secret} stands in: {text}");
    }
}

#[test]
fn debug_of_the_client_shows_no_secret() {
    let omnidesk = omnidesk(config_with_server_token("http://127.0.0.1:1"));
    let shown = format!("{omnidesk:?} {:?} {:?}", omnidesk.config(), hooks());
    assert_secret(&shown);
    assert!(shown.contains("http://127.0.0.1:1"), "{shown}");
}

#[tokio::test]
async fn no_failure_shows_a_secret() {
    let (listener, closed) = listen().await;
    drop(listener);
    let resets = raw(|connection| async move { connection.readable().await.expect("a request") }).await;
    let quotes = Stub::start(|seen| {
        let quoted = format!("{:?} {:?}", seen.fields, seen.api_key);
        (StatusCode::BAD_REQUEST, quoted)
    })
    .await;
    for address in [
        closed.as_str(),
        &resets,
        &quotes.address,
        &closed.replace("http:", "https:"),
    ] {
        let omnidesk = omnidesk(config_with_server_token(address));
        let asked = omnidesk.check(&hooks()).await.expect_err("it fails");
        assert_secret(&shown(&asked));
        let said = say(&omnidesk).await.expect_err("it fails");
        assert_secret(&shown(&said));
    }
}

#[tokio::test]
async fn the_log_has_one_line_a_call_and_no_secret() {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let stub = Stub::start(|_| StatusCode::FORBIDDEN).await;
    let omnidesk = omnidesk(config_with_server_token(&stub.address));
    assert!(say(&omnidesk).await.is_err());
    assert!(omnidesk.chat_config(&hooks()).await.is_err());
    let here = DeskSession {
        id: SessionId::mint(),
        hook_address: &HookAddress::new(HOOKS),
    };
    omnidesk.signal(here, Signal::TypingStarted).await;
    drop(guard);
    let all = log.0.lock().expect("nothing panics with the lock").clone();
    assert_secret(&all);
    let ours: Vec<&str> = all
        .lines()
        .filter(|line| line.starts_with("escalator::omnidesk"))
        .collect();
    assert_eq!(ours.len(), 3, "{all}");
    assert!(
        ours[0].contains("endpoint=\"notifyUserNewChatMessage\" status=403 outcome=\"refused\" ms="),
        "{all}"
    );
}
