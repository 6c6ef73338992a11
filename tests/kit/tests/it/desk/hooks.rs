//! What the agent does, as a product receives it.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use escalator_testkit::desk::{Encoding, HookError, HookKind, HookRetry, Party, Reply, SessionStatus, Upload};
use serde_json::{Value, json};

use super::product::{Product, Received, SESSION, desk, open_at};

const ENCODINGS: [Encoding; 4] = [
    Encoding::Json,
    Encoding::Urlencoded,
    Encoding::Multipart,
    Encoding::Query,
];

/// The fields of a hook in whatever encoding, as text.
fn fields(hook: &Received) -> BTreeMap<String, String> {
    let parsed = |encoded: &[u8]| url::form_urlencoded::parse(encoded).into_owned().collect();
    match hook.content_type.split(';').next().unwrap_or_default() {
        "application/json" => {
            let object: BTreeMap<String, Value> = serde_json::from_slice(&hook.body).expect("an object");
            let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            object.into_iter().map(|(name, value)| (name, text(value))).collect()
        }
        "application/x-www-form-urlencoded" => parsed(&hook.body),
        "multipart/form-data" => {
            let parts = hook.parts.iter().filter(|(_, file_name, _)| file_name.is_none());
            parts
                .map(|(name, _, bytes)| (name.clone(), String::from_utf8_lossy(bytes).into_owned()))
                .collect()
        }
        _ => parsed(hook.query.as_bytes()),
    }
}

fn expected<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

#[tokio::test]
async fn every_hook_travels_in_every_encoding_with_the_names_of_the_contract() {
    for encoding in ENCODINGS {
        let (desk, product) = (desk().await, Product::start().await);
        desk.configure(|settings| settings.hooks.encoding = encoding);
        open_at(&desk, &product).await;
        let text = "Grüße & <b>?\n\"ok\" = 100%";
        let answers = [
            desk.reply(SESSION, Reply::new(text, "Anna")).await,
            desk.typing(SESSION, true).await,
            desk.typing(SESSION, false).await,
            desk.end(SESSION).await,
        ];
        for answer in answers {
            assert!(answer.expect("sent").exact, "{encoding:?}");
        }
        let hooks = product.received(4).await;
        let message = [
            ("sessionID", SESSION),
            ("message", text),
            ("name", "Anna"),
            ("picture", ""),
        ];
        assert_eq!(hooks[0].path, "/hook/4f1c-secret/messageForCustomer");
        assert_eq!(fields(&hooks[0]), expected(message));
        assert_eq!(hooks[1].path, "/hook/4f1c-secret/typingIndicatorForCustomer");
        assert_eq!(
            fields(&hooks[1]),
            expected([("SessionID", SESSION), ("Typing", "true")])
        );
        assert_eq!(
            fields(&hooks[2]),
            expected([("SessionID", SESSION), ("Typing", "false")])
        );
        assert_eq!(hooks[3].path, "/hook/4f1c-secret/endSession");
        assert_eq!(fields(&hooks[3]), expected([("sessionID", SESSION)]));
    }
}

#[tokio::test]
async fn a_file_travels_as_a_part_or_as_base64() {
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    for encoding in ENCODINGS {
        let (desk, product) = (desk().await, Product::start().await);
        open_at(&desk, &product).await;
        let upload = Upload::new("fac\"tuur ü.pdf", "application/pdf", bytes.clone()).encoding(encoding);
        assert!(desk.send_file(SESSION, upload).await.expect("sent").exact);
        let hook = product.received(1).await.remove(0);
        assert_eq!(hook.path, "/hook/4f1c-secret/uploadForCustomer");
        let given = fields(&hook);
        assert_eq!(given["sessionID"], SESSION);
        if hook.content_type.starts_with("multipart") {
            let (name, file_name, part) = hook.parts.last().expect("a part");
            assert_eq!(
                (name.as_str(), file_name.as_deref()),
                ("file", Some("fac%22tuur ü.pdf"))
            );
            assert_eq!(*part, bytes);
        } else {
            assert_eq!(given["fileName"], "fac\"tuur ü.pdf");
            assert_eq!(STANDARD.decode(&given["file"]).expect("base64"), bytes);
        }
        let sent_as = desk.hooks()[0].encoding;
        assert_eq!(
            sent_as == Encoding::Multipart,
            matches!(encoding, Encoding::Multipart | Encoding::Query)
        );
        assert_eq!(
            desk.session(SESSION).expect("known").files(Party::Agent)[0].bytes,
            bytes
        );
    }
}

#[tokio::test]
async fn what_the_agent_does_stands_in_the_session() {
    let (desk, product) = (desk().await, Product::start().await);
    open_at(&desk, &product).await;
    desk.typing(SESSION, true).await.expect("sent");
    let session = desk.session(SESSION).expect("known");
    assert_eq!((session.status, session.agent_typing), (SessionStatus::Open, true));
    desk.reply(SESSION, Reply::new("Hello!", "Anna")).await.expect("sent");
    desk.end(SESSION).await.expect("sent");
    let session = desk.session(SESSION).expect("known");
    assert_eq!(
        (session.status, session.ended_by),
        (SessionStatus::Ended, Some(Party::Agent))
    );
    assert_eq!(session.texts(Party::Agent), ["Hello!"]);
    assert_eq!(session.texts(Party::System), ["Session ended by the agent."]);
    let kinds: Vec<_> = desk.hooks().into_iter().map(|hook| hook.kind).collect();
    assert_eq!(kinds, [HookKind::Typing, HookKind::Message, HookKind::End]);
    assert!(
        desk.reply(SESSION, Reply::new("One more thing", "Anna"))
            .await
            .expect("sent, late")
            .exact
    );
}

