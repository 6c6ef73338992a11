//! What goes wrong on either side of dispatch.

use std::time::Duration;

use super::{bed::Bed, exits::Answer};
use crate::{
    model::{BotEvent, EndReason},
    store::{
        Store,
        rig::{agent_ends, escalate, message},
    },
};

#[tokio::test]
async fn a_panic_of_an_adapter_is_an_attempt_that_failed() {
    for mut bed in Bed::each().await {
        bed.start();
        let sessions = bed.with_agents(1..=2).await;
        bed.desk.side.answers_first([("a", vec![Answer::Panic, Answer::Panic])]);
        bed.channel.side.answers_first([("hello", vec![Answer::Panic])]);
        bed.accept([
            message(1, 2, "a"),
            message(1, 3, "b"),
            message(2, 2, "c"),
            crate::store::rig::agent_says(sessions[1], "hello"),
        ])
        .await;
        bed.drained().await;
        let delivered = bed.desk.side.delivered();
        for text in ["a", "b", "c"] {
            assert_eq!(delivered.iter().filter(|words| *words == text).count(), 1);
        }
        assert!(bed.channel.side.delivered().contains(&"hello".to_owned()));
        bed.shut_down();
        bed.stopped().await;
        bed.ledger.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_over_its_deadline_is_cut_off_and_tried_again() {
    let mut bed = Bed::paused().await;
    bed.start();
    bed.with_agents([1]).await;
    bed.desk.side.answers_first([("a", vec![Answer::Never])]);
    let begin = tokio::time::Instant::now();
    bed.accept([message(1, 2, "a"), message(1, 3, "b")]).await;
    bed.drained_in_days(1).await;
    assert!(bed.desk.side.delivered().ends_with(&["a".to_owned(), "b".to_owned()]));
    assert!(begin.elapsed() >= bed.settings.desk.call_max);
    assert!(begin.elapsed() < bed.settings.desk.call_max + Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_handler_of_the_bot_that_hangs_or_panics_is_given_up_soon() {
    for answer in [Answer::Never, Answer::Panic] {
        let mut bed = Bed::paused().await;
        bed.start();
        let sessions = bed.with_agents([1]).await;
        let before = bed.bot.side.calls().len();
        bed.bot.side.answers(move |_| answer.clone());
        let begin = tokio::time::Instant::now();
        bed.accept([agent_ends(sessions[0])]).await;
        bed.drained_in_days(2).await;
        let (called, age) = (bed.bot.side.calls().len() - before, begin.elapsed());
        assert!(called > 2, "it is called again: {called}");
        let age_max = bed.settings.retry.bot_age_max;
        assert!(
            age >= age_max && age < age_max + 2 * bed.settings.retry.wait_max,
            "{age:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_waits_for_the_ledger_and_the_call_is_not_made_again() {
    let mut bed = Bed::paused().await;
    bed.start();
    bed.with_agents([1]).await;
    bed.desk.side.gate.close();
    bed.desk.side.answers_first([("a", vec![Answer::AtTheGate])]);
    bed.accept([message(1, 2, "a"), message(1, 3, "b")]).await;
    bed.desk.side.gate.holds(1).await;
    bed.place.faults.set_away(true);
    bed.desk.side.gate.open();
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(bed.ledger.outstanding().await, 2);
    bed.place.faults.set_away(false);
    bed.drained().await;
    let called = bed.desk.side.words();
    assert!(called.ends_with(&["a".to_owned(), "b".to_owned()]), "{called:?}");
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_cannot_be_read_is_asked_once_a_second() {
    let mut bed = Bed::paused().await;
    bed.start();
    bed.with_agents([1]).await;
    bed.place.faults.reads.close();
    bed.accept([message(1, 2, "a")]).await;
    bed.place.faults.reads.holds(1).await;
    bed.place.faults.set_away(true);
    bed.place.faults.reads.open();
    bed.place.faults.rows_read();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let reads = bed.place.faults.rows_read();
    assert!((9..=11).contains(&reads), "{reads}");
    bed.place.faults.set_away(false);
    bed.drained().await;
    assert!(bed.desk.side.delivered().ends_with(&["a".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_timer_ends_an_opening_that_hangs() {
    let mut bed = Bed::paused().await;
    bed.start();
    bed.desk.side.answers(|words| match words {
        "desk.opener" => Answer::not_sent(crate::delivery::Scope::Lane, None),
        _ => Answer::Outcome(crate::delivery::Outcome::delivered()),
    });
    bed.accept([escalate(1, 1), message(1, 2, "hello?")]).await;
    bed.drained_in_days(1).await;
    let heard = bed.bot.heard();
    let [BotEvent::Failed { reason, unsent, .. }] = &heard[..] else {
        panic!("{heard:?}");
    };
    assert_eq!(*reason, EndReason::OpeningTimeout);
    assert_eq!(unsent.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_timer_waits_for_the_ledger() {
    let mut bed = Bed::paused().await;
    bed.start();
    bed.desk.side.answers(|_| Answer::Never);
    bed.accept([escalate(1, 1)]).await;
    tokio::time::sleep(Duration::from_secs(100)).await;
    bed.place.faults.set_away(true);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert!(bed.bot.heard().is_empty());
    bed.place.faults.set_away(false);
    tokio::time::sleep(Duration::from_secs(25)).await;
    assert!(bed.bot.heard().is_empty(), "what the desk says comes in first");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(matches!(bed.bot.heard()[..], [BotEvent::Failed { .. }]));
}

#[tokio::test(start_paused = true)]
async fn timers_that_wait_for_the_ledger_hold_no_shutdown_up() {
    let mut bed = Bed::paused().await;
    bed.start();
    bed.desk
        .side
        .answers(|_| Answer::not_sent(crate::delivery::Scope::Lane, Some(3_600)));
    bed.accept((1..=8).map(|n| escalate(n, 1))).await;
    tokio::time::sleep(Duration::from_mins(1)).await;
    bed.place.faults.commits.close();
    tokio::time::sleep(Duration::from_mins(2)).await;
    bed.place.faults.commits.holds(1).await;
    bed.shut_down();
    bed.stopped().await;
    bed.place.faults.commits.open();
    let mut bed = bed.crash().await;
    bed.start();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(bed.bot.heard().len(), 8, "each comes again");
}

#[tokio::test]
async fn a_hand_back_carries_the_human_part() {
    for mut bed in Bed::each().await {
        bed.start();
        let sessions = bed.with_agents([1]).await;
        bed.accept([message(1, 2, "thanks")]).await;
        bed.drained().await;
        bed.accept([agent_ends(sessions[0])]).await;
        bed.drained().await;
        let heard = bed.bot.heard();
        let Some(BotEvent::HandedBack { reason, transcript, .. }) = heard.last() else {
            panic!("{heard:?}");
        };
        assert_eq!(*reason, EndReason::Agent);
        let lines: Vec<&str> = transcript.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(lines, ["Hello", "thanks"]);
        bed.shut_down();
        bed.stopped().await;
        bed.ledger.close().await;
    }
}
