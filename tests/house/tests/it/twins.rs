//! Two instances on one PostgreSQL, under load: one is killed and one is paused. `cargo xtask instances` does it at length.

use std::time::Duration;

use escalator_house::instances_run::{Run, Updates};

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
