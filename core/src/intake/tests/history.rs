//! The bot's part of the transcript.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use futures::{future::join, poll};
use tokio_util::sync::CancellationToken;

use super::Bed;
use crate::{
    channel::{IngressError, IngressPort, Seat, Turn},
    intake::Intake,
    model::{Contact, Escalation, HistoryRoute, Line},
    store::{
        Store,
        rig::{BEGIN, deliver_all, escalate, key, within, words},
    },
};

async fn say(turn: &Turn, line: &str) {
    let said = turn.say(line, async { Ok::<_, Infallible>(()) });
    said.await.expect("the bot owns it");
}

fn lines(said: &[&str]) -> Vec<Line> {
    said.iter().map(|text| Line::bot(BEGIN, *text)).collect()
}

fn by_mail() -> Escalation {
    Escalation::because("to be read later").contact(Contact::Email("ben@example.org".to_owned()))
}

/// What an opener or a log tells of the conversation, in order.
fn told(text: &str) -> Vec<&str> {
    let said = |line: &'_ str| {
        line.split_once("Bot: ")
            .or(line.split_once("Customer: "))
            .map(|(_, said)| said.len())
    };
    let lines = text.lines().filter_map(|line| Some(&line[line.len() - said(line)?..]));
    lines.collect()
}

