//! What two instances do that share a store.

use std::{sync::Arc, time::Duration};

use escalator::{
    delivery::{Door, Lane, Receipt},
    model::SessionId,
    session::Verdict,
    store::{Accepted, Claimed, Incoming, Recorded, Settle, SettleAs, Store, StoreError},
};
use futures::future::{join, join_all};

use crate::conformance::{
    store::bed::{Bed, agent_says, channel, chat, customer_ends, escalate, key, message, push_log, words},
    trial::{Checked, broken, ensure, same},
};

const KEPT: Accepted = Accepted::New(Verdict::Kept);

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub(super) async fn one_of_two(bed: Arc<Bed>) -> Checked {
    let (first, second) = (bed.store(), bed.beside().await?);
    let mut lanes = Vec::new();
    for n in 1..=12 {
        lanes.push(Lane::Desk(bed.open_session(n).await?));
    }
    let claims = |store: Arc<dyn Store>| async move {
        let mut claimed = Vec::new();
        // Until there is nothing more: a lane that is locked for a moment comes later.
        for _round in 0..20 {
            claimed.extend(claim(&*store, &Door::Desk, 2).await?);
            tokio::task::yield_now().await;
        }
        Ok::<_, crate::conformance::Stop>(claimed)
    };
    let (of_first, of_second) = join(claims(first), claims(second)).await;
    let mut claimed: Vec<Lane> = of_first?
        .iter()
        .chain(&of_second?)
        .map(|claimed| claimed.id.lane)
        .collect();
    claimed.sort_unstable();
    lanes.sort_unstable();
    same(
        &claimed,
        &lanes,
        "the lanes that were handed out, to whichever instance",
    )
}

pub(super) async fn fenced(bed: Arc<Bed>) -> Checked {
    let (first, second) = (bed.store(), bed.beside().await?);
    bed.with_agent(1).await?;
    bed.accept(vec![message(1, 2, "a"), message(1, 3, "b")]).await?;
    let before = bed.head().await?;
    let again = SettleAs::Retry {
        due: bed.now(),
        maybe_sent: false,
    };
    bed.pause();
    let after = first_claim(&bed, &*second, &Door::Desk).await?;
    same(&after.id, &before.id, "what the other instance has after the lease")?;
    ensure(!before.lease.is_held(), "a lease is over before another has its lane")?;
    ensure(after.lease.is_held(), "the other's lease has begun")?;
    for as_ in [SettleAs::Started, again, SettleAs::Delivered(Receipt::None)] {
        let recorded = settle(&*first, &before, as_).await?;
        same(&recorded, &Recorded::Fenced, "what is settled after the lease")?;
    }
    same(&second.outstanding().await, &2, "deliveries that wait")?;
    let recorded = settle(&*second, &after, SettleAs::Delivered(Receipt::None)).await?;
    same(&recorded, &Recorded::Done, "what is settled under the lease")?;
    let next = claim(&*second, &Door::Desk, 9).await?;
    same(&words(&next), &vec!["b".to_owned()], "the next of the lane")?;
    ensure(!next[0].started, "a fenced instance begins nothing")
}

pub(super) async fn goes_on(bed: Arc<Bed>) -> Checked {
    let second = bed.beside().await?;
    bed.with_agent(1).await?;
    let batch = (2..6).map(|at| message(1, at, &format!("line {at}")));
    bed.accept(batch.collect()).await?;
    bed.head().await?;
    bed.kill().await?;
    let mut said = Vec::new();
    while said.len() < 4 {
        let head = first_claim(&bed, &*second, &Door::Desk).await?;
        said.extend(words(std::slice::from_ref(&head)));
        settle(&*second, &head, SettleAs::Delivered(Receipt::None)).await?;
    }
    let wanted: Vec<String> = (2..6).map(|at| format!("line {at}")).collect();
    same(&said, &wanted, "what is delivered after the death of an instance")
}

