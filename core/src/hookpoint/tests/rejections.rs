use std::{convert::Infallible, task::Poll, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::StatusCode;

use super::{
    form::{FORM, JSON, MULTIPART, broken, field, multipart, urlencoded},
    world::{World, locked, post, read, until},
};
use crate::{model::SessionId, store::StoreError};

const BAD: StatusCode = StatusCode::BAD_REQUEST;

#[tokio::test]
async fn what_is_missing_or_malformed_is_named() {
    let world = World::new();
    let session = world.session.to_string();
    let id = format!("sessionID={session}");
    for (hook, media_type, body, named) in [
        ("messageForCustomer", FORM, "message=Hi".to_owned(), "`sessionID`"),
        ("messageForCustomer", FORM, id.clone(), "`message`"),
        (
            "messageForCustomer",
            JSON,
            format!(r#"{{"sessionID":"{session}","message":null}}"#),
            "`message`",
        ),
        ("uploadForCustomer", FORM, id.clone(), "`file`"),
        ("uploadForCustomer", FORM, format!("{id}&file="), "`file`"),
        ("uploadForCustomer", FORM, format!("{id}&file=@@@"), "`file`"),
        (
            "typingIndicatorForCustomer",
            FORM,
            format!("{id}&Typing=maybe"),
            "`Typing`",
        ),
        ("endSession", FORM, String::new(), "`sessionID`"),
        ("endSession", JSON, "[1]".to_owned(), "JSON object"),
        ("endSession", JSON, "nonsense".to_owned(), "JSON object"),
        (
            "endSession",
            JSON,
            format!("{{\"sessionID\":\"{session}\"}} trailing"),
            "JSON object",
        ),
        ("endSession", FORM, "{\n  \"sessionID\": ".to_owned(), "line 2"),
        (
            "messageForCustomer",
            FORM,
            format!("{id}&message=J%F6rg"),
            "`message` is not valid UTF-8",
        ),
        (
            "endSession",
            Some("application/json; charset=ISO-8859-1"),
            "{}".to_owned(),
            "UTF-8",
        ),
        (
            "endSession",
            Some("multipart/form-data"),
            "--x--".to_owned(),
            "boundary",
        ),
        ("endSession", MULTIPART, "no form at all".to_owned(), "multipart"),
    ] {
        let (status, said) = world.call(hook, media_type, body.clone()).await;
        assert_eq!(status, BAD, "{hook} {body}");
        assert!(said.contains(named), "{hook} {body}: {said}");
    }
    assert_eq!(*locked(&world.store.begun), 0);
}

#[tokio::test]
async fn a_text_in_another_charset_is_refused_in_multipart_too() {
    let world = World::new();
    let session = world.session.to_string();
    let mut body = multipart(&[field("sessionID", &session), field("message", "J?rg")]);
    let odd = body.iter().position(|byte| *byte == b'?').expect("it stands there");
    body[odd] = 0xf6;
    let (status, said) = world.call("messageForCustomer", MULTIPART, body).await;
    assert_eq!((status, &*said), (BAD, "the field `message` is not valid UTF-8"));
}

#[tokio::test]
async fn an_unknown_session_is_answered_and_changes_nothing() {
    let mut world = World::new();
    let (minted, over) = (SessionId::mint().to_string(), world.store.over.to_string());
    for session in [&*minted, &*over, "visitor-42"] {
        let fields = urlencoded(&[("sessionID", session), ("message", "Hi"), ("Typing", "1")]);
        for (hook, answer) in [
            ("messageForCustomer", "ok"),
            ("typingIndicatorForCustomer", "ok"),
            ("endSession", r#"{ "message": "ok" }"#),
        ] {
            let answered = world.call(hook, FORM, fields.clone()).await;
            assert_eq!(answered, (StatusCode::OK, answer.to_owned()), "{hook} {session}");
        }
    }
    assert!(world.heard().is_empty());
    assert!(world.signals.try_recv().is_err());
}

#[tokio::test]
async fn a_ledger_that_refuses_makes_the_desk_come_again() {
    let world = World::new();
    let form = urlencoded(&[("sessionID", &world.session.to_string()), ("message", "Hi")]);
    for failure in [
        StoreError::Overloaded { queue_max: 1 },
        StoreError::unavailable("the disk is full"),
    ] {
        *locked(&world.store.failure) = Some(failure);
        let answer = world.send(post("messageForCustomer", FORM, form.clone())).await;
        assert_eq!(answer.headers()["retry-after"], "1");
        let (status, said) = read(answer).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(!said.contains("disk"), "what is wrong inside is not told: {said}");
    }
    *locked(&world.store.failure) = None;
    assert_eq!(world.call("messageForCustomer", FORM, form).await.0, StatusCode::OK);
}

#[tokio::test]
async fn bodies_and_fields_have_caps() {
    let world = World::with(|settings| {
        settings.text_body_bytes_max = 4_000;
        settings.field_bytes_max = 1_000;
        settings.fields_max = 4;
        settings.base64_body_bytes_max = 8_000;
    });
    let session = world.session.to_string();
    let (long, longer) = ("a".repeat(1_001), "a".repeat(4_001));
    let many = "a=b&".repeat(5);
    let text = |value: &str| urlencoded(&[("sessionID", &session), ("message", value)]);
    let parts = |value: &str| multipart(&[field("sessionID", &session), field("message", value)]);
    for (media_type, body, status) in [
        (FORM, text(&longer).into_bytes(), StatusCode::PAYLOAD_TOO_LARGE),
        (FORM, text(&long).into_bytes(), StatusCode::PAYLOAD_TOO_LARGE),
        (MULTIPART, parts(&longer), StatusCode::PAYLOAD_TOO_LARGE),
        (MULTIPART, parts(&long), StatusCode::PAYLOAD_TOO_LARGE),
        (FORM, many.clone().into_bytes(), BAD),
        (FORM, text(&long[..900]).into_bytes(), StatusCode::OK),
        (MULTIPART, parts(&long[..900]), StatusCode::OK),
    ] {
        // With a length that is announced, and without.
        let drip = super::form::dripping(&body, 512);
        let announced = world.call("messageForCustomer", media_type, body).await;
        assert_eq!(announced.0, status, "{}", announced.1);
        assert_eq!(world.call("messageForCustomer", media_type, drip).await.0, status);
    }
    let target = format!("endSession?{many}");
    assert_eq!(world.call(&target, None, Body::empty()).await.0, BAD);
}

#[tokio::test]
async fn an_announced_length_is_refused_before_the_body_is_read() {
    let world = World::new();
    let body = vec![b' '; (256 << 10) + 1];
    let (status, said) = world.call("messageForCustomer", JSON, body).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(said.contains("262144"), "{said}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_hook() {
    let world = World::new();
    let whole = urlencoded(&[("message", "Hi"), ("sessionID", &world.session.to_string())]);
    for media_type in [FORM, MULTIPART] {
        let body = broken(whole.as_bytes());
        let (status, said) = world.call("messageForCustomer", media_type, body).await;
        assert_eq!((status, &*said), (BAD, "the body broke off"));
    }
    assert_eq!(*locked(&world.store.begun), 0);
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let world = World::with(|settings| settings.body_idle_max = Duration::from_millis(10));
    let part = Ok::<_, std::io::Error>(Bytes::from_static(b"message=Hi"));
    let body = Body::from_stream(stream::iter([part]).chain(stream::pending()));
    let (status, _) = world.call("messageForCustomer", FORM, body).await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn hooks_under_way_are_bounded_and_waited_for() {
    let world = World::with(|settings| settings.requests_max = 2);
    let form = urlencoded(&[("sessionID", &world.session.to_string())]);
    let permits = world.store.gate.forget_permits(1_000);
    let hook = || {
        tokio::spawn({
            let (router, request) = (world.router(), post("endSession", FORM, form.clone()));
            tower::ServiceExt::oneshot(router, request)
        })
    };
    let under_way = [hook(), hook()];
    until("two commits are under way", || *locked(&world.store.begun) == 2).await;

    let third = world.send(post("endSession", FORM, form.clone())).await;
    assert_eq!(third.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(third.headers()["retry-after"], "1");
    let close = world.hookpoint.close();
    let waited = tokio::time::timeout(Duration::from_millis(1), close).await;
    assert!(waited.is_err(), "it waits for what is under way");

    world.store.gate.add_permits(permits);
    for hook in under_way {
        let answer = hook.await.expect("it does not panic");
        assert_eq!(answer.unwrap_or_else(|never| match never {}).status(), StatusCode::OK);
    }
    assert_eq!(world.call("endSession", FORM, form.clone()).await.0, StatusCode::OK);
    world.hookpoint.close().await;
    let closed = world.call("endSession", FORM, form).await;
    assert_eq!(closed.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_hook_that_panics_can_be_sent_again() {
    let world = World::new();
    let body = Body::from_stream(stream::poll_fn(|_| -> Poll<Option<Result<Bytes, Infallible>>> {
        panic!("as the test wants it")
    }));
    let answer = world.call("messageForCustomer", JSON, body).await;
    let told = "the hook cannot be kept at the moment; try again".to_owned();
    assert_eq!(answer, (StatusCode::SERVICE_UNAVAILABLE, told));
    assert!(world.heard().is_empty());
}
