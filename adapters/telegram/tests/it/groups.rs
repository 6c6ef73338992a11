//! Groups are no conversations: the bot keeps them.

use escalator::{
    channel::{EscalationChannel, Turn},
    model::{Address, ConversationKey, CustomerId, Escalation},
};

use super::rig::{Rig, SOON, quick};

#[tokio::test]
async fn human_in_a_group_gets_a_hint_and_the_rest_goes_to_the_bot() {
    let rig = Rig::new().await;
    let group = rig.fake.user("Ada").create().group("Team");
    let running = rig.run();
    group.says("hello all");
    group.sees_text(SOON, "Bot: hello all").await.expect("the bot answers");
    group.says("/human@some_other_bot");
    group.says("/human@escalator_test_bot");
    let hint = "Please write to @escalator_test_bot in a private chat to talk to a human.";
    group.sees_text(SOON, hint).await.expect("the hint comes");
    group.says("thanks");
    group.sees_text(SOON, "Bot: thanks").await.expect("the bot answers");
    assert_eq!(running.seen.all(), ["hello all", "/human@some_other_bot", "thanks"]);
    assert!(rig.house.look(|state| state.offers.is_empty()));
    running.stop().await;
}

#[tokio::test]
async fn a_hint_that_is_off_leaves_the_command_to_the_bot() {
    let mut settings = quick();
    settings.texts.group_hint = None;
    let rig = Rig::with(settings).await;
    let group = rig.fake.user("Ada").create().supergroup("Team");
    let running = rig.run();
    group.says("/human@escalator_test_bot");
    group
        .sees_text(SOON, "Bot: /human@escalator_test_bot")
        .await
        .expect("the bot answers");
    running.stop().await;
}

#[tokio::test]
async fn a_group_is_not_handed_to_a_human() {
    let rig = Rig::new().await;
    let turn = Turn::unbound(ConversationKey {
        channel: rig.telegram.id().clone(),
        address: Address::new("-100"),
        customer: CustomerId::new("42"),
    });
    let refused = rig.telegram.escalate(turn, Escalation::default()).await;
    let refused = refused.expect_err("a group has no human").to_string();
    assert_eq!(refused, "only a private chat can be handed to a human");
}