pub(super) async fn one_holder(bed: Arc<Bed>) -> Checked {
    let (first, second) = (bed.store(), bed.beside().await?);
    let session = bed.with_agent(1).await?;
    ensure(first.holds(&channel()), "the first instance holds its channel")?;
    ensure(!second.holds(&channel()), "a channel has one holder")?;
    // The desk may call at any instance; the chat is served by the holder.
    let hook = accept(&*second, agent_says(session, "still there?")).await?;
    same(&hook, &Some(KEPT), "the answer to a hook at any instance")?;
    ensure(
        claim(&*second, &chat(), 9).await?.is_empty(),
        "only the holder delivers to a channel",
    )?;
    let elsewhere = accept(&*second, escalate(2)).await?;
    ensure(
        elsewhere.is_none(),
        format!("only the holder of a channel escalates its conversations: {elsewhere:?}"),
    )?;
    bed.pause();
    let channel = channel();
    let taking = second.hold(&channel);
    bed.patience
        .within("the other instance takes the channel", taking)
        .await?;
    ensure(!first.holds(&channel), "a channel is lost before another has it")?;
    ensure(second.holds(&channel), "the other instance holds the channel")?;
    let refused = accept(&*first, escalate(3)).await?;
    ensure(
        refused.is_none(),
        format!("who has lost a channel escalates nothing: {refused:?}"),
    )?;
    let taken = accept(&*second, escalate(3)).await?;
    ensure(
        matches!(taken, Some(Accepted::New(Verdict::Opened(_)))),
        format!("who has the channel escalates: {taken:?}"),
    )?;
    let said = first_claim(&bed, &*second, &chat()).await?;
    same(
        &words(&[said]),
        &vec!["still there?".to_owned()],
        "what the new holder delivers",
    )
}

pub(super) async fn the_bots(bed: Arc<Bed>) -> Checked {
    let (first, second) = (bed.store(), bed.beside().await?);
    let is_bots = |store: &dyn Store, n| store.owners().get(&key(n)).is_some_and(|owner| !owner.is_human());
    let nothing = || async {
        let claimed = claim(&*second, &Door::Bot, 9).await?;
        ensure(
            claimed.is_empty(),
            "only the holder of a channel claims what is for the bot of its conversations",
        )
    };
    for n in 1..=8 {
        bed.with_agent(n).await?;
        let ended = accept(&*second, customer_ends(n, 2)).await?;
        same(&ended, &Some(KEPT), "the answer to an end at the other instance")?;
        nothing().await?;
        let told = first_claim(&bed, &*first, &Door::Bot).await?;
        ensure(
            is_bots(&*first, n),
            "who owns a conversation is known when its bot is told",
        )?;
        same(&told.conversation, &key(n), "whose bot is told")?;
        nothing().await?;
        settle(&*first, &told, SettleAs::Delivered(Receipt::None)).await?;
        bed.deliver_all().await?;
    }
    // It is told at once, and not only found at the next look: the first instance makes no more looks.
    bed.with_agent(9).await?;
    bed.pause();
    let wake = first.wake(&Door::Bot);
    // What is left from before is used up.
    wake.notify_one();
    wake.notified().await;
    let ended = accept(&*second, customer_ends(9, 2)).await?;
    same(&ended, &Some(KEPT), "the answer to an end at the other instance")?;
    bed.patience
        .within("the holder is woken for the bot", wake.notified())
        .await?;
    // And it waits for the next holder.
    let channel = channel();
    bed.patience
        .within("the channel changes hands", second.hold(&channel))
        .await?;
    let told = first_claim(&bed, &*second, &Door::Bot).await?;
    ensure(
        is_bots(&*second, 9),
        "the next holder knows who owns a conversation when its bot is told",
    )?;
    same(&told.conversation, &key(9), "whose bot the next holder tells")
}

pub(super) async fn duplicates(bed: Arc<Bed>) -> Checked {
    let (first, second) = (bed.store(), bed.beside().await?);
    bed.with_agent(1).await?;
    let calls = (0..20).map(|call| {
        let store = if call % 2 == 0 { &first } else { &second };
        accept(&**store, message(1, 2 + call / 2, "a line"))
    });
    let mut new = 0;
    for answer in bed.patience.within("all are answered", join_all(calls)).await? {
        new += usize::from(answer? == Some(KEPT));
    }
    same(&new, &10, "events that were new, of twenty in ten pairs")?;
    // The platform brings the update again that a human was asked for with, to the next holder.
    let asked = escalate(2);
    let opened = accept(&*first, asked.clone()).await?;
    ensure(
        matches!(opened, Some(Accepted::New(Verdict::Opened(_)))),
        format!("the holder escalates: {opened:?}"),
    )?;
    bed.pause();
    let channel = channel();
    bed.patience
        .within("the channel changes hands", second.hold(&channel))
        .await?;
    let again = accept(&*second, asked).await?;
    same(
        &again,
        &Some(Accepted::Duplicate),
        "the answer to the same escalation elsewhere",
    )
}

