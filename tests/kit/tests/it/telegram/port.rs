//! The port, closed and opened again.

use escalator_testkit::telegram::FakeTelegram;
use serde_json::json;

use super::{SOON, call, poll, start};

#[tokio::test]
async fn a_closed_port_refuses_and_keeps_its_state() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let pushed = ada.says("before");
    let waiting = tokio::spawn({
        let address = format!("{}/getUpdates", fake.url_with_token());
        let params = json!({ "offset": pushed.update_id + 1, "timeout": 50 });
        async move { reqwest::Client::new().post(address).json(&params).send().await }
    });
    fake.wait_until(SOON, |world| world.handouts().len() == 1)
        .await
        .expect("the poll begins");

    fake.close_port().await.expect("the number is held");
    assert!(waiting.await.expect("it ends").is_err(), "the poll is cut");
    let error = reqwest::get(fake.url()).await.expect_err("nobody listens");
    assert!(error.is_connect(), "{error:?}");
    let meanwhile = ada.says("meanwhile");

    fake.reopen_port().await.expect("the number was held");
    assert_eq!(poll(&fake, 0).await, [meanwhile.update_id]);
    assert_eq!(ada.transcript().messages().len(), 2);
    fake.close_port().await.expect("it can be closed again");
    fake.reopen_port().await.expect("and opened again");
    assert_eq!(call(&fake, "getMe", json!({})).await.0, 200);
}

#[tokio::test]
async fn a_port_is_free_after_the_shutdown() {
    let fake = start().await;
    let addr = fake.addr();
    fake.shutdown().await;
    assert!(reqwest::get(fake.url()).await.is_err());
    let next = FakeTelegram::builder().listen(addr).start().await;
    let next = next.expect("the port is free");
    assert_eq!(next.addr(), addr);
    let taken = FakeTelegram::builder().listen(addr).start().await;
    assert!(taken.is_err(), "the port is taken now");
}

#[tokio::test]
async fn the_server_stops_with_its_last_handle() {
    let fake = start().await;
    let url = fake.url();
    assert_eq!(call(&fake, "getMe", json!({})).await.0, 200);
    drop(fake);
    let deadline = tokio::time::Instant::now() + SOON;
    while reqwest::get(&url).await.is_ok() {
        assert!(tokio::time::Instant::now() < deadline, "it still listens");
        tokio::task::yield_now().await;
    }
}
