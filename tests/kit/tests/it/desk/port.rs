//! The port itself: closed, opened again, given back.

use super::product::{MESSAGE, call, desk, message, post};

#[tokio::test]
async fn a_closed_port_refuses_and_opens_again_on_the_same_number() {
    let desk = desk().await;
    let url = desk.url();
    for round in 0..3 {
        desk.close_port().await.expect("closes");
        let refused = call(&desk, MESSAGE, message("lost")).send().await.expect_err("refused");
        assert!(refused.is_connect());
        desk.open_port().await.expect("opens");
        assert_eq!(desk.url(), url);
        assert_eq!(post(&desk, MESSAGE, message("hello")).await.0, 200);
        assert_eq!(desk.calls().len(), round + 1);
    }
}

#[tokio::test]
async fn closing_the_port_cuts_connections_that_are_kept_open() {
    let desk = desk().await;
    let keeping = reqwest::Client::builder().no_proxy().build().expect("a client");
    let ask = || keeping.get(desk.url() + "/agent/api/desk").send();
    let first = ask().await.expect("an answer");
    first.bytes().await.expect("a body");
    desk.close_port().await.expect("closes");
    assert!(ask().await.expect_err("refused").is_connect());
}

#[tokio::test]
async fn shutdown_ends_hanging_calls_and_gives_the_port_back() {
    use escalator_testkit::desk::{Fault, Scope};

    let desk = desk().await;
    desk.faults().always(Scope::All, Fault::Hang);
    let hanging = tokio::spawn(call(&desk, MESSAGE, message("hello")).send());
    desk.wait_until(super::product::SOON, |desk| desk.hanging() == 1)
        .await
        .expect("hangs");
    let address = desk.url().replace("http://", "");
    desk.shutdown().await;
    assert!(hanging.await.expect("no panic").is_err());
    tokio::net::TcpListener::bind(address).await.expect("the port is free");
}
