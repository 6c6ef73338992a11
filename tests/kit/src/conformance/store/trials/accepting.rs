//! What comes in: duplicates, order, faults.

use std::{pin::pin, sync::Arc};

use escalator::{model::SessionId, session::Verdict, store::Accepted};
use futures::{future::join_all, poll};

use crate::conformance::{
    store::bed::{Bed, agent_says, message, words},
    trial::{Checked, ensure, same},
};

const KEPT: Accepted = Accepted::New(Verdict::Kept);
const TWICE: Accepted = Accepted::Duplicate;

pub(super) async fn duplicates(bed: Arc<Bed>) -> Checked {
    bed.with_agent(1).await?;
    let batch = vec![message(1, 2, "a"), message(1, 2, "a"), message(1, 3, "b")];
    same(
        &bed.accept(batch).await?,
        &vec![KEPT, TWICE, KEPT],
        "the answers to a batch",
    )?;
    let batch = vec![message(1, 3, "b"), message(1, 4, "c")];
    same(
        &bed.accept(batch).await?,
        &vec![TWICE, KEPT],
        "the answers to the next batch",
    )?;
    same(&delivered(&bed).await?, &lines(&["a", "b", "c"]), "what is delivered")
}

pub(super) async fn duplicates_together(bed: Arc<Bed>) -> Checked {
    bed.with_agent(1).await?;
    let calls = (0..20).map(|call| bed.accept(vec![message(1, 2 + call / 2, "a line")]));
    let answers = bed.patience.within("all are answered", join_all(calls)).await?;
    let mut new = 0;
    for answer in answers {
        new += usize::from(answer?[0] == KEPT);
    }
    same(&new, &10, "events that were new, of twenty in ten pairs")?;
    same(&delivered(&bed).await?.len(), &10, "lines that are delivered")
}

pub(super) async fn duplicates_over_a_restart(bed: Arc<Bed>) -> Checked {
    bed.with_agent(1).await?;
    bed.accept(vec![message(1, 2, "a")]).await?;
    bed.reopen().await?;
    let batch = vec![message(1, 2, "a"), message(1, 3, "b")];
    same(
        &bed.accept(batch).await?,
        &vec![TWICE, KEPT],
        "the answers after a restart",
    )?;
    same(&delivered(&bed).await?, &lines(&["a", "b"]), "what is delivered")
}

pub(super) async fn delivered_once(bed: Arc<Bed>) -> Checked {
    bed.with_agent(1).await?;
    for _time in 0..3 {
        bed.accept(vec![message(1, 2, "a"), message(1, 3, "b")]).await?;
    }
    same(&delivered(&bed).await?, &lines(&["a", "b"]), "what is delivered")
}

pub(super) async fn bots(bed: Arc<Bed>) -> Checked {
    let bots = vec![Accepted::New(Verdict::Bots)];
    for _time in 0..2 {
        same(
            &bed.accept(vec![message(1, 5, "for the bot")]).await?,
            &bots,
            "the answer for the bot's",
        )?;
    }
    bed.with_agent(1).await?;
    let after = bed.accept(vec![message(1, 5, "for the agent")]).await?;
    same(&after, &vec![KEPT], "the answer once a human owns the conversation")
}

pub(super) async fn order(bed: Arc<Bed>) -> Checked {
    for n in 1..=3 {
        bed.with_agent(n).await?;
    }
    for round in 0..4 {
        let at = |n: u32, place: i64| (n, 2 + round * 5 + place);
        let places = (0..5).flat_map(|place| (1..=3).map(move |n| at(n, place)));
        let batch = places.map(|(n, at)| message(n, at, &format!("{n}: {at}")));
        bed.accept(batch.collect()).await?;
    }
    let delivered = delivered(&bed).await?;
    for n in 1..=3 {
        let of_one = delivered.iter().filter(|line| line.starts_with(&format!("{n}: ")));
        let of_one: Vec<String> = of_one.cloned().collect();
        let wanted: Vec<String> = (2..22).map(|at| format!("{n}: {at}")).collect();
        same(&of_one, &wanted, "what is delivered of one conversation")?;
    }
    Ok(())
}

pub(super) async fn faulty_event(bed: Arc<Bed>) -> Checked {
    bed.with_agent(1).await?;
    let stranger = agent_says(SessionId::mint(), "who?");
    let batch = vec![message(1, 2, "a"), stranger, message(1, 3, "b")];
    let answers = bed.accept(batch).await?;
    same(
        &answers,
        &vec![KEPT, Accepted::UnknownSession, KEPT],
        "the answers around an unknown session",
    )?;

    // At once, so that they may be written together.
    let store = bed.store();
    let calls = (4..24).map(|at| {
        let event = if at == 10 {
            agent_says(SessionId::mint(), "who?")
        } else {
            message(1, at, "a line")
        };
        (at, store.accept(vec![event]))
    });
    let (places, calls): (Vec<i64>, Vec<_>) = calls.unzip();
    let answers = bed.patience.within("all are answered", join_all(calls)).await?;
    for (at, answer) in places.into_iter().zip(answers) {
        let is_taken = answer.as_deref().is_ok_and(|answers| answers == [KEPT]);
        ensure(
            is_taken != (at == 10),
            format!("event {at} beside a faulty one: {answer:?}"),
        )?;
    }
    let said = delivered(&bed).await?;
    ensure(said.len() == 21, format!("21 lines are delivered, not {}", said.len()))
}

pub(super) async fn dropped_call(bed: Arc<Bed>) -> Checked {
    bed.with_agent(1).await?;
    let store = bed.store();
    {
        let mut dropped = pin!(store.accept(vec![message(1, 2, "a"), message(1, 3, "b")]));
        // Far enough that the store has it, where it takes it at once.
        drop(poll!(&mut dropped));
    }
    let answers = bed.accept(vec![message(1, 2, "a"), message(1, 3, "b")]).await?;
    ensure(
        answers[0] == answers[1] && [KEPT, TWICE].contains(&answers[0]),
        format!("a batch is accepted whole or not at all: {answers:?}"),
    )?;
    same(&delivered(&bed).await?, &lines(&["a", "b"]), "what is delivered")
}

async fn delivered(bed: &Bed) -> Checked<Vec<String>> {
    Ok(words(&bed.deliver_all().await?))
}

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}
