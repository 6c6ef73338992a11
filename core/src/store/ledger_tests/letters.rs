//! What an operator does with dead letters, and sees of sessions and queues.

use std::time::Duration;

use bytes::Bytes;
use futures::{FutureExt, StreamExt, future::join, poll, stream};

use super::transcribe;
use crate::{
    delivery::{DeliveryId, Door, Lane, Payload},
    model::{Clock, EndReason},
    session::NotAgain,
    store::{
        AgeOut, Claimed, Ledger, LettersOf, Maintained, Maintenance, SettleAs, Store, StoreError,
        rig::{
            Place, agent_ends, agent_file, agent_says, claim, customer_ends, deliver_all, door, escalate, message,
            open, push_log, settle, with_agent, within, words,
        },
    },
};

async fn redrive(ledger: &Ledger, id: DeliveryId) -> Result<Maintained, StoreError> {
    ledger.maintain(Maintenance::Redrive(id)).await
}

async fn drop_letter(ledger: &Ledger, id: DeliveryId) -> Result<Maintained, StoreError> {
    ledger.maintain(Maintenance::Drop(id)).await
}

/// Makes a dead letter of the head of a door.
async fn bury(ledger: &Ledger, door: &Door) -> Claimed {
    let mut claimed = claim(ledger, door).await;
    assert_eq!(claimed.len(), 1, "one lane waits there");
    let dead = SettleAs::Dead {
        detail: "blocked".to_owned(),
        maybe_sent: false,
    };
    settle(ledger, &claimed[0], dead).await;
    claimed.remove(0)
}

async fn letters(ledger: &Ledger) -> Vec<DeliveryId> {
    let letters = ledger.dead_letters(99).await.expect("they are read");
    letters.into_iter().map(|letter| letter.id).collect()
}

#[tokio::test]
async fn a_dead_letter_goes_back_in_front_of_what_was_numbered_after_it() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        ledger
            .accept(vec![agent_says(session, "a")])
            .await
            .expect("it is written");
        let dead = bury(&ledger, &door()).await;
        let ledger = place.reopen(ledger).await;
        place.clock.advance(Duration::from_hours(30));
        ledger
            .accept(vec![agent_says(session, "b")])
            .await
            .expect("it is written");
        assert_eq!(
            redrive(&ledger, dead.id).await.expect("it is written"),
            Maintained::Done
        );
        assert_eq!(letters(&ledger).await, []);
        let head = claim(&ledger, &door()).await;
        assert_eq!(words(&head), ["a"]);
        assert_eq!((head[0].id, head[0].attempt), (dead.id, 1));
        assert_eq!(head[0].created_at, place.clock.now(), "its age begins anew");
        settle(&ledger, &head[0], SettleAs::Delivered(crate::delivery::Receipt::None)).await;
        assert_eq!(words(&claim(&ledger, &door()).await), ["b"]);
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_dead_letter_that_is_sent_again_wakes_its_door_and_survives_a_restart() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        ledger
            .accept(vec![agent_says(session, "a")])
            .await
            .expect("it is written");
        let dead = bury(&ledger, &door()).await;
        deliver_all(&ledger).await;
        let wake = ledger.wake(&door());
        while wake.notified().now_or_never().is_some() {}
        redrive(&ledger, dead.id).await.expect("it is written");
        within(wake.notified()).await;
        assert_eq!(ledger.outstanding().await, 1);
        let ledger = place.reopen(ledger).await;
        assert_eq!(words(&deliver_all(&ledger).await), ["a"]);
        assert_eq!(ledger.outstanding().await, 0);
        ledger.close().await;
    }
}

