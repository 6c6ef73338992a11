//! What a person does with dead letters, and sees of a store.

use std::{sync::Arc, time::Duration};

use escalator::{
    delivery::{DeliveryId, Door, Receipt},
    model::SessionId,
    store::{Claimed, LettersOf, Maintained, Maintenance, SettleAs, StoreError},
};

use super::files;
use crate::conformance::{
    Stop,
    store::bed::{Bed, agent_says, agent_sends, chat, customer_ends, message, words},
    trial::{Checked, broken, ensure, same},
};

pub(super) async fn sent_again(bed: Arc<Bed>) -> Checked {
    let session = bed.with_agent(1).await?;
    bed.accept(vec![agent_says(session, "a"), agent_says(session, "b")])
        .await?;
    let dead = bury(&bed, &chat()).await?;
    bed.advance(Duration::from_hours(30));
    redrive(&bed, dead.id).await?;
    ensure(letters(&bed).await?.is_empty(), "what is sent again is no dead letter")?;
    let head = bed.claim(&chat(), 9).await?;
    same(&words(&head), &vec!["a".to_owned()], "what stands in front")?;
    same(&head[0].id, &dead.id, "the key of what is sent again")?;
    same(&head[0].attempt, &1, "the number of its attempt")?;
    same(&head[0].created_at, &bed.now(), "when it joined its lane")?;
    bed.settle(&head[0], SettleAs::Delivered(Receipt::None)).await?;
    same(
        &words(&bed.claim(&chat(), 9).await?),
        &vec!["b".to_owned()],
        "what stands behind",
    )
}

pub(super) async fn over_a_crash(bed: Arc<Bed>) -> Checked {
    let session = bed.with_agent(1).await?;
    bed.accept(vec![agent_says(session, "a"), agent_says(session, "b")])
        .await?;
    let (again, gone) = (bury(&bed, &chat()).await?, bury(&bed, &chat()).await?);
    redrive(&bed, again.id).await?;
    drop_letter(&bed, gone.id).await?;
    match bed.crash().await {
        // A store that keeps nothing has shown what it can.
        Err(Stop::Skipped(_)) => {}
        crashed => crashed?,
    }
    let sent = bed.deliver_all().await?;
    ensure(
        words(&sent).contains(&"a".to_owned()),
        "what is sent again must be delivered",
    )?;
    ensure(
        !words(&sent).contains(&"b".to_owned()),
        "what was dropped is not delivered",
    )?;
    ensure(letters(&bed).await?.is_empty(), "both are dead letters no longer")
}

pub(super) async fn over(bed: Arc<Bed>) -> Checked {
    bed.with_agent(1).await?;
    bed.accept(vec![message(1, 2, "a")]).await?;
    let dead = bury(&bed, &Door::Desk).await?;
    bed.deliver_all().await?;
    bed.accept(vec![customer_ends(1, 3)]).await?;
    bed.deliver_all().await?;
    let refused = bed.ask(Maintenance::Redrive(dead.id)).await?;
    ensure(
        matches!(refused, Err(StoreError::NotAgain { id, .. }) if id == dead.id),
        format!("a row whose session is over must be refused with a reason: {refused:?}"),
    )?;
    same(&letters(&bed).await?, &vec![dead.id], "the dead letters")?;
    same(&bed.store().outstanding().await, &0, "deliveries that wait")
}

pub(super) async fn dropped(bed: Arc<Bed>) -> Checked {
    let session = bed.with_agent(1).await?;
    let blob = files::put(&bed, &files::file(3_000, 3)).await?;
    bed.accept(vec![agent_sends(session, blob, 3_000)]).await?;
    let dead = bury(&bed, &chat()).await?;
    bed.deliver_all().await?;
    files::sweep(&bed).await?;
    ensure(
        files::read(&bed, blob).await?.is_some(),
        "a file stays while its dead letter can be sent again",
    )?;
    drop_letter(&bed, dead.id).await?;
    ensure(letters(&bed).await?.is_empty(), "what was dropped is gone")?;
    files::sweep(&bed).await?;
    ensure(
        files::read(&bed, blob).await?.is_none(),
        "the file of what was dropped goes",
    )
}

