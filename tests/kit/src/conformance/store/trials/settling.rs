//! How attempts end.

use std::{sync::Arc, time::Duration};

use escalator::{
    delivery::{Door, Payload, Receipt},
    store::SettleAs,
};

use crate::conformance::{
    store::bed::{Bed, customer_ends, message, words},
    trial::{Checked, ensure, same},
};

pub(super) async fn delivered(bed: Arc<Bed>) -> Checked {
    bed.with_agent(1).await?;
    bed.accept(vec![message(1, 2, "a"), message(1, 3, "b")]).await?;
    for wanted in ["a", "b"] {
        let head = bed.head().await?;
        same(
            &words(std::slice::from_ref(&head)),
            &vec![wanted.to_owned()],
            "the head",
        )?;
        bed.settle(&head, SettleAs::Delivered(Receipt::None)).await?;
    }
    same(&bed.store().outstanding().await, &0, "deliveries that wait")
}

pub(super) async fn retry(bed: Arc<Bed>) -> Checked {
    bed.with_agent(1).await?;
    bed.with_agent(2).await?;
    let batch = vec![
        message(1, 2, "a"),
        message(1, 3, "b"),
        message(2, 2, "x"),
        message(2, 3, "y"),
    ];
    bed.accept(batch).await?;
    let heads = bed.claim(&Door::Desk, 9).await?;
    same(&words(&heads), &vec!["a".to_owned(), "x".to_owned()], "the heads")?;
    same(
        &(heads[0].attempt, heads[0].maybe_sent),
        &(1, false),
        "the first attempt, and its doubt",
    )?;
    let wait = Duration::from_secs(5);
    let due = bed.now() + wait;
    bed.settle(&heads[0], SettleAs::Retry { due, maybe_sent: true }).await?;
    bed.settle(&heads[1], SettleAs::Delivered(Receipt::None)).await?;
    let others = bed.claim(&Door::Desk, 9).await?;
    same(&words(&others), &vec!["y".to_owned()], "what is due while a row waits")?;
    same(
        &bed.next_due(&Door::Desk).await?,
        &Some(due),
        "when the next lane is due",
    )?;
    bed.advance(wait);
    let again = bed.claim(&Door::Desk, 9).await?;
    same(
        &words(&again),
        &vec!["a".to_owned()],
        "the row that waited, and no overtaking",
    )?;
    ensure(again[0].attempt > 1, "a further attempt has a higher number")?;
    ensure(again[0].maybe_sent, "what may have arrived must be marked")?;
    same(&again[0].created_at, &heads[0].created_at, "when it joined its lane")
}

pub(super) async fn dead(bed: Arc<Bed>) -> Checked {
    bed.with_agent(1).await?;
    bed.accept(vec![message(1, 2, "a"), message(1, 3, "b")]).await?;
    let head = bed.head().await?;
    let dead = SettleAs::Dead {
        detail: "the desk refuses it".to_owned(),
        maybe_sent: false,
    };
    bed.settle(&head, dead).await?;
    let letters = dead_letters(&bed).await?;
    same(
        &letters,
        &vec![(head.id, "the desk refuses it".to_owned())],
        "the dead letters",
    )?;
    let rest = bed.deliver_all().await?;
    ensure(
        words(&rest).contains(&"b".to_owned()),
        "the lane must go on behind a dead row",
    )?;
    ensure(
        rest.iter().any(|row| matches!(row.payload, Payload::Bot(_))),
        "the bot must be told",
    )?;
    ensure(
        rest.iter().any(|row| matches!(row.payload, Payload::Chat(_))),
        "the customer must be told",
    )
}

/// The keys of the dead letters and why they are.
pub(super) async fn dead_letters(bed: &Bed) -> Checked<Vec<(escalator::delivery::DeliveryId, String)>> {
    let store = bed.store();
    for _attempt in 0..8 {
        if let Ok(letters) = store.dead_letters(9).await {
            return Ok(letters.into_iter().map(|letter| (letter.id, letter.detail)).collect());
        }
    }
    crate::conformance::trial::broken("dead letters cannot be read")
}

pub(super) async fn taken_back(bed: Arc<Bed>) -> Checked {
    bed.open_session(1).await?;
    let asked = bed.head().await?;
    ensure(bed.store().is_wanted(asked.id).await, "what was handed out is wanted")?;
    bed.accept(vec![customer_ends(1, 2)]).await?;
    ensure(
        !bed.store().is_wanted(asked.id).await,
        "what was taken back is not wanted",
    )?;
    let due = bed.now();
    bed.settle(&asked, SettleAs::Retry { due, maybe_sent: true }).await?;
    let rest = bed.deliver_all().await?;
    ensure(
        rest.iter().all(|row| row.id != asked.id),
        "what was taken back is not repeated",
    )?;
    same(&bed.store().outstanding().await, &0, "deliveries that wait")
}
