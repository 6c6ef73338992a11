use http::StatusCode;

use super::{
    form::{FORM, JSON, MULTIPART, dripping, field, json, multipart, urlencoded},
    world::{World, post, read},
};
use crate::{
    intake::SignalTo,
    model::{DeskEvent, Signal, Text},
};

const OK: (StatusCode, &str) = (StatusCode::OK, "ok");
const ENDED: (StatusCode, &str) = (StatusCode::OK, r#"{ "message": "ok" }"#);

/// Sends fields in each encoding, each also without its name, and hands the answer of each to `check`.
async fn in_every_encoding(
    world: &mut World,
    hook: &str,
    fields: &[(&str, &str)],
    mut check: impl FnMut(&str, &mut World, (StatusCode, &str)),
) {
    let parts: Vec<_> = fields.iter().map(|(name, value)| field(name, value)).collect();
    let (form, query) = (urlencoded(fields), format!("{hook}?{}", urlencoded(fields)));
    for (told, target, media_type, body) in [
        ("JSON", hook, JSON, json(fields).into_bytes()),
        (
            "JSON by its suffix",
            hook,
            Some("application/vnd.desk+json"),
            json(fields).into_bytes(),
        ),
        ("JSON said to be a form", hook, FORM, json(fields).into_bytes()),
        ("JSON untold", hook, None, json(fields).into_bytes()),
        ("urlencoded", hook, FORM, form.clone().into_bytes()),
        ("urlencoded untold", hook, None, form.clone().into_bytes()),
        (
            "urlencoded as text",
            hook,
            Some("text/plain; charset=UTF-8"),
            form.into_bytes(),
        ),
        ("multipart", hook, MULTIPART, multipart(&parts)),
        ("query", &query, None, Vec::new()),
        ("query said to be JSON", &query, JSON, Vec::new()),
    ] {
        let (status, answer) = world.call(target, media_type, body.clone()).await;
        check(told, world, (status, &answer));
        let (status, answer) = world.call(target, media_type, dripping(&body, 7)).await;
        check(told, world, (status, &answer));
    }
}

#[tokio::test]
async fn a_message_is_heard_in_every_encoding() {
    let mut world = World::new();
    let session = world.session.to_string();
    let fields = [
        ("sessionID", &*session),
        ("message", "50% of 3+4 & more = Größe 👍\n<b>ok</b>"),
        ("name", "Anna"),
        ("picture", ""),
        ("team", "unknown to us"),
    ];
    in_every_encoding(&mut world, "messageForCustomer", &fields, |told, world, answer| {
        assert_eq!(answer, OK, "{told}");
        let heard = DeskEvent::Message {
            name: Some(Text::from("Anna")),
            picture: None,
            text: fields[1].1.into(),
        };
        assert_eq!(world.heard(), [heard], "{told}");
    })
    .await;
}

#[tokio::test]
async fn an_end_is_heard_in_every_encoding() {
    let mut world = World::new();
    let session = world.session.to_string();
    in_every_encoding(
        &mut world,
        "endSession",
        &[("sessionID", &session)],
        |told, world, answer| {
            assert_eq!(answer, ENDED, "{told}");
            assert_eq!(world.heard(), [DeskEvent::Ended], "{told}");
        },
    )
    .await;
}

#[tokio::test]
async fn typing_is_passed_on_in_every_encoding() {
    let mut world = World::new();
    let session = world.session.to_string();
    let fields = [("Typing", "true"), ("SessionID", &*session)];
    in_every_encoding(
        &mut world,
        "typingIndicatorForCustomer",
        &fields,
        |told, world, answer| {
            assert_eq!(answer, OK, "{told}");
            let Ok(SignalTo::Customer { signal, .. }) = world.signals.try_recv() else {
                panic!("typing in {told} is passed on to the customer");
            };
            assert_eq!(signal, Signal::TypingStarted, "{told}");
        },
    )
    .await;
}

#[tokio::test]
async fn answers_carry_their_media_type() {
    let world = World::new();
    let fields =
        [("sessionID", &*world.session.to_string()), ("message", "Hi")].map(|(name, value)| (name, value.to_owned()));
    let form = urlencoded(&[("sessionID", &fields[0].1), ("message", "Hi")]);
    for (hook, media_type, length) in [
        ("messageForCustomer", "text/plain", "2"),
        ("endSession", "application/json", "19"),
    ] {
        let answer = world.send(post(hook, FORM, form.clone())).await;
        assert_eq!(answer.headers()["content-type"], media_type);
        let (_, body) = read(answer).await;
        assert_eq!(body.len().to_string(), length);
    }
}

#[tokio::test]
async fn json_values_of_other_types_are_read() {
    let mut world = World::new();
    let session = world.session;
    for (typing, signal) in [
        ("true", Signal::TypingStarted),
        ("false", Signal::TypingStopped),
        ("1", Signal::TypingStarted),
        ("\"0\"", Signal::TypingStopped),
    ] {
        let body = format!(
            r#"{{"nested": {{"Typing": [1, {{}}]}}, "none": null, "typing": {typing}, "sessionid": "{session}"}}"#
        );
        let answered = world.call("typingIndicatorForCustomer", JSON, body).await;
        assert_eq!(answered, (OK.0, OK.1.to_owned()), "{typing}");
        let Ok(SignalTo::Customer { signal: passed, .. }) = world.signals.try_recv() else {
            panic!("typing is passed on");
        };
        assert_eq!(passed, signal, "{typing}");
    }
    let numbers = format!(r#"{{"message": 12.5, "name": -3, "sessionID": "{session}"}}"#);
    assert_eq!(world.call("messageForCustomer", JSON, numbers).await.0, StatusCode::OK);
    let heard = DeskEvent::Message {
        name: Some(Text::from("-3")),
        picture: None,
        text: "12.5".into(),
    };
    assert_eq!(world.heard(), [heard]);
}

#[tokio::test]
async fn names_are_taken_in_any_case_and_the_first_of_a_name_wins() {
    let world = World::new();
    let session = world.session;
    let form = format!("SESSIONID={session}&MeSsAgE=first&message=second");
    let target = "MESSAGEFORCUSTOMER?message=third&name=Anna";
    assert_eq!(world.call(target, FORM, form).await.0, StatusCode::OK);
    let heard = DeskEvent::Message {
        name: Some(Text::from("Anna")),
        picture: None,
        text: "first".into(),
    };
    assert_eq!(world.heard(), [heard], "the query string stands behind the body");
}

#[tokio::test]
async fn a_byte_order_mark_says_nothing() {
    let world = World::new();
    let body = format!("\u{feff}{}", json(&[("sessionID", &world.session.to_string())]));
    assert_eq!(world.call("endSession", JSON, body).await.0, StatusCode::OK);
    assert_eq!(world.heard(), [DeskEvent::Ended]);
}

#[tokio::test]
async fn the_same_words_twice_are_two_messages() {
    let world = World::new();
    let form = urlencoded(&[("sessionID", &world.session.to_string()), ("message", "ok")]);
    for _ in 0..2 {
        world.call("messageForCustomer", FORM, form.clone()).await;
    }
    assert_eq!(world.heard().len(), 2);
}
