//! What the desk says.

use std::pin::pin;

use futures::poll;

use super::Bed;
use crate::{
    channel::IngressError,
    intake::{Heard, SignalTo},
    model::{DeskEvent, SessionId, Signal},
    store::{
        Store,
        rig::{deliver_all, key, within},
    },
};

fn says(text: &str) -> DeskEvent {
    DeskEvent::Message {
        name: Some("Anna".into()),
        picture: None,
        text: text.into(),
    }
}

async fn session(bed: &Bed) -> SessionId {
    let turn = bed.turn(1).await;
    let session = bed.opened(turn).await;
    deliver_all(&bed.ledger).await;
    session
}

#[tokio::test]
async fn a_hook_is_answered_by_what_came_of_it() {
    for bed in Bed::each().await {
        let session = session(&bed).await;
        let hear = |session, event| bed.intake.hear(session, event);
        let heard = |heard: Result<Heard, IngressError>| heard.expect("it is answered");
        assert_eq!(heard(hear(session, says("hi")).await), Heard::Taken);
        assert_eq!(
            heard(hear(session, says("hi")).await),
            Heard::Taken,
            "an equal one is another"
        );
        assert_eq!(heard(hear(SessionId::mint(), says("hi")).await), Heard::Unknown);
        assert_eq!(heard(hear(session, DeskEvent::Ended).await), Heard::Taken);
        assert_eq!(
            heard(hear(session, DeskEvent::Ended).await),
            Heard::Over,
            "the first end wins"
        );
        bed.place.faults.set_away(true);
        let refused = hear(session, says("hi")).await;
        assert!(matches!(refused, Err(IngressError::Unavailable { .. })), "{refused:?}");
        bed.place.faults.set_away(false);
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn a_hook_is_committed_when_its_caller_goes_away() {
    for bed in Bed::each().await {
        let session = session(&bed).await;
        bed.place.faults.commits.close();
        {
            let mut dropped = pin!(bed.intake.hear(session, says("hi")));
            assert!(poll!(&mut dropped).is_pending());
            bed.place.faults.commits.holds(1).await;
        }
        bed.place.faults.commits.open();
        let later = bed.intake.hear(session, says("still there?")).await;
        assert_eq!(later.expect("it is committed"), Heard::Taken);
        let lines = bed.ledger.transcript(session).await.expect("it is read");
        let lines: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(lines, ["hi", "still there?"]);
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn the_first_typing_takes_the_session_and_the_rest_are_signals() {
    for mut bed in Bed::each().await {
        let session = session(&bed).await;
        bed.place.faults.batches();
        let mut signals = Vec::new();
        for (on, commits) in [(false, 0), (true, 1), (true, 0), (false, 0)] {
            let heard = bed.intake.hear_typing(session, on).await;
            assert_eq!(heard.expect("it is answered"), Heard::Taken);
            assert_eq!(bed.place.faults.batches().len(), commits, "typing: {on}");
            match bed.signals.try_recv().expect("it is passed on") {
                SignalTo::Customer {
                    conversation, signal, ..
                } => {
                    assert_eq!(conversation, key(1));
                    signals.push(signal);
                }
                other @ SignalTo::Agent { .. } => panic!("{other:?} goes to the wrong side"),
            }
        }
        let (started, stopped) = (Signal::TypingStarted, Signal::TypingStopped);
        assert_eq!(signals, [stopped, started, started, stopped]);
        let told: Vec<&str> = deliver_all(&bed.ledger)
            .await
            .iter()
            .map(|told| told.payload.word())
            .collect();
        assert_eq!(told, ["bot.event", "chat.notice"], "an agent has shown");

        let unknown = bed.intake.hear_typing(SessionId::mint(), true).await;
        assert_eq!(unknown.expect("it is answered"), Heard::Unknown);
        bed.signals.try_recv().expect_err("nobody is told");
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn signals_go_to_the_agent_of_a_session_that_stands_and_never_wait() {
    use crate::channel::IngressPort;

    let mut bed = Bed::in_memory().await;
    bed.port.signal(&key(1), Signal::TypingStarted);
    bed.signals.try_recv().expect_err("no human owns it");
    let session = session(&bed).await;
    for _ in 0..1_000 {
        bed.port.signal(&key(1), Signal::TypingStarted);
    }
    let mut passed = 0;
    while let Ok(signal) = bed.signals.try_recv() {
        assert!(matches!(signal, SignalTo::Agent { session: to, .. } if to == session));
        passed += 1;
    }
    assert_eq!(
        passed,
        crate::intake::Signals::QUEUE_MAX,
        "what does not fit is dropped"
    );
}

#[tokio::test]
async fn a_timer_that_is_due_is_committed() {
    for bed in Bed::each().await {
        let turn = bed.turn(1).await;
        bed.opened(turn).await;
        bed.place.clock.advance(bed.place.settings.policy.opening_max);
        let (due, _) = bed.ledger.due_timers().await;
        bed.place.faults.set_away(true);
        bed.intake.due(due[0]).await.expect_err("the ledger is away");
        let (waits, next) = bed.ledger.due_timers().await;
        assert!(waits.is_empty() && next.is_some(), "it comes once the ledger is back");
        bed.place.faults.set_away(false);
        within(bed.intake.due(due[0])).await.expect("it is committed");
        assert!(bed.ledger.due_timers().await.0.is_empty());
        bed.ledger.close().await;
    }
}
