//! A shutdown finishes what is under way, and the rest waits for the next start.

use std::collections::BTreeSet;

use super::{bed::Bed, exits::Answer};
use crate::{
    delivery::Outcome,
    store::{Store, rig::message},
};

#[tokio::test]
async fn what_is_under_way_is_finished_and_nothing_is_lost_or_doubled() {
    for mut bed in Bed::each().await {
        bed.start();
        bed.with_agents(1..=8).await;
        let before = bed.desk.side.delivered().len();
        bed.desk.side.gate.close();
        bed.desk.side.answers(|_| Answer::AtTheGate);
        let expected: BTreeSet<String> = (1..=8)
            .flat_map(|n| (2..6).map(move |at| format!("{n}:{at}")))
            .collect();
        for at in 2..6 {
            bed.accept((1..=8).map(|n| message(n, at, &format!("{n}:{at}")))).await;
        }
        bed.desk.side.gate.holds(8).await;
        bed.shut_down();
        bed.desk.side.gate.open();
        bed.stopped().await;
        let finished = bed.desk.side.delivered().len() - before;
        assert_eq!(finished, 8, "one of each lane");

        bed.desk.side.answers(|_| Answer::Outcome(Outcome::delivered()));
        let mut bed = bed.crash().await;
        assert_eq!(bed.ledger.outstanding().await, 24);
        bed.start();
        bed.drained().await;
        let delivered = bed.desk.side.delivered().split_off(before);
        assert_eq!(delivered.len(), expected.len(), "each once");
        assert_eq!(delivered.into_iter().collect::<BTreeSet<_>>(), expected);
        bed.shut_down();
        bed.stopped().await;
        bed.ledger.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_at_a_closed_door_is_not_waited_for() {
    let mut bed = Bed::paused().await;
    bed.start();
    bed.with_agents(1..=3).await;
    bed.desk
        .side
        .answers(|_| Answer::not_sent(crate::delivery::Scope::Door, Some(3_600)));
    let before = bed.desk.side.calls().len();
    bed.accept((1..=3).map(|n| message(n, 2, "hello"))).await;
    bed.desk.side.called(before + 1).await;
    bed.shut_down();
    bed.stopped().await;
    bed.desk.side.answers(|_| Answer::Outcome(Outcome::delivered()));
    let mut bed = bed.crash().await;
    bed.start();
    bed.drained().await;
    let delivered = bed.desk.side.delivered();
    assert_eq!(delivered.iter().filter(|words| *words == "hello").count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_is_away_holds_no_shutdown_up() {
    let mut bed = Bed::paused().await;
    bed.start();
    bed.with_agents([1]).await;
    bed.desk.side.gate.close();
    bed.desk.side.answers_first([("a", vec![Answer::AtTheGate])]);
    bed.accept([message(1, 2, "a")]).await;
    bed.desk.side.gate.holds(1).await;
    bed.place.faults.set_away(true);
    bed.shut_down();
    bed.desk.side.gate.open();
    bed.stopped().await;
    bed.place.faults.set_away(false);
    let mut bed = bed.crash().await;
    bed.start();
    bed.drained().await;
    let called = bed.desk.side.words();
    assert_eq!(
        called.iter().filter(|words| *words == "a").count(),
        2,
        "twice is better than never"
    );
}
