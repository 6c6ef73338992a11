use std::sync::{
    LazyLock,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use axum::{Json, http::StatusCode};
use bytes::Bytes;
use futures::{StreamExt, future::join_all, stream};
use serde_json::json;

use super::*;
use crate::{
    delivery::{DeskCustomer, DeskPayload, OpenFile, OpenedFile, Outcome, Receipt},
    desk::{Desk, DeskDelivery, DeskSession},
    model::{Attachment, BlobId, Contact, FileKind, FileSource, HookAddress, SessionId, Signal, Text},
    omnidesk::NumbersPast50,
};

async fn desk() -> Stub {
    Stub::start(|_| Json(json!({"type": "result", "ticketID": 7, "messageID": 8}))).await
}

async fn deliver(desk: &dyn Desk, payload: &DeskPayload, file: Option<&dyn OpenFile>) -> Outcome {
    desk.deliver(DeskDelivery {
        session: here(),
        payload,
        file,
    })
    .await
}

fn here() -> DeskSession<'static> {
    static ADDRESS: LazyLock<HookAddress> = LazyLock::new(|| HookAddress::new(HOOKS));
    DeskSession {
        id: SessionId::parse(SESSION).expect("a UUID"),
        hook_address: &ADDRESS,
    }
}

fn message(number: u32, customer: Option<DeskCustomer>) -> DeskPayload {
    DeskPayload::Message {
        opener: number == 1,
        number,
        text: Text::from(WORDS),
        customer: customer.map(Box::new),
        url: None,
        from_customer: true,
        completes: None,
    }
}

fn field(stub: &Stub, name: &str) -> Option<String> {
    let fields = stub.last().fields;
    fields
        .into_iter()
        .find_map(|(known, value)| (known == name).then_some(value))
}

/// A file of three bytes, or the outcome of an attempt to open one.
struct Opener(Result<(), Outcome>);

#[async_trait]
impl OpenFile for Opener {
    async fn open(&self) -> Result<OpenedFile, Outcome> {
        self.0.clone()?;
        let stream = stream::once(async { Ok(Bytes::from_static(b"abc")) }).boxed();
        Ok(OpenedFile { bytes: Some(3), stream })
    }
}

fn file() -> DeskPayload {
    DeskPayload::File {
        file: Attachment {
            kind: FileKind::Image,
            name: Text::from("cat.png"),
            media_type: Some("image/png".to_owned()),
            bytes: None,
            source: FileSource::Blob(BlobId::mint()),
        },
        completes: None,
    }
}

#[tokio::test]
async fn a_message_is_delivered_with_what_is_known_of_the_customer() {
    let stub = desk().await;
    let omnidesk = omnidesk(config(&stub.address));
    let customer = DeskCustomer {
        name: Some(Text::from("José O'Brien 🚀")),
        contact: Some(Contact::Phone("+31201234567".to_owned())),
    };
    let outcome = deliver(&omnidesk, &message(1, Some(customer)), None).await;
    let ticket = Receipt::Ticket {
        ticket: Some("7".to_owned()),
        message: None,
    };
    assert_eq!(outcome, Outcome::Delivered(ticket));
    for (name, value) in [
        ("chatServer", Some(HOOKS)),
        ("chatSessionID", Some(SESSION)),
        ("messageNumber", Some("1")),
        ("customerName", Some("Jose OBrien")),
        ("phoneNumber", Some("+31201234567")),
        ("emailAddress", None),
        ("url", Some("https://bot.example.com")),
    ] {
        assert_eq!(field(&stub, name).as_deref(), value, "{name}");
    }
}

#[tokio::test]
async fn a_name_and_contact_that_the_desk_does_not_take_are_left_out() {
    let stub = desk().await;
    let customer = DeskCustomer {
        name: Some(Text::from("🚀🚀")),
        contact: Some(Contact::Phone("call me".to_owned())),
    };
    let outcome = deliver(&omnidesk(config(&stub.address)), &message(1, Some(customer)), None).await;
    assert_eq!(outcome.word(), "delivered");
    assert_eq!(
        (field(&stub, "customerName"), field(&stub, "phoneNumber")),
        (None, None)
    );
}

#[tokio::test]
async fn numbers_past_50_are_sent_as_the_setting_says() {
    let stub = desk().await;
    for (policy, sent) in [
        (NumbersPast50::Omit, None),
        (NumbersPast50::Clamp, Some("50")),
        (NumbersPast50::CountOn, Some("51")),
    ] {
        let mut config = config(&stub.address);
        config.numbers_past_50 = policy;
        deliver(&omnidesk(config), &message(51, None), None).await;
        assert_eq!(field(&stub, "messageNumber").as_deref(), sent);
    }
}

