//! Entities that a bot sends beside its text.

use serde_json::{Value, json};

use super::{call, refused, start};

fn entity(kind: &str, offset: i64, length: i64) -> Value {
    json!({ "type": kind, "offset": offset, "length": length })
}

#[tokio::test]
async fn entities_that_the_real_server_refuses_are_refused() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let link = |url: &str| json!({ "type": "text_link", "offset": 0, "length": 1, "url": url });
    let cases = [
        (json!("bold"), "can't parse MessageEntity: expected an Object"),
        (
            json!({ "type": "bold", "length": 1 }),
            "can't parse MessageEntity: Can't find field \"offset\"",
        ),
        (
            json!({ "type": "bold", "offset": 0, "length": true }),
            "can't parse MessageEntity: Field \"length\" must be of type Number",
        ),
        (
            entity("shout", 0, 1),
            "can't parse MessageEntity: Unsupported type specified",
        ),
        (
            entity("text_link", 0, 1),
            "can't parse MessageEntity: Can't find field \"url\"",
        ),
        (entity("bold", -1, 1), "receive an entity with incorrect offset -1"),
        (entity("bold", 0, -4), "receive an entity with incorrect length -4"),
        (
            entity("bold", 2, 2),
            "entity begins in a middle of a UTF-16 symbol at byte offset 5",
        ),
        (
            entity("bold", 0, 2),
            "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 5",
        ),
        (
            entity("bold", 9, 1),
            "entity begins after the end of the text at UTF-16 offset 9",
        ),
        (
            entity("bold", 3, 9),
            "entity beginning at UTF-16 offset 3 ends after the end of the text at UTF-16 offset 12",
        ),
        (
            link("javascript:alert(1)"),
            "entity URL 'javascript:alert(1)' is invalid: Wrong HTTP URL",
        ),
        (
            link("ftp://example.org"),
            "entity URL 'ftp://example.org' is invalid: Unsupported URL protocol",
        ),
        (
            link("http://localhost"),
            "entity URL 'http://localhost' is invalid: Wrong HTTP URL",
        ),
    ];
    for (entity, wanted) in cases {
        let params = json!({ "chat_id": ada.id(), "text": "a😀bc", "entities": [entity] });
        let answer = refused(&fake, "sendMessage", params).await;
        assert_eq!(answer, (400, format!("Bad Request: {wanted}")));
        let params = json!({ "chat_id": ada.id(), "document": "x", "caption": "a😀bc", "caption_entities": [entity] });
        let answer = refused(&fake, "sendDocument", params).await;
        assert_eq!(answer, (400, format!("Bad Request: {wanted}")));
    }
    assert!(ada.transcript().messages().is_empty());
}

#[tokio::test]
async fn entities_at_odds_are_taken_away_and_remembered() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let params = json!({
        "chat_id": ada.id(), "text": "abcdef",
        "entities": [entity("pre", 0, 4), entity("code", 2, 4), entity("bold", 1, 5), entity("mention", 0, 1)],
    });
    assert_eq!(call(&fake, "sendMessage", params).await.0, 200);
    let seen = ada.transcript().messages()[0].clone();
    assert_eq!(seen.entities, [entity("pre", 0, 4), entity("bold", 4, 2)]);
    assert_eq!(seen.dropped_entities, [entity("code", 2, 4), entity("bold", 1, 3)]);
}

#[tokio::test]
async fn more_than_a_hundred_entities_are_dropped_without_a_word() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let entities: Vec<_> = (0..120).map(|at| entity("code", at * 2, 1)).collect();
    let params = json!({ "chat_id": ada.id(), "text": "a ".repeat(120), "entities": entities });
    assert_eq!(call(&fake, "sendMessage", params).await.0, 200);
    let html = "<i>x</i> ".repeat(101);
    let params = json!({ "chat_id": ada.id(), "text": html, "parse_mode": "HTML" });
    assert_eq!(call(&fake, "sendMessage", params).await.0, 200);
    let transcript = ada.transcript();
    let counts: Vec<_> = transcript
        .from_bot()
        .map(|message| (message.entities.len(), message.dropped_entities.len()))
        .collect();
    assert_eq!(counts, [(100, 20), (100, 1)]);
}
