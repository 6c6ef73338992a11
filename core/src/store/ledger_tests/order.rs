//! Order, and what comes twice.

use super::together;
use crate::{
    session::Verdict,
    store::{
        Accepted, Store,
        rig::{Place, deliver_all, message, with_agent, words},
    },
};

#[tokio::test]
async fn each_conversation_keeps_its_order_within_a_batch_and_across_batches() {
    for place in Place::each().await {
        let mut ledger = place.open().await;
        for n in 1..=3 {
            with_agent(&ledger, n, 1).await;
        }
        for round in 0..3 {
            let events = |position: i64| {
                let at = 2 + round * 10 + position;
                (1..=3).map(move |n| vec![message(n, at, &format!("{n}: {at}"))])
            };
            let accepted = together(&place, &ledger, (0..10).flat_map(events).collect()).await;
            assert!(
                accepted
                    .iter()
                    .all(|answer| matches!(answer.as_deref(), Ok([Accepted::New(Verdict::Kept)])))
            );
            ledger = place.reopen(ledger).await;
        }
        let delivered = words(&deliver_all(&ledger).await);
        for n in 1..=3 {
            let prefix = format!("{n}: ");
            let of_conversation: Vec<&String> = delivered.iter().filter(|line| line.starts_with(&prefix)).collect();
            let expected: Vec<String> = (2..32).map(|at| format!("{n}: {at}")).collect();
            assert_eq!(of_conversation, expected.iter().collect::<Vec<_>>());
        }
        ledger.close().await;
    }
}

#[tokio::test]
async fn what_came_while_a_batch_was_written_shares_the_next() {
    let place = Place::in_memory();
    let ledger = place.open().await;
    with_agent(&ledger, 1, 1).await;
    place.faults.batches();
    let writes = (2..42).map(|at| vec![message(1, at, "hello")]).collect();
    together(&place, &ledger, writes).await;
    assert_eq!(place.faults.batches(), [0, 40]);
}

#[tokio::test]
async fn a_batch_takes_no_more_than_its_limit() {
    let mut place = Place::in_memory();
    place.settings.batch_max = 16;
    let ledger = place.open().await;
    with_agent(&ledger, 1, 1).await;
    place.faults.batches();
    let writes = (2..42).map(|at| vec![message(1, at, "hello")]).collect();
    together(&place, &ledger, writes).await;
    assert_eq!(place.faults.batches(), [0, 16, 16, 8]);
}

#[tokio::test]
async fn an_event_counts_once() {
    let (kept, twice) = (Accepted::New(Verdict::Kept), Accepted::Duplicate);
    for place in Place::each().await {
        let ledger = place.open().await;
        with_agent(&ledger, 1, 1).await;

        let in_one_call = ledger
            .accept(vec![message(1, 2, "a"), message(1, 2, "a"), message(1, 3, "b")])
            .await;
        assert_eq!(in_one_call.expect("it is written"), [kept, twice, kept]);

        let calls = vec![
            vec![message(1, 4, "c")],
            vec![message(1, 4, "c")],
            vec![message(1, 3, "b")],
        ];
        let in_one_batch = together(&place, &ledger, calls).await;
        let in_one_batch: Vec<_> = in_one_batch
            .into_iter()
            .map(|answer| answer.expect("it is written"))
            .collect();
        assert_eq!(in_one_batch, [[kept], [twice], [twice]]);

        let ledger = place.reopen(ledger).await;
        let after_a_restart = ledger.accept(vec![message(1, 2, "a"), message(1, 5, "d")]).await;
        assert_eq!(after_a_restart.expect("it is written"), [twice, kept]);

        assert_eq!(words(&deliver_all(&ledger).await), ["a", "b", "c", "d"]);
        ledger.close().await;
    }
}

#[tokio::test]
async fn what_is_the_bots_is_not_remembered() {
    for place in Place::each().await {
        let ledger = place.open().await;
        for _ in 0..2 {
            let accepted = ledger.accept(vec![message(1, 5, "for the bot")]).await;
            assert_eq!(accepted.expect("it is answered"), [Accepted::New(Verdict::Bots)]);
        }
        with_agent(&ledger, 1, 4).await;
        let accepted = ledger.accept(vec![message(1, 5, "for the agent")]).await;
        assert_eq!(accepted.expect("it is written"), [Accepted::New(Verdict::Kept)]);
        ledger.close().await;
    }
}
