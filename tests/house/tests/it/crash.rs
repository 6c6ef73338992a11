//! A handful of kill points; `cargo xtask crash` runs hundreds.

use std::path::PathBuf;

use escalator_house::{crash_run::Run, sites::Platform};

/// Fewer than there are sites.
const POINTS: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_inverted_when_the_telegram_bot_is_killed() {
    survives(Platform::Telegram, env!("CARGO_BIN_EXE_killable_telegram_bot")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_inverted_when_the_discord_bot_is_killed() {
    survives(Platform::Discord, env!("CARGO_BIN_EXE_killable_discord_bot")).await;
}

async fn survives(platform: Platform, program: &str) {
    let run = Run {
        programs: vec![(platform, PathBuf::from(program))],
        points: POINTS,
        seed: 7,
        from: 0,
        jobs: 2,
        out: None,
    };
    let tally = run.make().await.unwrap_or_else(|why| panic!("{why:#}"));
    assert!(tally.is_good(), "{tally:?}");
    assert_eq!((tally.dead_lettered, tally.missed), (0, 0), "{tally:?}");
    assert_eq!(tally.delivered, tally.said, "{tally:?}");
    assert_eq!(
        tally.cuts.len(),
        POINTS,
        "each was cut, at a site of its own: {tally:?}"
    );
}
