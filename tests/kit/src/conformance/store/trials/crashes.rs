//! What is known after a crash between two steps.

use std::{sync::Arc, time::Duration};

use escalator::{
    delivery::Receipt,
    model::{Position, Timestamp},
    session::{Event, TimerKind},
    store::{DueTimer, Incoming, Maintained, Maintenance, SettleAs, Target},
};

use super::settling::dead_letters;
use crate::conformance::{
    store::bed::{Bed, customer_ends, key, message, minted, push_log, words},
    trial::{Checked, broken, ensure, same},
};

pub(super) async fn accepted(bed: Arc<Bed>) -> Checked {
    bed.with_agent(1).await?;
    bed.accept(vec![message(1, 2, "a"), message(1, 3, "b")]).await?;
    bed.crash().await?;
    same(&bed.store().outstanding().await, &2, "deliveries that wait")?;
    let delivered = words(&bed.deliver_all().await?);
    same(
        &delivered,
        &vec!["a".to_owned(), "b".to_owned()],
        "what is delivered after a crash",
    )
}

pub(super) async fn claimed(bed: Arc<Bed>) -> Checked {
    bed.with_agent(1).await?;
    bed.accept(vec![message(1, 2, "a"), message(1, 3, "b")]).await?;
    let before = bed.head().await?;
    bed.crash().await?;
    let after = bed.head().await?;
    same(&after.id, &before.id, "the head after a crash")?;
    same(&after.payload, &before.payload, "its payload")?;
    same(&after.conversation, &key(1), "its conversation")?;
    same(&after.created_at, &before.created_at, "when it joined its lane")
}

pub(super) async fn started(bed: Arc<Bed>) -> Checked {
    bed.accept(vec![push_log(1)]).await?;
    let log = bed.head().await?;
    ensure(!log.started, "no attempt has begun")?;
    bed.settle(&log, SettleAs::Started).await?;
    bed.crash().await?;
    let log = bed.head().await?;
    ensure(log.started, "an attempt that has begun must be known after a crash")?;
    // It never left: the next attempt is a first one.
    let again = SettleAs::Retry {
        due: bed.now(),
        maybe_sent: false,
    };
    bed.settle(&log, again).await?;
    bed.crash().await?;
    ensure(!bed.head().await?.started, "an attempt that never left has not begun")
}

pub(super) async fn settled(bed: Arc<Bed>) -> Checked {
    bed.with_agent(1).await?;
    bed.accept(vec![message(1, 2, "a"), message(1, 3, "b")]).await?;
    let head = bed.head().await?;
    bed.settle(&head, SettleAs::Delivered(Receipt::None)).await?;
    bed.crash().await?;
    let delivered = words(&bed.deliver_all().await?);
    same(&delivered, &vec!["b".to_owned()], "what is delivered after a crash")
}

pub(super) async fn doubt(bed: Arc<Bed>) -> Checked {
    bed.with_agent(1).await?;
    bed.accept(vec![message(1, 2, "a")]).await?;
    let head = bed.head().await?;
    let due = bed.now() + Duration::from_mins(1);
    bed.settle(&head, SettleAs::Retry { due, maybe_sent: true }).await?;
    bed.crash().await?;
    bed.advance(Duration::from_mins(1));
    let again = bed.head().await?;
    ensure(
        again.attempt > 1,
        "the number of an attempt must be known after a crash",
    )?;
    ensure(again.maybe_sent, "what may have arrived must be marked after a crash")
}

pub(super) async fn owners(bed: Arc<Bed>) -> Checked {
    let standing = bed.with_agent(1).await?;
    bed.with_agent(2).await?;
    bed.accept(vec![message(2, 11, "a"), customer_ends(2, 12)]).await?;
    bed.crash().await?;
    let store = bed.store();
    let Some(human) = store.owners().get(&key(1)) else {
        return broken("a conversation that a human owns must be known after a crash");
    };
    ensure(human.is_human(), "the human still owns it")?;
    let mark = human.is_former(Position(1), bed.now()) && !human.is_former(Position(2), bed.now());
    ensure(mark, "where it changed hands must be known")?;
    let of_session = store.owners().of_session(standing).map(|(of, _)| of);
    same(
        &of_session,
        &Some(key(1)),
        "the conversation of the session that stands",
    )?;
    let bots = store.owners().get(&key(2));
    ensure(
        bots.is_some_and(|owner| !owner.is_human()),
        "a conversation that came back is the bot's",
    )
}

pub(super) async fn timers(bed: Arc<Bed>) -> Checked {
    let session = bed.open_session(1).await?;
    let opening_max = bed.settings().policy.opening_max;
    let due = bed.now() + opening_max;
    same(
        &bed.store().due_timers().await,
        &(Vec::new(), Some(due)),
        "the timers before a crash",
    )?;
    bed.crash().await?;
    same(
        &bed.store().due_timers().await,
        &(Vec::new(), Some(due)),
        "the timers after a crash",
    )?;
    bed.advance(opening_max);
    let kind = TimerKind::Opening;
    let timer = DueTimer { session, kind, due };
    for _time in 0..2 {
        same(
            &bed.store().due_timers().await,
            &(vec![timer], None),
            "the timers that are due",
        )?;
    }
    let event = Incoming {
        key: minted(),
        target: Target::Session(session),
        event: Event::Due { session, kind },
        is_new: false,
    };
    bed.accept(vec![event]).await?;
    let none: (Vec<DueTimer>, Option<Timestamp>) = (Vec::new(), None);
    same(
        &bed.store().due_timers().await,
        &none,
        "the timers once they are dealt with",
    )?;
    bed.crash().await?;
    same(&bed.store().due_timers().await, &none, "the timers after another crash")
}

pub(super) async fn letters(bed: Arc<Bed>) -> Checked {
    let session = bed.with_agent(1).await?;
    bed.accept(vec![message(1, 2, "hi")]).await?;
    let head = bed.head().await?;
    let dead = SettleAs::Dead {
        detail: "the desk refuses it".to_owned(),
        maybe_sent: false,
    };
    bed.settle(&head, dead).await?;
    bed.crash().await?;
    let letters = dead_letters(&bed).await?;
    same(
        &letters,
        &vec![(head.id, "the desk refuses it".to_owned())],
        "the dead letters",
    )?;
    let store = bed.store();
    for _attempt in 0..8 {
        if let Ok(lines) = store.transcript(session).await {
            let said: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
            return same(&said, &vec!["Hello", "hi"], "the transcript");
        }
    }
    broken("the transcript cannot be read")
}

pub(super) async fn secret(bed: Arc<Bed>) -> Checked {
    let first = Maintained::Secret("the first".to_owned());
    for offered in ["the first", "the second"] {
        let kept = bed.maintain(Maintenance::Secret(offered.to_owned())).await?;
        ensure(
            kept == first,
            "the first secret is kept, and told to whoever brings another",
        )?;
    }
    bed.crash().await?;
    let kept = bed.maintain(Maintenance::Secret("the third".to_owned())).await?;
    ensure(kept == first, "the first secret is kept over a crash")
}
