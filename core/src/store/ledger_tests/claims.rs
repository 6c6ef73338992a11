//! What is handed out, and what comes back.

use std::time::Duration;

use futures::poll;

use crate::{
    delivery::{DeskPayload, Door, Payload, Receipt},
    model::Clock,
    store::{
        Claimed, SettleAs, Store,
        rig::{
            Place, claim, customer_ends, deliver_all, door, message, next_at, open, settle, with_agent, within, words,
        },
    },
};

fn retry(place: &Place, wait: Duration, maybe_sent: bool) -> SettleAs {
    SettleAs::Retry {
        due: place.clock.now() + wait,
        maybe_sent,
    }
}

fn payloads(claimed: &[Claimed]) -> Vec<&'static str> {
    claimed.iter().map(|claimed| claimed.payload.word()).collect()
}

#[tokio::test]
async fn a_lane_hands_out_its_head_alone() {
    for place in Place::each().await {
        let ledger = place.open().await;
        open(&ledger, 1, 1).await;
        let head = claim(&ledger, &Door::Desk).await;
        assert_eq!(payloads(&head), ["desk.availability"]);
        assert!(claim(&ledger, &Door::Desk).await.is_empty());
        settle(&ledger, &head[0], SettleAs::Delivered(Receipt::None)).await;
        assert_eq!(payloads(&claim(&ledger, &Door::Desk).await), ["desk.opener"]);
        assert!(
            claim(&ledger, &door()).await.is_empty(),
            "the customer is told nothing yet"
        );
        ledger.close().await;
    }
}