#[tokio::test]
async fn what_is_on_its_way_in_the_lane_ends_first() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        ledger
            .accept(vec![agent_says(session, "a"), agent_says(session, "b")])
            .await
            .expect("it is written");
        let dead = bury(&ledger, &door()).await;
        let next = claim(&ledger, &door()).await;
        assert_eq!(words(&next), ["b"]);
        redrive(&ledger, dead.id).await.expect("it is written");
        assert!(
            claim(&ledger, &door()).await.is_empty(),
            "a lane has one call under way"
        );
        settle(&ledger, &next[0], SettleAs::Delivered(crate::delivery::Receipt::None)).await;
        assert_eq!(words(&claim(&ledger, &door()).await), ["a"]);
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_row_of_the_desk_goes_again_only_while_its_session_stands() {
    for place in Place::each().await {
        let ledger = place.open().await;
        with_agent(&ledger, 1, 1).await;
        ledger.accept(vec![message(1, 2, "a")]).await.expect("it is written");
        let dead = bury(&ledger, &Door::Desk).await;
        deliver_all(&ledger).await;
        redrive(&ledger, dead.id).await.expect("the session stands");
        let again = bury(&ledger, &Door::Desk).await;
        assert_eq!(again.id, dead.id);
        ledger.accept(vec![customer_ends(1, 3)]).await.expect("it is written");
        deliver_all(&ledger).await;
        // A newer session is none of its business.
        ledger.accept(vec![escalate(1, 3)]).await.expect("it is written");
        let ledger = place.reopen(ledger).await;
        let refused = redrive(&ledger, dead.id).await.expect_err("its session is over");
        assert!(
            matches!(&refused, StoreError::NotAgain { id, why: NotAgain::SessionOver } if *id == dead.id),
            "{refused}"
        );
        assert!(refused.to_string().contains("open a ticket"), "{refused}");
        assert_eq!(letters(&ledger).await, [dead.id], "it stays what it was");
        drop_letter(&ledger, dead.id).await.expect("it can be dropped");
        ledger.close().await;
    }
}

#[tokio::test]
async fn an_end_and_a_log_go_again_whatever_stands() {
    for place in Place::each().await {
        let ledger = place.open().await;
        with_agent(&ledger, 1, 1).await;
        ledger.accept(vec![customer_ends(1, 2)]).await.expect("it is written");
        let end = bury(&ledger, &Door::Desk).await;
        ledger
            .accept(vec![push_log(2, Vec::new())])
            .await
            .expect("it is written");
        let log = bury(&ledger, &Door::Desk).await;
        let ledger = place.reopen(ledger).await;
        deliver_all(&ledger).await;
        for id in [end.id, log.id] {
            redrive(&ledger, id).await.expect("it opens no chat");
        }
        let sent: Vec<_> = deliver_all(&ledger)
            .await
            .iter()
            .map(|claimed| claimed.payload.word())
            .collect();
        assert_eq!(sent.len(), 2, "{sent:?}");
        assert!(sent.contains(&"desk.end") && sent.contains(&"desk.log"), "{sent:?}");
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_row_that_goes_again_is_taken_back_with_its_session() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        ledger.accept(vec![message(1, 2, "a")]).await.expect("it is written");
        let dead = bury(&ledger, &Door::Desk).await;
        deliver_all(&ledger).await;
        // Both in one batch, in this order.
        place.faults.commits.close();
        let mut held = Box::pin(transcribe(&ledger, 99, &["held"]));
        assert!(poll!(&mut held).is_pending(), "it waits for its commit");
        place.faults.commits.holds(1).await;
        let mut both = Box::pin(join(
            redrive(&ledger, dead.id),
            ledger.accept(vec![agent_ends(session)]),
        ));
        assert!(poll!(&mut both).is_pending(), "they wait for their turn");
        place.faults.commits.open();
        within(held).await.expect("it is written");
        let (redriven, ended) = within(both).await;
        redriven.expect("it is written");
        ended.expect("it is written");
        let told = deliver_all(&ledger).await;
        assert!(told.iter().all(|claimed| claimed.id != dead.id), "{told:?}");
        let gone = told
            .iter()
            .any(|claimed| format!("{:?}", claimed.payload).contains("unsent"));
        assert!(gone && letters(&ledger).await.is_empty());
        assert!(ledger.dead_letter(dead.id).await.expect("it is read").is_none());
        ledger.close().await;
    }
}

