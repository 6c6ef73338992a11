//! What holds for a whole account.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    bed::Bed,
    exits::{Answer, Call},
};
use crate::{
    delivery::{Outcome, Scope},
    dispatch::DoorSettings,
    store::{
        Store,
        rig::{agent_says, customer_ends, escalate, message},
    },
};

/// When calls were made, in milliseconds from a moment on.
fn since(calls: &[Call], begin: Instant) -> Vec<u128> {
    calls.iter().map(|call| (call.at - begin).as_millis()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_door_that_is_refused_is_probed_by_one_call_at_a_time() {
    let mut bed = Bed::paused().await;
    bed.start();
    bed.with_agents(1..=20).await;
    let before = bed.desk.side.calls().len();
    let mut refusals = 0;
    bed.desk.side.answers(move |_| {
        refusals += 1;
        match refusals {
            ..25 => Answer::refused(Scope::Door),
            _ => Answer::Outcome(Outcome::delivered()),
        }
    });
    let begin = Instant::now();
    bed.accept((1..=20).map(|n| message(n, 2, "hello"))).await;
    bed.drained_in_days(1).await;
    let calls = since(&bed.desk.side.calls()[before..], begin);
    // Those that were under way when the door closed, then probes alone, then the rest.
    let under_way = calls.iter().filter(|at| **at == 0).count();
    assert!(under_way <= 20, "{calls:?}");
    let probes = &calls[under_way..25];
    for pair in probes.windows(2) {
        assert!(pair[1] - pair[0] >= 250, "{probes:?}");
        assert!(pair[1] - pair[0] <= 16_000, "{probes:?}");
    }
    let opened = calls[24];
    assert_eq!(calls.len(), 24 + 20);
    assert!(calls[25..].iter().all(|at| *at - opened < 50), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_door_that_is_told_to_wait_waits_for_all_of_its_lanes() {
    let mut bed = Bed::paused().await;
    bed.settings.desk.calls_max = 1;
    bed.start();
    bed.with_agents(1..=5).await;
    let before = bed.desk.side.calls().len();
    let mut is_first = true;
    bed.desk.side.answers(move |_| {
        if std::mem::take(&mut is_first) {
            return Answer::not_sent(Scope::Door, Some(30));
        }
        Answer::Outcome(Outcome::delivered())
    });
    let begin = Instant::now();
    bed.accept((1..=5).map(|n| message(n, 2, "hello"))).await;
    bed.drained_in_days(1).await;
    let calls = since(&bed.desk.side.calls()[before..], begin);
    assert_eq!(calls.len(), 6);
    assert!(calls[0] < 1_000);
    assert!(calls[1..].iter().all(|at| *at >= 30_000), "{calls:?}");
    // Another door is not this one.
    assert!(
        bed.channel
            .side
            .calls()
            .iter()
            .all(|call| call.at < begin + Duration::from_secs(1))
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_back_while_its_door_is_closed_is_never_called() {
    let mut bed = Bed::paused().await;
    bed.settings.desk.calls_max = 2;
    bed.start();
    bed.with_agents([1]).await;
    bed.desk.side.answers(|words| match words {
        "closes the door" => Answer::not_sent(Scope::Door, Some(60)),
        _ => Answer::Outcome(Outcome::delivered()),
    });
    bed.accept([message(1, 2, "closes the door")]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    bed.desk.side.answers(|_| Answer::Outcome(Outcome::delivered()));
    bed.accept((2..=9).flat_map(|n| [escalate(n, 1), message(n, 2, "taken back")]))
        .await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    bed.accept((2..=9).map(|n| customer_ends(n, 3))).await;
    bed.drained_in_days(1).await;
    let called = bed.desk.side.words();
    assert!(!called.contains(&"taken back".to_owned()));
    let openers = called.iter().filter(|words| *words == "desk.opener").count();
    assert_eq!(openers, 1, "{called:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_back_while_it_waits_for_its_turn_is_never_called() {
    let mut bed = Bed::paused().await;
    bed.settings.desk.calls_max = 1;
    bed.start();
    bed.with_agents([1]).await;
    bed.desk.side.gate.close();
    bed.desk.side.answers_first([("slow", vec![Answer::AtTheGate])]);
    bed.accept([message(1, 2, "slow")]).await;
    bed.desk.side.gate.holds(1).await;
    bed.accept((2..=9).flat_map(|n| [escalate(n, 1), message(n, 2, "taken back")]))
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    bed.accept((2..=9).map(|n| customer_ends(n, 3))).await;
    bed.desk.side.gate.open();
    bed.drained().await;
    let called = bed.desk.side.words();
    for never in ["taken back", "desk.opener", "desk.availability"] {
        let of_the_first = usize::from(never != "taken back");
        assert_eq!(
            called.iter().filter(|words| *words == never).count(),
            of_the_first,
            "{never}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_door_keeps_its_pace_and_its_limit_of_calls() {
    let mut bed = Bed::paused().await;
    bed.settings.channel = DoorSettings {
        pace: Duration::from_millis(34),
        calls_max: 3,
        ..DoorSettings::default()
    };
    bed.start();
    let sessions = bed.with_agents(1..=12).await;
    let before = bed.channel.side.calls().len();
    bed.channel.side.gate.close();
    bed.channel.side.answers(|_| Answer::AtTheGate);
    bed.accept(sessions.iter().map(|session| agent_says(*session, "hello")))
        .await;
    bed.channel.side.gate.holds(3).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(bed.channel.side.calls().len(), before + 3);
    bed.channel.side.gate.open();
    bed.drained().await;
    assert_eq!(bed.channel.side.under_way_max(), 3);
    let calls = bed.channel.side.calls().split_off(before);
    assert_eq!(calls.len(), 12);
    for pair in calls.windows(2) {
        assert!(pair[1].at - pair[0].at >= Duration::from_millis(33), "{calls:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_channel_that_is_gone_becomes_a_dead_letter() {
    for waits_at_the_start in [true, false] {
        let mut bed = Bed::paused().await;
        bed.start();
        let sessions = bed.with_agents([1]).await;
        let says = agent_says(sessions[0], "is anybody there?");
        bed.shut_down();
        bed.stopped().await;
        if waits_at_the_start {
            bed.accept([says.clone()]).await;
        }
        bed.connected = false;
        let mut bed = bed.crash().await;
        bed.start();
        if !waits_at_the_start {
            bed.accept([says]).await;
        }
        bed.drained_in_days(3).await;
        let letters = bed.ledger.dead_letters(9).await.expect("they are read");
        assert_eq!(letters.len(), 1);
        assert!(letters[0].detail.contains("is not connected"), "{}", letters[0].detail);
        let ticket = bed.desk.side.words().pop().expect("the agent is told");
        assert!(
            ticket.starts_with("Your message did not reach the customer"),
            "{ticket}"
        );
    }
}
