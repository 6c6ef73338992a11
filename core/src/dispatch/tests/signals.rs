//! Typing.

use std::time::Duration;

use super::{bed::Bed, exits::Answer};
use crate::{
    channel::IngressPort,
    delivery::Outcome,
    intake::Port,
    model::Signal::{TypingStarted, TypingStopped},
    store::rig::{key, within},
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
