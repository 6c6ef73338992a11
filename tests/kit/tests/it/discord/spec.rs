//! Holding requests, and what the fake answers, against the specification.

use escalator_testkit::discord::{Content, FakeDiscord, StartError};
use serde_json::{Value, json};

use super::{call, start};

async fn start_checked() -> Option<FakeDiscord> {
    let fake = start().await;
    if fake.spec_checked() {
        return Some(fake);
    }
    println!("skipped: the specification of Discord's API is not there");
    None
}

#[tokio::test]
async fn what_a_request_breaks_is_recorded() {
    let Some(fake) = start_checked().await else {
        return;
    };
    let path = format!("/channels/{}/messages", fake.user("ada").dm().channel());
    let button = |style: Value| json!({ "type": 2, "style": style, "custom_id": "x" });
    let rows = |part: Value| json!({ "content": "x", "components": [{ "type": 1, "components": [part] }] });
    let cases = [
        ("GET", "/coffee".to_owned(), Value::Null, "", "there is no such address"),
        (
            "DELETE",
            path.clone(),
            Value::Null,
            "",
            "there is no such method at this address",
        ),
        ("POST", path.clone(), Value::Null, "", "a body is required"),
        (
            "GET",
            format!("{path}?colour=red"),
            Value::Null,
            "colour",
            "is no parameter of this address",
        ),
        (
            "GET",
            format!("{path}?limit=200"),
            Value::Null,
            "limit",
            "is out of its range",
        ),
        (
            "GET",
            format!("{path}?after=x"),
            Value::Null,
            "after",
            "is not a snowflake",
        ),
        (
            "POST",
            path.clone(),
            json!({ "content": "x", "colour": 1 }),
            "colour",
            "is no field of this type",
        ),
        (
            "POST",
            path.clone(),
            json!({ "content": "x", "tts": 1 }),
            "tts",
            "is not boolean or null",
        ),
        (
            "POST",
            path.clone(),
            json!({ "content": "x", "allowed_mentions": { "parse": ["all"] } }),
            "allowed_mentions.parse[0]",
            "is none of the kinds that are taken",
        ),
        (
            "POST",
            path.clone(),
            rows(button(json!(77))),
            "components[0].components[0].style",
            "is none of the kinds that are taken",
        ),
    ];
    for (number, (method, path, body, field, problem)) in cases.into_iter().enumerate() {
        call(&fake, method, &path, body).await;
        let violations = fake.violations();
        let last = violations.last().expect("it is broken");
        assert_eq!(
            (last.call, last.field.as_str(), last.problem.as_str()),
            (number, field, problem)
        );
        assert_eq!(violations.len(), number + 1, "{violations:?}");
    }
}

#[tokio::test]
async fn what_the_fake_answers_is_as_it_is_specified() {
    let Some(fake) = start_checked().await else {
        return;
    };
    let guild = fake.guild("Shop");
    let help = guild.channel("help");
    let ada = fake.user("ada").create().at(&help);
    let said = ada.sends(Content::text("x").with_file("a.txt", "text/plain", "x"));
    ada.reacts(said, "👍").expect("it is there");
    let spec = fake.spec().expect("it is checked");
    let contents = [
        Content::voice("x"),
        Content::sticker(7, "wave"),
        Content::poll("Which?", &["this", "that"]),
    ];
    for content in contents {
        let path = format!("/channels/{}/messages/{}", help.id(), ada.sends(content));
        let (_, body) = call(&fake, "GET", &path, Value::Null).await;
        assert_eq!(spec.check_type("MessageResponse", &body), [""; 0], "{body}");
    }
    let forwarded = ada.sends(Content::forwarded("hi", help.id(), said));
    let path = format!("/channels/{}/messages/{forwarded}", help.id());
    let (_, body) = call(&fake, "GET", &path, Value::Null).await;
    let snapshot = &body["message_snapshots"][0];
    assert_eq!(spec.check_type("MessageSnapshotResponse", snapshot), [""; 0], "{body}");
    let role = guild.role("staff");
    let (_, body) = call(&fake, "GET", &format!("/guilds/{}", guild.id()), Value::Null).await;
    assert_eq!(body["roles"][1]["id"], role.to_string());
    let help = format!("/channels/{}", help.id());
    let direct = json!({ "recipient_id": ada.user().to_string() });
    let cases = [
        ("GET", format!("{help}/messages/{said}"), Value::Null, "MessageResponse"),
        (
            "POST",
            format!("{help}/messages"),
            json!({ "content": "x" }),
            "MessageResponse",
        ),
        (
            "POST",
            format!("{help}/threads"),
            json!({ "name": "x", "type": 12 }),
            "ThreadResponse",
        ),
        ("GET", help.clone(), Value::Null, "GuildChannelResponse"),
        (
            "POST",
            "/users/@me/channels".to_owned(),
            direct,
            "PrivateChannelResponse",
        ),
        ("GET", "/users/@me".to_owned(), Value::Null, "UserPIIResponse"),
        (
            "GET",
            format!("/guilds/{}/threads/active", guild.id()),
            Value::Null,
            "ThreadsResponse",
        ),
        (
            "POST",
            format!("{help}/webhooks"),
            json!({ "name": "x" }),
            "GuildIncomingWebhookResponse",
        ),
        ("GET", "/gateway".to_owned(), Value::Null, "GatewayResponse"),
    ];
    for (method, path, body, kind) in cases {
        let (status, body) = call(&fake, method, &path, body).await;
        assert!(status < 300, "{path}: {body}");
        assert_eq!(spec.check_type(kind, &body), Vec::<String>::new(), "{path}: {body}");
    }
    assert_eq!(fake.violations(), []);
}

#[tokio::test]
async fn a_specification_that_was_named_must_be_there() {
    let started = FakeDiscord::builder().spec("/nowhere/spec.json").start().await;
    assert!(matches!(started, Err(StartError::Spec(_))));
}
