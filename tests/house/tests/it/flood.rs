//! One conversation is blocked, then flooded; `cargo xtask flood` measures what that costs the others.

use escalator_house::flood::Flood;

#[tokio::test(flavor = "multi_thread")]
async fn the_others_get_everything_while_one_conversation_is_blocked_or_flooded() {
    let flood = Flood {
        program: env!("CARGO_BIN_EXE_killable_telegram_bot").into(),
        others: 3,
        rounds: 4,
        lines: 100,
    };
    let measured = flood.measure().await.unwrap_or_else(|why| panic!("{why:#}"));
    assert_eq!(measured.shown_while_blocked, 0, "it was blocked all the time");
    assert!(
        measured.waited_while_flooded > 0,
        "the others had theirs before the flood was over"
    );
    assert_eq!(measured.blocked.len(), 12);
}