#[tokio::test]
async fn what_is_no_dead_letter_is_neither_sent_again_nor_dropped() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        ledger
            .accept(vec![agent_says(session, "a"), agent_says(session, "b")])
            .await
            .expect("it is written");
        let out = claim(&ledger, &door()).await;
        let waits = DeliveryId {
            seq: out[0].id.seq + 1,
            ..out[0].id
        };
        for id in [out[0].id, waits] {
            for answer in [redrive(&ledger, id).await, drop_letter(&ledger, id).await] {
                assert!(
                    matches!(answer, Err(StoreError::StillWaits(of)) if of == id),
                    "{answer:?}"
                );
            }
        }
        settle(&ledger, &out[0], SettleAs::Delivered(crate::delivery::Receipt::None)).await;
        let never = DeliveryId { seq: 999, ..waits };
        let nobody = DeliveryId {
            lane: Lane::Desk(crate::model::SessionId::mint()),
            seq: 1,
        };
        for id in [out[0].id, never, nobody] {
            for answer in [redrive(&ledger, id).await, drop_letter(&ledger, id).await] {
                assert!(
                    matches!(answer, Err(StoreError::NoDeadLetter(of)) if of == id),
                    "{answer:?}"
                );
            }
        }
        assert_eq!(words(&deliver_all(&ledger).await), ["b"]);
        ledger.close().await;
    }
}

#[tokio::test]
async fn what_is_asked_twice_is_done_once() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        for (ask, other) in [
            (
                Maintenance::Redrive as fn(DeliveryId) -> Maintenance,
                Maintenance::Drop as fn(DeliveryId) -> Maintenance,
            ),
            (Maintenance::Drop, Maintenance::Redrive),
        ] {
            ledger
                .accept(vec![agent_says(session, "a")])
                .await
                .expect("it is written");
            let dead = bury(&ledger, &door()).await;
            place.faults.commits.close();
            let mut held = Box::pin(transcribe(&ledger, 99, &["held"]));
            assert!(poll!(&mut held).is_pending(), "it waits for its commit");
            place.faults.commits.holds(1).await;
            let mut asked = Box::pin(futures::future::join3(
                ledger.maintain(ask(dead.id)),
                ledger.maintain(ask(dead.id)),
                ledger.maintain(other(dead.id)),
            ));
            assert!(poll!(&mut asked).is_pending(), "they wait for their turn");
            place.faults.commits.open();
            within(held).await.expect("it is written");
            let (first, second, third) = within(asked).await;
            first.expect("it is done");
            second.expect_err("it was done");
            third.expect_err("it is too late for that");
            deliver_all(&ledger).await;
        }
        assert_eq!(ledger.outstanding().await, 0);
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_file_is_kept_for_its_dead_letter_and_no_longer() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        let bytes = stream::once(async { Ok(Bytes::from_static(b"meow")) });
        let (blob, size) = ledger.blobs().put(bytes.boxed(), 99).await.expect("it is kept");
        ledger
            .accept(vec![agent_file(session, blob, size)])
            .await
            .expect("it is written");
        let dead = bury(&ledger, &door()).await;
        deliver_all(&ledger).await;
        age_out(&place, &ledger).await;
        redrive(&ledger, dead.id).await.expect("its bytes are there");
        let again = bury(&ledger, &door()).await;
        assert_eq!(again.id, dead.id);
        deliver_all(&ledger).await;

        ledger.blobs().discard(blob).await.expect("it is written");
        let refused = redrive(&ledger, dead.id).await.expect_err("its bytes are gone");
        assert!(
            matches!(
                refused,
                StoreError::NotAgain {
                    why: NotAgain::FileGone,
                    ..
                }
            ),
            "{refused}"
        );
        drop_letter(&ledger, dead.id).await.expect("it is written");
        assert_eq!(letters(&ledger).await, []);
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_dropped_dead_letter_takes_its_file_along() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        let bytes = stream::once(async { Ok(Bytes::from_static(b"meow")) });
        let (blob, size) = ledger.blobs().put(bytes.boxed(), 99).await.expect("it is kept");
        ledger
            .accept(vec![agent_file(session, blob, size)])
            .await
            .expect("it is written");
        let dead = bury(&ledger, &door()).await;
        deliver_all(&ledger).await;
        drop_letter(&ledger, dead.id).await.expect("it is written");
        age_out(&place, &ledger).await;
        assert!(ledger.blobs().open(blob).await.expect("it is read").is_none());
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_dead_letter_that_cannot_be_read_can_be_dropped() {
    let place = Place::in_memory();
    let ledger = place.open().await;
    let session = with_agent(&ledger, 1, 1).await;
    ledger
        .accept(vec![agent_says(session, "a")])
        .await
        .expect("it is written");
    let dead = bury(&ledger, &door()).await;
    place.faults.spoil(dead.id);
    redrive(&ledger, dead.id).await.expect_err("nobody knows what it says");
    drop_letter(&ledger, dead.id).await.expect("it is written");
    place.faults.mend(dead.id);
    assert_eq!(letters(&ledger).await, []);
}

