//! What an instance refuses that does not receive for a channel.

use std::{convert::Infallible, pin::pin};

use futures::poll;
use tokio::sync::oneshot;

use super::{Bed, said};
use crate::{
    channel::{EscalateError, IngressError, IngressPort, Offered, SayError, Seat},
    model::ChannelId,
    store::rig::{BEGIN, key, within},
};

#[tokio::test]
async fn an_update_of_a_channel_that_is_not_held_is_not_acknowledged() {
    let (bed, tenant) = Bed::tenant().await;
    bed.pass(1..=1).await;
    tenant.evict();
    let refused = bed.offer(2, "two").await;
    assert!(matches!(refused, Err(IngressError::Unavailable { .. })), "{refused:?}");
    tenant.come_back();
    assert_eq!(bed.offer(2, "two").await.expect("it is held again"), Offered::Pass);
    bed.ledger.close().await;
}

#[tokio::test]
async fn the_bot_is_silent_and_escalates_nothing_where_its_channel_is_not_held() {
    let (bed, tenant) = Bed::tenant().await;
    bed.pass(1..=2).await;
    let turn = bed.turn(1).await;
    tenant.evict();
    assert!(!turn.is_current());
    let said = turn.say("hello", async { Ok::<_, Infallible>(()) }).await;
    assert!(matches!(said, Err(SayError::TakenOver(_))), "{said:?}");
    let late = bed.turn(2).await;
    assert!(!late.is_current(), "a handler that starts later has nothing to say");
    assert!(bed.port.turn(&key(1)).is_none());
    let refused = bed.escalate(turn).await;
    let is_unavailable = matches!(refused, Err(EscalateError::Ingress(IngressError::Unavailable { .. })));
    assert!(is_unavailable, "{refused:?}");
    bed.ledger.close().await;
}

#[tokio::test]
async fn a_turn_from_before_a_loss_stays_refused_when_the_channel_comes_back() {
    let (bed, tenant) = Bed::tenant().await;
    bed.pass(1..=2).await;
    let turn = bed.turn(1).await;
    let mut sending = pin!(turn.say("on its way", std::future::pending::<Result<(), Infallible>>()));
    assert!(poll!(&mut sending).is_pending());
    tenant.evict();
    bed.intake.lose(&ChannelId::new("test"));
    let cut = within(sending).await;
    assert!(
        matches!(cut, Err(SayError::TakenOver(_))),
        "a line on its way is cut off: {cut:?}"
    );
    tenant.come_back();
    let said = turn.say("hello again", async { Ok::<_, Infallible>(()) }).await;
    assert!(matches!(said, Err(SayError::TakenOver(_))), "{said:?}");
    let refused = bed.escalate(turn.clone()).await;
    assert!(matches!(refused, Err(EscalateError::TurnOver)), "{refused:?}");
    // What comes after is the bot's as ever.
    bed.pass(3..=3).await;
    let fresh = bed.turn(3).await;
    let said = fresh.say("hello", async { Ok::<_, Infallible>(()) }).await;
    said.expect("the channel is held again");
    bed.ledger.close().await;
}

#[tokio::test]
async fn a_line_on_its_way_when_the_house_closes_is_waited_for_and_is_the_last_one() {
    let (bed, _tenant) = Bed::tenant().await;
    bed.pass(1..=1).await;
    let turn = bed.turn(1).await;
    let (arrives, sent) = oneshot::channel::<()>();
    let mut sending = pin!(turn.say("on its way", sent));
    assert!(poll!(&mut sending).is_pending());
    let mut closing = pin!(bed.intake.fall_silent());
    assert!(poll!(&mut closing).is_pending(), "it waits for the line");
    let said = turn.say("one more", async { Ok::<_, Infallible>(()) }).await;
    assert!(matches!(said, Err(SayError::TakenOver(_))), "{said:?}");
    arrives.send(()).expect("it is waited for");
    within(sending).await.expect("it was on its way");
    within(closing).await;
    let said = turn.say("hello again", async { Ok::<_, Infallible>(()) }).await;
    assert!(matches!(said, Err(SayError::TakenOver(_))), "{said:?}");
    bed.ledger.close().await;
}

#[test]
fn an_escalation_that_fails_after_a_loss_brings_nothing_of_before_back() {
    let seat = Seat::new(key(1), || BEGIN);
    let generation = seat.generation();
    for (position, text) in [(1, "one"), (2, "two")] {
        assert!(seat.pass(&said(1, position, text), generation), "the bot owns it");
    }
    let taken = seat.take(generation).expect("nobody else does");
    assert_eq!(taken.remainder.len(), 2);
    seat.void();
    seat.give_back(taken);
    assert!(seat.is_idle(), "what was passed before the loss is the next one's");
    let taken = seat.take(seat.generation()).expect("the one before is over");
    assert!(taken.remainder.is_empty(), "{}", taken.remainder.len());
}

#[test]
fn an_escalation_that_succeeds_after_a_loss_brings_nothing_of_before_back() {
    let seat = Seat::new(key(1), || BEGIN);
    let generation = seat.generation();
    assert!(seat.pass(&said(1, 1, "one"), generation), "the bot owns it");
    let taken = seat.take(generation).expect("nobody else does");
    seat.void();
    let void = seat.generation();
    seat.taken_over(generation, taken.remainder);
    assert!(seat.is_idle(), "what was passed before the loss is the next one's");
    assert_eq!(seat.generation(), void);
}
