//! The timers, brought in time though the process dies before each of them.

use std::time::Duration;

use super::{bed::Bed, exits::Answer};
use crate::{
    delivery::Scope,
    model::{BotEvent, EndReason, OnTimeout},
    store::{
        Store,
        rig::{escalate, message},
    },
};

/// Another process takes over, and time goes by.
async fn later(bed: Bed, wait: Duration) -> Bed {
    let mut bed = bed.crash().await;
    bed.start();
    tokio::time::sleep(wait).await;
    bed
}

fn ends(bed: &Bed) -> Vec<EndReason> {
    let heard = bed.bot.heard();
    let ends = heard.iter().filter_map(|event| match event {
        BotEvent::HandedBack { reason, .. } => Some(*reason),
        _ => None,
    });
    ends.collect()
}

fn said_to_customer(bed: &Bed, part: &str) -> usize {
    bed.channel
        .side
        .words()
        .iter()
        .filter(|words| words.contains(part))
        .count()
}

#[tokio::test(start_paused = true)]
async fn a_silent_session_is_warned_and_then_ends() {
    let mut bed = Bed::paused_with(|_| {}).await;
    bed.start();
    bed.with_agents([1]).await;
    let bed = later(bed, Duration::from_mins(59)).await;
    assert_eq!(said_to_customer(&bed, "Are you still there?"), 0);
    let bed = later(bed, Duration::from_mins(2)).await;
    assert_eq!(said_to_customer(&bed, "Are you still there?"), 1);
    let bed = later(bed, Duration::from_mins(13)).await;
    assert_eq!(ends(&bed), []);
    let bed = later(bed, Duration::from_mins(2)).await;
    assert_eq!(ends(&bed), [EndReason::Silence]);
    let desk = bed.desk.side.words();
    assert!(
        desk[desk.len() - 2].starts_with("Nobody has written for 75 minutes"),
        "{desk:?}"
    );
    assert_eq!(said_to_customer(&bed, "Are you still there?"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_does_not_end_while_its_warning_cannot_reach_the_customer() {
    let mut bed = Bed::paused_with(|_| {}).await;
    bed.start();
    bed.with_agents([1]).await;
    bed.channel.side.answers(|_| Answer::not_sent(Scope::Door, None));
    let bed = later(bed, Duration::from_mins(61)).await;
    let bed = later(bed, Duration::from_hours(5)).await;
    assert!(said_to_customer(&bed, "Are you still there?") > 0, "it was tried");
    assert_eq!(ends(&bed), []);
    bed.channel.side.answers_first([]);
    bed.drained_in_days(1).await;
    let bed = later(bed, Duration::from_mins(14)).await;
    assert_eq!(ends(&bed), []);
    let bed = later(bed, Duration::from_mins(2)).await;
    assert_eq!(ends(&bed), [EndReason::Silence]);
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_customer_can_be_told_nothing_ends_all_the_same() {
    let mut bed = Bed::paused_with(|_| {}).await;
    bed.start();
    bed.with_agents([1]).await;
    bed.channel.side.answers(|_| Answer::rejected());
    let bed = later(bed, Duration::from_mins(74)).await;
    assert_eq!(ends(&bed), []);
    let bed = later(bed, Duration::from_mins(2)).await;
    assert_eq!(ends(&bed), [EndReason::Silence]);
}

#[tokio::test(start_paused = true)]
async fn words_that_an_outage_of_the_ledger_kept_out_come_in_before_the_session_counts_as_silent() {
    let mut bed = Bed::paused_with(|_| {}).await;
    bed.start();
    bed.with_agents([1]).await;
    tokio::time::sleep(Duration::from_mins(59)).await;
    bed.place.faults.set_away(true);
    let word = || vec![message(1, 2, "still here")];
    bed.ledger.accept(word()).await.expect_err("the ledger is away");
    tokio::time::sleep(Duration::from_mins(5)).await;
    bed.place.faults.set_away(false);
    tokio::time::sleep(Duration::from_secs(20)).await;
    bed.accept(word()).await;
    tokio::time::sleep(Duration::from_mins(50)).await;
    assert_eq!(said_to_customer(&bed, "Are you still there?"), 0);
    tokio::time::sleep(Duration::from_mins(11)).await;
    assert_eq!(said_to_customer(&bed, "Are you still there?"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_nobody_takes_is_given_back() {
    let mut bed = Bed::paused_with(|policy| policy.on_timeout = OnTimeout::BackToBot).await;
    bed.start();
    bed.accept([escalate(1, 1)]).await;
    bed.drained().await;
    let bed = later(bed, Duration::from_mins(4)).await;
    assert_eq!(ends(&bed), []);
    let bed = later(bed, Duration::from_mins(2)).await;
    bed.drained().await;
    assert_eq!(ends(&bed), [EndReason::WaitingTimeout]);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_desk_is_told_also_where_no_call_was_made_and_a_dead_process_is_no_outage() {
    let mut bed = Bed::paused().await;
    bed.start();
    bed.with_agents([1, 2]).await;
    bed.shut_down();
    bed.stopped().await;
    bed.accept([message(1, 2, "a"), message(2, 2, "b")]).await;
    tokio::time::sleep(Duration::from_mins(3)).await;
    let bed = later(bed, Duration::from_mins(3)).await;
    bed.drained().await;
    assert_eq!(
        said_to_customer(&bed, "cannot be reached"),
        0,
        "it was delivered at once"
    );

    bed.desk.side.answers(|_| Answer::not_sent(Scope::Door, None));
    bed.accept([message(1, 3, "c"), message(2, 3, "d")]).await;
    let bed = later(bed, Duration::from_mins(1)).await;
    assert_eq!(said_to_customer(&bed, "cannot be reached"), 0);
    let bed = later(bed, Duration::from_mins(2)).await;
    assert_eq!(said_to_customer(&bed, "cannot be reached"), 2);
    let bed = later(bed, Duration::from_mins(9)).await;
    assert_eq!(said_to_customer(&bed, "cannot be reached"), 2, "once");
}
