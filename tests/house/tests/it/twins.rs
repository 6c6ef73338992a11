//! Two instances on one PostgreSQL, under load: one is killed and one is paused. `cargo xtask instances` does it at length.

use std::time::Duration;

use escalator_house::{
    instances_run::{Run, Updates},
    shown::sees,
    town::{Bot, PATIENCE, Town},
};
use escalator_testkit::{
    desk::{Encoding, Reply},
    postgres,
};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_inverted_when_an_instance_that_polls_is_killed_and_one_is_paused() {
    survive(Updates::Polled, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_inverted_when_telegram_posts_to_instances_that_are_killed_and_paused() {
    survive(Updates::Posted, 2).await;
}

async fn survive(updates: Updates, seed: u64) {
    let run = Run {
        program: env!("CARGO_BIN_EXE_killable_telegram_bot").into(),
        seed,
        rounds: 1,
        pause: Duration::from_secs(4),
        lease: Duration::from_secs(2),
        customers: 4,
        updates,
    };
    let report = run.make().await.unwrap_or_else(|why| panic!("{why:#}"));
    assert!(report.is_good(), "{report}\n{}", report.last_line());
    assert_eq!(report.troubles.len(), 3, "a kill, a pause, and its end");
    assert!(report.by_customers > 0 && report.by_agents > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_stopped_in_the_middle_of_a_commit_holds_no_hook_up_for_long() {
    let town = Town::build(env!("CARGO_BIN_EXE_killable_telegram_bot").into(), Encoding::Multipart);
    let town = town.await.expect("the town is built");
    let database = tokio::task::spawn_blocking(postgres::database).await;
    let database = database.expect("it does not panic").expect("a database can be made");
    let instance = || {
        let mut command = town.command();
        command.env("DATABASE_URL", database.url());
        command
    };
    // The desk calls the second one; the first one receives.
    let mut first = instance();
    let second = instance();
    let listens_on = second.get_envs().find(|(name, _)| *name == "HOOKPOINT_LISTEN");
    let listens_on = listens_on
        .and_then(|(_, address)| address?.to_str())
        .expect("it is set");
    first.env("HOOKPOINT_LISTEN", "127.0.0.1:0");
    first.env("HOOKPOINT_URL", format!("http://{listens_on}"));
    let mut first = Bot::start(first).expect("it starts");
    let polls = town.telegram.wait_until(PATIENCE, |world| {
        world.calls().iter().any(|call| call.method == "getUpdates")
    });
    polls.await.expect("the first one receives");
    let _second = Bot::start(second).expect("it starts");
    let ada = town.telegram.user("Ada").private_chat();
    ada.says("/human");
    let opened = town.desk.wait_for(PATIENCE, |desk| desk.sessions().next().cloned());
    let session = opened.await.expect("a session is opened");
    let reply = |text| town.desk.reply(&session, Reply::new(text, "Anna"));
    let up = async {
        // It may be starting still.
        while !reply("Hi").await.is_ok_and(|answer| answer.exact) {}
    };
    tokio::time::timeout(PATIENCE, up)
        .await
        .expect("the second one takes hooks");
    sees(&ada, PATIENCE, "Hi").await.expect("it is shown");

    let stopped = first.stops_at(1, "commit.before", || drop(ada.says("hello?"))).await;
    stopped.expect("it commits");
    let answer = reply("Are you there?").await.expect("the session stands");
    assert!(answer.exact, "{:?} after {} ms", answer.status, answer.took_ms);
}