#[tokio::test]
async fn what_is_written_behind_survives_a_restart() {
    for bed in Bed::each().await {
        bed.pass(1..=1).await;
        let turn = bed.turn(1).await;
        say(&turn, "an answer").await;
        drop(turn);
        let shutdown = CancellationToken::new();
        shutdown.cancel();
        // A shutdown writes what is left.
        within(Arc::clone(&bed.intake).write_behind(shutdown)).await;
        let bed = bed.restart().await;
        bed.pass(2..=2).await;
        let turn = bed.turn(2).await;
        bed.opened(turn).await;
        assert_eq!(told(&bed.opener().await), ["1", "an answer", "2"]);
        bed.ledger.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn lines_are_written_within_a_second_and_wait_while_the_ledger_is_away() {
    let bed = Bed::in_memory().await;
    let shutdown = CancellationToken::new();
    let writing = tokio::spawn(Intake::write_behind(Arc::clone(&bed.intake), shutdown.clone()));
    bed.pass(1..=1).await;
    let turn = bed.turn(1).await;
    bed.place.faults.set_away(true);
    say(&turn, "one").await;
    tokio::time::advance(Duration::from_secs(3)).await;
    say(&turn, "two").await;
    tokio::time::advance(Duration::from_secs(3)).await;
    bed.place.faults.set_away(false);
    shutdown.cancel();
    within(writing).await.expect("it does not panic");
    let bed = bed.restart().await;
    let turn = bed.turn(2).await;
    bed.opened(turn).await;
    assert_eq!(told(&bed.opener().await), ["1", "one", "two"]);
}

#[tokio::test]
async fn lines_that_are_being_written_at_a_takeover_are_told_once() {
    for fails in [false, true] {
        for bed in Bed::each().await {
            let turn = bed.turn(1).await;
            say(&turn, "one").await;
            bed.place.faults.commits.close();
            let mut flushing = pin!(bed.intake.flush());
            assert!(poll!(&mut flushing).is_pending());
            bed.place.faults.commits.holds(1).await;
            say(&turn, "two").await;
            let mut escalating = pin!(bed.escalate(turn));
            assert!(poll!(&mut escalating).is_pending());
            bed.place.faults.set_away(fails);
            bed.place.faults.commits.open();
            within(flushing).await;
            bed.place.faults.set_away(false);
            within(escalating).await.expect("it is committed");
            assert_eq!(told(&bed.opener().await), ["one", "two"], "fails: {fails}");
            bed.ledger.close().await;
        }
    }
}

#[tokio::test]
async fn history_of_the_bots_own_goes_with_the_first_message() {
    for bed in Bed::each().await {
        let turn = bed.turn(1).await;
        say(&turn, "one").await;
        let route = HistoryRoute::FirstMessage;
        let pushed = bed
            .port
            .push_history(&turn, lines(&["two"]), route, Escalation::default());
        pushed.await.expect("it is taken");
        bed.opened(turn.clone()).await;
        assert_eq!(told(&bed.opener().await), ["one", "two"]);
        let late = bed
            .port
            .push_history(&turn, lines(&["three"]), route, Escalation::default());
        let late = late.await;
        assert!(matches!(late, Err(IngressError::TakenOver(_))), "{late:?}");
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn history_goes_through_the_log_where_there_is_a_contact() {
    for bed in Bed::each().await {
        let turn = bed.turn(1).await;
        say(&turn, "one").await;
        let route = HistoryRoute::Log;
        let nobody = bed
            .port
            .push_history(&turn, lines(&["two"]), route, Escalation::default());
        let nobody = nobody.await;
        assert!(matches!(nobody, Err(IngressError::Invalid(_))), "{nobody:?}");

        bed.place.faults.set_away(true);
        let failed = bed.port.push_history(&turn, lines(&["two"]), route, by_mail()).await;
        assert!(matches!(failed, Err(IngressError::Unavailable { .. })), "{failed:?}");
        bed.place.faults.set_away(false);

        bed.port
            .push_history(&turn, lines(&["two"]), route, by_mail())
            .await
            .expect("it is committed");
        let logs = deliver_all(&bed.ledger).await;
        assert_eq!(logs.len(), 1);
        let crate::delivery::Payload::Desk(crate::delivery::DeskPayload::ChatbotLog { text, .. }) = &logs[0].payload
        else {
            panic!("it is a log");
        };
        assert_eq!(told(text.as_str()), ["one", "two"]);
        assert!(words(&logs).is_empty());
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn history_for_a_conversation_that_a_human_took_meanwhile_is_not_said_to_be_handed_in() {
    for bed in Bed::each().await {
        let turn = bed.turn(1).await;
        say(&turn, "one").await;
        // Another process can have done it, or this one since the turn was looked at.
        bed.ledger.accept(vec![escalate(1, 2)]).await.expect("it is committed");
        let route = HistoryRoute::Log;
        let late = bed.port.push_history(&turn, lines(&["two"]), route, by_mail()).await;
        assert!(matches!(late, Err(IngressError::TakenOver(_))), "{late:?}");
        assert_eq!(turn.seat().take_unwritten().len(), 1, "what stood in memory still does");
        bed.ledger.close().await;
    }
}

#[test]
fn while_an_escalation_takes_a_seat_no_line_of_it_goes_another_way() {
    let seat = Seat::new(key(1), || BEGIN);
    let generation = seat.generation();
    seat.note(lines(&["one"]), generation).expect("the bot owns it");
    let taken = seat.take(generation).expect("nobody else does");
    assert!(seat.note(lines(&["two"]), generation).is_err());
    assert!(seat.write_behind().is_none());
    seat.give_back(taken);
    seat.note(lines(&["two"]), generation).expect("it is the bot's again");
    assert_eq!(seat.write_behind().expect("lines wait").lines().len(), 2);
    let taken = seat.take(generation);
    drop(taken.expect("nobody else does"));
    seat.taken_over(generation, Vec::new());
    assert!(seat.note(lines(&["three"]), generation).is_err());
}

#[tokio::test]
async fn many_conversations_are_written_without_filling_the_queue() {
    let mut place = crate::store::rig::Place::in_memory();
    place.settings.queue_max = 300;
    let bed = Bed::at(place).await;
    let mut turns = Vec::new();
    for n in 0..2_000 {
        let turn = bed.port.turn(&key(n)).expect("the bot owns it");
        say(&turn, "hello").await;
        turns.push(turn);
    }
    let ((), offered) = join(bed.intake.flush(), async {
        let end = bed.port.end(&key(7)).await;
        end.expect("there is room for what cannot wait")
    })
    .await;
    assert!(!offered);
    drop(turns);
    assert!(bed.intake.seats.sweep().is_empty(), "everything is written");
}