#[tokio::test]
async fn an_answer_is_exact_only_when_it_is_what_the_contract_says() {
    let answers = vec![(200, "ok\n"), (200, "OK"), (202, "ok"), (500, "ok"), (200, "")];
    let count = answers.len();
    let (desk, product) = (desk().await, Product::answering(answers.clone()).await);
    open_at(&desk, &product).await;
    for (status, body) in answers {
        let answer = desk.reply(SESSION, Reply::new("hi", "Anna")).await.expect("sent");
        assert_eq!(
            (answer.status, answer.body.as_str(), answer.exact),
            (Some(status), body, false)
        );
    }
    assert!(desk.reply(SESSION, Reply::new("hi", "Anna")).await.expect("sent").exact);
    assert_eq!(desk.hooks().len(), count + 1);
}

#[tokio::test]
async fn a_hook_that_fails_is_sent_once_unless_retries_are_on() {
    let failing = vec![(503, ""), (503, ""), (503, "")];
    let (desk, product) = (desk().await, Product::answering(failing).await);
    open_at(&desk, &product).await;
    let once = desk.reply(SESSION, Reply::new("one", "Anna")).await.expect("sent");
    assert_eq!((once.status, product.received(1).await.len()), (Some(503), 1));

    desk.configure(|settings| {
        settings.hooks.retry = HookRetry::Growing {
            retries_max: 5,
            first_wait: Duration::from_millis(1),
        };
    });
    let answer = desk.reply(SESSION, Reply::new("two", "Anna")).await.expect("sent");
    assert!(answer.exact);
    assert_eq!(product.received(4).await.len(), 4);
    let record = desk.hooks().pop().expect("a hook");
    let statuses: Vec<_> = record.attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!((statuses, record.done), (vec![Some(503), Some(503), Some(200)], true));
}

#[tokio::test]
async fn a_product_that_is_away_is_recorded_without_its_address() {
    let desk = desk().await;
    let product = Product::start().await;
    open_at(&desk, &product).await;
    let server = product.server.clone();
    drop(product);
    desk.configure(|settings| settings.hooks.timeout = Duration::from_secs(2));
    let answer = desk
        .reply((server.as_str(), SESSION), Reply::new("hi", "Anna"))
        .await
        .expect("tried");
    assert_eq!((answer.status, answer.taken()), (None, false));
    assert!(!format!("{answer:?}").contains("4f1c-secret"));
}

#[tokio::test]
async fn a_hook_can_go_to_a_session_that_the_desk_does_not_know() {
    let (desk, product) = (desk().await, Product::start().await);
    let unknown = (product.server.as_str(), "never-opened-1");
    assert!(desk.reply(unknown, Reply::new("hi", "Anna")).await.expect("sent").exact);
    assert_eq!(fields(&product.received(1).await[0])["sessionID"], "never-opened-1");
    assert_eq!(desk.hooks()[0].ticket, None);
    let by_id = desk.reply("never-opened-1", Reply::new("hi", "Anna")).await;
    assert_eq!(by_id, Err(HookError::UnknownSession));
    let nowhere = desk.end(("not an address", "never-opened-1")).await;
    assert_eq!(nowhere, Err(HookError::Address));
}

#[tokio::test]
async fn a_hook_is_whole_although_the_desk_hangs_up() {
    for encoding in ENCODINGS {
        let (desk, product) = (desk().await, Product::start().await);
        open_at(&desk, &product).await;
        let reply = Reply::new("bye & gone", "Anna").encoding(encoding);
        desk.reply_and_hang_up(SESSION, reply).await.expect("written");
        assert_eq!(fields(&product.received(1).await[0])["message"], "bye & gone");
        let record = desk.hooks().remove(0);
        assert_eq!((record.done, record.answer().expect("noted").status), (true, None));
    }
}

#[tokio::test]
async fn a_second_slash_can_stand_before_the_name() {
    let (desk, product) = (desk().await, Product::start().await);
    desk.configure(|settings| settings.hooks.double_slash = true);
    open_at(&desk, &product).await;
    desk.end(SESSION).await.expect("sent");
    assert_eq!(product.received(1).await[0].path, "/hook/4f1c-secret//endSession");
}

#[tokio::test]
async fn debug_shows_nothing_of_what_was_said() {
    let (desk, product) = (desk().await, Product::start().await);
    open_at(&desk, &product).await;
    desk.reply(SESSION, Reply::new("private words", "Anna"))
        .await
        .expect("sent");
    let shown = format!("{:?} {:?} {:?}", desk.sessions(), desk.calls(), desk.hooks());
    let lines = format!("{:?}", desk.session(SESSION).expect("known").transcript);
    for secret in ["private words", "hello", "simulatoraccount", "4f1c-secret"] {
        assert!(!shown.contains(secret) && !lines.contains(secret), "{secret}");
    }
    assert_eq!(
        json!(desk.session(SESSION).expect("known"))["transcript"][1]["content"]["text"],
        "private words"
    );
}
