//! What customers do, and what the bot hears of it.

use escalator_testkit::discord::{CannotHappen, Content, FakeDiscord};
use serde_json::json;

use super::{
    client::{Client, INTENTS},
    start,
};

#[tokio::test]
async fn a_burst_comes_in_order_with_rising_ids() {
    let fake = start().await;
    let ada = fake.user("ada").dm();
    let mut client = Client::ready(&fake, INTENTS).await;
    let said = ada.bursts((0..500).map(|number| number.to_string()));
    assert!(said.is_sorted_by(|left, right| left < right));
    let wanted: Vec<_> = (0..500).map(|number| number.to_string()).collect();
    assert_eq!(client.contents(500).await, wanted);
}

#[tokio::test]
async fn everything_that_a_customer_does_is_told() {
    let fake = start().await;
    let guild = fake.guild("Shop");
    let help = guild.channel("help");
    let user = fake.user("ada").global_name("Ada").locale("de").create();
    let mut client = Client::ready(&fake, INTENTS | 1 << 1).await;
    guild.add(&user, Some("Adele"));
    assert_eq!(client.event("GUILD_MEMBER_ADD").await["nick"], "Adele");
    let ada = user.at(&help);
    ada.types().expect("the channel is there");
    let typing = client.event("TYPING_START").await;
    assert_eq!(typing["member"]["user"]["global_name"], "Ada");
    let said = ada.says("a");
    let told = client.event("MESSAGE_CREATE").await;
    assert_eq!(
        (&told["guild_id"], &told["member"]["nick"]),
        (&json!(guild.id().to_string()), &json!("Adele"))
    );
    ada.edits(said, "b").expect("it is there");
    assert_eq!(client.event("MESSAGE_UPDATE").await["content"], "b");
    ada.reacts(said, "👍").expect("it is there");
    assert_eq!(client.event("MESSAGE_REACTION_ADD").await["emoji"]["name"], "👍");
    ada.unreacts(said, "👍").expect("it is there");
    client.event("MESSAGE_REACTION_REMOVE").await;
    ada.sends(Content::text("c").in_reply_to(said));
    assert_eq!(
        client.event("MESSAGE_CREATE").await["referenced_message"]["content"],
        "b"
    );
    ada.deletes(said).expect("it is there");
    assert_eq!(client.event("MESSAGE_DELETE").await["id"], said.to_string());
    assert_eq!(ada.edits(said, "c"), Err(CannotHappen::NoMessage(said)));
    let eve = fake.user("eve").create().at(&help);
    client.event("GUILD_MEMBER_ADD").await;
    let said = ada.says("mine");
    assert_eq!(eve.deletes(said), Err(CannotHappen::NotTheirs(said)));
}

#[tokio::test]
async fn a_guild_that_is_made_later_is_told_with_its_channels() {
    let fake = start().await;
    let mut client = Client::ready(&fake, INTENTS).await;
    let guild = fake.guild("Shop");
    assert_eq!(client.event("GUILD_CREATE").await["id"], guild.id().to_string());
    let help = guild.channel("help");
    assert_eq!(client.event("CHANNEL_CREATE").await["id"], help.id().to_string());
    guild.boost(3);
    assert_eq!(client.event("GUILD_UPDATE").await["premium_tier"], 3);
}

#[tokio::test]
async fn a_wait_that_fails_tells_the_last_calls_without_secrets() {
    let fake: FakeDiscord = start().await;
    super::call(&fake, "POST", "/webhooks/7/very-secret", json!({ "content": "x" })).await;
    let waited = fake.wait_until(std::time::Duration::ZERO, |_| false).await;
    let words = waited.expect_err("nothing is true").to_string();
    assert!(words.contains("POST /webhooks/7/*"), "{words}");
    assert!(!format!("{fake:?}").contains(fake.token()));
}
