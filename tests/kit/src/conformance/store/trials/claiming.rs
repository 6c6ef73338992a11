//! What is handed out.

use std::{sync::Arc, time::Duration};

use escalator::{
    delivery::{Door, Lane, Receipt},
    store::SettleAs,
};
use futures::poll;

use crate::conformance::{
    store::bed::{Bed, message, words},
    trial::{Checked, ensure, same},
};

pub(super) async fn head_alone(bed: Arc<Bed>) -> Checked {
    bed.with_agent(1).await?;
    bed.accept(vec![message(1, 2, "a"), message(1, 3, "b")]).await?;
    let head = bed.claim(&Door::Desk, 9).await?;
    same(&words(&head), &vec!["a".to_owned()], "the head of the lane")?;
    for _time in 0..2 {
        let more = bed.claim(&Door::Desk, 9).await?;
        ensure(more.is_empty(), "a lane that is handed out gives nothing more")?;
    }
    bed.settle(&head[0], SettleAs::Delivered(Receipt::None)).await?;
    same(
        &words(&bed.claim(&Door::Desk, 9).await?),
        &vec!["b".to_owned()],
        "the next of the lane",
    )
}

pub(super) async fn no_more_than_asked(bed: Arc<Bed>) -> Checked {
    let mut opened = Vec::new();
    for n in 1..=6 {
        opened.push(Lane::Desk(bed.open_session(n).await?));
        bed.advance(Duration::from_millis(5));
    }
    let mut handed_out = Vec::new();
    for max in [2, 0, 3, 9] {
        let claimed = bed.claim(&Door::Desk, max).await?;
        ensure(
            claimed.len() <= max,
            format!("{max} were asked for, and {} handed out", claimed.len()),
        )?;
        handed_out.extend(claimed.iter().map(|claimed| claimed.id.lane));
    }
    same(&handed_out, &opened, "the lanes, the longest due first")
}

pub(super) async fn woken(bed: Arc<Bed>) -> Checked {
    let wake = bed.store().wake(&Door::Desk);
    bed.open_session(1).await?;
    bed.patience.within("the desk's door is woken", wake.notified()).await?;
    same(
        &bed.store().doors().await,
        &vec![Door::Desk],
        "the doors at which something waits",
    )
}

pub(super) async fn drained(bed: Arc<Bed>) -> Checked {
    let store = bed.store();
    bed.patience.within("nothing waits", store.drained()).await?;
    bed.open_session(1).await?;
    ensure(store.outstanding().await > 0, "what waits must be counted")?;
    let mut drained = Box::pin(store.drained());
    ensure(
        poll!(&mut drained).is_pending(),
        "nobody is woken while something waits",
    )?;
    bed.deliver_all().await?;
    bed.patience.within("all is delivered", drained).await?;
    same(&store.outstanding().await, &0, "deliveries that wait")
}
