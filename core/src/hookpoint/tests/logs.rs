use std::{
    fmt::Write,
    sync::{Arc, Mutex},
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

use super::{
    form::{FORM, JSON, MULTIPART, file, multipart, urlencoded},
    world::{SECRET, World, locked},
};

/// Everything that is logged, a line an event.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{field}={value:?} ").expect("memory does not fail");
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("escalator")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(format!("{} ", event.metadata().level()));
        event.record(&mut line);
        locked(&self.0).push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn a_hook_is_one_line_without_words_or_secret() {
    let lines = Lines::default();
    let _logged = tracing::subscriber::set_default(lines.clone());
    // Where there is one subscriber alone, tracing asks the thread that reaches a line first whether anybody listens, and
    // keeps the answer for all; that thread can be another test's. With two it asks the subscribers.
    let _second = tracing::Dispatch::new(lines.clone());
    let world = World::new();
    let session = world.session.to_string();
    let words = urlencoded(&[("sessionID", &session), ("message", "my password"), ("name", "Anna")]);
    let misread = format!("my password{}=%ff", "&a=b".repeat(3));
    let upload = multipart(&[file(Some("my password.txt"), None, b"my password")]);
    for (hook, media_type, body, told) in [
        (
            "messageForCustomer",
            FORM,
            words.clone().into_bytes(),
            "hook=\"message\" session=",
        ),
        ("endSession", FORM, words.into_bytes(), "outcome=\"taken\" status=200"),
        (
            "endSession",
            None,
            b"sessionID=my password".to_vec(),
            "WARN hook=\"end\" outcome=\"unknown_session\" status=200",
        ),
        (
            "typingIndicatorForCustomer",
            FORM,
            b"sessionID=my password&Typing=1".to_vec(),
            "DEBUG hook=\"typing\" outcome=\"unknown_session\" status=200",
        ),
        (
            "endSession",
            None,
            misread.into_bytes(),
            "outcome=\"refused\" status=400",
        ),
        (
            "endSession",
            JSON,
            b"{\"my password".to_vec(),
            "outcome=\"refused\" status=400",
        ),
        (
            "uploadForCustomer",
            MULTIPART,
            upload,
            "status=400 reason=\"the field `sessionID` is missing\"",
        ),
    ] {
        world.call(hook, media_type, body).await;
        let logged = std::mem::take(&mut *locked(&lines.0));
        assert_eq!(logged.len(), 1, "{logged:?}");
        assert!(logged[0].contains(told), "{logged:?} tells {told}");
        for secret in ["password", "Anna", SECRET] {
            assert!(!logged[0].contains(secret), "{logged:?} tells {secret}");
        }
    }
}
