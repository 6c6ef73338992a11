//! Telegram posts the updates instead of being polled: the same story, and the same promises.

use escalator_house::{
    shown::sees,
    story,
    town::{PATIENCE, Town},
};
use escalator_testkit::{
    desk::{DeskState, Encoding, Party, Reply, Session},
    telegram::{Fault, On, Plan, WEBHOOK, World},
};

async fn town() -> Town {
    let program = env!("CARGO_BIN_EXE_killable_telegram_bot").into();
    let town = Town::build(program, Encoding::Multipart).await;
    town.and_then(Town::by_webhook).expect("the town is built")
}

/// What the customer said, as the agent reads it, without the opener.
fn lines(desk: &DeskState, session: &Session) -> Vec<String> {
    let session = desk.session(session).expect("it was opened");
    session
        .texts(Party::Customer)
        .iter()
        .skip(1)
        .map(|&line| line.to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_told_by_webhook() {
    let town = town().await;
    let _bot = town.start_bot().await.expect("the bot starts");
    story::tell(&town).await.unwrap_or_else(|why| panic!("{why:#}"));
    assert!(town.telegram.calls_of("getUpdates").is_empty());
    assert!(town.telegram.calls_of("deleteWebhook").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_told_by_webhook_when_answers_are_lost() {
    let town = town().await;
    let lost = Plan::Chance {
        probability: 0.4,
        seed: 11,
        fault: Fault::LoseAnswer,
    };
    town.telegram.fault(On::method(WEBHOOK), lost);
    let _bot = town.start_bot().await.expect("the bot starts");
    story::tell(&town).await.unwrap_or_else(|why| panic!("{why:#}"));
    let (posts, updates) = town.telegram.look(|world| {
        let ids: std::collections::BTreeSet<_> = world.posts().iter().map(|post| post.update_id).collect();
        (world.posts().len(), ids.len())
    });
    assert!(posts > updates, "some were posted again");
    let first = town
        .desk
        .look(|desk| desk.sessions().next().cloned())
        .expect("there is one");
    let lines = town.desk.look(|desk| lines(desk, &first));
    for said in [
        "my order is 11",
        "Edited: my order is 12 (before: “my order is 11”)",
        "hours",
        "/start",
    ] {
        assert_eq!(
            lines.iter().filter(|line| *line == said).count(),
            1,
            "{said}: {lines:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_the_bot_is_killed_around_a_commit_and_started_again() {
    let town = town().await;
    let mut bot = town.start_bot().await.expect("the bot starts");
    let ada = town.telegram.user("Ada").private_chat();
    ada.says("/human");
    let opened = town
        .desk
        .wait_for(PATIENCE, |desk| desk.sessions().next().cloned())
        .await;
    let session = opened.expect("a session is opened");
    town.desk
        .reply(&session, Reply::new("Hi", "Anna"))
        .await
        .expect("the bot hears");
    sees(&ada, PATIENCE, "Hi").await.expect("it arrives");
    let mut said = Vec::new();
    for (turn, site) in ["commit.before", "commit.after"]
        .into_iter()
        .cycle()
        .take(6)
        .enumerate()
    {
        bot.arm(1, site).await.expect("it hears");
        // The second of them comes while nobody is there.
        let pair = [format!("{turn} a"), format!("{turn} b")];
        for line in &pair {
            ada.says(line);
        }
        said.extend(pair);
        assert!(bot.was_killed().await.expect("the system tells"), "{site}");
        bot = town.start_bot().await.expect("the bot starts again");
        let all = town.desk.wait_until(PATIENCE, |desk| {
            let mut read = lines(desk, &session);
            // One that was on its way to the desk when the bot was killed may stand twice.
            read.dedup();
            read == said
        });
        let all = all.await;
        assert!(
            all.is_ok(),
            "{site}: {:?}",
            town.desk.look(|desk| lines(desk, &session))
        );
    }
    town.telegram
        .wait_until(PATIENCE, World::all_confirmed)
        .await
        .expect("all is answered");
    town.desk
        .reply(&session, Reply::new("All of it", "Anna"))
        .await
        .expect("the bot hears");
    sees(&ada, PATIENCE, "All of it").await.expect("it arrives");
    let unexpected = ada
        .transcript()
        .bot_texts()
        .iter()
        .filter(|text| text.starts_with("Bot:"))
        .count();
    assert_eq!(unexpected, 0, "the bot is silent while a human has the chat");
}
