//! Reactions of the bot.

use serde_json::json;

use super::{call, refused, start};

#[tokio::test]
async fn the_bot_reacts_with_an_emoji_of_the_list_alone() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let said = ada.says("hello").message_id.expect("it is a message");
    let emoji = |emoji: &str| json!({ "type": "emoji", "emoji": emoji });
    let react = |id: i64, reaction| json!({ "chat_id": ada.id(), "message_id": id, "reaction": reaction });
    let cases = [
        (react(said, json!([emoji("✅")])), "REACTION_INVALID"),
        (react(said, json!([emoji("words")])), "REACTION_INVALID"),
        (
            react(said, json!([{ "type": "custom_emoji", "custom_emoji_id": "7" }])),
            "REACTION_INVALID",
        ),
        (react(said, json!([emoji("👍"), emoji("👎")])), "REACTIONS_TOO_MANY"),
        (
            react(said, json!([{ "type": "paid" }])),
            "can't parse ReactionType: invalid reaction type specified",
        ),
        (react(said, json!({})), "expected an Array of ReactionType"),
        (react(99, json!([emoji("👍")])), "message to react not found"),
    ];
    for (params, wanted) in cases {
        let answer = refused(&fake, "setMessageReaction", params).await;
        assert_eq!(answer, (400, format!("Bad Request: {wanted}")));
    }
    assert_eq!(ada.transcript().messages()[0].reaction, None);
    for (reaction, wanted) in [(json!([emoji("👀")]), Some("👀")), (json!([]), None)] {
        assert_eq!(call(&fake, "setMessageReaction", react(said, reaction)).await.0, 200);
        assert_eq!(ada.transcript().messages()[0].reaction.as_deref(), wanted);
    }
}
