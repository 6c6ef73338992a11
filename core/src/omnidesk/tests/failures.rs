use axum::http::StatusCode;
use tokio::io::AsyncWriteExt;

use super::{
    stub::{hang, listen, raw, read_request},
    *,
};
use crate::{
    delivery::{Outcome, Scope},
    omnidesk::ErrorKind,
};

async fn failed(config: OmnideskConfig) -> OmnideskError {
    say(&omnidesk(config)).await.expect_err("it fails")
}

/// A desk that reads a request and says exactly this, then closes.
async fn says(bytes: &'static [u8]) -> String {
    raw(move |mut connection| async move {
        read_request(&mut connection).await;
        connection.write_all(bytes).await.expect("it listens");
    })
    .await
}

#[tokio::test]
async fn a_closed_port_is_not_sent_and_speaks_for_the_door() {
    let (listener, address) = listen().await;
    drop(listener);
    let error = failed(config(&address)).await;
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    let Outcome::NotSent {
        detail,
        retry_after: None,
        scope: Scope::Door,
    } = error.outcome()
    else {
        panic!("{error}");
    };
    let told = format!("notifyUserNewChatMessage: no connection to {address}: Connection refused");
    assert!(detail.starts_with(&told), "{detail}");
}

#[tokio::test]
async fn a_desk_without_tls_where_tls_is_asked_for_is_not_sent() {
    let stub = Stub::start(|_| "ok").await;
    let error = failed(config(&stub.address.replace("http://", "https://"))).await;
    assert_eq!(
        (error.kind(), error.outcome().word()),
        (ErrorKind::Unreachable, "not_sent")
    );
    assert!(stub.seen().is_empty());
}

#[tokio::test]
async fn a_desk_that_hangs_while_we_connect_is_not_sent() {
    let address = raw(hang).await.replace("http://", "https://");
    let error = failed(impatient(config(&address))).await;
    assert_eq!(
        (error.kind(), error.outcome().word()),
        (ErrorKind::Unreachable, "not_sent")
    );
}

#[tokio::test]
async fn a_desk_that_hangs_leaves_the_outcome_unknown() {
    let address = raw(hang).await;
    let error = failed(impatient(config(&address))).await;
    assert_eq!(
        error.outcome(),
        Outcome::unknown("notifyUserNewChatMessage: no answer in time")
    );
}

#[tokio::test]
async fn a_body_that_never_ends_leaves_the_outcome_unknown() {
    let address = raw(|mut connection| async move {
        read_request(&mut connection).await;
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"type\"";
        connection.write_all(head).await.expect("it listens");
        hang(connection).await;
    })
    .await;
    let error = failed(impatient(config(&address))).await;
    assert_eq!(
        error.outcome(),
        Outcome::unknown("notifyUserNewChatMessage: no answer in time")
    );
}

#[tokio::test]
async fn a_connection_that_is_reset_leaves_the_outcome_unknown() {
    // What is closed with bytes unread is reset.
    let address = raw(|connection| async move { connection.readable().await.expect("a request") }).await;
    let error = failed(config(&address)).await;
    assert_eq!(
        (error.kind(), error.outcome().word()),
        (ErrorKind::Uncertain, "unknown")
    );
    assert!(error.to_string().contains("the connection broke off"), "{error}");
}

#[tokio::test]
async fn an_answer_that_is_no_http_or_breaks_off_leaves_the_outcome_unknown() {
    for bytes in [
        b"hello\r\n\r\n".as_slice(),
        b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"type\":\"res",
        b"",
    ] {
        let error = failed(config(&says(bytes).await)).await;
        assert_eq!(error.outcome().word(), "unknown", "{error}");
    }
}

#[tokio::test]
async fn a_bad_status_counts_even_when_its_body_breaks_off() {
    let address = says(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 50\r\n\r\n{\"stat").await;
    assert_eq!(failed(config(&address)).await.kind(), ErrorKind::Refused);
}

#[tokio::test]
async fn a_429_is_not_sent_and_keeps_its_wait() {
    for (retry_after, seconds) in [("17", 17), ("Wed, 01 Jan 2020 00:00:00 GMT", 0)] {
        let stub = Stub::start(move |_| (StatusCode::TOO_MANY_REQUESTS, [("retry-after", retry_after)])).await;
        let Outcome::NotSent {
            retry_after: Some(wait),
            scope: Scope::Door,
            ..
        } = failed(config(&stub.address)).await.outcome()
        else {
            panic!("429 asks for a wait");
        };
        assert_eq!(wait.as_secs(), seconds);
    }
}

#[tokio::test]
async fn a_503_leaves_a_message_unknown_and_a_question_unasked() {
    let stub = Stub::start(|_| {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            [("retry-after", "5")],
            "<html>back soon</html>",
        )
    })
    .await;
    let omnidesk = omnidesk(config(&stub.address));
    let message = say(&omnidesk).await.expect_err("503");
    let five_seconds = Some(Duration::from_secs(5));
    assert_eq!(
        message.outcome(),
        Outcome::Unknown {
            detail: "notifyUserNewChatMessage: HTTP 503, without a reason".to_owned(),
            retry_after: five_seconds,
            repeatable: false,
        }
    );
    assert_eq!((message.status(), message.retry_after()), (Some(503), five_seconds));
    let question = omnidesk.chat_config(&hooks()).await.expect_err("503");
    assert!(matches!(
        question.outcome(),
        Outcome::NotSent { retry_after: Some(wait), scope: Scope::Lane, .. } if wait.as_secs() == 5
    ));
}

