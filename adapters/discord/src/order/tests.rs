use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serenity::model::id::{ChannelId, MessageId, UserId};

use super::*;

const HANDLER_MAX: Duration = Duration::from_secs(10);
/// Less than what counts as never dispatched.
const DISPATCH_SOON: Duration = Duration::from_secs(1);

fn lane(customer: u64) -> Lane {
    Lane {
        home: ChannelId::new(1),
        customer: UserId::new(customer),
    }
}

fn mark(id: u64) -> Mark {
    Mark::Message(MessageId::new(id))
}

#[tokio::test(start_paused = true)]
async fn events_are_dealt_with_in_the_order_in_which_they_were_noted() {
    let order = Arc::new(Order::new());
    let dealt = Arc::new(Mutex::new(Vec::new()));
    (1..=200).for_each(|id| order.note(mark(id), lane(1)));
    let tasks: Vec<_> = (1..=200)
        .rev()
        .map(|id| {
            let (order, dealt) = (Arc::clone(&order), Arc::clone(&dealt));
            tokio::spawn(async move {
                let ticket = order.claim(&mark(id)).expect("it was noted");
                let _place = order.turn(ticket, HANDLER_MAX).await;
                tokio::task::yield_now().await;
                dealt.lock().expect("no task panics").push(id);
            })
        })
        .collect();
    futures::future::join_all(tasks).await;
    let dealt = dealt.lock().expect("no task panics");
    assert!(dealt.is_sorted(), "{dealt:?}");
    assert!(order.lock().tickets.is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_conversation_waits_for_no_other() {
    let order = Order::new();
    order.note(mark(1), lane(1));
    order.note(mark(2), lane(2));
    let first = order.claim(&mark(1)).expect("it was noted");
    let _held = order.turn(first, HANDLER_MAX).await;
    let other = order.claim(&mark(2)).expect("it was noted");
    let _other = order.turn(other, HANDLER_MAX).await;
}

#[tokio::test(start_paused = true)]
async fn a_bots_handler_holds_up_the_next_event_for_a_limited_time_and_acceptance_does_without_limit() {
    let order = Order::new();
    (1..=2).for_each(|id| order.note(mark(id), lane(1)));
    let first = order
        .turn(order.claim(&mark(1)).expect("it was noted"), HANDLER_MAX)
        .await;
    let second = order.turn(order.claim(&mark(2)).expect("it was noted"), HANDLER_MAX);
    let mut second = std::pin::pin!(second);
    let long = Duration::from_hours(2);
    assert!(tokio::time::timeout(long, second.as_mut()).await.is_err());
    first.with_bot();
    let started = tokio::time::Instant::now();
    second.await;
    assert!(started.elapsed() >= HANDLER_MAX);
}

#[tokio::test(start_paused = true)]
async fn what_stands_behind_events_that_are_given_up_waits_for_what_stands_before_them() {
    let order = Order::new();
    // Some of them in order, the others not.
    let given_up = (2..=500).chain((501..=999).rev());
    (1..=1_000).for_each(|id| order.note(mark(id), lane(1)));
    let claimed = |id| order.claim(&mark(id)).expect("it was noted");
    let first = order.turn(claimed(1), HANDLER_MAX).await;
    let mut last = std::pin::pin!(order.turn(claimed(1_000), HANDLER_MAX));
    let long = Duration::from_hours(2);
    assert!(tokio::time::timeout(DISPATCH_SOON, last.as_mut()).await.is_err());
    given_up.for_each(|id| claimed(id).give_up());
    assert!(tokio::time::timeout(long, last.as_mut()).await.is_err());
    assert!(ticket::is_awaited(
        order.lock().tails.get(&lane(1)).expect("it is kept")
    ));
    drop(first);
    drop(last.await);
    assert!(!ticket::is_awaited(
        order.lock().tails.get(&lane(1)).expect("it is kept")
    ));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_never_dispatched_holds_up_nobody_for_good() {
    let order = Order::new();
    (1..=2).for_each(|id| order.note(mark(id), lane(1)));
    order
        .turn(order.claim(&mark(2)).expect("it was noted"), HANDLER_MAX)
        .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_noted_behind_a_closed_gate_waits_until_its_lane_has_caught_up() {
    let order = Order::new();
    order.gate().close();
    let closings = order.gate().closings();
    (1..=2).for_each(|id| order.note(mark(id), lane(id)));
    let [held, free] = [1, 2].map(|id| order.turn(order.claim(&mark(id)).expect("it was noted"), HANDLER_MAX));
    order.gate().hold(closings, [lane(1)].into());
    free.await;
    let mut held = std::pin::pin!(held);
    assert!(
        tokio::time::timeout(Duration::from_mins(1), held.as_mut())
            .await
            .is_err()
    );
    order.gate().open(closings - 1);
    assert!(
        tokio::time::timeout(Duration::from_mins(1), held.as_mut())
            .await
            .is_err()
    );
    order.gate().release(closings, lane(1));
    held.await;
}

#[tokio::test(start_paused = true)]
async fn messages_that_no_collector_saw_are_put_in_order_and_come_before_those_that_one_did() {
    let order = Arc::new(Order::new());
    let dealt = Arc::new(Mutex::new(Vec::new()));
    order.note(mark(9), lane(1));
    let noted = {
        let (order, dealt) = (Arc::clone(&order), Arc::clone(&dealt));
        async move {
            // It is dispatched a moment after the stragglers.
            tokio::time::sleep(Duration::from_millis(1)).await;
            let ticket = order.claim(&mark(9)).expect("it was noted");
            let _place = order.turn(ticket, HANDLER_MAX).await;
            dealt.lock().expect("no task panics").push(9);
        }
    };
    let late = [3_u64, 1, 2].map(|id| {
        let (order, dealt) = (Arc::clone(&order), Arc::clone(&dealt));
        async move {
            let _turn = order.straggle(lane(1), id, mark(id)).await;
            tokio::task::yield_now().await;
            dealt.lock().expect("no task panics").push(id);
        }
    });
    tokio::join!(noted, futures::future::join_all(late));
    assert_eq!(*dealt.lock().expect("no task panics"), [1, 2, 3, 9]);
}

#[tokio::test(start_paused = true)]
async fn events_that_are_never_dispatched_are_forgotten() {
    let order = Order::new();
    let count = u64::try_from(SWEEP_MIN).expect("it is small");
    (1..=count).for_each(|id| order.note(mark(id), lane(id)));
    tokio::time::advance(TICKET_AGE_MAX).await;
    order.note(mark(count + 1), lane(1));
    assert_eq!(order.lock().tickets.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_no_collector_saw_holds_up_the_next_one_for_a_limited_time() {
    let order = Order::new();
    let first = order.straggle(lane(1), 1, mark(1)).await;
    let deletion = Mark::Delete(MessageId::new(1));
    let mut second = std::pin::pin!(order.straggle(lane(1), 1, deletion));
    let long = Duration::from_hours(2);
    assert!(tokio::time::timeout(long, second.as_mut()).await.is_err());
    first.with_bot(HANDLER_MAX);
    second.await;
}
