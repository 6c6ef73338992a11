//! A ticket is made once or not at all.

use super::{bed::Bed, exits::Answer};
use crate::{
    delivery::Scope,
    model::{BotEvent, OnUnknown},
    store::{
        Store,
        rig::{agent_says, push_log},
    },
};

fn logs(bed: &Bed) -> usize {
    bed.desk
        .side
        .words()
        .iter()
        .filter(|words| *words == "desk.log")
        .count()
}

#[tokio::test]
async fn a_log_whose_outcome_is_unknown_is_not_tried_again() {
    for answer in [Answer::unknown(), Answer::Panic] {
        for mut bed in Bed::each().await {
            bed.start();
            bed.desk.side.answers_first([("desk.log", vec![answer.clone()])]);
            bed.accept([push_log(1, Vec::new())]).await;
            bed.drained().await;
            assert_eq!(logs(&bed), 1);
            let letters = bed.ledger.dead_letters(9).await.expect("they are read");
            assert!(
                letters[0].detail.starts_with("it may have arrived"),
                "{}",
                letters[0].detail
            );
            assert!(matches!(bed.bot.heard()[..], [BotEvent::Undelivered { .. }]));
            bed.shut_down();
            bed.stopped().await;
            bed.ledger.close().await;
        }
    }
}

#[tokio::test]
async fn a_log_that_never_left_is_tried_again() {
    for mut bed in Bed::each().await {
        bed.start();
        let away = vec![Answer::not_sent(Scope::Lane, None), Answer::not_sent(Scope::Door, None)];
        bed.desk.side.answers_first([("desk.log", away)]);
        bed.accept([push_log(1, Vec::new())]).await;
        bed.drained().await;
        assert_eq!(logs(&bed), 3);
        assert_eq!(bed.desk.side.delivered(), ["desk.log"]);
        assert!(bed.ledger.dead_letters(9).await.expect("they are read").is_empty());
        bed.shut_down();
        bed.stopped().await;
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn a_log_that_was_under_way_in_a_crash_is_not_tried_again() {
    for mut bed in Bed::each().await {
        bed.start();
        bed.desk.side.answers_first([("desk.log", vec![Answer::Never])]);
        bed.accept([push_log(1, Vec::new())]).await;
        bed.desk.side.called(1).await;
        bed.shut_down();
        let mut bed = bed.crash().await;
        bed.start();
        bed.drained().await;
        assert_eq!(logs(&bed), 1);
        assert_eq!(bed.ledger.dead_letters(9).await.expect("they are read").len(), 1);
        assert!(matches!(bed.bot.heard()[..], [BotEvent::Undelivered { .. }]));
        bed.shut_down();
        bed.stopped().await;
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn where_nothing_may_stand_twice_a_message_that_was_under_way_in_a_crash_is_not_tried_again() {
    for mut bed in Bed::each().await {
        bed.settings.on_unknown = OnUnknown::DeadLetter;
        bed.start();
        let session = bed.with_agents([1]).await[0];
        bed.channel
            .side
            .answers_first([("It is on its way", vec![Answer::Never])]);
        let before = bed.channel.side.words().len();
        bed.accept([agent_says(session, "It is on its way")]).await;
        bed.channel.side.called(before + 1).await;
        bed.shut_down();
        let mut bed = bed.crash().await;
        bed.start();
        bed.drained().await;
        let calls = bed.channel.side.words();
        assert_eq!(calls.len(), before + 1, "{calls:?}");
        assert_eq!(bed.ledger.dead_letters(9).await.expect("they are read").len(), 1);
        bed.shut_down();
        bed.stopped().await;
        bed.ledger.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_waits_until_it_can_be_noted_that_it_begins() {
    let mut bed = Bed::paused().await;
    bed.start();
    bed.place.faults.reads.close();
    bed.accept([push_log(1, Vec::new())]).await;
    bed.place.faults.reads.holds(1).await;
    bed.place.faults.commits.close();
    bed.place.faults.reads.open();
    bed.place.faults.commits.holds(1).await;
    bed.place.faults.set_away(true);
    bed.place.faults.commits.open();
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    assert_eq!(logs(&bed), 0);
    bed.place.faults.set_away(false);
    bed.drained().await;
    assert_eq!(logs(&bed), 1);
}
