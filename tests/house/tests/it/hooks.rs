//! Hooks of every kind of caller: impatient ones, many at once, and strangers.

use escalator::store::Store;
use escalator_testkit::{
    desk::{Encoding, Reply, SessionRef, Upload},
    telegram::World,
};
use futures::future::join_all;

use crate::{
    home::Plan,
    street::{PATIENCE, Street, Talk, exact, texts_in},
};

const ENCODINGS: [Encoding; 4] = [
    Encoding::Multipart,
    Encoding::Json,
    Encoding::Urlencoded,
    Encoding::Query,
];

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_whose_caller_hangs_up_at_once_is_delivered() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let ada = street.talk("Ada").await;
    for encoding in ENCODINGS {
        let text = format!("in a hurry, {encoding:?}");
        let reply = Reply::new(&text, "Anna").encoding(encoding);
        let sent = street.desk.reply_and_hang_up(&ada.session, reply).await;
        sent.expect("the hook goes out");
        ada.sees(&text).await;
    }
    // A query string carries no file.
    for encoding in &ENCODINGS[..3] {
        let name = format!("{encoding:?}.bin");
        let bytes: Vec<u8> = name.bytes().cycle().take(500_000).collect();
        let file = Upload::new(&name, "application/octet-stream", bytes.clone()).encoding(*encoding);
        let sent = street.desk.send_file_and_hang_up(&ada.session, file).await;
        sent.expect("the hook goes out");
        let shown = ada.sees_file(&name).await.file.expect("it is a file");
        assert_eq!(shown.bytes, bytes, "{name}");
    }
    house.drained().await;
    let mut texts = ada.texts();
    let all = texts.len();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), all, "nothing stands twice");
    street.nobody_complains();
    house.shutdown().await;
}

const SESSIONS: usize = 100;
const HOOKS: usize = 10;
/// The hook that is a file.
const FILE_AT: usize = 7;

#[tokio::test(flavor = "multi_thread")]
async fn hooks_of_a_hundred_sessions_at_once_stay_in_order_in_each() {
    let street = &Street::build().await;
    let house = street.open(Plan::default()).await;
    let talks = join_all((0..SESSIONS).map(|n| async move { street.talk(&format!("Customer {n}")).await })).await;
    join_all(talks.iter().enumerate().map(|(n, talk)| send_all(street, talk, n))).await;

    let wanted: Vec<String> = std::iter::once("Hi".to_owned()).chain((0..HOOKS).map(shown)).collect();
    for talk in &talks {
        let from_agent = |world: &World| {
            let texts = texts_in(world, talk.chat.id()).into_iter();
            texts.filter(|text| wanted.contains(text)).collect::<Vec<_>>()
        };
        let all = |world: &World| from_agent(world).len() >= wanted.len();
        street.telegram.wait_until(PATIENCE, all).await.ok();
        assert_eq!(street.telegram.look(from_agent), wanted, "{}", talk.name);
    }
    house.drained().await;
    street.nobody_complains();
    house.shutdown().await;
}

/// The hooks of one session, each after the last was answered, in all encodings.
async fn send_all(street: &Street, talk: &Talk<'_>, number: usize) {
    for hook in 0..HOOKS {
        let encoding = ENCODINGS[(number + hook) % ENCODINGS.len()];
        let answer = if hook == FILE_AT {
            let file = Upload::new(shown(hook), "application/octet-stream", vec![7; 10_000]);
            street.desk.send_file(&talk.session, file.encoding(encoding)).await
        } else {
            let reply = Reply::new(format!("hook {hook}"), "Anna");
            street.desk.reply(&talk.session, reply.encoding(encoding)).await
        };
        exact(answer);
    }
}

/// How a hook shows in the chat.
fn shown(hook: usize) -> String {
    match hook {
        FILE_AT => format!("{hook}.bin"),
        _ => format!("hook {hook}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_of_an_unknown_session_is_answered_and_changes_nothing() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let ada = street.talk("Ada").await;
    house.drained().await;
    let (calls, told) = (calls(&street), house.told.all().len());

    let server = ada.session.chat_server.as_str();
    for id in ["5f0b0f5c-7d0c-4f6e-9a53-3f6f0e1c2b3a", "a-session-of-somebody-else"] {
        for encoding in ENCODINGS {
            let reply = Reply::new("Who are you?", "Anna").encoding(encoding);
            exact(street.desk.reply((server, id), reply).await);
            let file = Upload::new("who.txt", "text/plain", "who?").encoding(encoding);
            exact(street.desk.send_file((server, id), file).await);
        }
        exact(street.desk.typing((server, id), true).await);
        exact(street.desk.end((server, id)).await);
    }

    assert_eq!(house.running.health().outstanding, 0);
    let dead = house.running.ledger().dead_letters(10).await.expect("they can be read");
    assert_eq!(dead, []);
    assert_eq!(house.told.all().len(), told, "the bot's author hears nothing");
    ada.agent_says("Still here").await;
    ada.sees("Still here").await;
    assert_eq!(self::calls(&street), calls + 1, "the reply of the known session alone");
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_with_a_wrong_secret_or_none_is_not_found_and_changes_nothing() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let ada = street.talk("Ada").await;
    house.drained().await;
    let calls = calls(&street);

    let server = ada.session.chat_server.as_str();
    let (base, secret) = server.rsplit_once('/').expect("the secret is the last segment");
    let turned: String = secret.chars().rev().collect();
    for server in [base.to_owned(), format!("{base}/{turned}"), format!("{server}0")] {
        let session = || SessionRef::from((server.as_str(), ada.session.id.as_str()));
        let file = Upload::new("let-me-in.txt", "text/plain", "please");
        for answer in [
            street.desk.reply(session(), Reply::new("Let me in", "Eve")).await,
            street.desk.send_file(session(), file).await,
            street.desk.typing(session(), true).await,
            street.desk.end(session()).await,
        ] {
            assert_eq!(answer.expect("the hook goes out").status, Some(404));
        }
    }

    assert_eq!(house.running.health().outstanding, 0);
    ada.agent_says("Still here").await;
    ada.sees("Still here").await;
    assert_eq!(self::calls(&street), calls + 1, "the reply of the known session alone");
    house.shutdown().await;
}

/// How many calls Telegram got that a customer can notice.
fn calls(street: &Street) -> usize {
    street.telegram.look(|world| {
        let calls = world.calls().iter();
        calls
            .filter(|call| call.method.to_ascii_lowercase().starts_with("send"))
            .count()
    })
}