#[tokio::test]
async fn a_page_of_200_is_unknown_and_an_empty_answer_is_taken() {
    let stub = Stub::start(|_| axum::response::Html("<!doctype html><title>Log in</title>")).await;
    assert_eq!(failed(config(&stub.address)).await.outcome().word(), "unknown");
    let stub = Stub::start(|_| StatusCode::OK).await;
    let taken = say(&omnidesk(config(&stub.address))).await.expect("taken");
    assert_eq!(taken.ticket_id, None);
}

#[tokio::test]
async fn refusals_and_rejections_carry_the_desks_own_reason() {
    for (status, body, outcome) in [
        (
            StatusCode::UNAUTHORIZED,
            r#"{"status":"error","message":"Unknown key."}"#,
            Outcome::Refused {
                detail: "notifyUserNewChatMessage: HTTP 401: Unknown key.".to_owned(),
                scope: Scope::Door,
            },
        ),
        (
            StatusCode::FORBIDDEN,
            "",
            Outcome::Refused {
                detail: "notifyUserNewChatMessage: HTTP 403, without a reason".to_owned(),
                scope: Scope::Lane,
            },
        ),
        (
            StatusCode::BAD_REQUEST,
            r#"{"status":"error","message":"chatServer: invalid"}"#,
            Outcome::rejected("notifyUserNewChatMessage: HTTP 400: chatServer: invalid"),
        ),
        (
            StatusCode::OK,
            r#"{"type":"error","message":"Chat is closed."}"#,
            Outcome::rejected("notifyUserNewChatMessage: HTTP 200: Chat is closed."),
        ),
    ] {
        let stub = Stub::start(move |_| (status, body)).await;
        assert_eq!(failed(config(&stub.address)).await.outcome(), outcome);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_says_where_it_leads() {
    let elsewhere = Stub::start(|_| "ok").await;
    let to = format!("{}/login?token=abc", elsewhere.address);
    let host = elsewhere.address.clone();
    let stub = Stub::start(move |_| (StatusCode::FOUND, [("location", to.clone())])).await;
    let error = failed(config(&stub.address)).await;
    assert_eq!(
        error.outcome(),
        Outcome::rejected(format!(
            "notifyUserNewChatMessage: HTTP 302 to {host}: redirects are not followed, set the account's address to \
             where it leads"
        ))
    );
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn a_long_answer_is_not_read_to_its_end() {
    let stub = Stub::start(|_| "x".repeat(10 << 20)).await;
    let taken = say(&omnidesk(config(&stub.address))).await.expect("the status is good");
    assert_eq!(taken.ticket_id, None);
}

#[tokio::test]
async fn a_check_names_the_setting_that_is_likely_wrong() {
    let closed = {
        let (listener, address) = listen().await;
        drop(listener);
        address
    };
    let unreachable = omnidesk(config(&closed)).check(&hooks()).await.expect_err("closed");
    assert!(unreachable.to_string().contains("see `account`"), "{unreachable}");

    let stub = Stub::start(|_| StatusCode::UNAUTHORIZED).await;
    let mut bare = config(&stub.address);
    bare.api_key = None;
    for (config, named) in [
        (config(&stub.address), "`account_token`, and whether `api_key`"),
        (bare, "`account_token`; `api_key` is not set"),
        (
            config_with_server_token(&stub.address),
            "`account_token` and `server_token`",
        ),
    ] {
        let refused = omnidesk(config).check(&hooks()).await.expect_err("401");
        assert_eq!(refused.kind(), ErrorKind::Refused);
        assert!(refused.to_string().contains(named), "{refused}");
    }

    let stub = Stub::start(|_| StatusCode::NOT_FOUND).await;
    let elsewhere = omnidesk(config(&stub.address)).check(&hooks()).await.expect_err("404");
    assert!(elsewhere.to_string().contains("See `account`"), "{elsewhere}");
}

#[tokio::test]
async fn a_refusal_of_the_shared_chat_host_does_not_speak_for_the_account() {
    let stub = Stub::start(|_| StatusCode::UNAUTHORIZED).await;
    let omnidesk = omnidesk(config_with_server_token(&stub.address));
    let refused = omnidesk.chat_config(&hooks()).await.expect_err("401");
    assert!(matches!(refused.outcome(), Outcome::Refused { scope: Scope::Lane, .. }));
}