#[tokio::test]
async fn sessions_and_queues_are_seen_as_they_are() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let begin = place.clock.now();
        let agent = with_agent(&ledger, 1, 1).await;
        let over = with_agent(&ledger, 2, 1).await;
        place.clock.advance(Duration::from_mins(1));
        ledger.accept(vec![agent_ends(over)]).await.expect("it is written");
        deliver_all(&ledger).await;
        place.clock.advance(Duration::from_mins(1));
        let opening = open(&ledger, 3, 1).await;
        ledger
            .accept(vec![message(1, 2, "a"), message(1, 3, "b"), agent_says(agent, "c")])
            .await
            .expect("it is written");
        bury(&ledger, &door()).await;
        deliver_bot(&ledger).await;
        let out = claim(&ledger, &Door::Desk).await;
        assert_eq!(out.len(), 2);

        let sessions = ledger.sessions(begin, 9).await.expect("they are read");
        let seen: Vec<_> = sessions
            .iter()
            .map(|session| {
                (
                    session.session,
                    session.state,
                    session.since.since(begin).as_secs(),
                    session.ended,
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                (opening, "opening", 120, None),
                (agent, "with_agent", 0, None),
                (over, "ended", 60, Some(EndReason::Agent)),
            ]
        );
        // Two of its own and the line to the agent that tells of the dead letter.
        assert_eq!(
            sessions.iter().map(|session| session.waiting).collect::<Vec<_>>(),
            [2, 3, 0]
        );
        let recent = ledger.sessions(place.clock.now(), 9).await.expect("they are read");
        assert_eq!(recent.len(), 2, "one that ended long ago is not asked for");

        let queues = ledger.queues().await.expect("they are read");
        let seen: Vec<_> = queues
            .iter()
            .map(|queue| (queue.door.to_string(), queue.waiting, queue.in_flight, queue.dead))
            .collect();
        assert_eq!(
            seen,
            [("desk".to_owned(), 3, 2, 0), ("channel/test".to_owned(), 0, 0, 1)]
        );
        assert_eq!(queues[0].oldest, Some(place.clock.now()));
        assert_eq!((queues[0].next_due, queues[1].oldest), (None, None));
        let of = LettersOf {
            channel: Some(crate::model::ChannelId::new("nowhere")),
            lane: None,
        };
        assert!(ledger.dead_letters_of(&of, 9).await.expect("they are read").is_empty());
        ledger.close().await;
    }
}

/// Delivers what waits for the bot alone.
async fn deliver_bot(ledger: &Ledger) {
    for claimed in claim(ledger, &Door::Bot).await {
        assert!(matches!(claimed.payload, Payload::Bot(_)));
        settle(ledger, &claimed, SettleAs::Delivered(crate::delivery::Receipt::None)).await;
    }
}

async fn age_out(place: &Place, ledger: &Ledger) {
    place.clock.advance(Duration::from_hours(2));
    ledger
        .maintain(Maintenance::AgeOut(AgeOut::default()))
        .await
        .expect("it is written");
}
