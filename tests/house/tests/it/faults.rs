//! One call in five goes wrong; `cargo xtask faults` does it for longer.

use escalator_house::{fault_run::FaultRun, sites::Platform};

#[tokio::test(flavor = "multi_thread")]
async fn telegram_conversations_stay_whole_while_one_call_in_five_goes_wrong() {
    stay_whole(Platform::Telegram, env!("CARGO_BIN_EXE_killable_telegram_bot")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn discord_conversations_stay_whole_while_one_call_in_five_goes_wrong() {
    stay_whole(Platform::Discord, env!("CARGO_BIN_EXE_killable_discord_bot")).await;
}

async fn stay_whole(platform: Platform, program: &str) {
    let run = FaultRun {
        platform,
        program: program.into(),
        seed: 11,
        rounds: 1,
        conversations: 4,
    };
    let tally = run.make().await.expect("the bot starts");
    println!("{tally:?}");
    assert!(tally.is_good(), "{tally:?}");
    assert_eq!(tally.dead_lettered, 0, "{tally:?}");
    assert!(tally.struck * 10 > tally.calls, "the faults strike: {tally:?}");
}
