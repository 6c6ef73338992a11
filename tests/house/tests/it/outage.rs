//! The desk away in the middle of sessions, while the customers write on.
//!
//! An outage here takes 12 seconds; `HOUSE_OUTAGE_SECS=60` makes it a minute. The times of the client are shortened
//! with it, so that every kind of trouble strikes each session several times.

use std::{cell::Cell, time::Duration};

use escalator_house::judge::{Verdict, judge};
use escalator_testkit::{
    desk::{Answer, DeskState, Fault, Plan as Faulty, Scope},
    telegram::Media,
};
use futures::future::join_all;

use crate::{
    home::Plan,
    street::{PATIENCE, Street, Talk, lines_of},
};

const TALKS: usize = 8;
/// How long a customer waits between two lines.
const BETWEEN_LINES: Duration = Duration::from_millis(150);
/// The line at which the agent writes too, and the one that is a file.
const AGENT_AT: usize = 10;
const FILE_AT: usize = 15;

/// Short enough for several attempts in an outage, and long enough for a call on a busy machine.
const CALL_MAX: Duration = Duration::from_secs(3);

fn plan() -> Plan {
    let mut plan = Plan {
        omnidesk: |omnidesk| {
            omnidesk.connect_max = Duration::from_secs(1);
            omnidesk.request_max = CALL_MAX;
            omnidesk.idle_max = CALL_MAX;
        },
        ..Plan::default()
    };
    plan.dispatch.desk.closed_max = Duration::from_millis(500);
    plan
}

fn outage() -> Duration {
    let secs = std::env::var("HOUSE_OUTAGE_SECS").ok();
    let secs = secs.map_or(12, |secs| {
        secs.parse().expect("HOUSE_OUTAGE_SECS is a number of seconds")
    });
    Duration::from_secs(secs)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_arrives_when_calls_were_refused_or_hung_or_unavailable() {
    let street = Street::build().await;
    let found = endure(
        &street,
        by_calls(&street, [Fault::Refuse, Fault::Hang, Fault::Unavailable]),
    )
    .await;
    street.desk.look(|desk| {
        for fault in [Fault::Refuse, Fault::Hang, Fault::Unavailable] {
            let struck = desk.calls().iter().any(|call| call.fault.as_ref() == Some(&fault));
            assert!(struck, "{fault:?} struck no call");
        }
    });
    println!("{found:?}");
    found.assert_good();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_arrives_when_the_desk_was_gone_then_hung_then_was_unavailable() {
    let street = Street::build().await;
    let third = outage() / 3;
    let trouble = async {
        street.desk.close_port().await.expect("the port is closed");
        tokio::time::sleep(third).await;
        street.desk.faults().always(Scope::All, Fault::Hang);
        street.desk.open_port().await.expect("the port is open");
        tokio::time::sleep(third).await;
        street.desk.faults().always(Scope::All, Fault::Unavailable);
        tokio::time::sleep(third).await;
        street.desk.faults().clear_all();
    };
    let found = endure(&street, trouble).await;
    println!("{found:?}");
    found.assert_good();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_what_was_cut_behind_its_effect_stands_twice() {
    let street = Street::build().await;
    let faults = [Fault::LostAnswer, Fault::HangAfterEffect, Fault::Unavailable];
    let found = endure(&street, by_calls(&street, faults)).await;
    assert!(found.verdict.doubled > 0, "what is repeated stands twice: {found:?}");
    println!("{found:?}");
    found.assert_good();
}

/// Each call of the desk meets the next of these faults, for as long as the outage is.
async fn by_calls(street: &Street, faults: [Fault; 3]) {
    let faults = faults.into_iter().map(Some).collect();
    street.desk.faults().set(Scope::All, Faulty::Cycle { faults });
    tokio::time::sleep(outage()).await;
    // What hangs stays hanging, until the client gives it up.
    street.desk.faults().clear_all();
}

/// What an outage came to.
#[derive(Debug)]
struct Found {
    /// How many lines the customers wrote.
    said: usize,
    verdict: Verdict,
    /// Calls that had their effect and whose answer nobody got.
    cut: usize,
}

impl Found {
    fn assert_good(&self) {
        let Verdict {
            lost,
            inverted,
            doubled,
        } = self.verdict;
        assert!(self.said > TALKS * FILE_AT, "the customers wrote on: {self:?}");
        assert_eq!((lost, inverted), (0, 0), "{self:?}");
        assert!(doubled <= self.cut, "every double was cut in flight: {self:?}");
    }
}

/// Lets customers write to their agents during a trouble, and judges what arrived of it.
async fn endure(street: &Street, trouble: impl Future<Output = ()>) -> Found {
    let house = street.open(plan()).await;
    let talks = (0..TALKS).map(|number| async move { street.talk(&format!("Customer {number}")).await });
    let talks = join_all(talks).await;

    let over = Cell::new(false);
    let trouble = async {
        trouble.await;
        over.set(true);
    };
    let ((), said) = tokio::join!(trouble, join_all(talks.iter().map(|talk| write_on(talk, &over))));

    let all = |desk: &DeskState| {
        let arrived = talks.iter().map(|talk| lines_of(desk, &talk.session));
        said.iter()
            .zip(arrived)
            .all(|(said, arrived)| judge(said, &arrived).lost == 0)
    };
    // When something never comes, the verdict says so.
    street.desk.wait_until(2 * PATIENCE, all).await.ok();
    house.drained().await;
    let mut verdict = Verdict::default();
    for (talk, said) in talks.iter().zip(&said) {
        verdict.add(judge(said, &talk.lines()));
    }
    let cut = street.desk.look(cut);
    street.nobody_complains();
    house.shutdown().await;
    let said = said.iter().map(Vec::len).sum();
    Found { said, verdict, cut }
}

/// A customer writes and writes. The agent, whose hooks find us, is heard meanwhile.
async fn write_on(talk: &Talk<'_>, over: &Cell<bool>) -> Vec<String> {
    let mut said = Vec::new();
    while !over.get() {
        let line = format!("line {}", said.len());
        match said.len() {
            FILE_AT => drop(talk.chat.sends(Media::document(&line, line.clone().into_bytes()))),
            _ => drop(talk.chat.says(&line)),
        }
        said.push(line);
        if said.len() == AGENT_AT {
            talk.agent_says("We are looking into it").await;
            talk.sees("We are looking into it").await;
            assert!(!over.get(), "the agent is heard while the desk takes nothing");
        }
        tokio::time::sleep(BETWEEN_LINES).await;
    }
    said
}

fn cut(desk: &DeskState) -> usize {
    let cut = desk
        .calls()
        .iter()
        .filter(|call| call.effect && !matches!(call.answer, Answer::Sent { .. }));
    cut.count()
}
