//! A handful of kill points; `cargo xtask crash` runs hundreds.

use std::sync::Arc;

use escalator_house::{crash_run, judge::Verdict, town::Town};
use escalator_testkit::desk::Encoding;

/// Fewer than there are sites.
const POINTS: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_inverted_when_the_bot_is_killed() {
    let program = env!("CARGO_BIN_EXE_killable_telegram_bot").into();
    let town = Arc::new(
        Town::build(program, Encoding::Multipart)
            .await
            .expect("the town is built"),
    );
    let findings = crash_run::run(town, POINTS, 7, 0)
        .await
        .unwrap_or_else(|why| panic!("{why:#}"));
    let Verdict { lost, inverted, .. } = findings.verdict;
    assert_eq!(
        (lost, inverted, findings.unexplained, findings.bot_lines),
        (0, 0, 0, 0),
        "{findings:?}"
    );
    assert!(findings.stuck.is_empty(), "{findings:?}");
    assert_eq!(
        findings.points.len(),
        POINTS,
        "each was cut, at a site of its own: {findings:?}"
    );
}