#[tokio::test]
async fn a_log_an_end_and_a_file_are_delivered() {
    let stub = desk().await;
    let omnidesk = omnidesk(config(&stub.address));
    let log = DeskPayload::ChatbotLog {
        from: Contact::Email("ada@example.org".to_owned()),
        subject: Text::from("Chat"),
        text: Text::from("**Bot**: hello"),
    };
    assert_eq!(deliver(&omnidesk, &log, None).await, Outcome::delivered());
    assert_eq!(field(&stub, "from").as_deref(), Some("ada@example.org"));

    assert_eq!(deliver(&omnidesk, &DeskPayload::End, None).await, Outcome::delivered());
    assert_eq!(stub.last().path, "/api/v2/message/notifyUserEndChat");

    let both = Receipt::Ticket {
        ticket: Some("7".to_owned()),
        message: Some("8".to_owned()),
    };
    assert_eq!(
        deliver(&omnidesk, &file(), Some(&Opener(Ok(())))).await,
        Outcome::Delivered(both)
    );
    let sent = stub.last().file.expect("a file");
    assert_eq!(
        (sent.name.as_str(), sent.content_type.as_str(), sent.bytes),
        ("cat.png", "image/png", 3)
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_has_its_openers_outcome() {
    let stub = desk().await;
    let omnidesk = omnidesk(config(&stub.address));
    let gone = Outcome::rejected("the platform has lost it");
    assert_eq!(
        deliver(&omnidesk, &file(), Some(&Opener(Err(gone.clone())))).await,
        gone
    );
    assert_eq!(deliver(&omnidesk, &file(), None).await.word(), "rejected");
    assert!(stub.seen().is_empty());
}

#[tokio::test]
async fn a_value_that_breaks_a_rule_is_rejected_without_a_call() {
    let stub = desk().await;
    let omnidesk = omnidesk(config(&stub.address));
    let mut empty = message(1, None);
    if let DeskPayload::Message { text, .. } = &mut empty {
        *text = Text::default();
    }
    assert_eq!(
        deliver(&omnidesk, &empty, None).await,
        Outcome::rejected("`message` is empty; it takes at least 1 character")
    );
    let session = DeskSession {
        hook_address: &HookAddress::new("https://bot.example.com/se_cret"),
        ..here()
    };
    let payload = DeskPayload::End;
    let delivery = DeskDelivery {
        session,
        payload: &payload,
        file: None,
    };
    let Outcome::Rejected { detail } = omnidesk.deliver(delivery).await else {
        panic!("an underscore is not taken");
    };
    assert!(
        detail.starts_with("`chatServer`") && !detail.contains("se_cret"),
        "{detail}"
    );
    assert!(stub.seen().is_empty());
}

#[tokio::test]
async fn typing_is_signalled_as_the_desks_events() {
    let stub = desk().await;
    let omnidesk = omnidesk(config(&stub.address));
    for (signal, event) in [
        (Signal::TypingStarted, "startedtyping"),
        (Signal::TypingStopped, "stoppedtyping"),
    ] {
        assert_eq!(omnidesk.signal(here(), signal).await, Outcome::delivered());
        assert_eq!(field(&stub, "event").as_deref(), Some(event));
    }
}

#[tokio::test]
async fn availability_is_asked_once_by_many_and_remembered() {
    let stub = Stub::start(|_| {
        Json(json!({
            "config": {"start_chat_instructions": "Welcome"},
            "instructions": [{"type": "hide_reason_no_agents_available"}]
        }))
    })
    .await;
    let omnidesk = omnidesk(config(&stub.address));
    let payload = DeskPayload::AskAvailability;
    let outcomes = join_all((0..10).map(|_| deliver(&omnidesk, &payload, None))).await;
    for outcome in outcomes {
        let Outcome::Delivered(Receipt::Availability(availability)) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(availability.no_agents);
        assert_eq!(availability.texts["start_chat_instructions"], "Welcome");
    }
    omnidesk.availability(HOOKS).await.expect("it is remembered");
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn a_failed_question_about_availability_is_asked_again() {
    let asked = AtomicUsize::new(0);
    let stub = Stub::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => Err(StatusCode::BAD_GATEWAY),
        _ => Ok(Json(json!({"config": {}, "instructions": []}))),
    })
    .await;
    let omnidesk = omnidesk(config(&stub.address));
    let failed = omnidesk.availability(HOOKS).await.expect_err("502");
    assert_eq!(failed.word(), "not_sent");
    assert!(!omnidesk.availability(HOOKS).await.expect("answered").no_agents);
}

#[tokio::test]
async fn limits_are_those_of_the_settings() {
    let mut config = config("http://127.0.0.1:1");
    config.message_chars_max = 123;
    let limits = omnidesk(config).limits();
    assert_eq!((limits.message_chars_max, limits.file_bytes_max), (123, 100_000_000));
}
