use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Router, body::Body};
use bytes::Bytes;
use futures::stream;
use http::{Request, StatusCode};
use tower::ServiceExt;

use super::{
    form::{FORM, MULTIPART, urlencoded},
    world::{OTHERS_SECRET, SECRET, World, locked, read},
};
use crate::{hookpoint::Secret, model::DeskEvent};

/// A body that notes whether anybody reads it.
fn watched() -> (Body, Arc<AtomicBool>) {
    let is_read = Arc::new(AtomicBool::new(false));
    let note = Arc::clone(&is_read);
    let body = stream::once(async move {
        note.store(true, Ordering::SeqCst);
        Ok::<_, std::io::Error>(Bytes::from_static(b"sessionID=x"))
    });
    (Body::from_stream(body), is_read)
}

#[tokio::test]
async fn a_call_without_the_secret_touches_nothing() {
    let world = World::new();
    let longer = format!("/{SECRET}1/endSession");
    let shorter = format!("/{}/endSession", &SECRET[1..]);
    let behind = format!("/endSession/{SECRET}");
    let unknown = format!("/{SECRET}/endSessions");
    let capitals = format!("/{}/endSession", SECRET.to_uppercase());
    for path in [
        "/endSession",
        "/",
        "//endSession",
        "/wrong/endSession",
        "/wrong/uploadForCustomer",
        &longer,
        &shorter,
        &behind,
        &unknown,
        &capitals,
        &format!("/{SECRET}"),
        &format!("/{SECRET}/endSession/more"),
        &format!("/?{SECRET}/endSession"),
    ] {
        for method in ["POST", "GET", "OPTIONS", "DELETE"] {
            let (body, is_read) = watched();
            let request = Request::builder().method(method).uri(path);
            let request = request.header("content-type", MULTIPART.expect("it is told"));
            let answer = world.send(request.body(body).expect("a request")).await;
            assert_eq!(answer.headers().get("allow"), None, "{method} {path}");
            assert_eq!(
                read(answer).await,
                (StatusCode::NOT_FOUND, String::new()),
                "{method} {path}"
            );
            assert!(!is_read.load(Ordering::SeqCst), "{method} {path}");
        }
    }
    assert_eq!(*locked(&world.store.begun), 0);
    assert_eq!(*locked(&world.blobs.begun), 0);
}

#[tokio::test]
async fn options_and_other_methods_are_told_that_post_is_allowed() {
    let world = World::new();
    for (method, status) in [
        ("OPTIONS", StatusCode::NO_CONTENT),
        ("GET", StatusCode::METHOD_NOT_ALLOWED),
        ("HEAD", StatusCode::METHOD_NOT_ALLOWED),
        ("PUT", StatusCode::METHOD_NOT_ALLOWED),
        ("DELETE", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let request = Request::builder().method(method).uri(format!("/{SECRET}/endSession"));
        let answer = world.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.headers()["allow"], "POST", "{method}");
        assert_eq!(read(answer).await, (status, String::new()), "{method}");
    }
}

#[tokio::test]
async fn it_is_found_under_any_prefix_and_through_doubled_slashes() {
    let world = World::new();
    let nested = Router::new().nest("/omnidesk", world.router());
    let deeper = Router::new().nest("/some/bot", nested.clone());
    let form = urlencoded(&[("sessionID", &world.session.to_string())]);
    for (router, path) in [
        (world.router(), format!("/{SECRET}/endSession")),
        (world.router(), format!("/{SECRET}//endSession")),
        (world.router(), format!("//{SECRET}/endSession/")),
        (world.router(), format!("/a/b/c/{SECRET}/endSession")),
        (nested.clone(), format!("/omnidesk/{SECRET}/endSession")),
        (nested.clone(), format!("/omnidesk/{SECRET}//endSession")),
        (nested, format!("/omnidesk//{SECRET}/endSession/")),
        (deeper, format!("/some/bot/omnidesk/{SECRET}//endSession")),
    ] {
        let request = Request::post(&path).header("content-type", FORM.expect("it is told"));
        let request = request.body(Body::from(form.clone())).expect("a request");
        let answer = router.oneshot(request).await.unwrap_or_else(|never| match never {});
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(world.heard(), [DeskEvent::Ended], "{path}");
    }
}

#[tokio::test]
async fn an_older_secret_is_taken_while_it_is_accepted() {
    let older = "an-older-secret-0000";
    let world = World::with(|settings| {
        settings.accepted = vec![Secret::parse(older).expect("it keeps the rule")];
    });
    for (secret, status) in [
        (older, StatusCode::OK),
        (SECRET, StatusCode::OK),
        ("a-third-secret-00000", StatusCode::NOT_FOUND),
    ] {
        let form = urlencoded(&[("sessionID", &world.session.to_string())]);
        let request = Request::post(format!("/{secret}/endSession")).body(Body::from(form));
        let answer = world.send(request.expect("a request")).await;
        assert_eq!(answer.status(), status, "{secret}");
    }
    assert_eq!(
        world.hookpoint.hook_address(),
        format!("https://bot.example.com/omnidesk/{SECRET}"),
        "new sessions are opened with the present one"
    );
}

#[tokio::test]
async fn a_session_is_reached_under_the_secret_that_another_instance_opened_it_with() {
    let world = World::new();
    for (secret, status) in [
        (OTHERS_SECRET, StatusCode::OK),
        ("another-instance-0001", StatusCode::NOT_FOUND),
    ] {
        let form = urlencoded(&[("sessionID", &world.session.to_string())]);
        let request = Request::post(format!("/{secret}/endSession")).body(Body::from(form));
        let answer = world.send(request.expect("a request")).await;
        assert_eq!(answer.status(), status, "{secret}");
    }
}

#[tokio::test]
async fn debug_shows_no_secret() {
    let shown = format!("{:?}", World::new().hookpoint);
    assert!(shown.contains("bot.example.com") && !shown.contains(SECRET), "{shown}");
}
