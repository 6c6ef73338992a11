//! A conversation goes to a human.

use std::{convert::Infallible, pin::pin, time::Duration};

use futures::{future::join, poll};
use tokio::sync::oneshot;

use super::{Bed, edited, ended, inbound};
use crate::{
    channel::{EscalateError, Escalated, IngressError, IngressPort, Offered, Owner, SayError, TakenOver, Turn},
    model::{CustomerEvent, CustomerMessage, Escalation, HistoryRoute, MessageId},
    store::rig::{Lost, key, within},
};

/// A call of the platform that succeeds at once.
fn sent() -> std::future::Ready<Result<(), Infallible>> {
    std::future::ready(Ok(()))
}

#[tokio::test]
async fn what_the_bot_was_passed_and_has_not_started_goes_to_the_agent() {
    for bed in Bed::each().await {
        bed.pass(1..=4).await;
        bed.turn(1).await;
        let turn = bed.turn(2).await;
        bed.opened(turn).await;
        assert_eq!(bed.port.owner(&key(1)), Owner::Human);
        assert!(bed.port.turn(&key(1)).is_none());
        bed.keep(5..=6).await;
        for position in 3..=4 {
            assert!(bed.start(position).await.is_none(), "{position} went to the agent");
        }
        assert_eq!(bed.told().await, ["3", "4", "5", "6"]);
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn the_bot_is_silent_from_the_takeover_on() {
    for bed in Bed::each().await {
        bed.pass(1..=2).await;
        let earlier = bed.turn(1).await;
        let turn = bed.turn(2).await;
        earlier.say("before", sent()).await.expect("the bot owns it");
        bed.opened(turn.clone()).await;
        for turn in [earlier, turn] {
            assert!(!turn.is_current());
            let refused = turn.say("after", async { panic!("it must not be sent") });
            let refused: Result<(), SayError<Infallible>> = refused.await;
            assert!(matches!(refused, Err(SayError::TakenOver(TakenOver))), "{refused:?}");
        }
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn two_escalations_of_one_turn_make_one_session() {
    for bed in Bed::each().await {
        bed.pass(1..=2).await;
        let turn = bed.turn(1).await;
        let (one, other) = join(bed.escalate(turn.clone()), bed.escalate(turn.clone())).await;
        let (one, other) = (one.expect("it is committed"), other.expect("it is committed"));
        assert_eq!(one.session(), other.session());
        let opened = |escalated: &&Escalated| matches!(escalated, Escalated::Opened(_));
        assert_eq!([one, other].iter().filter(opened).count(), 1, "{one:?} {other:?}");
        let third = bed.escalate(turn.clone()).await.expect("it is answered");
        assert_eq!(third, Escalated::Already(one.session()));

        assert!(bed.port.end(&key(1)).await.expect("it is committed"));
        let late = bed.escalate(turn).await;
        assert!(matches!(late, Err(EscalateError::TurnOver)), "{late:?}");
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn an_escalation_that_fails_gives_the_turn_back_and_loses_nothing() {
    for bed in Bed::each().await {
        bed.pass(1..=3).await;
        let turn = bed.turn(1).await;
        turn.say("a line", sent()).await.expect("the bot owns it");
        bed.place.faults.set_away(true);
        let failed = bed.escalate(turn.clone()).await;
        assert!(
            matches!(failed, Err(EscalateError::Ingress(IngressError::Unavailable { .. }))),
            "{failed:?}"
        );
        assert_eq!(bed.port.owner(&key(1)), Owner::Bot);
        assert!(turn.is_current());
        turn.say("another", sent()).await.expect("the bot owns it again");
        assert!(bed.start(2).await.is_some_and(|turn| turn.is_current()));
        assert_eq!(bed.offer(4, "4").await.expect("memory answers"), Offered::Pass);

        bed.place.faults.set_away(false);
        bed.opened(turn).await;
        let opener = bed.opener().await;
        let lines = ["Customer: 1", "Bot: a line", "Bot: another", "Customer: 2"];
        let at: Vec<_> = lines.iter().map(|line| opener.find(line)).collect();
        assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{at:?}");
        for position in 3..=4 {
            assert!(bed.start(position).await.is_none());
        }
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn what_an_escalation_takes_reaches_the_desk_once() {
    let bed = Bed::in_memory().await;
    bed.pass(1..=3).await;
    let turn = bed.turn(1).await;
    bed.place.faults.set_away(true);
    for _ in 0..3 {
        bed.escalate(turn.clone()).await.expect_err("the ledger is away");
    }
    bed.place.faults.set_away(false);
    bed.opened(turn).await;
    assert_eq!(bed.told().await, ["2", "3"]);
}

#[tokio::test]
async fn a_handler_waits_for_an_escalation_to_say_whose_its_update_is() {
    for (fails, is_the_bots) in [(true, true), (false, false)] {
        for bed in Bed::each().await {
            bed.pass(1..=2).await;
            let turn = bed.turn(1).await;
            bed.place.faults.commits.close();
            let mut escalating = pin!(bed.escalate(turn));
            assert!(poll!(&mut escalating).is_pending());
            bed.place.faults.commits.holds(1).await;
            assert_eq!(bed.port.owner(&key(1)), Owner::Human, "nobody else may speak");
            let mut starting = pin!(bed.start(2));
            let mut offering = pin!(bed.offer(3, "3"));
            assert!(poll!(&mut starting).is_pending());
            assert!(poll!(&mut offering).is_pending());
            bed.place.faults.set_away(fails);
            bed.place.faults.commits.open();
            let (escalated, started) = within(join(escalating, starting)).await;
            assert_eq!(escalated.is_err(), fails, "{escalated:?}");
            assert_eq!(started.is_some(), is_the_bots);
            let offered = within(offering).await.expect("it is answered");
            assert_eq!(offered == Offered::Pass, is_the_bots);
            bed.place.faults.set_away(false);
            bed.ledger.close().await;
        }
    }
}

#[tokio::test]
async fn a_line_on_its_way_is_waited_for_and_stands_in_the_history() {
    let bed = Bed::in_memory().await;
    bed.pass(1..=1).await;
    let turn = bed.turn(1).await;
    let (out, on_its_way) = oneshot::channel::<()>();
    let mut saying = pin!(turn.say("I will get somebody", on_its_way));
    assert!(poll!(&mut saying).is_pending());
    let mut escalating = pin!(bed.escalate(turn.clone()));
    assert!(poll!(&mut escalating).is_pending());
    tokio::task::yield_now().await;
    assert!(poll!(&mut escalating).is_pending(), "it waits for the line");
    out.send(()).expect("it is waited for");
    within(saying).await.expect("it is out");
    within(escalating).await.expect("it is committed");
    assert!(bed.opener().await.contains("Bot: I will get somebody"));
}

#[tokio::test(start_paused = true)]
async fn a_line_that_takes_too_long_is_cut_off() {
    let bed = Bed::in_memory().await;
    bed.pass(1..=1).await;
    let turn = bed.turn(1).await;
    let begin = tokio::time::Instant::now();
    let hanging = turn.say("too late", std::future::pending::<Result<(), Infallible>>());
    let (said, escalated) = join(hanging, bed.escalate(turn.clone())).await;
    assert!(matches!(said, Err(SayError::TakenOver(TakenOver))), "{said:?}");
    escalated.expect("it is committed");
    assert_eq!(begin.elapsed(), Duration::from_secs(2));
    assert!(!bed.opener().await.contains("too late"));
}

#[tokio::test]
async fn a_line_that_was_dropped_holds_nobody_up() {
    let bed = Bed::in_memory().await;
    bed.pass(1..=1).await;
    let turn = bed.turn(1).await;
    {
        let mut dropped = pin!(turn.say("never", std::future::pending::<Result<(), Infallible>>()));
        assert!(poll!(&mut dropped).is_pending());
    }
    let failed = turn.say("not taken", async { Err::<(), _>("no network") }).await;
    assert!(matches!(failed, Err(SayError::Send("no network"))), "{failed:?}");
    within(bed.opened(turn)).await;
    assert!(!bed.opener().await.contains("not taken"));
}

#[tokio::test]
async fn what_comes_after_an_end_in_the_same_takeover_is_the_bots() {
    for bed in Bed::each().await {
        bed.pass(1..=2).await;
        let offered = bed.port.offer(ended(1, 3)).await;
        assert_eq!(offered.expect("it is answered"), Offered::Pass);
        bed.pass(4..=4).await;
        let turn = bed.turn(1).await;
        bed.opened(turn).await;
        assert_eq!(bed.port.owner(&key(1)), Owner::Bot, "the customer ended it");
        assert!(bed.start(2).await.is_none());
        assert!(bed.start(3).await.is_none());
        let turn = bed.turn(4).await;
        assert!(turn.is_current());
        bed.opened(turn).await;
        assert!(bed.opener().await.contains("Customer: 4"), "the bot has seen it");
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn more_than_a_seat_holds_is_the_bots() {
    let bed = Bed::in_memory().await;
    bed.pass(1..=1).await;
    let turn = bed.turn(1).await;
    bed.pass(2..=1_026).await;
    bed.opened(turn).await;
    let oldest = bed.turn(2).await;
    assert!(!oldest.is_current());
    assert!(bed.start(3).await.is_none());
    let told = bed.told().await;
    assert_eq!((told.len(), told[0].as_str()), (1_024, "3"));
}

#[tokio::test]
async fn an_update_that_was_never_offered_is_the_owners() {
    for bed in Bed::each().await {
        bed.pass(2..=2).await;
        assert!(bed.turn(1).await.is_current(), "it stands before what was passed");
        let turn = bed.turn(3).await;
        bed.opened(turn).await;
        assert!(bed.start(4).await.is_none());
        assert_eq!(
            bed.told().await,
            [""; 0],
            "what stands before a started update was started"
        );
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn a_turn_of_no_conversation_hands_nothing_over() {
    let bed = Bed::in_memory().await;
    let turn = Turn::unbound(key(7));
    turn.say("in a group", sent()).await.expect("nobody takes it over");
    let refused = bed.escalate(turn.clone()).await;
    assert!(
        matches!(refused, Err(EscalateError::Ingress(IngressError::Invalid(_)))),
        "{refused:?}"
    );
    let route = HistoryRoute::FirstMessage;
    let refused = bed
        .port
        .push_history(&turn, Vec::new(), route, Escalation::default())
        .await;
    assert!(matches!(refused, Err(IngressError::Invalid(_))), "{refused:?}");
    assert_eq!(bed.port.owner(&key(7)), Owner::Bot);
}

#[tokio::test]
async fn an_end_button_of_before_does_not_end_the_next_session() {
    for bed in Bed::each().await {
        bed.pass(1..=1).await;
        let handled = bed.turn(1).await;
        // The channel answers it itself, since the bot owns the chat.
        let offered = bed.port.offer(ended(1, 2).without_handler()).await;
        assert_eq!(offered.expect("it is answered"), Offered::Pass);
        drop(handled);
        let turn = bed.port.turn(&key(1)).expect("the bot owns it");
        bed.opened(turn).await;
        assert_eq!(bed.port.owner(&key(1)), Owner::Human, "nobody ended it");
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn an_end_button_that_an_escalation_takes_does_not_end_it() {
    for bed in Bed::each().await {
        bed.pass(1..=2).await;
        let offered = bed.port.offer(ended(1, 3).without_handler()).await;
        assert_eq!(offered.expect("it is answered"), Offered::Pass);
        let turn = bed.turn(1).await;
        bed.opened(turn).await;
        assert_eq!(bed.port.owner(&key(1)), Owner::Human);
        assert_eq!(bed.told().await, ["2"]);
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn an_edit_that_no_handler_sees_reaches_the_agent_once() {
    for bed in Bed::each().await {
        bed.pass(1..=1).await;
        let offered = bed.port.offer(edited(1, 2, "order 12")).await;
        assert_eq!(offered.expect("it is answered"), Offered::Pass);
        bed.pass(3..=3).await;
        let offered = bed.port.offer(edited(1, 4, "order 13")).await;
        assert_eq!(offered.expect("it is answered"), Offered::Pass);
        let turn = bed.turn(1).await;
        bed.opened(turn).await;
        // What stood behind the escalating line alone is history; what stood behind more goes where that goes.
        let opener = bed.opener().await;
        assert!(opener.contains("Customer: Edited: order 12"), "{opener}");
        assert!(!opener.contains("order 13"), "{opener}");
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn an_edit_tells_the_same_after_an_escalation_that_failed() {
    for bed in Bed::each().await {
        let say = |position, text: &str| {
            let message = CustomerMessage {
                id: Some(MessageId::new("77")),
                ..CustomerMessage::text(text)
            };
            bed.port
                .offer(inbound(key(1), position, CustomerEvent::Message(message)))
        };
        bed.pass(1..=1).await;
        let turn = bed.turn(1).await;
        bed.opened(turn).await;
        assert_eq!(say(2, "order 11").await.expect("it is answered"), Offered::Kept);
        assert_eq!(bed.told().await, ["order 11"]);
        bed.port.offer(ended(1, 3)).await.expect("it is answered");

        bed.pass(4..=5).await;
        let edit = edited(1, 6, "order 12").editing(MessageId::new("77"));
        assert_eq!(bed.port.offer(edit).await.expect("it is answered"), Offered::Pass);
        let turn = bed.turn(4).await;
        bed.place.faults.set_away(true);
        bed.escalate(turn.clone()).await.expect_err("the ledger is away");
        bed.place.faults.set_away(false);
        bed.opened(turn).await;
        assert_eq!(bed.told().await, ["5", "Edited: order 12 (before: “order 11”)"]);
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn an_edit_that_goes_to_the_agent_with_its_message_tells_how_that_began() {
    for bed in Bed::each().await {
        bed.pass(1..=1).await;
        let said = CustomerEvent::Message(CustomerMessage {
            id: Some(MessageId::new("77")),
            ..CustomerMessage::text("order 11")
        });
        let offered = bed.port.offer(inbound(key(1), 2, said)).await;
        assert_eq!(offered.expect("it is answered"), Offered::Pass);
        let edit = edited(1, 3, "order 12").editing(MessageId::new("77"));
        assert_eq!(bed.port.offer(edit).await.expect("it is answered"), Offered::Pass);
        let turn = bed.turn(1).await;
        bed.opened(turn).await;
        assert_eq!(bed.told().await, ["order 11", "Edited: order 12 (before: “order 11”)"]);
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn an_escalation_whose_answer_is_lost_is_committed_once_and_the_bot_stays_silent() {
    let (bed, tenant) = Bed::tenant().await;
    bed.pass(1..=3).await;
    let turn = bed.turn(1).await;
    turn.say("a line", sent()).await.expect("the bot owns it");
    tenant.lose(Lost::Answer);
    bed.opened(turn.clone()).await;
    assert!(!turn.is_current());
    assert_eq!(bed.port.owner(&key(1)), Owner::Human);
    for position in 2..=3 {
        assert!(bed.start(position).await.is_none(), "{position} is the agent's");
    }
    let opener = bed.opener().await;
    assert_eq!(opener.matches("Bot: a line").count(), 1, "{opener}");
    assert!(
        turn.seat().take_unwritten().is_empty(),
        "what the opening told is not told again"
    );
    bed.ledger.close().await;
}
