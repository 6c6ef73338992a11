//! Typing.

use std::time::Duration;

use super::{bed::Bed, exits::Answer};
use crate::{
    channel::IngressPort,
    delivery::Outcome,
    intake::Port,
    model::{
        SessionId,
        Signal::{TypingStarted, TypingStopped},
    },
    store::rig::{agent_ends, agent_says, key, within},
};

async fn heard(signals: &tokio::sync::watch::Sender<Vec<crate::model::Signal>>, count: usize) {
    let mut signals = signals.subscribe();
    within(signals.wait_for(|signals| signals.len() >= count))
        .await
        .expect("it outlives who waits for it");
}

#[tokio::test]
async fn typing_goes_both_ways() {
    for mut bed in Bed::each().await {
        bed.start();
        let sessions = bed.with_agents([1]).await;
        bed.intake.hear_typing(sessions[0], true).await.expect("memory answers");
        heard(&bed.channel.signals, 1).await;
        Port::new(std::sync::Arc::clone(&bed.intake)).signal(&key(1), TypingStarted);
        heard(&bed.desk.signals, 1).await;
        bed.shut_down();
        bed.stopped().await;
        bed.ledger.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn while_one_is_on_its_way_the_latest_waits() {
    let mut bed = Bed::paused().await;
    bed.start();
    let sessions = bed.with_agents([1]).await;
    bed.channel.side.gate.close();
    bed.channel.side.answers(|_| Answer::AtTheGate);
    for on in [true, false, true, false] {
        bed.intake.hear_typing(sessions[0], on).await.expect("memory answers");
        tokio::task::yield_now().await;
    }
    bed.channel.side.gate.holds(1).await;
    bed.channel.side.gate.open();
    heard(&bed.channel.signals, 2).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(*bed.channel.signals.borrow(), [TypingStarted, TypingStopped]);
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_hangs_or_panics_stops_no_later_one() {
    let mut bed = Bed::paused().await;
    bed.start();
    let sessions = bed.with_agents([1]).await;
    bed.channel
        .side
        .answers_first([("signal", vec![Answer::Panic, Answer::Never])]);
    for count in 1..=3 {
        bed.intake.hear_typing(sessions[0], true).await.expect("memory answers");
        heard(&bed.channel.signals, count).await;
        tokio::time::sleep(bed.settings.signal_max + Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_signals_are_dropped() {
    let mut bed = Bed::paused().await;
    bed.start();
    let sessions = bed.with_agents(1..=40).await;
    bed.channel.side.gate.close();
    bed.channel.side.answers(|_| Answer::AtTheGate);
    for session in sessions {
        bed.intake.hear_typing(session, true).await.expect("memory answers");
    }
    bed.channel.side.gate.holds(bed.settings.signals_max).await;
    bed.channel.side.answers(|_| Answer::Outcome(Outcome::delivered()));
    bed.channel.side.gate.open();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(bed.channel.signals.borrow().len(), bed.settings.signals_max);
}

/// An agent types on a platform that shows it for five seconds, and the sign was given three times.
async fn agent_types() -> (Bed, SessionId) {
    let mut bed = Bed::paused().await;
    *bed.channel.typing_lasts.lock().expect("nobody panicked") = Some(Duration::from_secs(5));
    bed.start();
    let session = bed.with_agents([1]).await[0];
    bed.intake.hear_typing(session, true).await.expect("memory answers");
    heard(&bed.channel.signals, 3).await;
    (bed, session)
}

/// Whether no sign is given for minutes to come.
async fn is_quiet(bed: &Bed) -> bool {
    let before = bed.channel.signals.borrow().len();
    tokio::time::sleep(Duration::from_mins(3)).await;
    bed.channel.signals.borrow().len() == before
}

#[tokio::test(start_paused = true)]
async fn typing_is_shown_again_before_the_platform_takes_it_back() {
    let before = tokio::time::Instant::now();
    let (bed, session) = agent_types().await;
    assert_eq!(before.elapsed().as_secs(), 8, "every four seconds");
    bed.intake.hear_typing(session, false).await.expect("memory answers");
    heard(&bed.channel.signals, 4).await;
    assert_eq!(bed.channel.signals.borrow().last(), Some(&TypingStopped));
    assert!(is_quiet(&bed).await);
}

#[tokio::test(start_paused = true)]
async fn typing_is_over_with_the_agents_message() {
    let (bed, session) = agent_types().await;
    bed.accept([agent_says(session, "Here it is")]).await;
    bed.drained().await;
    assert!(is_quiet(&bed).await);
}

#[tokio::test(start_paused = true)]
async fn typing_is_over_with_the_session() {
    let (bed, session) = agent_types().await;
    bed.accept([agent_ends(session)]).await;
    bed.drained().await;
    assert!(is_quiet(&bed).await);
}

#[tokio::test(start_paused = true)]
async fn typing_that_nobody_ends_is_over_after_its_time() {
    let (bed, _) = agent_types().await;
    tokio::time::sleep(bed.settings.typing_max).await;
    assert_eq!(
        bed.channel.signals.borrow().len(),
        15,
        "one each four seconds of a minute"
    );
    assert!(is_quiet(&bed).await);
}

#[tokio::test(start_paused = true)]
async fn typing_is_shown_once_where_another_instance_holds_the_channel() {
    let (mut bed, tenant) = Bed::tenant().await;
    *bed.channel.typing_lasts.lock().expect("nobody panicked") = Some(Duration::from_secs(5));
    bed.start();
    let session = bed.with_agents([1]).await[0];
    bed.intake.hear_typing(session, true).await.expect("memory answers");
    heard(&bed.channel.signals, 3).await;
    tenant.evict();
    assert!(is_quiet(&bed).await, "who holds the channel now knows when it is over");
    bed.intake.hear_typing(session, true).await.expect("memory answers");
    heard(&bed.channel.signals, 4).await;
    assert!(is_quiet(&bed).await);
    bed.shut_down();
}

#[tokio::test(start_paused = true)]
async fn typing_goes_on_for_another_minute_when_the_desk_says_so_again() {
    let (bed, session) = agent_types().await;
    tokio::time::sleep(Duration::from_secs(41)).await;
    bed.intake.hear_typing(session, true).await.expect("memory answers");
    let before = bed.channel.signals.borrow().len();
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(bed.channel.signals.borrow().len(), before + 15);
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_shows_typing_until_it_is_told_is_told_once() {
    let mut bed = Bed::paused().await;
    bed.start();
    let sessions = bed.with_agents([1]).await;
    bed.intake.hear_typing(sessions[0], true).await.expect("memory answers");
    heard(&bed.channel.signals, 1).await;
    assert!(is_quiet(&bed).await);
}