pub(super) async fn neither(bed: Arc<Bed>) -> Checked {
    let session = bed.with_agent(1).await?;
    bed.accept(vec![agent_says(session, "a")]).await?;
    let waits = bed.claim(&chat(), 9).await?.remove(0).id;
    let never = DeliveryId {
        lane: escalator::delivery::Lane::Desk(SessionId::mint()),
        seq: 1,
    };
    for order in [Maintenance::Redrive as fn(DeliveryId) -> Maintenance, Maintenance::Drop] {
        let answer = bed.ask(order(waits)).await?;
        ensure(
            matches!(answer, Err(StoreError::StillWaits(id)) if id == waits),
            format!("what is on its way is no dead letter: {answer:?}"),
        )?;
        let answer = bed.ask(order(never)).await?;
        ensure(
            matches!(answer, Err(StoreError::NoDeadLetter(id)) if id == never),
            format!("what never was is no dead letter: {answer:?}"),
        )?;
    }
    Ok(())
}

pub(super) async fn seen(bed: Arc<Bed>) -> Checked {
    let begin = bed.now();
    let stands = bed.with_agent(1).await?;
    let over = bed.with_agent(2).await?;
    bed.advance(Duration::from_mins(1));
    bed.accept(vec![customer_ends(2, 2)]).await?;
    bed.deliver_all().await?;
    bed.accept(vec![agent_says(stands, "a"), agent_says(stands, "b")])
        .await?;
    let dead = bury(&bed, &chat()).await?;
    let out = bed.claim(&chat(), 9).await?;
    same(&out.len(), &1, "deliveries on their way")?;

    let store = bed.store();
    let sessions = bed.again("sessions are read", || store.sessions(begin, 9)).await?;
    let found: Vec<_> = sessions
        .iter()
        .map(|session| (session.session, session.state))
        .collect();
    same(&found, &vec![(stands, "with_agent"), (over, "ended")], "the sessions")?;
    let queues = bed.again("queues are read", || store.queues()).await?;
    let Some(queue) = queues.iter().find(|queue| queue.door == chat()) else {
        return broken("the channel's queue must be seen");
    };
    same(
        &(queue.waiting, queue.in_flight, queue.dead),
        &(0, 1, 1),
        "what waits, is on its way and is dead at the channel",
    )?;
    same(&queue.oldest, &Some(bed.now()), "the age of the oldest")?;

    let letter = bed
        .again("a dead letter is read", || store.dead_letter(dead.id))
        .await?;
    let text = letter.and_then(|letter| letter.payload.readable());
    same(
        &text.map(|text| text.as_str().to_owned()),
        &Some("a".to_owned()),
        "what it says",
    )?;
    let elsewhere = LettersOf {
        channel: Some(escalator::model::ChannelId::new("elsewhere")),
        lane: None,
    };
    let found = bed
        .again("dead letters are read", || store.dead_letters_of(&elsewhere, 9))
        .await?;
    ensure(found.is_empty(), "no dead letter of another channel was asked for")?;
    let here = LettersOf {
        lane: Some(dead.id.lane),
        ..LettersOf::default()
    };
    let found = bed
        .again("dead letters are read", || store.dead_letters_of(&here, 9))
        .await?;
    same(&found.len(), &1, "dead letters of the lane")
}

/// Makes a dead letter of the head of the one lane that waits at a door.
async fn bury(bed: &Bed, door: &Door) -> Checked<Claimed> {
    let mut claimed = bed.claim(door, 9).await?;
    same(&claimed.len(), &1, "heads at the door")?;
    let dead = SettleAs::Dead {
        detail: "the other side refuses it".to_owned(),
        maybe_sent: false,
    };
    bed.settle(&claimed[0], dead).await?;
    Ok(claimed.remove(0))
}

/// Carried out, at this call or, where its answer was lost, at the one before.
async fn redrive(bed: &Bed, id: DeliveryId) -> Checked {
    match bed.ask(Maintenance::Redrive(id)).await? {
        Ok(Maintained::Done) | Err(StoreError::StillWaits(_)) => Ok(()),
        other => broken(format!("a dead letter must be sent again: {other:?}")),
    }
}

async fn drop_letter(bed: &Bed, id: DeliveryId) -> Checked {
    match bed.ask(Maintenance::Drop(id)).await? {
        Ok(Maintained::Done) | Err(StoreError::NoDeadLetter(_)) => Ok(()),
        other => broken(format!("a dead letter must be dropped: {other:?}")),
    }
}

async fn letters(bed: &Bed) -> Checked<Vec<DeliveryId>> {
    let store = bed.store();
    let letters = bed.again("dead letters are read", || store.dead_letters(9)).await?;
    Ok(letters.into_iter().map(|letter| letter.id).collect())
}
