//! Order in a lane, and none between lanes.

use std::time::Duration;

use super::{
    bed::Bed,
    exits::{Answer, Call},
};
use crate::{
    delivery::{Outcome, Scope},
    store::{Store, rig::message},
};

/// The moments of the calls of some words.
fn times(calls: &[Call], words: &str) -> Vec<tokio::time::Instant> {
    calls
        .iter()
        .filter(|call| call.words == words)
        .map(|call| call.at)
        .collect()
}

#[tokio::test]
async fn a_lane_keeps_its_order_through_every_retry() {
    for mut bed in Bed::each().await {
        bed.start();
        bed.with_agents(1..=3).await;
        let before = bed.desk.side.words().len();
        bed.desk.side.answers(|_| match fastrand::u8(0..4) {
            0 => Answer::not_sent(Scope::Lane, None),
            1 => Answer::unknown(),
            _ => Answer::Outcome(Outcome::delivered()),
        });
        for at in 2..22 {
            bed.accept((1..=3).map(|n| message(n, at, &format!("{n}:{at}")))).await;
        }
        bed.drained().await;
        for n in 1..=3 {
            let prefix = format!("{n}:");
            let of_lane = |words: &&String| words.starts_with(&prefix);
            let expected: Vec<String> = (2..22).map(|at| format!("{n}:{at}")).collect();
            let delivered = bed.desk.side.delivered();
            assert_eq!(
                delivered.iter().filter(of_lane).collect::<Vec<_>>(),
                expected.iter().collect::<Vec<_>>()
            );
            let mut called: Vec<String> = bed.desk.side.words().split_off(before);
            called.retain(|words| of_lane(&words));
            called.dedup();
            assert_eq!(called, expected, "no attempt overtakes another message");
        }
        bed.shut_down();
        bed.stopped().await;
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn one_lane_that_hangs_delays_no_other() {
    for mut bed in Bed::each().await {
        bed.start();
        bed.with_agents(1..=4).await;
        bed.desk.side.gate.close();
        bed.desk.side.answers_first([("1:2", vec![Answer::AtTheGate])]);
        bed.accept([message(1, 2, "1:2"), message(1, 3, "1:3")]).await;
        bed.desk.side.gate.holds(1).await;
        let before = bed.desk.side.delivered().len();
        for at in 2..12 {
            bed.accept((2..=4).map(|n| message(n, at, "other"))).await;
        }
        bed.desk.side.called(before + 1 + 30).await;
        while bed.ledger.outstanding().await > 2 {
            tokio::task::yield_now().await;
        }
        assert!(!bed.desk.side.words().contains(&"1:3".to_owned()));
        bed.desk.side.gate.open();
        bed.drained().await;
        assert!(
            bed.desk
                .side
                .delivered()
                .ends_with(&["1:2".to_owned(), "1:3".to_owned()])
        );
        bed.shut_down();
        bed.stopped().await;
        bed.ledger.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_is_told_to_wait_waits_and_no_other_does() {
    let mut bed = Bed::paused().await;
    bed.start();
    bed.with_agents(1..=2).await;
    let waits = vec![Answer::not_sent(Scope::Lane, Some(30)), Answer::refused(Scope::Lane)];
    bed.desk.side.answers_first([("waits", waits)]);
    let begin = tokio::time::Instant::now();
    bed.accept([message(1, 2, "waits"), message(1, 3, "behind"), message(2, 2, "free")])
        .await;
    bed.drained_in_days(1).await;
    let calls = bed.desk.side.calls();
    assert!(times(&calls, "free")[0] - begin < Duration::from_secs(1));
    let waits = times(&calls, "waits");
    assert_eq!(waits.len(), 3);
    assert!(waits[1] - waits[0] >= Duration::from_secs(30));
    assert!(
        waits[2] - waits[1] >= Duration::from_millis(250),
        "a lane that is refused alone does not spin"
    );
    assert!(times(&calls, "behind")[0] >= waits[2]);
}

#[tokio::test(start_paused = true)]
async fn waits_grow_to_their_longest() {
    let mut bed = Bed::paused().await;
    bed.start();
    bed.with_agents([1]).await;
    let away = (0..12).map(|_| Answer::not_sent(Scope::Lane, None)).collect();
    bed.desk.side.answers_first([("a", away)]);
    bed.accept([message(1, 2, "a")]).await;
    bed.drained_in_days(1).await;
    let calls = times(&bed.desk.side.calls(), "a");
    let waits: Vec<Duration> = calls.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits.len(), 12);
    assert!(waits[0] <= Duration::from_millis(502), "{waits:?}");
    for wait in &waits[7..] {
        assert!((30..=61).contains(&wait.as_secs()), "{waits:?}");
    }
}
