//! The weaker mode: the node without a listener.

use super::{
    desk_of_one::Trouble,
    rig::{Rig, SOON},
};

#[tokio::test]
async fn the_node_alone_keeps_a_humans_chat_from_the_bot_and_widens_nothing() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let running = rig.run_node_alone();
    ada.says("hello");
    ada.sees_text(SOON, "Bot: hello").await.expect("it is answered");
    let allowed = rig.fake.calls_of("getUpdates")[0].params.json("allowed_updates");
    assert_eq!(
        allowed,
        Some(serde_json::json!(["message"])),
        "only what the host asks for"
    );

    rig.house.hand_over(&rig.key(&ada));
    rig.house.set_trouble(Some(Trouble::Panics));
    ada.says("my order is 12");
    rig.house.wait(|state| state.offers.len() >= 4).await;
    rig.house.set_trouble(None);
    rig.house.wait(|state| state.lines() == ["my order is 12"]).await;
    assert_eq!(running.seen.all(), ["hello"]);
    running.stop().await;
}