pub(super) async fn order(bed: Arc<Bed>) -> Checked {
    let (first, second) = (bed.store(), bed.beside().await?);
    let session = bed.with_agent(1).await?;
    // One after the other, by turns.
    for at in 2..12 {
        let store = if at % 2 == 0 { &first } else { &second };
        let answer = accept(&**store, message(1, at, &format!("line {at}"))).await?;
        same(&answer, &Some(KEPT), "the answer to a line")?;
    }
    // And both at once, each in its own order: the customer's lines here, the agent's there.
    let customer = async {
        for at in 12..32 {
            let answer = accept(&*first, message(1, at, &format!("line {at}"))).await?;
            same(&answer, &Some(KEPT), "the answer to a line")?;
        }
        Ok::<_, crate::conformance::Stop>(())
    };
    let agent = async {
        for n in 0..20 {
            let answer = accept(&*second, agent_says(session, &format!("reply {n}"))).await?;
            same(&answer, &Some(KEPT), "the answer to a reply")?;
        }
        Ok::<_, crate::conformance::Stop>(())
    };
    let (customer, agent) = join(customer, agent).await;
    customer.and(agent)?;
    // A conversation that both begin at once is one.
    let (of_first, of_second) = join(accept(&*first, push_log(2)), accept(&*second, push_log(2))).await;
    same(
        &(of_first?, of_second?),
        &(Some(KEPT), Some(KEPT)),
        "the answers to two beginnings",
    )?;
    let delivered = words(&bed.deliver_all().await?);
    let of = |kind: &str| -> Vec<String> {
        let lines = delivered.iter().filter(|line| line.starts_with(kind));
        lines.cloned().collect()
    };
    let lines: Vec<String> = (2..32).map(|at| format!("line {at}")).collect();
    let replies: Vec<String> = (0..20).map(|n| format!("reply {n}")).collect();
    same(&of("line"), &lines, "what is delivered to the desk")?;
    same(&of("reply"), &replies, "what is delivered to the chat")
}

pub(super) async fn heard(bed: Arc<Bed>) -> Checked {
    let (first, second) = (bed.store(), bed.beside().await?);
    let session = bed.open_session(1).await?;
    let standing = second.standing(session).await.map_err(failed)?;
    same(
        &standing.map(|(of, standing)| (of, standing.id)),
        &Some((key(1), session)),
        "what the other instance is told when it asks",
    )?;
    let knows = || second.owners().get(&key(1)).is_some_and(|owner| owner.is_human());
    bed.patience
        .until("the other instance knows who owns a conversation", knows)
        .await?;
    let ended = accept(&*second, customer_ends(1, 2)).await?;
    same(&ended, &Some(KEPT), "the answer to an end at the other instance")?;
    let came_back = || first.owners().get(&key(1)).is_some_and(|owner| !owner.is_human());
    bed.patience
        .until("the first instance knows that it came back", came_back)
        .await?;
    let unknown = second.standing(SessionId::mint()).await.map_err(failed)?;
    same(&unknown, &None, "a session that there never was")
}

/// The first thing that an instance is handed at a door.
async fn first_claim(bed: &Bed, store: &dyn Store, door: &Door) -> Checked<Claimed> {
    let claiming = async {
        loop {
            if let Some(claimed) = claim(store, door, 1).await?.pop() {
                return Ok(claimed);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    bed.patience
        .within("the other instance is handed something", claiming)
        .await?
}

async fn claim(store: &dyn Store, door: &Door, max: usize) -> Checked<Vec<Claimed>> {
    Ok(store.claim(door, max).await.map_err(failed)?.claimed)
}

async fn settle(store: &dyn Store, claimed: &Claimed, as_: SettleAs) -> Checked<Recorded> {
    let settle = Settle {
        id: claimed.id,
        payload: claimed.payload.clone(),
        as_,
        lease: claimed.lease.clone(),
    };
    store.settle(settle).await.map_err(failed)
}

/// One event, and the one answer to it; none where the store cannot take it now.
async fn accept(store: &dyn Store, event: Incoming) -> Checked<Option<Accepted>> {
    match store.accept(vec![event]).await {
        Ok(answers) if answers.len() == 1 => Ok(answers.first().copied()),
        Ok(answers) => broken(format!("one event has one answer, and not {answers:?}")),
        Err(StoreError::Unavailable { .. }) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it stands behind `map_err`")]
fn failed(error: StoreError) -> crate::conformance::Stop {
    crate::conformance::Stop::Broken(format!("a call failed: {error}"))
}
