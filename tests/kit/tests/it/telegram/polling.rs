//! Offsets, waiting, and two who poll.

use std::time::Duration;

use escalator_testkit::telegram::World;
use serde_json::json;

use super::{SOON, call, poll, refused, start, update_ids};

#[tokio::test]
async fn updates_stay_until_an_offset_confirms_them() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let ids: Vec<i64> = ["a", "b", "c"].map(|text| ada.says(text).update_id).into();

    assert_eq!(poll(&fake, 0).await, ids);
    assert_eq!(poll(&fake, 0).await, ids, "handing out confirms nothing");
    assert_eq!(fake.confirmed_offset(), None);

    assert_eq!(poll(&fake, ids[1]).await, ids[1..]);
    assert_eq!(fake.confirmed_offset(), Some(ids[1]));
    assert_eq!(poll(&fake, ids[2] + 1).await, [0; 0]);
    assert!(fake.look(World::all_confirmed));

    let handouts = fake.handouts();
    assert_eq!(handouts[0].handed_out, ids);
    assert_eq!(handouts[2].confirmed, ids[..1]);
    assert_eq!(handouts[3].confirmed, ids[1..]);
}

#[tokio::test]
async fn a_poll_waits_for_the_next_update_and_gets_a_batch_whole() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let waiting = tokio::spawn({
        let fake = fake.clone();
        async move { call(&fake, "getUpdates", json!({ "timeout": 50 })).await }
    });
    fake.wait_until(SOON, |world| !world.handouts().is_empty())
        .await
        .expect("the poll begins");
    let batch = ["/human", "my order is 12", "hello?"].map(|text| ada.message(text));
    let pushed = fake.push_batch(batch.into()).expect("the chat is open");

    let (_, body) = waiting.await.expect("the poll ends");
    let wanted: Vec<i64> = pushed.iter().map(|pushed| pushed.update_id).collect();
    assert_eq!(update_ids(&body), wanted);
}

#[tokio::test]
async fn a_poll_ends_empty_at_its_timeout() {
    let fake = start().await;
    let begun = std::time::Instant::now();
    let (status, body) = call(&fake, "getUpdates", json!({ "timeout": 1 })).await;
    assert_eq!((status, body["result"].clone()), (200, json!([])));
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_limit_and_a_negative_offset_are_kept() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let ids: Vec<i64> = ["a", "b", "c"].map(|text| ada.says(text).update_id).into();
    let (_, body) = call(&fake, "getUpdates", json!({ "limit": "2" })).await;
    assert_eq!(update_ids(&body), ids[..2]);
    assert_eq!(poll(&fake, -1).await, ids[2..]);
    assert_eq!(poll(&fake, 0).await, ids[2..], "the others are forgotten");
}

#[tokio::test]
async fn allowed_updates_are_remembered() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let kept = ada.says("before");
    call(&fake, "getUpdates", json!({ "allowed_updates": ["message"] })).await;
    poll(&fake, 0).await;
    let blocked = ada.blocks_bot().expect("the chat is open");
    assert!(!blocked.queued);
    assert_eq!(poll(&fake, 0).await, [kept.update_id]);
    call(&fake, "getUpdates", json!({ "allowed_updates": [] })).await;
    assert!(ada.unblocks_bot().expect("the chat is there").queued);
}

#[tokio::test]
async fn the_earlier_of_two_polls_is_terminated() {
    let fake = start().await;
    let first = tokio::spawn({
        let fake = fake.clone();
        async move { refused(&fake, "getUpdates", json!({ "timeout": 50 })).await }
    });
    fake.wait_until(SOON, |world| world.handouts().len() == 1)
        .await
        .expect("the first poll begins");
    let (status, _) = call(&fake, "getUpdates", json!({})).await;
    assert_eq!(status, 200);
    let wanted = "Conflict: terminated by other getUpdates request; make sure that only one bot \
                  instance is running";
    assert_eq!(first.await.expect("it ends"), (409, wanted.to_owned()));
}

#[tokio::test]
async fn a_webhook_and_polling_exclude_each_other() {
    let fake = start().await;
    let polling = tokio::spawn({
        let fake = fake.clone();
        async move { refused(&fake, "getUpdates", json!({ "timeout": 50 })).await }
    });
    fake.wait_until(SOON, |world| world.handouts().len() == 1)
        .await
        .expect("the poll begins");
    let hook = json!({ "url": "https://example.com/hook" });
    assert_eq!(call(&fake, "setWebhook", hook).await.0, 200);
    let (status, description) = polling.await.expect("it ends");
    assert_eq!(
        (status, description.as_str()),
        (409, "Conflict: terminated by setWebhook request")
    );

    let (status, description) = refused(&fake, "getUpdates", json!({})).await;
    assert_eq!(status, 409);
    assert_eq!(
        description,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to \
         delete the webhook first"
    );

    fake.user("Ada").private_chat().says("kept meanwhile");
    let (_, info) = call(&fake, "getWebhookInfo", json!({})).await;
    assert_eq!(info["result"]["url"], "https://example.com/hook");
    assert_eq!(info["result"]["pending_update_count"], 1);
    call(&fake, "deleteWebhook", json!({})).await;
    assert_eq!(poll(&fake, 0).await.len(), 1);
    let (status, _) = refused(&fake, "setWebhook", json!({ "url": "http://example.com" })).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_client_that_hangs_up_loses_no_update() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let gone = tokio::spawn({
        let fake = fake.clone();
        async move { call(&fake, "getUpdates", json!({ "timeout": 50 })).await }
    });
    fake.wait_until(SOON, |world| world.handouts().len() == 1)
        .await
        .expect("the poll begins");
    gone.abort();
    let pushed = ada.says("are you there?");
    assert_eq!(poll(&fake, 0).await, [pushed.update_id]);
}