#[tokio::test]
async fn the_longest_due_comes_first_and_no_more_than_asked_for() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let mut opened = Vec::new();
        for n in 1..=7 {
            opened.push(open(&ledger, n, 1).await);
            place.clock.advance(Duration::from_millis(5));
        }
        let mut handed_out = Vec::new();
        for max in [2, 0, 3, 9] {
            let claims = ledger.claim(&Door::Desk, max).await.expect("it is read");
            assert!(claims.claimed.len() <= max);
            handed_out.extend(claims.claimed.iter().map(|claimed| claimed.id.lane));
        }
        let expected: Vec<_> = opened.into_iter().map(crate::delivery::Lane::Desk).collect();
        assert_eq!(handed_out, expected);
        assert_eq!(next_at(&ledger, &Door::Desk).await, None);
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_retry_waits_and_holds_its_own_lane_alone() {
    for place in Place::each().await {
        let ledger = place.open().await;
        with_agent(&ledger, 1, 1).await;
        with_agent(&ledger, 2, 1).await;
        let events = vec![
            message(1, 2, "a"),
            message(1, 3, "b"),
            message(2, 2, "x"),
            message(2, 3, "y"),
        ];
        ledger.accept(events).await.expect("it is written");
        let heads = claim(&ledger, &Door::Desk).await;
        assert_eq!((words(&heads), heads[0].attempt), (vec!["a".into(), "x".into()], 1));
        let wait = Duration::from_secs(5);
        settle(&ledger, &heads[0], retry(&place, wait, true)).await;
        settle(&ledger, &heads[1], SettleAs::Delivered(Receipt::None)).await;
        let due = place.clock.now() + wait;
        let others = claim(&ledger, &Door::Desk).await;
        assert_eq!(words(&others), ["y"]);
        assert_eq!(next_at(&ledger, &Door::Desk).await, Some(due));
        place.clock.advance(wait);
        let again = claim(&ledger, &Door::Desk).await;
        assert_eq!(words(&again), ["a"], "b does not overtake it");
        assert_eq!((again[0].attempt, again[0].maybe_sent), (2, true));
        settle(&ledger, &again[0], retry(&place, Duration::ZERO, false)).await;
        let again = claim(&ledger, &Door::Desk).await;
        assert_eq!((again[0].attempt, again[0].maybe_sent), (3, true));
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_claim_that_is_dropped_or_fails_gives_its_lanes_back() {
    for place in Place::each().await {
        let ledger = place.open().await;
        open(&ledger, 1, 1).await;
        place.faults.reads.close();
        {
            let mut dropped = Box::pin(ledger.claim(&Door::Desk, 9));
            assert!(poll!(&mut dropped).is_pending());
        }
        place.faults.reads.open();
        place.faults.set_away(true);
        ledger.claim(&Door::Desk, 9).await.expect_err("the ledger is away");
        place.faults.set_away(false);
        assert_eq!(payloads(&claim(&ledger, &Door::Desk).await), ["desk.availability"]);
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_holds_up_its_own_lane_alone() {
    for place in Place::each().await {
        let ledger = place.open().await;
        for n in 1..=3 {
            with_agent(&ledger, n, 1).await;
        }
        let events = (1..=3).map(|n| message(n, 2, &n.to_string())).collect();
        ledger.accept(events).await.expect("it is written");
        let heads = claim(&ledger, &Door::Desk).await;
        for head in &heads {
            settle(&ledger, head, retry(&place, Duration::ZERO, false)).await;
        }
        place.faults.spoil(heads[1].id);
        assert_eq!(words(&claim(&ledger, &Door::Desk).await), ["1", "3"]);
        assert!(claim(&ledger, &Door::Desk).await.is_empty());
        assert!(
            next_at(&ledger, &Door::Desk)
                .await
                .is_some_and(|due| due > place.clock.now())
        );
        place.faults.mend(heads[1].id);
        place.clock.advance(Duration::from_mins(1));
        assert_eq!(words(&claim(&ledger, &Door::Desk).await), ["2"]);
        ledger.close().await;
    }
}

#[tokio::test]
async fn what_is_taken_back_in_flight_is_not_repeated() {
    for place in Place::each().await {
        let ledger = place.open().await;
        open(&ledger, 1, 1).await;
        let asked = claim(&ledger, &Door::Desk).await;
        assert!(ledger.is_wanted(asked[0].id).await);
        ledger.accept(vec![customer_ends(1, 2)]).await.expect("it is written");
        assert!(!ledger.is_wanted(asked[0].id).await);
        assert!(
            claim(&ledger, &Door::Desk).await.is_empty(),
            "the call is still under way"
        );
        settle(&ledger, &asked[0], retry(&place, Duration::ZERO, true)).await;
        assert!(claim(&ledger, &Door::Desk).await.is_empty());
        let told = deliver_all(&ledger).await;
        assert!(told.iter().all(|claimed| !matches!(claimed.payload, Payload::Desk(_))));
        assert_eq!(ledger.outstanding().await, 0);
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_row_that_goes_between_lease_and_read_frees_its_lane() {
    for place in Place::each().await {
        let ledger = place.open().await;
        open(&ledger, 1, 1).await;
        place.faults.reads.close();
        let mut claiming = Box::pin(ledger.claim(&Door::Desk, 9));
        assert!(poll!(&mut claiming).is_pending());
        ledger.accept(vec![customer_ends(1, 2)]).await.expect("it is written");
        place.faults.reads.open();
        let claims = within(claiming).await.expect("it is read");
        // It counted as on its way when the customer ended, so the desk is told of an end.
        assert!(claims.claimed.is_empty(), "{:?}", claims.claimed);
        deliver_all(&ledger).await;
        assert_eq!(ledger.outstanding().await, 0);
        ledger.close().await;
    }
}

#[tokio::test]
async fn who_waits_for_everything_to_be_delivered_is_woken_then() {
    let place = Place::in_memory();
    let ledger = place.open().await;
    within(ledger.drained()).await;
    open(&ledger, 1, 1).await;
    let mut drained = Box::pin(ledger.drained());
    assert!(poll!(&mut drained).is_pending());
    let asked = claim(&ledger, &Door::Desk).await;
    assert!(matches!(asked[0].payload, Payload::Desk(DeskPayload::AskAvailability)));
    settle(&ledger, &asked[0], retry(&place, Duration::ZERO, false)).await;
    assert!(poll!(&mut drained).is_pending());
    deliver_all(&ledger).await;
    assert_eq!(ledger.outstanding().await, 0);
    within(drained).await;
}

#[tokio::test]
async fn a_door_is_woken_when_something_waits_at_it() {
    let place = Place::in_memory();
    let ledger = place.open().await;
    let (desk, other) = (ledger.wake(&Door::Desk), ledger.wake(&door()));
    open(&ledger, 1, 1).await;
    within(desk.notified()).await;
    assert!(poll!(std::pin::pin!(other.notified())).is_pending());
    assert_eq!(ledger.doors().await, [Door::Desk]);
}
