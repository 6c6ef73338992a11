//! What `run` finds out, and that no secret shows.

use std::error::Error;

use escalator::channel::EscalationChannel;
use escalator_telegram::{ClientError, Receiving, Telegram, check, client};
use escalator_testkit::{desk::DeskSimulator, telegram::World};
use teloxide::requests::Requester;
use tokio_util::sync::CancellationToken;

use super::rig::{Rig, SOON, TOKEN, quick};

#[tokio::test]
async fn a_webhook_in_the_way_is_told_and_never_deleted() {
    let rig = Rig::new().await;
    let webhook = "https://bot.example.org/secret-path".parse().expect("it is a URL");
    rig.bot.set_webhook(webhook).await.expect("it is set");
    let failed = rig.telegram.run(CancellationToken::new()).await;
    let failed = failed.expect_err("polling is refused").to_string();
    assert!(failed.contains("deleteWebhook"), "{failed}");
    assert!(!failed.contains("secret-path"), "{failed}");
    assert!(rig.fake.calls_of("deleteWebhook").is_empty());

    let mut settings = quick();
    settings.receiving = Receiving::Other;
    let by_webhook = Telegram::with_settings(rig.bot.clone(), rig.house.ingress(), settings);
    let shutdown = CancellationToken::new();
    let run = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { by_webhook.run(shutdown).await }
    });
    let known = |world: &World| world.calls().iter().filter(|call| call.method == "getMe").count() == 2;
    rig.fake.wait_until(SOON, known).await.expect("it asks who it is");
    shutdown.cancel();
    run.await.expect("it ends").expect("the webhook is the author's own");
}

#[tokio::test]
async fn a_wrong_token_and_a_dead_address_are_told_without_the_token() {
    let rig = Rig::new().await;
    let wrong = "7000000009:AAE-other_secret_other_secret_other_secret";
    let stranger = client(wrong, Some(&rig.fake.url())).expect("it reads like a token");
    let refused = Telegram::new(stranger, rig.house.ingress());
    let refused = refused.run(CancellationToken::new()).await.expect_err("it is refused");
    assert!(refused.to_string().contains("check the token"), "{refused}");

    rig.fake.close_port().await.expect("the port is closed");
    let away = rig.telegram.run(CancellationToken::new()).await;
    let away = away.expect_err("nobody answers");
    assert!(away.to_string().starts_with("Telegram cannot be reached"), "{away}");
    for failed in [&refused, &away] {
        assert!(failed.source().is_none());
        assert_no_secret(&format!("{failed} {failed:?}"));
    }
    assert_no_secret(&format!("{:?}", rig.telegram));
}

#[tokio::test]
async fn a_second_run_goes_on_where_the_first_ended() {
    let rig = Rig::new().await;
    let group = rig.fake.user("Ada").create().group("Team");
    for hints in 1..=2 {
        let running = rig.run();
        group.says("/human");
        let hinted = |world: &World| {
            world
                .chat(group.id())
                .is_some_and(|chat| chat.bot_texts().len() == hints)
        };
        rig.fake.wait_until(SOON, hinted).await.expect("the hint comes");
        running.stop().await;
    }
    assert_eq!(rig.fake.violations(), []);
}

/// Neither the secret nor an address stands in a text.
pub(crate) fn assert_no_secret(text: &str) {
    for secret in [
        TOKEN.split_once(':').expect("it is a token").1,
        "secret",
        "/bot",
        "http://",
    ] {
        assert!(!text.contains(secret), "{text} shows {secret}");
    }
}

#[tokio::test]
async fn a_bot_is_checked_before_anything_is_connected() {
    let rig = Rig::new().await;
    check(&rig.bot).await.expect("Telegram knows it");
    let stranger = client("7000000009:AAE-another", Some(&rig.fake.url())).expect("it reads like a token");
    let refused = check(&stranger).await.expect_err("Telegram knows no such bot");
    assert!(matches!(refused, ClientError::Refused), "{refused:?}");

    let desk = DeskSimulator::builder().start().await.expect("it starts");
    let elsewhere = client(TOKEN, Some(&format!("{}/AAE", desk.url()))).expect("it is an address");
    let elsewhere = check(&elsewhere).await.expect_err("a desk is no Bot API");
    assert!(matches!(elsewhere, ClientError::NoBotApi(_)), "{elsewhere:?}");

    rig.fake.close_port().await.expect("the port is closed");
    let away = check(&rig.bot).await.expect_err("nobody answers");
    let told = format!(
        "nothing answers at {}: Telegram cannot be reached: connection refused",
        rig.fake.url()
    );
    assert_eq!(away.to_string(), told);
    for failed in [refused, elsewhere, away] {
        let shown = format!("{failed} {failed:?}");
        assert!(!shown.contains(TOKEN) && !shown.contains("AAE"), "{shown}");
    }
}
