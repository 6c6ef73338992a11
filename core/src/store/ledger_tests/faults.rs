//! What goes wrong harms nothing else.

use std::time::Duration;

use futures::{future::join_all, poll};

use super::{together, transcribe};
use crate::{
    delivery::Door,
    session::Verdict,
    store::{
        Accepted, Settle, SettleAs, Store, StoreError,
        rig::{
            Place, agent_ends, agent_says, claim, deliver_all, escalate, key, message, open, settle, with_agent,
            within, words,
        },
        writer::deciding,
    },
};

#[tokio::test]
async fn a_faulty_write_harms_no_neighbour() {
    for place in Place::each().await {
        let ledger = place.open().await;
        with_agent(&ledger, 1, 1).await;
        with_agent(&ledger, 2, 1).await;
        let writes: Vec<_> = (2..22)
            .map(|at| vec![message(if at % 2 == 0 { 1 } else { 2 }, at, &at.to_string())])
            .collect();
        place.faults.refuse(writes[3][0].key.clone());
        place.faults.refuse(writes[10][0].key.clone());
        let answers = together(&place, &ledger, writes).await;
        for (at, answer) in answers.iter().enumerate() {
            let is_faulty = [3, 10].contains(&at);
            assert_eq!(
                matches!(answer, Err(StoreError::Invalid { .. })),
                is_faulty,
                "{at}: {answer:?}"
            );
            assert_eq!(answer.is_ok(), !is_faulty, "{at}: {answer:?}");
        }
        assert!(ledger.is_healthy(), "a faulty event is no sickness of the ledger");
        let ledger = place.reopen(ledger).await;
        let mut delivered: Vec<i32> = words(&deliver_all(&ledger).await)
            .iter()
            .map(|text| text.parse().expect("it is one of ours"))
            .collect();
        let by_conversation: Vec<i32> = delivered.iter().copied().filter(|at| at % 2 == 0).collect();
        assert!(by_conversation.is_sorted(), "{by_conversation:?}");
        delivered.sort_unstable();
        let expected: Vec<i32> = (2..22).filter(|at| ![5, 12].contains(at)).collect();
        assert_eq!(delivered, expected);
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_commit_that_fails_changes_nothing() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        let before = ledger.owners().get(&key(1));
        place.faults.set_away(true);
        let writes = vec![
            vec![message(1, 2, "a")],
            vec![agent_says(session, "b")],
            vec![agent_ends(session)],
            vec![escalate(2, 1)],
        ];
        for answer in join_all(writes.into_iter().map(|events| ledger.accept(events))).await {
            assert!(matches!(answer, Err(StoreError::Unavailable { .. })), "{answer:?}");
        }
        assert!(!ledger.is_healthy());
        assert_eq!(ledger.owners().get(&key(1)), before);
        assert_eq!(ledger.owners().get(&key(2)), None);
        assert_eq!(ledger.outstanding().await, 0);
        assert_eq!(ledger.due_timers().await, (Vec::new(), None));

        place.faults.set_away(false);
        let accepted = ledger.accept(vec![message(1, 2, "a")]).await.expect("it is written");
        assert_eq!(accepted, [Accepted::New(Verdict::Kept)], "it was never accepted");
        assert!(ledger.is_healthy());
        assert_eq!(words(&deliver_all(&ledger).await), ["a"]);
        ledger.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_is_back_says_so_though_nobody_writes() {
    let place = Place::in_memory();
    let ledger = place.open().await;
    place.faults.set_away(true);
    ledger.accept(vec![escalate(1, 1)]).await.expect_err("it is away");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(!ledger.is_healthy());
    place.faults.set_away(false);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(ledger.is_healthy());
}

#[tokio::test]
async fn an_end_that_cannot_be_written_leaves_the_claim_standing() {
    for place in Place::each().await {
        let ledger = place.open().await;
        with_agent(&ledger, 1, 1).await;
        ledger
            .accept(vec![message(1, 2, "a"), message(1, 3, "b")])
            .await
            .expect("it is written");
        let claimed = claim(&ledger, &Door::Desk).await;
        assert_eq!(words(&claimed), ["a"]);
        let end = || Settle {
            id: claimed[0].id,
            payload: claimed[0].payload.clone(),
            as_: SettleAs::Delivered(crate::delivery::Receipt::None),
            lease: claimed[0].lease.clone(),
        };
        place.faults.set_away(true);
        ledger.settle(end()).await.expect_err("the ledger is away");
        assert!(claim(&ledger, &Door::Desk).await.is_empty());
        assert!(ledger.is_wanted(claimed[0].id).await);
        place.faults.set_away(false);
        ledger.settle(end()).await.expect("it is written");
        assert_eq!(words(&claim(&ledger, &Door::Desk).await), ["b"]);
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_loses_nothing_that_it_took() {
    let mut place = Place::in_memory();
    place.settings.queue_max = 4;
    let ledger = place.open().await;
    with_agent(&ledger, 1, 1).await;
    place.faults.commits.close();
    let mut held = std::pin::pin!(transcribe(&ledger, 9, &["held"]));
    assert!(poll!(&mut held).is_pending());
    place.faults.commits.holds(1).await;
    let mut taken: Vec<_> = (2..6)
        .map(|at| Box::pin(ledger.accept(vec![message(1, at, &at.to_string())])))
        .collect();
    for call in &mut taken {
        assert!(poll!(call).is_pending());
    }
    let refused = within(ledger.accept(vec![message(1, 6, "6")])).await;
    assert!(
        matches!(refused, Err(StoreError::Overloaded { queue_max: 4 })),
        "{refused:?}"
    );
    assert!(ledger.is_healthy());
    place.faults.commits.open();
    within(held).await.expect("it is written");
    for answer in within(join_all(taken)).await {
        answer.expect("it is written");
    }
    assert_eq!(words(&deliver_all(&ledger).await), ["2", "3", "4", "5"]);
}

#[tokio::test]
async fn a_write_goes_on_when_its_caller_goes_away() {
    for place in Place::each().await {
        let ledger = place.open().await;
        with_agent(&ledger, 1, 1).await;
        place.faults.commits.close();
        {
            let mut dropped = Box::pin(ledger.accept(vec![message(1, 2, "a")]));
            assert!(poll!(&mut dropped).is_pending());
            place.faults.commits.holds(1).await;
        }
        place.faults.commits.open();
        let again = ledger.accept(vec![message(1, 2, "a")]).await.expect("it is answered");
        assert_eq!(again, [Accepted::Duplicate]);
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_closed_ledger_has_written_what_waited_and_refuses_the_rest() {
    for place in Place::each().await {
        let ledger = place.open().await;
        with_agent(&ledger, 1, 1).await;
        place.faults.commits.close();
        let mut calls: Vec<_> = (2..6)
            .map(|at| Box::pin(ledger.accept(vec![message(1, at, &at.to_string())])))
            .collect();
        for call in &mut calls {
            assert!(poll!(call).is_pending());
        }
        let mut closing = Box::pin(ledger.close());
        assert!(poll!(&mut closing).is_pending());
        place.faults.commits.open();
        within(closing).await;
        for answer in within(join_all(calls)).await {
            answer.expect("it came before the end");
        }
        let late = ledger.accept(vec![message(1, 6, "6")]).await;
        assert!(matches!(late, Err(StoreError::Unavailable { .. })), "{late:?}");
        assert!(!ledger.is_healthy());
        drop(ledger);
        let ledger = place.open().await;
        assert_eq!(words(&deliver_all(&ledger).await), ["2", "3", "4", "5"]);
        ledger.close().await;
    }
}

#[tokio::test]
async fn an_attempt_settled_twice_is_over_once() {
    let place = Place::in_memory();
    let ledger = place.open().await;
    open(&ledger, 1, 1).await;
    let claimed = claim(&ledger, &Door::Desk).await;
    for _ in 0..2 {
        let dead = SettleAs::Dead {
            detail: "refused".to_owned(),
            maybe_sent: false,
        };
        settle(&ledger, &claimed[0], dead).await;
    }
    assert_eq!(ledger.dead_letters(9).await.expect("they are read").len(), 1);
}

#[test]
fn a_decision_that_panics_is_a_faulty_event() {
    let faulty = deciding(|| -> u8 { panic!("as the test wants it") });
    assert!(matches!(faulty, Err(StoreError::Invalid { .. })), "{faulty:?}");
    assert_eq!(deciding(|| 7).expect("it is decided"), 7);
}
